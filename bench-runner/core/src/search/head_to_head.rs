//! The head to head: successive halving among the combinations with the best prediction.
//!
//! The stages have equal time and fewer arms each (Z. Karnin, T. Koren and O. Somekh, Almost optimal exploration in
//! multi-armed bandits, 2013; K. Jamieson and A. Talwalkar, Non-stochastic best arm identification and hyperparameter
//! optimization, 2016), and the arms of each are chosen by everything that was measured before. In contrast to those
//! methods an arm may return or be new in a later stage, because what one combination shows also counts for all
//! that are like it.

use crate::record::Role;

use super::costs::{ArmTimes, equal_rounds, fill, seconds, stage_seconds, stage_workloads};
use super::prediction::DailyPrediction;
use super::request::SearchRequest;
use super::stage::{SearchStage, StageArm};

/// Share of the budget.
pub(super) const SHARE: f64 = 0.27;

/// The stages are named by this and their number.
pub(super) const NAME: &str = "head-to-head-";

/// Largest number of stages.
pub(super) const STAGES: usize = 3;

/// Most combinations in the first stage, besides the user's own; each later stage has half of those before it.
const ARMS: usize = 8;

/// Rounds of each workload that a stage needs to be worth its warm-ups.
const ROUNDS: u32 = 2;

/// Largest number of rounds of a workload.
const MOST_ROUNDS: u32 = 30;

/// Plans stage `number`, from 0, with `left` seconds for it and all later ones. `best` are the combinations that may
/// be nominated, the best predicted first, without the user's own. `None` if there are fewer than two, or too little
/// time for two.
pub(super) fn plan_head_to_head(
    request: &SearchRequest,
    number: usize,
    left: f64,
    best: &[Vec<usize>],
    prediction: &DailyPrediction,
) -> Option<SearchStage> {
    let own = &request.space.as_configured;
    let combinations =
        |most: usize| -> Vec<&Vec<usize>> { std::iter::once(own).chain(best.iter().take(most)).collect() };
    let times = |most: usize| -> Vec<ArmTimes> {
        combinations(most).into_iter().map(|levels| prediction.times(request, levels)).collect()
    };
    let least = equal_rounds(request, ROUNDS, 1);
    let needed = |most: usize| stage_seconds(request, &times(most), &least);
    let wanted = (ARMS >> number).max(2).min(best.len());
    // As many stages of equal time as are worth their warm-ups.
    let fits = |stages: &usize| left / (stages - number) as f64 >= needed(wanted);
    let stages = (number + 1..=STAGES).rev().find(fits).unwrap_or(number + 1);
    let time = left / (stages - number) as f64;
    let most = (2..=wanted).rev().find(|most| needed(*most) <= time)?;
    let (chosen, times) = (combinations(most), times(most));
    let mut rounds = least;
    fill(request, &times, &mut rounds, time, MOST_ROUNDS);
    let role = |at: usize| if at == 0 { Role::Baseline } else { Role::Variant };
    let arm = |(at, levels): (usize, &Vec<usize>)| StageArm { role: role(at), levels: levels.clone() };
    Some(SearchStage {
        name: format!("{NAME}{}", number + 1),
        arms: chosen.into_iter().enumerate().map(arm).collect(),
        workloads: stage_workloads(request, &rounds),
        time_budget: seconds(time),
        efficiency: None,
    })
}
