//! Stripping of results after linking.

use crate::axes::axis::ParsedSettings;
use crate::axes::rustc_args::{self, ArgCheck, CrateClass, ExpectedArg, OWN, PartialFinding};
use crate::build::BuildEvidence;

pub(super) fn value_in_call(args: &[String]) -> &str {
    rustc_args::codegen(args, "strip").unwrap_or("none")
}

/// Stripped parts of the results: the value of the first call that strips something.
pub(super) fn stripped_from_results(build: &BuildEvidence) -> &str {
    let own = build.compiler_calls.iter().filter(|call| rustc_args::class(call) == CrateClass::Own);
    own.map(|call| value_in_call(&call.args)).find(|stripped| *stripped != "none").unwrap_or("none")
}

pub(super) fn conflict(value: &str, settings: &ParsedSettings) -> Option<String> {
    (settings.has_value("debug", "none") && value == "debuginfo").then(|| {
        "strip=debuginfo with debug=none: without debug info cargo strips that of the standard library already"
            .to_owned()
    })
}

pub(super) fn prove(value: &str, check: &ArgCheck<'_>, build: &BuildEvidence) -> PartialFinding {
    let own = ExpectedArg { whose: OWN, among: &|call| rustc_args::class(call) == CrateClass::Own, value };
    check.run(build, &own).and(in_result(value, build))
}

/// Checks the sections of the result.
fn in_result(value: &str, build: &BuildEvidence) -> PartialFinding {
    let Some(symbols) = rustc_args::sections(build, |name| name == ".symtab") else {
        return PartialFinding::not_provable("no linked file whose sections could be read".to_owned());
    };
    let debug = rustc_args::sections(build, rustc_args::is_debug).unwrap_or_default();
    let holds = match value {
        "symbols" => symbols.is_empty() && debug.is_empty(),
        "debuginfo" => debug.is_empty() && !symbols.is_empty(),
        // The standard library always has some.
        _ => !symbols.is_empty() && !debug.is_empty(),
    };
    let debug_words = (!debug.is_empty()).then(|| rustc_args::describe_debug_sections(&debug));
    let there: Vec<String> =
        symbols.iter().map(|(name, size)| format!("{name} {size} bytes")).chain(debug_words).collect();
    let found = match there.is_empty() {
        true => "the result has neither symbols nor debug info".to_owned(),
        false => format!("the result has {}", there.join(", ")),
    };
    PartialFinding::new(found, holds)
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use crate::axes::axis::ProofFinding;
    use crate::axes::fixture;

    fn prove(value: &str, flag: &str, sections: &[(&str, u64)]) -> ProofFinding {
        let build = fixture::with_linked_program(fixture::evidence_with(flag, flag), sections, &[]);
        fixture::prove("strip", value, &fixture::context(), &build)
    }

    const SYMBOLS: (&str, u64) = (".symtab", 5);
    const DEBUG: (&str, u64) = (".debug_info", 9);

    #[test]
    fn arguments_and_sections_must_agree() {
        let builds = [
            ("none", "", vec![SYMBOLS, DEBUG]),
            ("debuginfo", "-C strip=debuginfo", vec![SYMBOLS]),
            ("symbols", "-C strip=symbols", vec![]),
        ];
        for (value, _, _) in &builds {
            for (other, flag, sections) in &builds {
                let expected = if value == other { ProofResult::Holds } else { ProofResult::Fails };
                let finding = prove(value, flag, sections);
                assert_eq!(finding.result, expected, "{value} in a build with {other}: {}", finding.found);
            }
        }
        assert_eq!(prove("symbols", "-C strip=symbols", &[SYMBOLS]).result, ProofResult::Fails);
        assert_eq!(prove("debuginfo", "-C strip=debuginfo", &[SYMBOLS, DEBUG]).result, ProofResult::Fails);
        assert_eq!(
            prove("none", "", &[SYMBOLS, DEBUG]).found,
            "strip=none on 2 of 2 calls of its own crates; the result has .symtab 5 bytes, .debug_info 9 bytes, debug sections 9 bytes"
        );
    }

    #[test]
    fn a_library_alone_shows_nothing() {
        let build = fixture::evidence_with("-C strip=symbols", "");
        let finding = fixture::prove("strip", "symbols", &fixture::context(), &build);
        assert_eq!(finding.result, ProofResult::NotProvable);
    }

    #[test]
    fn debug_info_that_is_gone_already_is_not_stripped_again() {
        let settings = |value| fixture::conflict("strip", value, &[("debug", "none")]);
        assert!(settings("debuginfo").unwrap().contains("standard library"));
        assert_eq!((settings("none"), settings("symbols")), (None, None));
    }
}
