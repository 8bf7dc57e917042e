//! Incremental compilation.

use crate::axes::rustc_args::{ArgCheck, ExpectedArg, OWN, PartialFinding};
use crate::build::{BuildEvidence, BuildPart, CompilerCall};

pub(super) fn prove(value: &str, check: &ArgCheck<'_>, build: &BuildEvidence) -> PartialFinding {
    // Path packages outside of the workspace are compiled incrementally too.
    let among = |call: &CompilerCall| {
        let local = call.unit.as_ref().is_some_and(|unit| unit.package.is_local());
        call.part == BuildPart::Own || call.part == BuildPart::Dependency && local
    };
    check.run(build, &ExpectedArg { whose: OWN, among: &among, value }).and(in_files(value, build))
}

fn in_files(value: &str, build: &BuildEvidence) -> PartialFinding {
    if build.artifacts.is_empty() {
        return PartialFinding::not_provable(
            "no result beside which a directory could be looked for".to_owned(),
        );
    }
    let crates = build.leftovers.incremental;
    let found = match crates {
        0 => "no incremental directory".to_owned(),
        crates => format!("an incremental directory of {crates} units"),
    };
    PartialFinding::new(found, (crates > 0) == (value == "on"))
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::axis::ProofFinding;
    use crate::axes::fixture;
    use crate::build::{Artifact, Leftovers};

    fn prove(value: &str, flag: &str, incremental: usize) -> ProofFinding {
        let artifact = Artifact {
            unit: "p bin:p".into(),
            package: None,
            own: true,
            fresh: false,
            opt_level: "0".into(),
            files: vec!["/t/debug/p".into()],
            executable: None,
        };
        let build = BuildEvidence {
            artifacts: vec![artifact],
            leftovers: Leftovers { incremental, ..Leftovers::default() },
            ..fixture::evidence_with(flag, "")
        };
        fixture::prove("incremental", value, &fixture::context(), &build)
    }

    #[test]
    fn arguments_and_the_directory_must_agree() {
        let on = "-C incremental=/t/debug/incremental";
        assert_eq!(prove("on", on, 2).result, ProofResult::Holds);
        assert_eq!(prove("on", on, 0).result, ProofResult::Fails);
        assert_eq!(prove("on", "", 0).result, ProofResult::Fails);
        assert_eq!(prove("off", "", 0).result, ProofResult::Holds);
        assert_eq!(prove("off", on, 2).result, ProofResult::Fails);
        assert_eq!(
            prove("off", "", 0).found,
            "incremental=off on 2 of 2 calls of its own crates; no incremental directory"
        );
        let nothing = fixture::prove("incremental", "off", &fixture::context(), &BuildEvidence::default());
        assert_eq!(nothing.result, ProofResult::NotProvable);
    }
}
