//! A stage → the scenarios that are measured, and the bundle → its result.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_runner_core::bundle::Bundle;
use bench_runner_core::record::{AS_CONFIGURED, ArmBuilds, Block, Role, Sample, builds_by_arm, rounds};
use bench_runner_core::search::{
    DailyWorkload, DroppedArm, ForbiddenCombination, SearchAxis, SearchRequest, SearchSpace, SearchStage,
    StageArm, StageBuild, StageResult, StageRounds, StageWorkload, WarmUp,
};
use bench_runner_measure::scenario::{RequestError, RequestWord, SamplingSpec, Scenario};
use bench_runner_measure::search::{
    AvailableSpace, ForbiddenPair, SpaceAxis, SpaceLevel, StageRequest, UNTOUCHED, stage_scenario,
};

use super::directory::SavedSearch;
use crate::flows::FlowError;

/// The setting that all builds of a search have, if it is required.
const PROFILE: &str = "profile";

/// Ratio of build times from which on a combination is given up.
const HOPELESS: f64 = 10.0;

/// Smallest time limit of a build: short builds vary more.
pub(super) const SHORTEST_LIMIT: Duration = Duration::from_secs(60);

/// Axes whose values can be worth more or less together than each by itself: debug info is what a linker copies.
const INTERACTING: [[&str; 2]; 1] = [["linker", "debug"]];

/// The space of the axes that vary, from what was saved. Required settings are the axes behind these, see [`super::saved_space`].
pub(crate) fn space_of(space: &SearchSpace, required: &BTreeMap<String, String>) -> AvailableSpace {
    let level =
        |name: &String| SpaceLevel { value: (name != UNTOUCHED).then(|| name.clone()), aliases: Vec::new() };
    let varies = |axis: &&SearchAxis| !required.contains_key(&axis.key);
    let axes = space
        .axes
        .iter()
        .filter(varies)
        .map(|axis| SpaceAxis { key: axis.key.clone(), levels: axis.levels.iter().map(level).collect() });
    AvailableSpace {
        axes: axes.collect(),
        required: required.clone(),
        forbidden: Vec::new(),
        dropped: Vec::new(),
        builds_are_known: true,
        combinations: 0,
    }
}

/// The space in the words of the search's rules. A required setting is an axis whose other level, the untouched setting, only
/// the user's own configuration has. A required profile is that of all builds, and no axis.
pub(crate) fn saved_space(space: &AvailableSpace) -> SearchSpace {
    let names = |axis: &SpaceAxis| axis.levels.iter().map(|level| level.name().to_owned()).collect();
    let mut axes: Vec<SearchAxis> =
        space.axes.iter().map(|axis| SearchAxis { key: axis.key.clone(), levels: names(axis) }).collect();
    let pair = |pair: &ForbiddenPair| {
        let of = |(axis, level): (usize, usize)| {
            let axis = &space.axes[axis];
            (axis.key.clone(), axis.levels[level].name().to_owned())
        };
        ForbiddenCombination(pair.levels.map(of).into())
    };
    let mut forbidden: Vec<ForbiddenCombination> = space.forbidden.iter().map(pair).collect();
    for (key, value) in space.required.iter().filter(|(key, _)| *key != PROFILE) {
        axes.push(SearchAxis { key: key.clone(), levels: vec![UNTOUCHED.to_owned(), value.clone()] });
        forbidden.push(ForbiddenCombination([(key.clone(), UNTOUCHED.to_owned())].into()));
    }
    let as_configured = vec![0; axes.len()];
    let has = |key: &str| space.axes.iter().any(|axis| axis.key == key);
    let interact = INTERACTING.iter().filter(|pair| pair.iter().all(|key| has(key)));
    let interactions = interact.map(|pair| pair.map(str::to_owned)).collect();
    SearchSpace { axes, forbidden, as_configured, interactions }
}

/// Name of a combination, as in the plans.
pub(crate) fn combination_name(saved: &SavedSearch, levels: &[usize]) -> String {
    if levels == saved.space.as_configured {
        return AS_CONFIGURED.to_owned();
    }
    let space = space_of(&saved.space, &saved.required);
    space.name(levels.get(..space.axes.len()).unwrap_or_default())
}

/// Settings of a combination, without those that it leaves as they are.
pub(crate) fn combination_settings(saved: &SavedSearch, levels: &[usize]) -> BTreeMap<String, String> {
    let mut settings = saved.space.settings(levels);
    settings.retain(|_, value| value != UNTOUCHED);
    // It is no axis, since all builds have it.
    settings.extend(saved.required.get_key_value(PROFILE).map(|(key, value)| (key.clone(), value.clone())));
    settings
}

/// A stage, with the project that it builds.
#[derive(Debug)]
pub(crate) struct StagePlan<'s> {
    pub(crate) space: &'s AvailableSpace,
    pub(crate) project: &'s str,
    pub(crate) request: &'s SearchRequest,
    pub(crate) stage: &'s SearchStage,
}

impl StagePlan<'_> {
    /// One scenario per workload, since their numbers of rounds differ.
    pub(crate) fn scenarios(&self) -> Vec<Scenario> {
        let combinations: Vec<Vec<usize>> = self
            .stage
            .arms
            .iter()
            .filter(|arm| arm.role == Role::Variant)
            .map(|arm| self.varying(&arm.levels))
            .collect();
        let has_twin = self.stage.arms.iter().any(|arm| arm.role == Role::Twin);
        let scenario = |name: &str, rounds: u32| {
            let sampling = SamplingSpec {
                // Every workload is built at least once, however much longer than expected the others take.
                min_rounds: 1,
                max_rounds: rounds,
                precision: None,
                timeout: self.longest_build(),
                ..SamplingSpec::default()
            };
            let request = StageRequest {
                name: &self.stage.name,
                summary: "a stage of a search",
                project: RequestWord::from_command_line(self.project),
                workloads: &[name.to_owned()],
                combinations: &combinations,
                budget: Some(self.stage.time_budget),
                sampling,
            };
            let mut scenario = stage_scenario(self.space, &request);
            scenario.matrices.iter_mut().for_each(|matrix| matrix.twin = has_twin);
            scenario
        };
        let timed = |one: &StageWorkload| timed_rounds(self.warm_up(&one.name)?, one.rounds);
        let scenarios = self.stage.workloads.iter().filter_map(|one| Some(scenario(&one.name, timed(one)?)));
        scenarios.collect()
    }

    /// Time after which a build is given up: one that takes so much longer than as configured is no candidate.
    fn longest_build(&self) -> Duration {
        let seconds = |one: &DailyWorkload| match one.warm_up {
            WarmUp::Separate { seconds } => seconds.max(one.build_s),
            WarmUp::Counts | WarmUp::Within { .. } => one.build_s,
        };
        let longest = self.request.workloads.iter().map(seconds).fold(0.0, f64::max);
        Duration::try_from_secs_f64(HOPELESS * longest).unwrap_or(Duration::MAX).max(SHORTEST_LIMIT)
    }

    /// The levels without those of required settings.
    fn varying(&self, levels: &[usize]) -> Vec<usize> {
        levels.iter().copied().take(self.space.axes.len()).collect()
    }

    fn warm_up(&self, name: &str) -> Option<&WarmUp> {
        self.request.workloads.iter().find(|one| one.name == name).map(|one| &one.warm_up)
    }

    /// Name of the arm's variant in the plan.
    fn variant(&self, arm: &StageArm) -> String {
        match arm.role {
            Role::Variant => self.space.name(&self.varying(&arm.levels)),
            Role::Baseline | Role::Twin => AS_CONFIGURED.to_owned(),
        }
    }
}

/// Timed rounds of a workload that has `rounds` values for each arm; `None` if it is not built by itself. Warm-ups from
/// nothing give the first values, and a run has at least one timed round.
fn timed_rounds(warm_up: &WarmUp, rounds: u32) -> Option<u32> {
    match warm_up {
        WarmUp::Separate { .. } => Some(rounds),
        // Its own warm-up.
        WarmUp::Counts => Some(rounds.saturating_sub(1).max(1)),
        WarmUp::Within { .. } if rounds < 2 => None,
        // Its own warm-up, and that of the other workload.
        WarmUp::Within { .. } => Some(rounds.saturating_sub(2).max(1)),
    }
}

/// The result of a stage.
///
/// # Errors
/// If the run does not have the arms of the stage.
pub(crate) fn stage_result(of: &StagePlan<'_>, bundle: &Bundle) -> Result<StageResult, FlowError> {
    let mut dropped: Vec<DroppedArm> = Vec::new();
    let mut measured: Vec<StageRounds> = Vec::new();
    for block in &bundle.manifest.plan.blocks {
        let name = block.workload();
        let places: Vec<Option<usize>> = of.stage.arms.iter().map(|arm| place(of, block, arm)).collect();
        for (arm, at) in places.iter().enumerate() {
            let reason = match at {
                None => Some(not_planned(of, bundle, &of.stage.arms[arm])?),
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
    Ok(StageResult { stage: of.stage.clone(), spent, workloads: measured, dropped })
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
    let is_it = |planned: &bench_runner_core::record::Arm| match arm.role {
        Role::Twin => planned.role == Role::Twin,
        Role::Baseline => planned.role == Role::Baseline,
        Role::Variant => {
            planned.role != Role::Twin && (planned.variant.name == name || planned.aliases.contains(&name))
        }
    };
    block.arms.iter().position(is_it)
}

/// Reason why an arm was left out of the plan. A plan that does not know it belongs to another stage: the next stage follows
/// from the request and the results, so the rules or the request have changed since.
fn not_planned(of: &StagePlan<'_>, bundle: &Bundle, arm: &StageArm) -> Result<String, FlowError> {
    let name = of.variant(arm);
    if let Some(skipped) = bundle.manifest.plan.skipped.iter().find(|one| one.variant == name) {
        return Ok(skipped.reason.clone());
    }
    let message =
        format!("{} does not build `{name}`, as the stage `{}` would", bundle.dir.display(), of.stage.name);
    let help =
        "`search.json` was changed, or another version of this program began the search: complete it with \
                that version, or start a new one"
            .to_owned();
    Err(RequestError::usage(message, Some(help)).into())
}

fn not_timed(bundle: &Bundle, block: &Block, at: usize) -> Option<String> {
    let arm = &block.arms[at];
    let end = bundle.manifest.blocks.iter().find(|end| end.block == block.id)?;
    let left = end.not_timed.iter().find(|one| one.role == arm.role && one.variant == arm.variant.name)?;
    Some(left.reason.clone())
}

/// Bytes of the project's own executables and libraries as configured and with the nominee, from the newest builds.
pub(crate) fn artifact_sizes(of: &StagePlan<'_>, bundle: &Bundle) -> Option<(u64, u64)> {
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

    use super::*;

    fn axis(key: &str, values: &[&str]) -> SpaceAxis {
        let names = std::iter::once(UNTOUCHED).chain(values.iter().copied());
        SpaceAxis { key: key.to_owned(), levels: names.map(SpaceLevel::named).collect() }
    }

    fn available() -> AvailableSpace {
        AvailableSpace {
            axes: vec![axis("linker", &["lld", "mold"]), axis("debug", &["none"])],
            required: [("strip", "none"), ("profile", "release")]
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .into(),
            forbidden: vec![ForbiddenPair { levels: [(0, 1), (1, 1)], reason: "x".to_owned() }],
            dropped: Vec::new(),
            builds_are_known: true,
            combinations: 5,
        }
    }

    #[test]
    fn a_warm_up_that_is_a_value_is_not_built_again() {
        let within = WarmUp::Within { workload: "incremental".into() };
        let of = |warm_up: &WarmUp| [1, 2, 3, 5].map(|rounds| timed_rounds(warm_up, rounds));
        assert_eq!(of(&WarmUp::Separate { seconds: 9.0 }), [Some(1), Some(2), Some(3), Some(5)]);
        assert_eq!(of(&WarmUp::Counts), [Some(1), Some(1), Some(2), Some(4)]);
        assert_eq!(of(&within), [None, Some(1), Some(1), Some(3)]);
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

    /// The user's own configuration lacks the required setting, and is still a combination of the space; no other one may.
    #[test]
    fn a_required_setting_is_an_axis_that_only_the_users_own_configuration_leaves() {
        let saved = saved_space(&available());
        let keys: Vec<&str> = saved.axes.iter().map(|axis| axis.key.as_str()).collect();
        assert_eq!(keys, ["linker", "debug", "strip"], "a profile is no axis");
        let allowed = saved.allowed().unwrap();
        assert_eq!(allowed.len(), 5);
        assert!(allowed.iter().all(|levels| levels[2] == 1), "{allowed:?}");
        assert_eq!(saved.as_configured, [0, 0, 0]);
        assert_eq!(saved.interactions, [["linker".to_owned(), "debug".to_owned()]]);
    }

    #[test]
    fn names_and_settings_are_those_of_the_plans() {
        let space = available();
        let saved = SavedSearch {
            format: 1,
            program: "1".into(),
            created_at: "2026-01-01T00:00:00Z".into(),
            machine: "m".into(),
            project: "./p".into(),
            budget: Duration::from_secs(60),
            per_day: Default::default(),
            seed: 1,
            space_name: "s".into(),
            space: saved_space(&space),
            required: space.required.clone(),
            left_out: Vec::new(),
        };
        let again = space_of(&saved.space, &saved.required);
        assert_eq!((again.axes, again.required), (space.axes, space.required));
        assert_eq!(combination_name(&saved, &[0, 0, 0]), "as-configured");
        assert_eq!(combination_name(&saved, &[2, 0, 1]), "linker=mold");
        assert_eq!(combination_name(&saved, &[0, 0, 1]), "profile=release strip=none");
        let settings: Vec<String> = combination_settings(&saved, &[2, 0, 1])
            .iter()
            .map(|(key, value)| format!("{key}={value}"))
            .collect();
        assert_eq!(settings, ["linker=mold", "profile=release", "strip=none"]);
    }
}
