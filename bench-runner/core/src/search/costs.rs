//! Time that builds take, and how many rounds of each workload fit.

use std::time::Duration;

use super::request::{SearchRequest, WarmUp};
use super::stage::StageWorkload;

/// Expected times of one arm.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ArmTimes {
    /// Seconds of one build, by workload.
    pub(super) builds: Vec<f64>,
    /// Seconds of each workload's separate warm-up; 0 if it has none.
    pub(super) warm_ups: Vec<f64>,
}

impl ArmTimes {
    /// The estimates of the request.
    pub(super) fn estimated(request: &SearchRequest) -> Self {
        let warm_up =
            |warm_up: &WarmUp| if let WarmUp::Separate { seconds } = warm_up { *seconds } else { 0.0 };
        Self {
            builds: request.workloads.iter().map(|one| one.build_s).collect(),
            warm_ups: request.workloads.iter().map(|one| warm_up(&one.warm_up)).collect(),
        }
    }
}

/// Seconds of all builds of some arms, with these numbers of rounds by workload.
pub(super) fn stage_seconds(request: &SearchRequest, arms: &[ArmTimes], rounds: &[u32]) -> f64 {
    arms.iter().map(|arm| arm_seconds(request, arm, rounds)).sum()
}

fn arm_seconds(request: &SearchRequest, arm: &ArmTimes, rounds: &[u32]) -> f64 {
    let of = |(at, workload): (usize, &super::request::DailyWorkload)| {
        let rounds = f64::from(rounds[at]);
        let build = arm.builds[at] + request.overhead_s;
        match workload.warm_up {
            _ if rounds == 0.0 => 0.0,
            // A run has a warm-up and at least one timed build.
            WarmUp::Counts => rounds.max(2.0) * build,
            WarmUp::Separate { .. } => arm.warm_ups[at] + request.overhead_s + rounds * build,
            WarmUp::Within { .. } if rounds < 2.0 => 0.0,
            WarmUp::Within { .. } => (rounds - 1.0).max(2.0) * build,
        }
    };
    request.workloads.iter().enumerate().map(of).sum()
}

/// Rounds of each workload where every one has `least` of them, except those measured within the warm-up of another,
/// which have `within`.
pub(super) fn equal_rounds(request: &SearchRequest, least: u32, within: u32) -> Vec<u32> {
    let of = |warm_up: &WarmUp| if matches!(warm_up, WarmUp::Within { .. }) { within } else { least };
    request.workloads.iter().map(|one| of(&one.warm_up)).collect()
}

/// Adds rounds until no further one fits into `seconds` or all have `most`: each time to the workload for which a
/// second narrows the day's total most.
///
/// With shares w of the day and n rounds the variance of the total is Σ w²/n, if all builds are equally noisy, so a
/// round that takes c seconds narrows it by w²/(n(n + 1)c) per second.
pub(super) fn fill(request: &SearchRequest, arms: &[ArmTimes], rounds: &mut [u32], seconds: f64, most: u32) {
    let shares = shares(request, arms);
    loop {
        let now = stage_seconds(request, arms, rounds);
        let mut best: Option<(usize, f64)> = None;
        for at in 0..rounds.len() {
            // What is measured within a warm-up stays so where a single round is enough.
            let is_within = matches!(request.workloads[at].warm_up, WarmUp::Within { .. }) && rounds[at] < 2;
            if rounds[at] >= most || is_within {
                continue;
            }
            rounds[at] += 1;
            let cost = stage_seconds(request, arms, rounds) - now;
            rounds[at] -= 1;
            let n = f64::from(rounds[at].max(1));
            let worth = shares[at].powi(2) / (n * (n + 1.0) * cost);
            if now + cost <= seconds && best.is_none_or(|(_, most)| worth > most) {
                best = Some((at, worth));
            }
        }
        let Some((at, _)) = best else { return };
        rounds[at] += 1;
    }
}

/// Share of each workload in the day of the average arm.
fn shares(request: &SearchRequest, arms: &[ArmTimes]) -> Vec<f64> {
    let daily =
        |at: usize| request.workloads[at].per_day * arms.iter().map(|arm| arm.builds[at]).sum::<f64>();
    let all: Vec<f64> = (0..request.workloads.len()).map(daily).collect();
    let total: f64 = all.iter().sum();
    all.iter().map(|one| one / total).collect()
}

/// The workloads that have rounds.
pub(super) fn stage_workloads(request: &SearchRequest, rounds: &[u32]) -> Vec<StageWorkload> {
    let of = request.workloads.iter().zip(rounds);
    of.filter(|(_, rounds)| **rounds > 0)
        .map(|(workload, rounds)| StageWorkload { name: workload.name.clone(), rounds: *rounds })
        .collect()
}

/// A duration of so many seconds; 0 for negative ones.
pub(super) fn seconds(of: f64) -> Duration {
    Duration::try_from_secs_f64(of.max(0.0)).unwrap_or(Duration::MAX)
}
