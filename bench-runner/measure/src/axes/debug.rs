//! How much the compiler tells debuggers.

use super::calls::{self, Question, Seen};
use super::{Availability, Axis, Context, Finding, InvalidValue, Setting, Shown, named};
use crate::build::{Goal, Recipe, Release};

pub(super) struct Debug;

const KEY: &str = "debug";
const VALUES: [&str; 5] = ["none", "line-directives-only", "line-tables-only", "limited", "full"];

/// What a call says, in the words of the axis.
pub(super) fn said(args: &[String]) -> &str {
    match calls::codegen(args, "debuginfo") {
        None | Some("0") => "none",
        Some("1") => "limited",
        Some("2") => "full",
        Some(other) => other,
    }
}

impl Axis for Debug {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "debug info: none, line-directives-only, line-tables-only, limited or full"
    }

    fn values(&self) -> &'static [&'static str] {
        &VALUES
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        named::one_of(value, "an amount of debug info", &VALUES)
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        if is_old(context) && number(setting.value).is_none() {
            return Availability::Missing {
                reason: format!("debug={} needs Rust 1.71 or newer", setting.value),
                help: Some("use none, limited or full".into()),
            };
        }
        named::of_cargo(KEY, setting.value.to_owned(), context)
    }

    fn matters(&self, goal: Goal) -> bool {
        goal.links()
    }

    fn apply(&self, setting: &Setting<'_>, context: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        let number = number(setting.value).filter(|_| is_old(context));
        let level = number.map_or_else(|| format!("\"{}\"", setting.value), str::to_owned);
        recipe.profile_keys.push((KEY.to_owned(), level));
        Ok(())
    }

    fn prove(&self, setting: &Setting<'_>, context: &Context, shown: &Shown<'_>) -> Finding {
        let question = Question {
            name: KEY,
            read: &|args| said(args).to_owned(),
            excepted: calls::excepted(KEY, context, shown.build),
        };
        let seen = question.ask_all(shown.build, setting.value);
        in_result(seen, setting.value, shown).finding(format!("debug={}", setting.value))
    }

    fn co_changes(&self, setting: &Setting<'_>) -> &'static [&'static str] {
        match setting.value {
            // Cargo strips only where nobody says what to strip.
            _ if setting.beside.contains_key("strip") => &[],
            "none" => &[
                "results are stripped of the standard library's debug info too, and so is what runs during the build, unless the project sets `strip`",
            ],
            _ => &["results keep the standard library's debug info, unless the project sets `strip`"],
        }
    }
}

/// Whether the toolchain knows amounts of debug info by their numbers only.
fn is_old(context: &Context) -> bool {
    context.toolchain.as_ref().is_some_and(|toolchain| toolchain.release < Release { major: 1, minor: 71 })
}

/// The number of an amount that has one.
fn number(value: &str) -> Option<&'static str> {
    match value {
        "none" => Some("0"),
        "limited" => Some("1"),
        "full" => Some("2"),
        _ => None,
    }
}

/// With what the sections of the result say. How much there is tells no level from another, because the standard
/// library brings some; but where there is to be any, and nothing strips it, it must be there.
fn in_result(seen: Seen, value: &str, shown: &Shown<'_>) -> Seen {
    let Some(sections) = calls::sections(shown.build, calls::is_debug) else {
        return seen.noting("no linked file whose sections could be read");
    };
    if !sections.is_empty() {
        return seen.noting(&format!("the result has {}", calls::debug_in_words(&sections)));
    }
    let stripped = super::strip::of_results(shown.build) != "none";
    let missing = value != "none" && !stripped;
    let found = if stripped {
        "the result has no debug info, and is stripped"
    } else {
        "the result has no debug info"
    };
    seen.and(Seen::of(found.to_owned(), !missing))
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
        let level =
            |value, minor| fixture::applied(&Debug, KEY, value, &release(minor)).profile_keys[0].1.clone();
        assert_eq!((level("full", 63).as_str(), level("full", 71).as_str()), ("2", "\"full\""));
        let probe = |value| fixture::probe(&Debug, KEY, value, &release(63));
        assert!(matches!(probe("line-tables-only"), Availability::Missing { .. }));
        assert!(matches!(probe("limited"), Availability::Available { .. }));
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
                let build = fixture::built(flag, flag);
                let finding = fixture::prove(&Debug, KEY, value, &fixture::context(), &build);
                let expected = if value == other { ProofResult::Holds } else { ProofResult::Fails };
                assert_eq!(finding.result, expected, "{value} in a build with {other}: {}", finding.found);
            }
        }
    }

    #[test]
    fn the_result_must_not_contradict_the_arguments() {
        let prove = |value, flag: &str, sections: &[(&str, u64)]| {
            let build = fixture::linked(fixture::built(flag, flag), sections, &[]);
            fixture::prove(&Debug, KEY, value, &fixture::context(), &build)
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
        // The standard library's own is there where the project says that nothing is to be stripped.
        assert_eq!(prove("none", "", &sections).result, ProofResult::Holds);
        assert_eq!(prove("none", "-C strip=debuginfo", &[]).result, ProofResult::Holds);
    }

    #[test]
    fn what_is_stripped_beside_it_is_no_surprise() {
        let changes = |beside: &[(&str, &str)]| {
            let beside = beside.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            Debug.co_changes(&Setting { key: KEY, value: "none", beside: &beside }).len()
        };
        assert_eq!((changes(&[]), changes(&[("strip", "none")])), (1, 0));
    }

    #[test]
    fn numbers_are_not_its_values() {
        assert!(Debug.parse(KEY, "full").is_ok() && Debug.parse(KEY, "2").is_err());
        assert_eq!(
            Debug.parse(KEY, "line-table-only").unwrap_err().nearest.as_deref(),
            Some("line-tables-only")
        );
    }
}
