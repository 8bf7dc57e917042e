//! Decides when a block has enough rounds.

use std::time::Duration;

use bench_runner_core::record::{Role, Sampling, StopReason};
use bench_runner_core::stats::{
    Contrast, Control, Estimate, LEVEL, Reference, estimate_block, serial_correlation,
};

/// Numbers of rounds after which the intervals are examined; between them nothing is decided by data. The
/// coverage of the intervals was simulated with these looks, so other ones need a new simulation.
pub const LOOKS: [usize; 6] = [6, 8, 12, 16, 22, 30];

/// Next step of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Build one more round.
    Round,
    /// Build no more, for this reason.
    Stop(StopReason),
}

/// State of a block.
#[derive(Debug, Clone, Copy)]
pub struct BlockProgress<'a> {
    /// Settings of the block.
    pub sampling: &'a Sampling,
    /// Role of each arm that is being built; arms dropped after their warm-up are not included.
    pub roles: &'a [Role],
    /// Complete rounds so far: wall seconds of each arm, in the order of `roles`; `None` if the build did not
    /// succeed.
    pub rounds: &'a [Vec<Option<f64>>],
    /// Rest of the block's share of the time budget; `None` without a budget.
    pub remaining: Option<Duration>,
    /// Expected duration of one round; `None` if it is not known yet.
    pub round_time: Option<Duration>,
}

/// Decides whether a block gets another round.
///
/// It stops, in this order: if there is nothing to compare (no baseline or nothing else is being built, or at
/// a look no variant has a single round that counts); after `max_rounds`; at a look from `min_rounds` on, if
/// every interval is narrow enough; and if the next whole round, even the first, is not expected to fit into
/// the budget. Without an expected duration, a round is started as long as any budget is left.
pub fn next(progress: &BlockProgress<'_>) -> Next {
    let BlockProgress { sampling, roles, rounds, .. } = *progress;
    let Some(baseline) = roles.iter().position(|&role| role == Role::Baseline) else {
        return Next::Stop(StopReason::NothingToCompare);
    };
    if roles.len() < 2 {
        return Next::Stop(StopReason::NothingToCompare);
    }
    if rounds.len() >= sampling.max_rounds as usize {
        return Next::Stop(StopReason::MaxRounds);
    }
    if LOOKS.contains(&rounds.len()) {
        let twin = roles.iter().position(|&role| role == Role::Twin);
        if let Some(reason) = decide_at_look(progress, Reference { baseline, twin }) {
            return Next::Stop(reason);
        }
    }
    if fits(progress.remaining, progress.round_time) { Next::Round } else { Next::Stop(StopReason::Budget) }
}

/// Decision at a look: precise if every variant's e^h − 1 is within the precision and the twin's h within
/// ln(1 + precision)·√(4/3), because the twin's comparison has 4/3 of a variant's variance. The intervals are
/// widened for serial correlation, as they are when the block is judged. A variant without any round that
/// counts is left out: more rounds would not narrow its interval.
fn decide_at_look(progress: &BlockProgress<'_>, reference: Reference) -> Option<StopReason> {
    let BlockProgress { sampling, roles, rounds, .. } = *progress;
    let control = Control::of(reference.twin);
    let contrast_of = |arm: usize| reference.contrast(arm);
    let is_variant = |arm: &usize| roles[*arm] == Role::Variant;
    let counts = |contrast: &Contrast| contrast.rounds(rounds) > 0;
    let variants: Vec<Contrast> =
        (0..roles.len()).filter(is_variant).map(contrast_of).filter(counts).collect();
    // A baseline with only its twin is an A/A block, which is sampled for the twin.
    if variants.is_empty() && roles.contains(&Role::Variant) {
        return Some(StopReason::NothingToCompare);
    }
    let precision = sampling.precision?;
    if rounds.len() < sampling.min_rounds as usize {
        return None;
    }
    let stretch = serial_correlation(rounds).map_or(1.0, |found| found.stretch());
    let of_twin = reference.twin.map(contrast_of);
    let all: Vec<Contrast> = of_twin.into_iter().chain(variants).collect();
    let (estimates, _) = estimate_block(rounds, &all, control, stretch);
    let (twins, variants) = estimates.split_at(usize::from(of_twin.is_some()));
    let within = |limit: f64| {
        move |estimate: &Option<Estimate>| {
            estimate.is_some_and(|estimate| estimate.half_width(LEVEL) <= limit)
        }
    };
    let limit = precision.max(0.0).ln_1p();
    let precise =
        twins.iter().all(within(limit * (4.0f64 / 3.0).sqrt())) && variants.iter().all(within(limit));
    precise.then_some(StopReason::Precision)
}

fn fits(remaining: Option<Duration>, round_time: Option<Duration>) -> bool {
    match (remaining, round_time) {
        (None, _) => true,
        (Some(remaining), Some(round)) => round <= remaining,
        (Some(remaining), None) => remaining > Duration::ZERO,
    }
}

/// Number of whole rounds of `round_time` that fit into `budget`, at most `max`.
pub(crate) fn rounds_that_fit(budget: Duration, round_time: Duration, max: u32) -> u32 {
    if round_time.is_zero() {
        return max;
    }
    u32::try_from(budget.as_nanos() / round_time.as_nanos()).map_or(max, |rounds| rounds.min(max))
}

#[cfg(test)]
mod tests;
