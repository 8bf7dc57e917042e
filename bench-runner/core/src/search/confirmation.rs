//! The confirmation: the nominee against the user's own configuration, on fresh builds alone.
//!
//! The nominee was chosen because it looked fastest, so what it showed before is biased in its favor. The confirmation
//! therefore uses nothing of the earlier stages.

use serde::{Deserialize, Serialize};

use crate::record::Role;
use crate::stats::{
    Contrast, Control, LEVEL, POWER, Reference, UncertainValue, estimate_block, holm, sum, t_quantile,
};

use super::costs::{ArmTimes, fill, seconds, stage_seconds, stage_workloads};
use super::prediction::DailyPrediction;
use super::request::{SearchRequest, WarmUp};
use super::stage::{SearchStage, StageArm, StageBuild, StageResult};

/// Name of the last stage.
pub const NAME: &str = "confirmation";

/// Share of the budget.
pub(super) const SHARE: f64 = 0.23;

/// Rounds without which a workload has no interval.
pub(super) const LEAST_ROUNDS: u32 = 3;

/// Largest number of rounds of a workload.
const MOST_ROUNDS: u32 = 60;

/// Number of comparisons that Holm's correction counts. The nominee's is the only one that is made here; counting two
/// keeps false claims below 1% of searches, and leaves one for whoever asks about another pair of the same builds.
const COMPARISONS: usize = 2;

/// Level of the corrected tests.
const ALPHA: f64 = 0.02;

/// Arms of a confirmation: as configured, its twin, and the nominee.
const REFERENCE: Reference = Reference { baseline: 0, twin: Some(1) };
const REFERENCE_ARMS: [usize; 2] = [0, 1];
const NOMINEE: usize = 2;

/// Result of a confirmation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// ln of the ratio of the day's seconds with the nominee to those as configured, θ_D.
    pub log_ratio: UncertainValue,
    /// p-value against "no difference", corrected.
    pub p: f64,
    /// Seconds of a day's builds as configured.
    pub daily_seconds: f64,
    /// Seconds saved per day; negative if the nominee is slower.
    pub gain: DailyGain,
    /// Seconds per day that would have been found with a probability of 80%.
    pub detectable_s: f64,
    /// The parts of the day, in the order of the request.
    pub workloads: Vec<WorkloadChange>,
}

/// How a confirmation found the builds of one workload changed. It is no verdict: only the day is judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkloadChange {
    /// Name of the workload.
    pub name: String,
    /// Seconds of one build as configured.
    pub build_s: f64,
    /// ln of the ratio of a build's seconds with the nominee to those as configured.
    pub log_ratio: UncertainValue,
    /// Fresh builds of the nominee.
    pub builds: usize,
}

impl WorkloadChange {
    /// True if the 95% interval says that it takes longer with the nominee.
    pub fn is_slower(&self) -> bool {
        self.log_ratio.interval(LEVEL).0 > 0.0
    }

    /// Seconds that each build takes longer with the nominee, with the ends of the 95% interval.
    pub fn seconds_longer(&self) -> [f64; 3] {
        let (low, high) = self.log_ratio.interval(LEVEL);
        [self.log_ratio.value, low, high].map(|log_ratio| self.build_s * log_ratio.exp_m1())
    }
}

/// Seconds saved per day, with the 95% interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DailyGain {
    /// The estimate.
    pub seconds: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

impl Confirmation {
    /// True if the difference is significant.
    pub fn is_significant(&self) -> bool {
        self.p < ALPHA
    }
}

/// Plans the confirmation with at least [`LEAST_ROUNDS`] rounds, and as many more as fit.
pub(super) fn plan_confirmation(
    request: &SearchRequest,
    left: f64,
    nominee: &[usize],
    prediction: &DailyPrediction,
) -> SearchStage {
    let own = &request.space.as_configured;
    let arms = [(Role::Baseline, own.as_slice()), (Role::Twin, own), (Role::Variant, nominee)];
    let times: Vec<ArmTimes> = arms.iter().map(|(_, levels)| prediction.times(request, levels)).collect();
    let mut rounds = least_rounds(request);
    fill(request, &times, &mut rounds, left, MOST_ROUNDS);
    SearchStage {
        name: NAME.to_owned(),
        arms: arms.map(|(role, levels)| StageArm { role, levels: levels.to_vec() }).to_vec(),
        workloads: stage_workloads(request, &rounds),
        time_budget: seconds(left),
        efficiency: None,
    }
}

/// Seconds of the fewest rounds that can be judged, with these times of an arm.
pub(super) fn least_seconds(request: &SearchRequest, arm: &ArmTimes) -> f64 {
    let arms = [arm.clone(), arm.clone(), arm.clone()];
    stage_seconds(request, &arms, &least_rounds(request))
}

/// The fewest rounds of each workload, so that the run as such has an interval too: one whose warm-up counts has a round more
/// than timed ones.
fn least_rounds(request: &SearchRequest) -> Vec<u32> {
    let of = |warm_up: &WarmUp| LEAST_ROUNDS + u32::from(*warm_up == WarmUp::Counts);
    request.workloads.iter().map(|one| of(&one.warm_up)).collect()
}

/// Judges a confirmation; the name of a workload without an estimate if it has fewer than [`LEAST_ROUNDS`] complete
/// rounds.
///
/// θ_D = ln Σ share·exp θ over the workloads, with the share of each in the day as configured. Its variance is
/// Σ (share'·SE)² with the shares in the nominee's day (delta method). The simpler Σ share·θ is wrong where one
/// workload gains much more than another: a third of the day at half of its time is 17% of the day, not 21%.
///
/// # Errors
///
/// The name of the first workload that cannot be judged.
pub fn confirm(request: &SearchRequest, result: &StageResult) -> Result<Confirmation, String> {
    let (mut parts, mut workloads) = (Vec::new(), Vec::new());
    for workload in &request.workloads {
        let builds = result.rounds_of(&workload.name);
        let seconds =
            |round: &Vec<Option<StageBuild>>| round.iter().map(|build| Some((*build)?.seconds)).collect();
        let rounds: Vec<Vec<Option<f64>>> = builds.iter().map(seconds).collect();
        let contrasts: [Contrast; 2] = [1, NOMINEE].map(|arm| REFERENCE.contrast(arm));
        let (estimates, _) = estimate_block(&rounds, &contrasts, Control::WithoutLooks, 1.0);
        let estimate = estimates[1].ok_or_else(|| workload.name.clone())?;
        let own = typical_seconds(&rounds).ok_or_else(|| workload.name.clone())?;
        let log_ratio = UncertainValue::from(&estimate);
        parts.push((workload.per_day * own, log_ratio));
        let builds = rounds.iter().filter(|round| round.get(NOMINEE).is_some_and(Option::is_some)).count();
        workloads.push(WorkloadChange { name: workload.name.clone(), build_s: own, log_ratio, builds });
    }
    let daily_seconds: f64 = parts.iter().map(|(daily, _)| daily).sum();
    let of_nominee: Vec<f64> = parts.iter().map(|(daily, theta)| daily * theta.value.exp()).collect();
    let nominee_seconds: f64 = of_nominee.iter().sum();
    let weighted =
        parts.iter().zip(&of_nominee).map(|((_, theta), daily)| theta.scaled_by(daily / nominee_seconds));
    let spread =
        sum(&weighted.collect::<Vec<UncertainValue>>()).ok_or_else(|| request.workloads[0].name.clone())?;
    let log_ratio = UncertainValue { value: (nominee_seconds / daily_seconds).ln(), ..spread };
    let saved = |log_ratio: f64| -daily_seconds * log_ratio.exp_m1();
    let (low, high) = log_ratio.interval(LEVEL);
    let quantiles =
        t_quantile(1.0 - 0.5 * ALPHA / COMPARISONS as f64, log_ratio.df) + t_quantile(POWER, log_ratio.df);
    Ok(Confirmation {
        log_ratio,
        p: holm(&[Some(log_ratio.p_zero())], COMPARISONS)[0].unwrap_or(1.0),
        daily_seconds,
        gain: DailyGain { seconds: saved(log_ratio.value), low: saved(high), high: saved(low) },
        detectable_s: saved(-quantiles * log_ratio.se),
        workloads,
    })
}

/// Geometric mean of the builds as configured.
fn typical_seconds(rounds: &[Vec<Option<f64>>]) -> Option<f64> {
    let of_round = |round: &Vec<Option<f64>>| REFERENCE_ARMS.map(|arm| round.get(arm).copied().flatten());
    let logs: Vec<f64> = rounds.iter().flat_map(of_round).flatten().map(f64::ln).collect();
    (!logs.is_empty()).then(|| (logs.iter().sum::<f64>() / logs.len() as f64).exp())
}
