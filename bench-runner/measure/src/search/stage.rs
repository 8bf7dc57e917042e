//! Combinations → the scenario that a stage of a search builds.

use std::time::Duration;

use bench_runner_core::record::AS_CONFIGURED;

use super::AvailableSpace;
use crate::scenario::{
    Baseline, Matrix, MatrixDesign, RequestWord, SamplingSpec, Scenario, VariantBase, VariantContent,
    WholeVariant,
};

/// Builds of one stage of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct StageRequest<'a> {
    /// Name of the stage, such as `screening`; the first part of the ids of its blocks.
    pub name: &'a str,
    /// One line for listings.
    pub summary: &'a str,
    /// The project, as requests name it.
    pub project: RequestWord,
    pub workloads: &'a [String],
    /// Combinations of the space; `as-configured` is always built, as the baseline with its control.
    pub combinations: &'a [Vec<usize>],
    pub budget: Option<Duration>,
    pub sampling: SamplingSpec,
}

/// The scenario of a stage. All variants are the user's own configuration plus the settings of a combination.
pub fn stage_scenario(space: &AvailableSpace, stage: &StageRequest<'_>) -> Scenario {
    let word = |text: &str| RequestWord::from_command_line(text);
    let mut variants: Vec<WholeVariant> = WholeVariant::predefined(AS_CONFIGURED).into_iter().collect();
    for combination in stage.combinations {
        let name = space.name(combination);
        // Combinations of equal names are equal.
        if variants.iter().any(|known| known.name == name) {
            continue;
        }
        let mut settings = space.settings(combination);
        settings.remove("profile");
        let set = settings.iter().map(|(key, value)| (key.clone(), word(value))).collect();
        variants.push(WholeVariant { name, content: VariantContent::Set(set) });
    }
    // A required profile is that of `as-configured` too: builds of different profiles have nothing in common.
    let profile = space.required.get("profile");
    let matrix = Matrix {
        name: stage.name.to_owned(),
        projects: vec![stage.project.clone()],
        workloads: stage.workloads.iter().map(|workload| word(workload)).collect(),
        baseline: Baseline::Whole(AS_CONFIGURED.to_owned()),
        axes: profile.map(|profile| ("profile".to_owned(), vec![word(profile)])).into_iter().collect(),
        variants,
        on: VariantBase::AsConfigured,
        exclude: Vec::new(),
        twin: true,
        // The seconds of `as-configured` are needed even if no combination differs under a workload.
        alone: true,
        mixed: true,
        design: MatrixDesign::Product,
    };
    Scenario {
        name: stage.name.to_owned(),
        summary: stage.summary.to_owned(),
        matrices: vec![matrix],
        sampling: SamplingSpec { time_budget: stage.budget, ..stage.sampling.clone() },
        origin: "a search".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::plan::{PlanOptions, plan};
    use crate::search::Allowance;
    use crate::search::fixture::{FakeMachine, MOLD, resolve};

    fn outline(
        machine: &FakeMachine,
        space: &AvailableSpace,
        combinations: &[Vec<usize>],
        workloads: &[&str],
    ) -> String {
        let workloads: Vec<String> = workloads.iter().map(|&name| name.to_owned()).collect();
        let stage = StageRequest {
            name: "screening",
            summary: "x",
            project: RequestWord::from_command_line("./p"),
            workloads: &workloads,
            combinations,
            budget: Some(Duration::from_secs(60)),
            sampling: SamplingSpec::default(),
        };
        let plan = plan(&[stage_scenario(space, &stage)], machine, &PlanOptions::default()).unwrap();
        assert_eq!(plan.time_budget, stage.budget);
        let mut lines = Vec::new();
        for block in &plan.blocks {
            lines.push(block.id.to_string());
            for arm in &block.arms {
                let settings: Vec<String> = arm
                    .variant
                    .settings
                    .iter()
                    .filter(|(key, _)| *key != AS_CONFIGURED)
                    .map(|(key, value)| format!("{key}={value}"))
                    .collect();
                assert!(arm.variant.settings.contains_key(AS_CONFIGURED), "{arm:?}");
                let (name, same) = (&arm.variant.name, arm.aliases.join(", "));
                lines.push(format!("  {} {name} ({same}): {}", arm.role.as_str(), settings.join(" ")));
            }
        }
        lines.extend(plan.skipped.iter().map(|skipped| format!("{}: {}", skipped.variant, skipped.reason)));
        lines.join("\n")
    }

    const AXES: &str = "[axes]\nlinker = [\"mold\"]\ndebug = [\"none\"]\n";

    #[test]
    fn a_stage_compares_its_combinations_with_the_users_own_configuration() {
        let machine = FakeMachine::with(&[MOLD]);
        let space = resolve(&machine, AXES, &["strip=none"], &[]).unwrap();
        let chosen = [vec![1, 1], vec![0, 1], vec![0, 0], vec![1, 1]];
        expect![[r#"
            screening/p/clean
              baseline as-configured (): 
              twin as-configured (): 
              variant linker=mold debug=none (): debug=none linker=mold strip=none
              variant debug=none (): debug=none strip=none
              variant strip=none (): strip=none
            screening/p/check
              baseline as-configured (linker=mold debug=none, debug=none, strip=none): 
              twin as-configured (): "#]]
        .assert_eq(&outline(&machine, &space, &chosen, &["clean", "check"]));
    }

    #[test]
    fn a_combination_that_changes_nothing_is_the_users_own_configuration() {
        let machine = FakeMachine::with(&[MOLD]);
        let space = resolve(&machine, AXES, &[], &[]).unwrap();
        expect![[r#"
            screening/p/clean
              baseline as-configured (): 
              twin as-configured (): 
              variant linker=mold (): linker=mold"#]]
        .assert_eq(&outline(&machine, &space, &[vec![0, 0], vec![1, 0]], &["clean"]));
    }

    #[test]
    fn a_required_profile_is_that_of_all_variants() {
        let machine = FakeMachine::with(&[MOLD]);
        let space = resolve(&machine, AXES, &["profile=release"], &[]).unwrap();
        expect![[r#"
            screening/p/clean
              baseline as-configured (profile=release): profile=release
              twin as-configured (): profile=release
              variant linker=mold debug=none (): debug=none linker=mold profile=release"#]]
        .assert_eq(&outline(&machine, &space, &[vec![1, 1]], &["clean"]));
    }

    #[test]
    fn combinations_of_several_compilers_and_linkers_are_not_refused() {
        let machine = FakeMachine::with(&[MOLD]);
        let axes = "[axes]\nlinker = [\"mold\"]\ntoolchain = [\"nightly\"]\nthreads = [8]\n";
        let space = resolve(&machine, axes, &[], &[Allowance::Nightly]).unwrap();
        let all = space.all_combinations();
        expect![[r#"
            screening/p/clean
              baseline as-configured (): 
              twin as-configured (): 
              variant toolchain=nightly (): toolchain=nightly
              variant toolchain=nightly threads=8 (): threads=8 toolchain=nightly
              variant linker=mold (): linker=mold
              variant linker=mold toolchain=nightly (): linker=mold toolchain=nightly
              variant linker=mold toolchain=nightly threads=8 (): linker=mold threads=8 toolchain=nightly"#]]
        .assert_eq(&outline(&machine, &space, &all, &["clean"]));
    }
}
