//! The first run of a search: the user's own configuration, once for each workload, to know how long its builds take.

use std::collections::BTreeMap;
use std::time::Duration;

use bench_runner_core::bundle::Bundle;
use bench_runner_core::record::{ArmBuilds, Block, Sample, builds_by_arm};
use bench_runner_core::search::{DailyWorkload, SearchAxis, SearchRequest, WarmUp};
use bench_runner_measure::axes::parse_all;
use bench_runner_measure::scenario::{RequestError, RequestWord, SamplingSpec, Scenario};
use bench_runner_measure::search::{StageRequest, stage_scenario};
use bench_runner_measure::workloads::{self, SourceChange, StartState, Workload};

use super::directory::SavedSearch;
use super::results::first_build;
use super::stages::{SHORTEST_LIMIT, space_of};
use crate::flows::FlowError;

/// Name of the stage.
pub(crate) const PILOT: &str = "pilot";

/// Smallest time between two builds that no clock counts, in seconds.
const LEAST_OVERHEAD: f64 = 0.05;

/// Use of the first build of a workload.
fn warm_up(name: &str, of_day: &[String]) -> Result<FirstBuild, FlowError> {
    let find = |name: &str| workloads::find(name).map_err(RequestError::from);
    let workload = find(name)?;
    if workload.start == StartState::Empty && workload.sources == SourceChange::AsPinned {
        for other in of_day.iter().filter(|other| *other != name) {
            if begins_with(&find(other)?, &workload) {
                return Ok(FirstBuild::Of(other.clone()));
            }
        }
        return Ok(FirstBuild::Counts);
    }
    Ok(FirstBuild::Separate)
}

/// True if the warm-up of a workload is a build of the other one.
fn begins_with(workload: &Workload, from_nothing: &Workload) -> bool {
    let is_edited = matches!(workload.sources, SourceChange::Edited(_));
    workload.goal == from_nothing.goal && workload.start == StartState::Warm && is_edited
}

/// The first build of a workload.
enum FirstBuild {
    /// It is one of the workload's builds.
    Counts,
    /// The workload is the first build of another one.
    Of(String),
    /// It is another build.
    Separate,
}

/// The scenarios of the pilot: a workload that is the first build of another one is not built by itself.
///
/// # Errors
/// If there is no such workload.
pub(crate) fn pilot_scenarios(saved: &SavedSearch) -> Result<Vec<Scenario>, FlowError> {
    let names: Vec<String> = saved.per_day.keys().cloned().collect();
    let mut built: Vec<String> = Vec::new();
    for name in &names {
        if !matches!(warm_up(name, &names)?, FirstBuild::Of(_)) {
            built.push(name.clone());
        }
    }
    let space = space_of(&saved.space, &saved.required);
    let request = StageRequest {
        name: PILOT,
        summary: "the user's own configuration, to know how long its builds take",
        project: RequestWord::from_command_line(&saved.project),
        workloads: &built,
        combinations: &[],
        budget: None,
        sampling: SamplingSpec {
            min_rounds: 1,
            max_rounds: 1,
            precision: None,
            // A build that takes the whole budget leaves nothing to search in.
            timeout: saved.budget.max(SHORTEST_LIMIT),
            ..SamplingSpec::default()
        },
    };
    // With its control: a variant alone is not timed.
    Ok(vec![stage_scenario(&space, &request)])
}

/// The request with the times that the pilot has shown. Its time counts.
///
/// # Errors
/// If a workload was not built, or a build takes too long for the budget.
pub(crate) fn search_request(saved: &SavedSearch, pilot: &Bundle) -> Result<SearchRequest, FlowError> {
    let names: Vec<String> = saved.per_day.keys().cloned().collect();
    let times = |name: &str, is_from_nothing: bool| times(pilot, name, is_from_nothing, saved.budget);
    let mut of_day = Vec::new();
    for (name, per_day) in &saved.per_day {
        let (build_s, warm_up) = match warm_up(name, &names)? {
            FirstBuild::Counts => {
                let BuildTimes { first, timed, .. } = times(name, true)?;
                (0.5 * (first + timed), WarmUp::Counts)
            }
            FirstBuild::Separate => {
                let BuildTimes { warm_ups, timed, .. } = times(name, false)?;
                (timed, WarmUp::Separate { seconds: warm_ups })
            }
            FirstBuild::Of(other) => (times(&other, false)?.first, WarmUp::Within { workload: other }),
        };
        of_day.push(DailyWorkload { name: name.clone(), per_day: *per_day, build_s, warm_up });
    }
    let time = &pilot.manifest.time;
    let spent = Duration::from_nanos(time.total_ns);
    let builds = pilot.samples.len().max(1) as f64;
    let between = time.total_ns.saturating_sub(time.measured_ns + time.warmup_ns) as f64 / 1e9 / builds;
    Ok(SearchRequest {
        budget: saved.budget.saturating_sub(spent),
        workloads: of_day,
        overhead_s: between.max(LEAST_OVERHEAD),
        space: saved.space.clone(),
        seed: saved.seed,
        slowness: slowness(&saved.space.axes, &saved.required),
    })
}

/// How much longer than as configured each level is expected to take, by axis and level.
fn slowness(axes: &[SearchAxis], required: &BTreeMap<String, String>) -> Vec<Vec<f64>> {
    let of_level = |key: &String, level: &String| {
        let mut settings = required.clone();
        settings.insert(key.clone(), level.clone());
        let parsed = parse_all(&settings).ok()?;
        Some(parsed.get(key)?.value.expected_slowness(&parsed))
    };
    let of_axis = |axis: &SearchAxis| {
        // What stays as the user has it is no setting.
        axis.levels.iter().map(|level| of_level(&axis.key, level).unwrap_or(1.0)).collect()
    };
    axes.iter().map(of_axis).collect()
}

/// Seconds of the builds of one workload as configured.
struct BuildTimes {
    /// Its build from nothing: the workload's own, or the one that it starts from.
    first: f64,
    /// All that comes before the timed builds.
    warm_ups: f64,
    timed: f64,
}

fn times(
    pilot: &Bundle,
    name: &str,
    is_from_nothing: bool,
    budget: Duration,
) -> Result<BuildTimes, FlowError> {
    let block = pilot.manifest.plan.blocks.iter().find(|block| block.workload() == name);
    let Some(block) = block else {
        let skipped = pilot.manifest.plan.skipped.iter().find(|one| one.block.ends_with(name));
        let reason = skipped.map_or("it is not in the plan".to_owned(), |one| one.reason.clone());
        return Err(not_built(name, &reason));
    };
    let seconds = |build: &Sample| Some(build.outcome.cost()?.wall.as_secs_f64());
    let of_arm = |arm: &ArmBuilds<'_>| {
        let timed = arm.measured.last()?;
        let warm_ups = arm.warmups.iter().filter(|build| build.session == timed.session);
        Some(BuildTimes {
            // Without a build from nothing, such as after a release build, what comes before the timed builds is all there is.
            first: first_build(block, arm, Some(timed.session), is_from_nothing)
                .or_else(|| arm.warmups.first().copied())
                .and_then(seconds)?,
            warm_ups: warm_ups.map(|build| seconds(build)).sum::<Option<f64>>()?,
            timed: seconds(timed)?,
        })
    };
    let found = builds_by_arm(block, &pilot.samples).iter().filter_map(of_arm).next_back();
    found.ok_or_else(|| not_built(name, &why_not(pilot, block, budget)))
}

fn why_not(pilot: &Bundle, block: &Block, budget: Duration) -> String {
    let timed_out =
        pilot.samples.iter().any(|sample| sample.block == block.id && sample.outcome.as_str() == "timed-out");
    if timed_out {
        let budget = humantime::format_duration(budget);
        return format!("one build takes longer than the whole budget of {budget}");
    }
    let end = pilot.manifest.blocks.iter().find(|end| end.block == block.id);
    let reason = end.and_then(|end| end.not_timed.first()).map(|one| one.reason.clone());
    reason.unwrap_or_else(|| "its build failed".to_owned())
}

fn not_built(name: &str, reason: &str) -> FlowError {
    let message = format!("`{name}` cannot be measured in this project: {reason}");
    let help = format!("leave `{name}` out of `--per-day`, give more time by `--budget`, or mend the build");
    RequestError::usage(message, Some(help)).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_settings_are_expected_to_be_slow() {
        let axis = |key: &str, levels: &[&str]| SearchAxis {
            key: key.into(),
            levels: levels.iter().map(|&level| level.into()).collect(),
        };
        let factors =
            |levels: &SearchAxis| slowness(std::slice::from_ref(levels), &BTreeMap::new()).remove(0);
        assert_eq!(factors(&axis("linker", &["as-configured", "mold"])), [1.0, 1.0]);
        assert_eq!(factors(&axis("cache", &["as-configured", "off", "warm"])), [1.0, 1.0, 1.25]);
        let optimized =
            axis("opt-level", &["as-configured", "{deps=1}", "{deps=0}", "{own=1,deps=0}", "0", "2"]);
        assert_eq!(factors(&optimized), [1.0, 3.0, 1.0, 1.0, 1.0, 3.0]);
        // A release build has them optimized as it is.
        let release = BTreeMap::from([("profile".to_owned(), "release".to_owned())]);
        assert_eq!(slowness(&[optimized], &release), [[1.0; 6]]);
        let one_job = factors(&axis("jobs", &["as-configured", "1", "cores"]));
        assert!(one_job[1] >= 1.0 && one_job[2] == 1.0, "{one_job:?}");
    }
}
