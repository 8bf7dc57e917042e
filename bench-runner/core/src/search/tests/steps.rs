use std::sync::LazyLock;

use super::machine::{build, carry_out};
use super::*;

const LEVELS: [usize; 4] = [4, 3, 2, 2];
const BEST: [usize; 4] = [3, 2, 1, 1];

/// The last level of each axis is the fastest: by 30, 10, 2 and 1%.
fn effect(axis: usize, level: usize) -> f64 {
    let last = level + 1 == LEVELS[axis];
    if last { -[0.3, 0.1, 0.02, 0.01][axis] } else { 0.0 }
}

/// A search of an hour in which nothing goes wrong.
static SEARCH: LazyLock<(Vec<StageResult>, SearchResult)> =
    LazyLock::new(|| carry_out(&request(&LEVELS, 60), &effect, &nothing));

fn nothing(_: &mut StageResult) {}

#[test]
fn a_search_has_three_kinds_of_stages_and_finds_the_best() {
    let request = request(&LEVELS, 60);
    let (results, found) = SEARCH.clone();
    let names: Vec<&str> = results.iter().map(|result| result.stage.name.as_str()).collect();
    assert_eq!(names, ["screening", "head-to-head-1", "head-to-head-2", "head-to-head-3", "confirmation"]);
    assert_eq!(found.nominee, Some(BEST.to_vec()));
    let SearchOutcome::Faster(confirmation) = found.outcome else { panic!("{:?}", found.outcome) };
    let day = 80.0 * 2.5 + 30.0 * 8.0 + 3.0 * 16.0;
    assert!((confirmation.daily_seconds - day).abs() < 1e-9);
    assert!((confirmation.gain.seconds - day * (1.0 - (-0.43f64).exp())).abs() < 1e-6, "{confirmation:?}");
    assert_eq!(found.tried[0].levels, BEST);
    assert!(found.tried.iter().any(|one| one.levels == [0; 4] && one.stages.len() == results.len()));
    let of_own = found.tried.iter().find(|one| one.levels == [0; 4]).unwrap().log_ratio_sd;
    assert!(of_own == Some(0.0) && found.tried[0].log_ratio_sd > Some(0.0), "{:?}", found.tried[0]);
    let spent: Duration = results.iter().map(|result| result.spent).sum();
    assert!(spent <= request.budget, "{spent:?}");
    let axes: Vec<usize> = found.worth.iter().map(|one| one.axis).collect();
    assert_eq!(axes, [0, 1, 2, 3], "{:?}", found.worth);
    // By hand: 488 s × (exp(−0.13) − exp(−0.43)) are 111 s. Predictions are drawn towards no effect.
    let SettingWorth { seconds, sd_s, .. } = found.worth[0];
    assert!((90.0..125.0).contains(&seconds) && sd_s > 0.0 && sd_s < seconds, "{:?}", found.worth);
}

#[test]
fn a_setting_that_saves_next_to_nothing_is_not_proposed() {
    let nominee_with = |saved: f64| {
        let tiny = |axis: usize, level: usize| {
            if (axis, level) == (3, 1) { -saved } else { effect(axis, level) }
        };
        carry_out(&request(&LEVELS, 60), &tiny, &nothing).1.nominee
    };
    assert_eq!(nominee_with(0.001), Some(vec![3, 2, 1, 0]));
    assert_eq!(nominee_with(0.004), Some(vec![3, 2, 1, 1]));
}

#[test]
fn a_resumed_search_goes_on_with_the_same_stages() {
    let request = request(&LEVELS, 60);
    let (results, found) = SEARCH.clone();
    for finished in 0..results.len() {
        let next = next_step(&request, &results[..finished]).unwrap();
        assert_eq!(next, SearchStep::Measure(results[finished].stage.clone()));
    }
    assert_eq!(next_step(&request, &results).unwrap(), SearchStep::Done(Box::new(found)));
    let text = serde_json::to_string(&results).unwrap();
    let read: Vec<StageResult> = serde_json::from_str(&text).unwrap();
    assert_eq!(read, results);
}

#[test]
fn each_head_to_head_has_fewer_arms_and_time_that_fits() {
    let (results, _) = &*SEARCH;
    let stages: Vec<&SearchStage> =
        results[1..results.len() - 1].iter().map(|result| &result.stage).collect();
    let arms: Vec<usize> = stages.iter().map(|stage| stage.arms.len()).collect();
    assert!(arms.windows(2).all(|pair| pair[1] < pair[0]), "{arms:?}");
    assert!(stages.iter().all(|stage| stage.arms[0].levels == [0; 4]));
    let times: Vec<f64> = stages.iter().map(|stage| stage.time_budget.as_secs_f64()).collect();
    let most = times.iter().copied().fold(0.0, f64::max);
    assert!(times.iter().all(|time| *time > 0.7 * most), "{times:?}");
}

#[test]
fn a_short_search_has_fewer_stages_rather_than_stages_of_one_round() {
    let (results, _) = carry_out(&request(&LEVELS, 20), &effect, &nothing);
    for result in &results[1..results.len() - 1] {
        assert!(
            result.stage.workloads.iter().all(|one| one.rounds >= 2 || one.name == "clean"),
            "{result:?}"
        );
    }
    let confirmation = &results.last().unwrap().stage;
    assert!(confirmation.workloads.iter().all(|one| one.rounds >= 3), "{confirmation:?}");
}

#[test]
fn dropped_combinations_are_not_nominated_and_listed_with_the_reason() {
    let request = request(&LEVELS, 60);
    let drop_best = |result: &mut StageResult| {
        let failed = result.stage.arms.iter().position(|arm| arm.levels == BEST);
        let Some(arm) = failed else { return };
        result.dropped.push(DroppedArm { arm, reason: "it does not build".into() });
        // Times from before it failed count for nothing.
        result
            .workloads
            .iter_mut()
            .flat_map(|one| &mut one.rounds)
            .for_each(|round| round[arm] = Some(StageBuild { seconds: 0.01, number: 0 }));
    };
    let (results, found) = carry_out(&request, &effect, &drop_best);
    assert!(
        results.iter().filter(|result| result.stage.arms.iter().any(|arm| arm.levels == BEST)).count() == 1
    );
    assert_eq!(found.nominee, Some(vec![3, 2, 1, 0]));
    let listed = found.tried.iter().find(|one| one.levels == BEST).unwrap();
    assert_eq!(listed.dropped.as_deref(), Some("it does not build"));
}

#[test]
fn missing_builds_are_no_results() {
    let request = request(&LEVELS, 60);
    let lose_some = |result: &mut StageResult| {
        for (at, round) in result.workloads.iter_mut().flat_map(|one| &mut one.rounds).enumerate() {
            if result.stage.name != "confirmation" {
                let arms = round.len();
                round[at % arms] = None;
            }
        }
    };
    let (_, found) = carry_out(&request, &effect, &lose_some);
    assert_eq!(found.nominee, Some(BEST.to_vec()));
    // A workload for which the screening had no time is measured later.
    let lose_check = |result: &mut StageResult| {
        result.workloads.retain(|one| one.name != "check" || result.stage.name != "screening");
    };
    let (_, found) = carry_out(&request, &effect, &lose_check);
    assert!(
        matches!(found.outcome, SearchOutcome::Faster(_)) && found.nominee == Some(BEST.to_vec()),
        "{found:?}"
    );
    let lose_all = |result: &mut StageResult| result.workloads.clear();
    let (results, found) = carry_out(&request, &effect, &lose_all);
    assert_eq!((results.len(), found.outcome), (1, SearchOutcome::NotJudged(NotJudged::NotMeasured)));
}

#[test]
fn nothing_but_the_own_configuration_builds() {
    let drop_all = |result: &mut StageResult| {
        let arms = result.stage.arms.iter().enumerate().filter(|(_, arm)| arm.levels != [0, 0]);
        result.dropped =
            arms.map(|(arm, _)| DroppedArm { arm, reason: "it does not build".into() }).collect();
    };
    let (results, found) = carry_out(&request(&[2, 3], 30), &|_, _| 0.0, &drop_all);
    assert_eq!((results.len(), found.nominee), (1, None));
    assert_eq!(found.tried.iter().filter(|one| one.dropped.is_some()).count(), 5);
    assert_eq!(found.outcome, SearchOutcome::NotJudged(NotJudged::NothingBuilt));
}

#[test]
fn failures_in_the_confirmation_are_answers() {
    let request = request(&LEVELS, 60);
    let fail = |which: usize| {
        move |result: &mut StageResult| {
            if result.stage.name == "confirmation" {
                result.dropped.push(DroppedArm { arm: which, reason: "it ran out of memory".into() });
            }
        }
    };
    let reason = "it ran out of memory".to_owned();
    let (_, found) = carry_out(&request, &effect, &fail(2));
    assert_eq!(found.outcome, SearchOutcome::NotJudged(NotJudged::NomineeFailed(reason.clone())));
    for own in [0, 1] {
        let (_, found) = carry_out(&request, &effect, &fail(own));
        assert_eq!(found.outcome, SearchOutcome::NotJudged(NotJudged::AsConfiguredFailed(reason.clone())));
    }
}

/// The machine is half as fast as estimated: the stages that are left become smaller, and the search ends in time.
#[test]
fn later_stages_are_planned_with_measured_times() {
    let request = request(&LEVELS, 60);
    let mut results: Vec<StageResult> = Vec::new();
    while let SearchStep::Measure(stage) = next_step(&request, &results).unwrap() {
        let mut result = build(&request, &stage, 2.0, &|_, _| 0.0);
        result.spent = result.spent.min(stage.time_budget);
        results.push(result);
    }
    let spent: f64 = results.iter().map(|result| result.spent.as_secs_f64()).sum();
    assert!(spent <= request.budget.as_secs_f64() + 1e-6, "{spent}");
    let confirmation = &results.last().unwrap().stage;
    assert!(confirmation.time_budget >= Duration::from_secs(13 * 60), "{:?}", confirmation.time_budget);
}

#[test]
fn results_of_another_search_are_refused() {
    let request = request(&LEVELS, 60);
    let (results, _) = SEARCH.clone();
    let other = |expected: &str, found: &str| {
        Err(SearchRefusal::OtherStage { expected: expected.into(), found: found.into() })
    };
    assert_eq!(next_step(&request, &results[1..2]), other("screening", "head-to-head-1"));
    let skipped = [results[0].clone(), results[2].clone()];
    assert_eq!(next_step(&request, &skipped), other("head-to-head-1", "head-to-head-2"));
}
