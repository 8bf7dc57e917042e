//! Amount of debug info.

use bench_runner_core::record::Refusal;

use super::strip;
use crate::axes::axis::{Context, ParsedSettings};
use crate::axes::rustc_args::{self, ArgCheck, PartialFinding};
use crate::build::{BuildEvidence, BuildRequest, Release, Toolchain};

/// Value in a call, in the words of the axis.
pub(super) fn value_in_call(args: &[String]) -> &str {
    match rustc_args::codegen(args, "debuginfo") {
        None | Some("0") => "none",
        Some("1") => "limited",
        Some("2") => "full",
        Some(other) => other,
    }
}

pub(super) fn unsupported_by(value: &str, toolchain: &Toolchain) -> Option<Refusal> {
    (is_old(toolchain) && number(value).is_none()).then(|| {
        Refusal::new(format!("debug={value} needs Rust 1.71 or newer")).with_help("use none, limited or full")
    })
}

pub(super) fn apply(value: &str, context: &Context, request: &mut BuildRequest) {
    match number(value).filter(|_| context.toolchain.as_ref().is_some_and(is_old)) {
        Some(number) => request.profile_keys.push(("debug".to_owned(), number.to_owned())),
        None => super::write_name("debug", value, request),
    }
}

pub(super) fn prove(value: &str, check: &ArgCheck<'_>, build: &BuildEvidence) -> PartialFinding {
    in_result(check.run_all(build, value), value, build)
}

pub(super) fn co_changes(value: &str, settings: &ParsedSettings) -> &'static [&'static str] {
    match value {
        // Cargo strips by default only if `strip` is not set.
        _ if settings.get("strip").is_some() => &[],
        "none" => &[
            "results are stripped of the standard library's debug info too, and so is what runs during the build, unless the project sets `strip`",
        ],
        _ => &["results keep the standard library's debug info, unless the project sets `strip`"],
    }
}

/// Information that a debugger and a backtrace no longer show.
pub(super) fn costs(value: &str) -> &'static [&'static str] {
    match value {
        "none" => &[
            "debuggers cannot stop at lines or show variables, and backtraces have names of functions without lines",
        ],
        "line-directives-only" => {
            &["debuggers cannot show variables or stop in functions by name; profilers still find lines"]
        }
        "line-tables-only" => {
            &["debuggers cannot show variables or types; backtraces keep names of functions and lines"]
        }
        "limited" => &["debuggers cannot show variables; backtraces keep names of functions and lines"],
        _ => &[],
    }
}

/// True if the toolchain supports amounts of debug info by number only.
fn is_old(toolchain: &Toolchain) -> bool {
    toolchain.release < Release { major: 1, minor: 71 }
}

/// Number of an amount, if it has one.
fn number(value: &str) -> Option<&'static str> {
    match value {
        "none" => Some("0"),
        "limited" => Some("1"),
        "full" => Some("2"),
        _ => None,
    }
}

/// Adds the sections of the result. Their size does not identify an amount, because the standard library has
/// debug info too; but if there should be debug info and nothing strips it, it must be there.
fn in_result(seen: PartialFinding, value: &str, build: &BuildEvidence) -> PartialFinding {
    let Some(sections) = rustc_args::sections(build, rustc_args::is_debug) else {
        return seen.with_remark("no linked file whose sections could be read");
    };
    if !sections.is_empty() {
        return seen
            .with_remark(&format!("the result has {}", rustc_args::describe_debug_sections(&sections)));
    }
    let stripped = strip::stripped_from_results(build) != "none";
    let missing = value != "none" && !stripped;
    let found = if stripped {
        "the result has no debug info, and is stripped"
    } else {
        "the result has no debug info"
    };
    seen.and(PartialFinding::new(found.to_owned(), !missing))
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;

    #[test]
    fn an_old_toolchain_knows_numbers() {
        let release = |minor| {
            let toolchain = crate::build::Toolchain {
                release: Release { major: 1, minor },
                ..crate::build::Toolchain::sample()
            };
            Context { toolchain: Some(toolchain), ..fixture::context() }
        };
        let level = |value, minor| fixture::apply("debug", value, &release(minor)).profile_keys[0].1.clone();
        assert_eq!((level("full", 63).as_str(), level("full", 71).as_str()), ("2", "\"full\""));
        let probe = |value| fixture::probe("debug", value, &release(63));
        assert!(probe("line-tables-only").is_err());
        assert!(probe("limited").is_ok());
    }

    #[test]
    fn each_amount_is_told_from_the_others() {
        let flags = [
            ("none", ""),
            ("line-directives-only", "-C debuginfo=line-directives-only"),
            ("line-tables-only", "-C debuginfo=line-tables-only"),
            ("limited", "-C debuginfo=1"),
            ("full", "-C debuginfo=2"),
        ];
        for (value, _) in flags {
            for (other, flag) in flags {
                let build = fixture::evidence_with(flag, flag);
                let finding = fixture::prove("debug", value, &fixture::context(), &build);
                let expected = if value == other { ProofResult::Holds } else { ProofResult::Fails };
                assert_eq!(finding.result, expected, "{value} in a build with {other}: {}", finding.found);
            }
        }
    }

    #[test]
    fn the_result_must_not_contradict_the_arguments() {
        let prove = |value, flag: &str, sections: &[(&str, u64)]| {
            let build = fixture::with_linked_program(fixture::evidence_with(flag, flag), sections, &[]);
            fixture::prove("debug", value, &fixture::context(), &build)
        };
        let sections = [(".debug_info", 12), (".debug_line", 7), (".debug_gdb_scripts", 34), (".text", 99)];
        let finding = prove("full", "-C debuginfo=2", &sections);
        assert_eq!(finding.result, ProofResult::Holds);
        assert!(
            finding.found.ends_with(
                "the result has .debug_info 12 bytes, .debug_line 7 bytes, debug sections 19 bytes"
            ),
            "{}",
            finding.found
        );
        assert_eq!(prove("full", "-C debuginfo=2", &[(".text", 99)]).result, ProofResult::Fails);
        assert_eq!(
            prove("full", "-C debuginfo=2 -C strip=symbols", &[(".text", 9)]).result,
            ProofResult::Holds
        );
        // Debug info of the standard library remains if the project disables stripping.
        assert_eq!(prove("none", "", &sections).result, ProofResult::Holds);
        assert_eq!(prove("none", "-C strip=debuginfo", &[]).result, ProofResult::Holds);
    }

    #[test]
    fn what_is_stripped_beside_it_is_no_surprise() {
        let changes = |settings: &[(&str, &str)]| fixture::co_changes("debug", "none", settings).len();
        assert_eq!((changes(&[]), changes(&[("strip", "none")])), (1, 0));
    }

    #[test]
    fn numbers_are_not_its_values() {
        assert!(fixture::parse("debug", "full").is_ok() && fixture::parse("debug", "2").is_err());
        assert_eq!(
            fixture::parse_error("debug", "line-table-only").help.as_deref(),
            Some("did you mean `line-tables-only`?")
        );
    }
}
