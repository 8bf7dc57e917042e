//! Optimization across crates while linking. Cargo compiles dependencies to bitcode and leaves the rest to
//! the crates that are linked into a result, so the arguments of the two differ.

use crate::axes::axis::ParsedSettings;
use crate::axes::rustc_args::{self, ArgCheck, CrateClass, DEPENDENCIES, ExpectedArg, OWN, PartialFinding};
use crate::build::{BuildEvidence, CompilerCall};

/// True if crates are optimized together.
fn across_crates(value: &str) -> bool {
    matches!(value, "thin" | "fat")
}

pub(super) fn conflict(value: &str, settings: &ParsedSettings) -> Option<String> {
    (settings.has_value("backend", "cranelift") && across_crates(value))
        .then(|| format!("lto={value} with backend=cranelift: Cranelift has no link-time optimization"))
}

pub(super) fn co_changes(value: &str, _: &ParsedSettings) -> &'static [&'static str] {
    match value {
        "thin" | "fat" => &[
            "dependencies are compiled to bitcode only, and their machine code is made while the result is linked",
        ],
        _ => &[],
    }
}

pub(super) fn prove(value: &str, check: &ArgCheck<'_>, build: &BuildEvidence) -> PartialFinding {
    if across_crates(value) { together(value, check, build) } else { check.run_all(build, value) }
}

/// Value in a call, in the words of the axis; `bitcode` if it makes bitcode for others to optimize.
pub(super) fn value_in_call(args: &[String]) -> &str {
    let bitcode_left_out =
        rustc_args::codegen(args, "embed-bitcode").is_some_and(|value| matches!(value, "no" | "n" | "off"));
    match rustc_args::codegen(args, "lto") {
        Some("off" | "no" | "n") => "off",
        Some("thin") => "thin",
        Some("fat" | "yes" | "y" | "on" | "true") => "fat",
        Some(other) => other,
        // If both bitcode and machine code are needed, cargo passes no option, since that is the default of
        // rustc.
        None if rustc_args::codegen(args, "linker-plugin-lto").is_some() || !bitcode_left_out => "bitcode",
        None => "false",
    }
}

/// Linked crates are optimized as `value` says, and the rest makes the bitcode for it.
fn together(value: &str, check: &ArgCheck<'_>, build: &BuildEvidence) -> PartialFinding {
    let links = |call: &CompilerCall| {
        let types = rustc_args::crate_types(call);
        !types.is_empty() && types.iter().all(|kind| matches!(*kind, "bin" | "cdylib" | "staticlib"))
    };
    let own = |call: &CompilerCall| matches!(rustc_args::class(call), CrateClass::Own);
    let linked = |call: &CompilerCall| own(call) && links(call);
    let ask = |whose, among: &dyn Fn(&CompilerCall) -> bool, value| {
        build.compiler_calls.iter().any(among).then(|| check.run(build, &ExpectedArg { whose, among, value }))
    };
    let linked_finding =
        check.run(build, &ExpectedArg { whose: "its own linked crates", among: &linked, value });
    let makes_bitcode = |call: &CompilerCall| {
        rustc_args::crate_types(call).iter().all(|kind| matches!(*kind, "lib" | "rlib"))
    };
    let rest = [
        ask(OWN, &|call| own(call) && !links(call) && makes_bitcode(call), "bitcode"),
        ask(
            DEPENDENCIES,
            &|call| rustc_args::class(call) == CrateClass::Dependency && makes_bitcode(call),
            "bitcode",
        ),
    ];
    rest.into_iter().flatten().fold(linked_finding, PartialFinding::and)
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::axis::ProofFinding;
    use crate::axes::fixture;
    use crate::build::BuildPart;

    /// A build as cargo 1.95 shows it.
    fn build(linked: &str, libraries: &str) -> BuildEvidence {
        let lib = format!("--crate-type lib {libraries}");
        let compiler_calls = vec![
            fixture::call(
                BuildPart::Host,
                "build_script_build",
                "build.rs --crate-type bin -C embed-bitcode=no",
            ),
            fixture::call(BuildPart::Dependency, "dep", &format!("/r/dep/src/lib.rs {lib}")),
            fixture::call(BuildPart::Own, "p", &format!("src/lib.rs {lib}")),
            fixture::call(BuildPart::Own, "p", &format!("src/main.rs --crate-type bin {linked}")),
        ];
        BuildEvidence { compiler_calls, ..BuildEvidence::default() }
    }

    fn prove(value: &str, build: &BuildEvidence) -> ProofFinding {
        fixture::prove("lto", value, &fixture::context(), build)
    }

    #[test]
    fn each_kind_is_told_from_the_others() {
        let builds = [
            ("off", build("-C lto=off -C embed-bitcode=no", "-C lto=off -C embed-bitcode=no")),
            ("false", build("-C embed-bitcode=no", "-C embed-bitcode=no")),
            ("thin", build("-C lto=thin", "-C linker-plugin-lto")),
            ("fat", build("-C lto=fat", "-C linker-plugin-lto")),
        ];
        for (value, build) in &builds {
            for (other, _) in &builds {
                let expected = if other == value { ProofResult::Holds } else { ProofResult::Fails };
                let finding = prove(other, build);
                assert_eq!(finding.result, expected, "{other} in a build with {value}: {}", finding.found);
            }
        }
        assert_eq!(
            prove("thin", &builds[2].1).found,
            "lto=thin on 1 of 1 calls of its own linked crates; lto=bitcode on 1 of 1 calls of its own crates; lto=bitcode on 1 of 1 calls of dependencies"
        );
        assert_eq!(
            prove("fat", &build("-C lto", "")).result,
            ProofResult::Holds,
            "the spelling of `lto = true`"
        );
    }

    #[test]
    fn without_bitcode_or_without_a_link_there_is_no_proof() {
        assert_eq!(prove("thin", &build("-C lto=thin", "-C embed-bitcode=no")).result, ProofResult::Fails);
        let library = BuildEvidence {
            compiler_calls: vec![fixture::call(
                BuildPart::Own,
                "p",
                "src/lib.rs --crate-type lib -C linker-plugin-lto",
            )],
            ..BuildEvidence::default()
        };
        assert_eq!(prove("thin", &library).result, ProofResult::NotProvable);
        assert_eq!(prove("false", &BuildEvidence::default()).result, ProofResult::NotProvable);
    }

    #[test]
    fn cranelift_has_none() {
        let settings = |value| fixture::conflict("lto", value, &[("backend", "cranelift")]);
        assert!(settings("fat").unwrap().contains("Cranelift has no"));
        assert_eq!(settings("off"), None);
        assert_eq!(fixture::conflict("lto", "fat", &[("backend", "llvm"), ("incremental", "on")]), None);
    }
}
