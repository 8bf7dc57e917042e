//! Goals that a comparison cannot reach.

use std::fmt;

use bench_runner_core::compare::Policy;
use bench_runner_core::record::Block;
use bench_runner_core::stats::MIN_ROUNDS;
use bench_runner_measure::plan::BlockEstimate;
use bench_runner_measure::sampling::LOOKS;

use super::super::{format_percent, pluralize};
use super::condition;

/// Largest number of rounds that is computed.
const MOST_ROUNDS: usize = 10_000;

/// A goal that a block cannot reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shortfall {
    /// A verdict is impossible, so the request should be changed.
    Warning(String),
    /// The result is less exact than was asked for; it is a result.
    Note(String),
}

impl fmt::Display for Shortfall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Warning(text) => write!(f, "warning: {text}"),
            Self::Note(text) => write!(f, "note: {text}"),
        }
    }
}

/// The goals that a block cannot reach, in a run of `planned` comparisons.
pub(super) fn shortfalls(block: &Block, estimate: &BlockEstimate, planned: usize) -> Vec<Shortfall> {
    let sampling = &block.sampling;
    let expected = estimate.noise.expected;
    // The expected precision has said on which condition.
    let condition = match estimate.half_width {
        Some(_) => " at that variation".to_owned(),
        None => format!(", {}", condition(estimate.noise)),
    };
    let rounds = |rounds: Option<usize>| match rounds {
        Some(rounds) => format!("about {rounds} rounds"),
        None => format!("more than {MOST_ROUNDS} rounds"),
    };
    let mut found = Vec::new();
    found.extend(few_rounds(estimate, planned, &|| {
        let needed = rounds(expected.rounds_for(0.5 * sampling.margin, MOST_ROUNDS));
        format!("a verdict at the margin of ±{} needs {needed}{condition}", format_percent(sampling.margin))
    }));
    // Looks leave offsets between directories out.
    let precise = |precision: f64, most: usize| expected.without_offset().rounds_for(precision, most);
    if let Some(precision) = sampling.precision
        && precise(precision, sampling.max_rounds as usize).is_none()
    {
        found.push(Shortfall::Note(format!(
            "the precision of ±{} needs {}{condition}; --max-rounds allows {}",
            format_percent(precision),
            rounds(precise(precision, MOST_ROUNDS)),
            sampling.max_rounds
        )));
    }
    if let Some(precision) = sampling.precision
        && sampling.margin < 2.0 * precision
    {
        found.push(Shortfall::Warning(format!(
            "with a precision of ±{} nothing can be shown to be equivalent within ±{}: --margin must be at least twice \
             --precision",
            format_percent(precision),
            format_percent(sampling.margin)
        )));
    }
    if estimate.rounds < sampling.min_rounds {
        found.push(Shortfall::Note(format!(
            "the time budget has room for {} of at least {} rounds; a larger --time-budget helps",
            estimate.rounds, sampling.min_rounds
        )));
    }
    found
}

/// Limits of a block with fewer rounds than the first look; `needed` says what a verdict needs.
pub(super) fn few_rounds(
    estimate: &BlockEstimate,
    planned: usize,
    needed: &dyn Fn() -> String,
) -> Option<Shortfall> {
    let rounds = estimate.rounds as usize;
    let have = pluralize(rounds, "round");
    if rounds < MIN_ROUNDS {
        let verb = if rounds == 1 { "is" } else { "are" };
        return Some(Shortfall::Warning(format!(
            "{have} {verb} too few for a verdict, which needs at least {MIN_ROUNDS}; {}",
            needed()
        )));
    }
    // Without a planned comparison there is no difference to find.
    let alpha = Policy::default().level(planned) / planned.max(1) as f64;
    let expected = estimate.noise.expected.estimate(rounds).filter(|_| rounds < LOOKS[0] && planned > 0)?;
    let least = expected.detectable(alpha) * 100.0;
    let text = format!("{have} find a difference of {least:.0}% in four of five such runs; {}", needed());
    Some(Shortfall::Note(text))
}
