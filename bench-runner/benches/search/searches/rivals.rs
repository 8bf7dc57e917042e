//! Other ways to spend the same time: single changes one at a time, and some random combinations.
//!
//! Each has the time of the screening and the head to head, and never builds anything from nothing twice.

use std::time::Duration;

use bench_runner_core::record::Role;
use bench_runner_core::search::{SearchRequest, SearchStage, StageArm, StageResult, StageWorkload};

use super::super::study::Noise;
use super::machine::BuildMachine;
use super::truth::SearchTruth;

/// Share of the budget before the confirmation.
const SHARE: f64 = 0.77;

/// Number of random combinations, besides the user's own.
const RANDOM: usize = 16;

/// Every change of a single level, and the best level of each axis together.
pub(crate) fn one_at_a_time(truth: &SearchTruth, noise: &mut Noise) -> Vec<usize> {
    let request = truth.request();
    let own = request.space.as_configured.clone();
    let mut arms = vec![own.clone()];
    for (axis, of_axis) in request.space.axes.iter().enumerate() {
        for level in (0..of_axis.levels.len()).filter(|level| *level != own[axis]) {
            let mut changed = own.clone();
            changed[axis] = level;
            arms.push(changed);
        }
    }
    let mut machine = BuildMachine::new(truth, noise);
    let result = machine.measure(stage(request, &arms, SHARE));
    let days = days(request, &[result]);
    let mut best = own.clone();
    for axis in 0..own.len() {
        let alone =
            days.iter().filter(|(levels, _)| (0..own.len()).all(|at| at == axis || levels[at] == own[at]));
        if let Some((levels, _)) = alone.min_by(|a, b| a.1.total_cmp(&b.1)) {
            best[axis] = levels[axis];
        }
    }
    best
}

/// Some random combinations, of which the slower half is dropped again and again.
pub(crate) fn random_halving(truth: &SearchTruth, noise: &mut Noise) -> Vec<usize> {
    let request = truth.request();
    let mut arms = vec![request.space.as_configured.clone()];
    while arms.len() <= RANDOM {
        let drawn = request.space.axes.iter().map(|axis| noise.below(axis.levels.len())).collect();
        if !arms.contains(&drawn) {
            arms.push(drawn);
        }
    }
    let mut machine = BuildMachine::new(truth, noise);
    let stages = 4;
    let mut results: Vec<StageResult> = Vec::new();
    for number in 0..stages {
        let stage = stage(request, &arms, SHARE / f64::from(stages));
        results.push(machine.measure_after(stage, number > 0));
        let mut days = days(request, &results);
        days.retain(|(levels, _)| arms.contains(levels));
        days.sort_by(|a, b| a.1.total_cmp(&b.1));
        arms = days.into_iter().take(arms.len().div_ceil(2)).map(|(levels, _)| levels).collect();
    }
    arms.swap_remove(0)
}

/// A stage with as many rounds as fit into this share of the budget.
fn stage(request: &SearchRequest, arms: &[Vec<usize>], share: f64) -> SearchStage {
    let arm = |levels: &Vec<usize>| StageArm { role: Role::Variant, levels: levels.clone() };
    let workload =
        |name: &str| StageWorkload { name: name.to_owned(), rounds: if name == "clean" { 1 } else { 1000 } };
    SearchStage {
        name: String::new(),
        arms: arms.iter().map(arm).collect(),
        workloads: request.workloads.iter().map(|one| workload(&one.name)).collect(),
        time_budget: Duration::from_secs_f64(share * request.budget.as_secs_f64()),
        efficiency: None,
    }
}

/// Seconds of the day with each combination, from the geometric means of its builds.
fn days(request: &SearchRequest, results: &[StageResult]) -> Vec<(Vec<usize>, f64)> {
    let logs = |workload: usize, levels: &[usize]| -> Vec<f64> {
        let of_stage = |result: &StageResult| -> Vec<f64> {
            let arm = result.stage.arms.iter().position(|arm| arm.levels == levels);
            let rounds = &result.workloads[workload].rounds;
            arm.into_iter()
                .flat_map(|arm| rounds.iter().filter_map(move |round| Some(round[arm]?.seconds.ln())))
                .collect()
        };
        results.iter().flat_map(of_stage).collect()
    };
    let day = |levels: &[usize]| -> f64 {
        let of_workload = |(at, one): (usize, &bench_runner_core::search::DailyWorkload)| {
            let logs = logs(at, levels);
            one.per_day * (logs.iter().sum::<f64>() / logs.len() as f64).exp()
        };
        request.workloads.iter().enumerate().map(of_workload).sum()
    };
    let first = results.first().map(|result| result.stage.arms.as_slice()).unwrap_or_default();
    first.iter().map(|arm| (arm.levels.clone(), day(&arm.levels))).collect()
}
