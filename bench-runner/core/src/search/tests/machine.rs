//! A machine without noise, whose builds take as long as their levels say.

use super::*;

/// ln of the factor that a level has on every workload.
pub(super) type LevelEffect<'e> = &'e dyn Fn(usize, usize) -> f64;

/// Builds a stage with all its rounds; the speed of the machine is `factor`.
pub(super) fn build(
    request: &SearchRequest,
    stage: &SearchStage,
    factor: f64,
    effect: LevelEffect<'_>,
) -> StageResult {
    let seconds = |workload: &DailyWorkload, arm: &StageArm| {
        let log: f64 = arm.levels.iter().enumerate().map(|(axis, level)| effect(axis, *level)).sum();
        factor * workload.build_s * log.exp()
    };
    let (mut spent, mut number) = (0.0, 0);
    let mut workloads = Vec::new();
    for planned in &stage.workloads {
        let workload = request.workloads.iter().find(|one| one.name == planned.name).unwrap();
        let mut build = |arm: &StageArm| {
            number += 1;
            let seconds = seconds(workload, arm);
            spent += seconds;
            Some(StageBuild { seconds, number })
        };
        let rounds = (0..planned.rounds).map(|_| stage.arms.iter().map(&mut build).collect()).collect();
        workloads.push(StageRounds { name: planned.name.clone(), rounds });
    }
    StageResult {
        stage: stage.clone(),
        spent: Duration::from_secs_f64(spent),
        workloads,
        dropped: Vec::new(),
    }
}

/// The stages of a search and its result.
pub(super) fn carry_out(
    request: &SearchRequest,
    effect: LevelEffect<'_>,
    disturb: &dyn Fn(&mut StageResult),
) -> (Vec<StageResult>, SearchResult) {
    let mut results: Vec<StageResult> = Vec::new();
    loop {
        match next_step(request, &results).unwrap() {
            SearchStep::Measure(stage) => {
                let possible = following_names(results.iter().map(|result| result.stage.name.as_str()));
                assert!(possible.contains(&stage.name), "{possible:?} lack {}", stage.name);
                let mut result = build(request, &stage, 1.0, effect);
                disturb(&mut result);
                results.push(result);
                assert!(results.len() < 9, "the search does not end");
            }
            SearchStep::Done(result) => return (results, *result),
        }
    }
}
