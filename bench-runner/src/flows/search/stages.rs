//! A stage → the scenarios that are measured.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_runner_core::record::{AS_CONFIGURED, Role};
use bench_runner_core::search::{
    DailyWorkload, ForbiddenCombination, SearchAxis, SearchRequest, SearchSpace, SearchStage, StageArm,
    StageWorkload, WarmUp,
};
use bench_runner_measure::scenario::{RequestWord, SamplingSpec, Scenario};
use bench_runner_measure::search::{
    AvailableSpace, ForbiddenPair, SpaceAxis, SpaceLevel, StageRequest, UNTOUCHED, stage_scenario,
};

use super::directory::SavedSearch;

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

    pub(super) fn warm_up(&self, name: &str) -> Option<&WarmUp> {
        self.request.workloads.iter().find(|one| one.name == name).map(|one| &one.warm_up)
    }

    /// Name of the arm's variant in the plan.
    pub(super) fn variant(&self, arm: &StageArm) -> String {
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

#[cfg(test)]
pub(super) mod tests {
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

    pub(in crate::flows::search) fn saved_search() -> SavedSearch {
        let space = available();
        SavedSearch {
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
        let (space, saved) = (available(), saved_search());
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
