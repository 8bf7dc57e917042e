//! Location of debug info: in the results, in a package next to them, or in the objects that they were made
//! of.

use bench_runner_core::record::Refusal;

use super::debug;
use crate::axes::axis::ParsedSettings;
use crate::axes::rustc_args::{self, ArgCheck, CrateClass, PartialFinding};
use crate::build::{BuildEvidence, BuildPart, Release, Toolchain};

pub(super) fn unsupported_by(_: &str, toolchain: &Toolchain) -> Option<Refusal> {
    (toolchain.release < Release { major: 1, minor: 65 }).then(|| {
        Refusal::new("split-debuginfo needs Rust 1.65 or newer")
            .with_help("name a newer toolchain with `toolchain=`")
    })
}

pub(super) fn conflict(value: &str, settings: &ParsedSettings) -> Option<String> {
    if settings.has_value("debug", "none") {
        return Some(format!(
            "split-debuginfo={value} with debug=none: there is no debug info that could be split"
        ));
    }
    if settings.has_value("backend", "cranelift") && value != "off" {
        return Some(format!(
            "split-debuginfo={value} with backend=cranelift: Cranelift does not split debug info"
        ));
    }
    let is_warm = settings.text("cache").is_some_and(|cache| cache.starts_with("warm"));
    (is_warm && value == "unpacked").then(|| {
        "split-debuginfo=unpacked with cache=warm: sccache keeps no .dwo files, so a crate from the cache has no debug info"
            .to_owned()
    })
}

pub(super) fn prove(value: &str, check: &ArgCheck<'_>, build: &BuildEvidence) -> PartialFinding {
    let mut seen = check.run_all(build, value);
    let mut own =
        build.compiler_calls.iter().filter(|call| rustc_args::class(call) == CrateClass::Own).peekable();
    if own.peek().is_some() && own.all(|call| debug::value_in_call(&call.args) == "none") {
        seen =
            seen.with_remark("cargo does not say it to crates without debug info, and this profile has none");
    }
    seen.and(in_files(value, build))
}

/// Debug info files next to the results.
fn in_files(value: &str, build: &BuildEvidence) -> PartialFinding {
    let files = &build.leftovers;
    if !build.linked.iter().any(|linked| linked.part == BuildPart::Own) {
        return PartialFinding::not_provable(
            "nothing was linked that debug info could be split from".to_owned(),
        );
    }
    let holds = match value {
        "packed" => files.packed > 0 && files.unpacked == 0,
        "unpacked" => files.unpacked > 0 && files.packed == 0,
        _ => files.packed == 0 && files.unpacked == 0,
    };
    let sections = rustc_args::sections(build, rustc_args::is_debug).filter(|sections| !sections.is_empty());
    let sections = sections
        .map_or("no debug info".to_owned(), |sections| rustc_args::describe_debug_sections(&sections));
    let found =
        format!("{} .dwp and {} .dwo files kept; the result has {sections}", files.packed, files.unpacked);
    PartialFinding::new(found, holds)
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::axis::ProofFinding;
    use crate::axes::fixture;
    use crate::build::Leftovers;

    fn prove(value: &str, flag: &str, packed: usize, unpacked: usize) -> ProofFinding {
        let build =
            fixture::with_linked_program(fixture::evidence_with(flag, flag), &[(".debug_info", 9)], &[]);
        let build =
            BuildEvidence { leftovers: Leftovers { packed, unpacked, ..Leftovers::default() }, ..build };
        fixture::prove("split-debuginfo", value, &fixture::context(), &build)
    }

    #[test]
    fn arguments_and_files_must_agree() {
        let flag = |value: &str| format!("-C debuginfo=2 -C split-debuginfo={value}");
        let builds = [("off", 0, 0), ("packed", 1, 0), ("unpacked", 0, 3)];
        for (value, _, _) in builds {
            for (other, packed, unpacked) in builds {
                let expected = if value == other { ProofResult::Holds } else { ProofResult::Fails };
                let finding = prove(value, &flag(other), packed, unpacked);
                assert_eq!(finding.result, expected, "{value} in a build with {other}: {}", finding.found);
            }
        }
        assert_eq!(prove("packed", &flag("packed"), 0, 0).result, ProofResult::Fails);
        assert_eq!(prove("unpacked", &flag("unpacked"), 1, 0).result, ProofResult::Fails);
    }

    #[test]
    fn without_debug_info_nothing_is_split() {
        let finding = prove("packed", "", 0, 0);
        assert_eq!(finding.result, ProofResult::Fails);
        assert!(finding.found.contains("this profile has none"), "{}", finding.found);
        let conflict = |value, other| fixture::conflict("split-debuginfo", value, &[other]);
        assert!(conflict("off", ("debug", "none")).is_some());
        assert!(conflict("packed", ("backend", "cranelift")).is_some());
        assert_eq!(conflict("off", ("backend", "cranelift")), None);
        assert_eq!(conflict("packed", ("debug", "full")), None);
    }

    #[test]
    fn a_crate_from_a_cache_has_no_files_beside_it() {
        let conflict = |value, cache| fixture::conflict("split-debuginfo", value, &[("cache", cache)]);
        assert!(
            conflict("unpacked", "warm").is_some()
                && conflict("unpacked", "warm@redis://host:6379").is_some()
        );
        assert_eq!(conflict("unpacked", "cold"), None, "everything is compiled");
        assert_eq!(conflict("packed", "warm"), None, "libraries contain it");
        assert_eq!(conflict("off", "warm"), None);
    }
}
