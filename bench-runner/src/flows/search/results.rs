//! The bundle of a stage → its result.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_runner_core::bundle::{Bundle, Manifest};
use bench_runner_core::record::{Arm, ArmBuilds, Block, Plan, Role, Sample, builds_by_arm, rounds};
use bench_runner_core::search::{
    DroppedArm, SearchRequest, SearchStage, StageArm, StageBuild, StageResult, StageRounds, StageWorkload,
    WarmUp, following_names,
};
use bench_runner_measure::scenario::RequestError;

use super::directory::{SavedSearch, SearchDirectory, StageRun};
use super::stages::{StagePlan, space_of};
use crate::flows::FlowError;

/// A stage that has been measured.
#[derive(Debug)]
pub(crate) struct MeasuredStage {
    pub(crate) result: StageResult,
    pub(crate) bundle: Bundle,
    /// Bytes of the project's own executables and libraries as configured and with the last combination of the stage.
    pub(crate) sizes: Option<(u64, u64)>,
}

impl SearchDirectory {
    /// The run of a stage behind those that have been measured, with the name of the stage: a complete one, or else one that was
    /// interrupted.
    ///
    /// # Errors
    /// If a run of the search cannot be read.
    pub(crate) fn run_after(
        &self,
        measured: &[MeasuredStage],
        pilot: &Manifest,
    ) -> Result<Option<(String, StageRun)>, FlowError> {
        let mut interrupted = None;
        for name in following_names(measured.iter().map(|stage| stage.result.stage.name.as_str())) {
            match self.run_of(&name, Some(pilot))? {
                Some(run @ StageRun::Complete(_)) => return Ok(Some((name, run))),
                Some(run) => interrupted = interrupted.or(Some((name, run))),
                None => {}
            }
        }
        Ok(interrupted)
    }
}

impl MeasuredStage {
    /// Reads the run of a stage.
    ///
    /// # Errors
    /// If the run has a variant that is no combination of the search.
    pub(crate) fn read(
        saved: &SavedSearch,
        request: &SearchRequest,
        name: &str,
        bundle: Bundle,
    ) -> Result<Self, FlowError> {
        let space = space_of(&saved.space, &saved.required);
        let stage = stage_of_run(saved, name, &bundle.manifest.plan)?;
        let plan = StagePlan { space: &space, project: &saved.project, request, stage: &stage };
        Ok(Self { result: stage_result(&plan, &bundle), sizes: artifact_sizes(&plan, &bundle), bundle })
    }
}

/// The stage as its run was planned. A later version of this program may choose others for the same request, and what has been
/// measured still counts. Rounds are the timed ones.
fn stage_of_run(saved: &SavedSearch, name: &str, run: &Plan) -> Result<SearchStage, FlowError> {
    let own = &saved.space.as_configured;
    let all = || run.blocks.iter().flat_map(|block| &block.arms);
    let mut arms = vec![StageArm { role: Role::Baseline, levels: own.clone() }];
    if all().any(|arm| arm.role == Role::Twin) {
        arms.push(StageArm { role: Role::Twin, levels: own.clone() });
    }
    let known = levels_by_name(saved)?;
    if let Some(unknown) =
        all().find(|arm| arm.role == Role::Variant && !known.contains_key(&arm.variant.name))
    {
        return Err(unknown_combination(&unknown.variant.name, name));
    }
    // Other names can be those of a required profile alone, or of a whole workload.
    let built = all().flat_map(|arm| std::iter::once(&arm.variant.name).chain(&arm.aliases));
    let names = built.chain(run.skipped.iter().map(|skipped| &skipped.variant));
    for levels in names.filter_map(|variant| known.get(variant)) {
        if levels != own && arms.iter().all(|arm| arm.levels != *levels) {
            arms.push(StageArm { role: Role::Variant, levels: levels.clone() });
        }
    }
    let workload =
        |block: &Block| StageWorkload { name: block.workload(), rounds: block.sampling.max_rounds };
    Ok(SearchStage {
        name: name.to_owned(),
        arms,
        workloads: run.blocks.iter().map(workload).collect(),
        time_budget: run.time_budget.unwrap_or_default(),
        efficiency: None,
    })
}

/// The combinations that can be built, by their names in the plans.
fn levels_by_name(saved: &SavedSearch) -> Result<BTreeMap<String, Vec<usize>>, FlowError> {
    let space = space_of(&saved.space, &saved.required);
    let allowed = saved.space.allowed().map_err(|refusal| RequestError::from(refusal.refusal()))?;
    let varying = |levels: &[usize]| space.name(levels.get(..space.axes.len()).unwrap_or_default());
    Ok(allowed.into_iter().map(|levels| (varying(&levels), levels)).collect())
}

fn unknown_combination(name: &str, stage: &str) -> FlowError {
    let message = format!("the run of `{stage}` builds `{name}`, which is no combination of this search");
    let help = "`search.json` was changed: restore it, or start a new search".to_owned();
    RequestError::usage(message, Some(help)).into()
}

/// The result of a stage.
fn stage_result(of: &StagePlan<'_>, bundle: &Bundle) -> StageResult {
    let mut dropped: Vec<DroppedArm> = Vec::new();
    let mut measured: Vec<StageRounds> = Vec::new();
    for block in &bundle.manifest.plan.blocks {
        let name = block.workload();
        let places: Vec<Option<usize>> = of.stage.arms.iter().map(|arm| place(of, block, arm)).collect();
        for (arm, at) in places.iter().enumerate() {
            let reason = match at {
                None => Some(not_planned(of, bundle, &of.stage.arms[arm])),
                Some(at) => not_timed(bundle, block, *at),
            };
            if let Some(reason) = reason.filter(|_| dropped.iter().all(|one| one.arm != arm)) {
                dropped.push(DroppedArm { arm, reason: format!("{name}: {reason}") });
            }
        }
        let end = bundle.manifest.blocks.iter().find(|end| end.block == block.id);
        let left = end.map(|end| end.not_timed.as_slice()).unwrap_or_default();
        let in_order = |builds: &[Option<&Sample>]| -> Vec<Option<StageBuild>> {
            let build = |at: &Option<usize>| builds.get((*at)?).copied().flatten().and_then(stage_build);
            places.iter().map(build).collect()
        };
        let timed = rounds(block, &bundle.samples, left).complete;
        let session =
            timed.first().and_then(|round| round.builds.iter().flatten().next()).map(|build| build.session);
        let arms = builds_by_arm(block, &bundle.samples);
        let counts = !matches!(of.warm_up(&name), Some(WarmUp::Separate { .. }) | None);
        let first: Vec<Option<&Sample>> =
            arms.iter().map(|arm| first_build(block, arm, session, counts)).collect();
        let first = in_order(&first);
        let timed = timed.iter().map(|round| in_order(&round.builds));
        let rounds = counts.then(|| first.clone()).into_iter().chain(timed).collect();
        measured.push(StageRounds { name: name.clone(), rounds });
        for within in &of.request.workloads {
            if within.warm_up == (WarmUp::Within { workload: name.clone() }) {
                measured.push(StageRounds { name: within.name.clone(), rounds: vec![first.clone()] });
            }
        }
    }
    let spent = Duration::from_nanos(bundle.manifest.time.total_ns);
    StageResult { stage: of.stage.clone(), spent, workloads: measured, dropped }
}

/// The build from nothing of an arm, in `session` or else in the last one. Behind it come the warm-ups under a workload of another
/// start, unless the build `is_of_workload` itself; before it, a build that fills a cache.
pub(super) fn first_build<'s>(
    block: &Block,
    arm: &ArmBuilds<'s>,
    session: Option<u32>,
    is_of_workload: bool,
) -> Option<&'s Sample> {
    let session = session.or_else(|| arm.warmups.iter().map(|build| build.session).max())?;
    let all: Vec<&Sample> = arm.warmups.iter().copied().filter(|build| build.session == session).collect();
    let from_end = block.sampling.warmup as usize + usize::from(!is_of_workload);
    Some(all[all.len().checked_sub(from_end)?])
}

/// A build that succeeded.
fn stage_build(sample: &Sample) -> Option<StageBuild> {
    let seconds = sample.outcome.cost()?.wall.as_secs_f64();
    Some(StageBuild { seconds, number: sample.number })
}

/// Index of the arm of a block that builds an arm of the stage; another one if they are the same here.
fn place(of: &StagePlan<'_>, block: &Block, arm: &StageArm) -> Option<usize> {
    let name = of.variant(arm);
    let is_it = |planned: &Arm| match arm.role {
        Role::Twin => planned.role == Role::Twin,
        Role::Baseline => planned.role == Role::Baseline,
        Role::Variant => {
            planned.role != Role::Twin && (planned.variant.name == name || planned.aliases.contains(&name))
        }
    };
    block.arms.iter().position(is_it)
}

/// Reason why an arm was left out of the plan of a workload.
fn not_planned(of: &StagePlan<'_>, bundle: &Bundle, arm: &StageArm) -> String {
    let name = of.variant(arm);
    let skipped = bundle.manifest.plan.skipped.iter().find(|one| one.variant == name);
    skipped.map_or_else(|| "it is not in the plan".to_owned(), |one| one.reason.clone())
}

fn not_timed(bundle: &Bundle, block: &Block, at: usize) -> Option<String> {
    let arm = &block.arms[at];
    let end = bundle.manifest.blocks.iter().find(|end| end.block == block.id)?;
    let left = end.not_timed.iter().find(|one| one.role == arm.role && one.variant == arm.variant.name)?;
    Some(left.reason.clone())
}

/// Bytes of the project's own executables and libraries as configured and with the nominee, from the newest builds.
fn artifact_sizes(of: &StagePlan<'_>, bundle: &Bundle) -> Option<(u64, u64)> {
    let nominee = of.stage.arms.last()?;
    let newest = |block: &Block, at: usize| {
        let all = builds_by_arm(block, &bundle.samples);
        all[at].warmups.iter().chain(&all[at].measured).rev().find_map(|sample| sample.artifact_bytes)
    };
    bundle.manifest.plan.blocks.iter().find_map(|block| {
        let own = place(of, block, of.stage.arms.first()?)?;
        Some((newest(block, own)?, newest(block, place(of, block, nominee)?)?))
    })
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::fixture;
    use bench_runner_core::record::{AS_CONFIGURED, Skipped};

    use super::super::stages::tests::saved_search;
    use super::*;

    #[test]
    fn the_arms_of_a_stage_are_those_of_its_run() {
        let saved = saved_search();
        let mut plan = fixture::plan(vec![
            fixture::block("clean", true, &["linker=mold", "linker=mold debug=none"]),
            fixture::block("check", true, &[]),
        ]);
        for block in &mut plan.blocks {
            block.arms.iter_mut().for_each(|arm| {
                if arm.role != Role::Variant {
                    arm.variant.name = AS_CONFIGURED.to_owned();
                }
            });
        }
        // Without a linker, a check is what the user has; and one combination could not be tried at all.
        let same = ["profile=release", "linker=mold", "profile=release strip=none"].map(str::to_owned);
        plan.blocks[1].arms[0].aliases.extend(same);
        plan.skipped.push(Skipped {
            block: "clean".into(),
            variant: "debug=none".into(),
            reason: "x".into(),
            help: None,
        });
        let stage = stage_of_run(&saved, "confirmation", &plan).unwrap();
        let arms: Vec<(Role, &[usize])> =
            stage.arms.iter().map(|arm| (arm.role, arm.levels.as_slice())).collect();
        assert_eq!(
            arms,
            [
                (Role::Baseline, [0, 0, 0].as_slice()),
                (Role::Twin, &[0, 0, 0]),
                (Role::Variant, &[2, 0, 1]),
                (Role::Variant, &[2, 1, 1]),
                (Role::Variant, &[0, 0, 1]),
                (Role::Variant, &[0, 1, 1]),
            ]
        );
        plan.skipped[0].variant = "all".into();
        assert_eq!(stage_of_run(&saved, "confirmation", &plan).unwrap().arms.len(), arms.len() - 1);
        plan.blocks[0].arms[2].variant.name = "debug=full".into();
        let error = stage_of_run(&saved, "confirmation", &plan).unwrap_err().to_string();
        assert!(error.contains("`debug=full`, which is no combination"), "{error}");
    }

    /// A build that fills the cache, the build from nothing, and one after an edit, in two sessions; then those of another block.
    #[test]
    fn the_first_build_is_found_behind_what_fills_a_cache() {
        let plan = fixture::plan(["m", "n"].map(|name| fixture::block(name, true, &["v"])).into());
        let mut samples = fixture::Samples::of(&plan);
        for (block, session, seconds) in
            [(0, 1, 30.0), (0, 1, 10.0), (0, 2, 31.0), (0, 2, 11.0), (0, 2, 1.0), (1, 1, 99.0), (1, 1, 98.0)]
        {
            samples.push(block, 2, 0, 1, fixture::built(seconds)).session = session;
        }
        let block = &plan.blocks[0];
        let arms = builds_by_arm(block, &samples.all);
        let first = |session, is_of_workload| {
            first_build(block, &arms[2], session, is_of_workload)
                .and_then(stage_build)
                .map(|build| build.seconds)
        };
        assert_eq!((first(None, false), first(Some(2), false)), (Some(11.0), Some(11.0)));
        // The first session was cut before the build under the workload.
        assert_eq!((first(Some(1), false), first(Some(1), true)), (Some(30.0), Some(10.0)));
        assert_eq!((first(None, true), first(Some(3), true)), (Some(1.0), None));
        assert_eq!(first_build(block, &arms[0], None, true), None, "it was not built");
    }
}
