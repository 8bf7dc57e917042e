//! What stands before the first build: how long, how many rounds, how wide, and what is left out.

use std::fmt::Write as _;

use super::{counted, spoken};
use crate::plan::{BlockEstimate, EXPECTED_NOISE, Estimate};
use crate::record::{Block, Plan};
use crate::scenario::RequestError;

/// An error where nothing is left to measure, with what was left out.
pub(super) fn something_to_measure(plan: &Plan) -> Result<(), RequestError> {
    if !plan.blocks.is_empty() {
        return Ok(());
    }
    Err(RequestError::usage(format!("there is nothing to measure\n{}", left_out(plan).trim_end()), None))
}

/// Rounds, builds, time and width of one block, in a line.
pub(super) fn forecast(block: &Block, estimate: &BlockEstimate) -> String {
    let rounds = counted(u64::from(estimate.rounds), "round");
    let builds = counted(estimate.builds(block.arms.len()), "build");
    let time = estimate.total().map(|time| format!(", about {}", spoken(time))).unwrap_or_default();
    format!("{rounds}, {builds}{time}; {}", width(estimate))
}

/// How wide the intervals will probably be.
fn width(estimate: &BlockEstimate) -> String {
    match estimate.half_width {
        Some(half_width) => format!("intervals of about ±{:.1} %", half_width * 100.0),
        None => "too few rounds for an interval".to_owned(),
    }
}

/// What stands before the first build: how long, how many rounds, how wide, and what is left out.
pub(super) fn announcement(plan: &Plan, estimate: &Estimate) -> String {
    let mut text = String::new();
    let blocks = counted(plan.blocks.len() as u64, "block");
    let builds = counted(estimate.builds, "build");
    let time = match (estimate.total, plan.time_budget) {
        (Some(total), Some(budget)) => format!(", about {} of the {} allowed", spoken(total), spoken(budget)),
        (Some(total), None) => format!(", about {}", spoken(total)),
        (None, Some(budget)) => format!(", at most about {}", spoken(budget)),
        (None, None) => String::new(),
    };
    let _ = writeln!(text, "{}: {blocks}, about {builds}{time} (seed {})", plan.scenario, plan.seed);
    for (block, estimate) in plan.blocks.iter().zip(&estimate.blocks).take(24) {
        let known = if estimate.round_time.is_some() || plan.time_budget.is_none() { "" } else { "at most " };
        let rounds = counted(u64::from(estimate.rounds), "round");
        let _ = writeln!(
            text,
            "  {}: {} variants, {known}{rounds}, {} if builds scatter by {:.0} %",
            block.id,
            block.arms.len() - usize::from(block.twin().is_some()),
            width(estimate),
            EXPECTED_NOISE * 100.0
        );
        for warning in warnings(block, estimate) {
            let _ = writeln!(text, "    {warning}");
        }
    }
    if let Some(bytes) = estimate.disk_bytes {
        let _ =
            writeln!(text, "  on disk: about {} MB at a time, removed afterwards", bytes.div_ceil(1_000_000));
    }
    text.push_str(&left_out(plan));
    text
}

fn warnings(block: &Block, estimate: &BlockEstimate) -> Vec<String> {
    let sampling = &block.sampling;
    let mut warnings = Vec::new();
    if let Some(precision) = sampling.precision
        && sampling.margin < 2.0 * precision
    {
        warnings.push(format!(
            "a precision of ±{:.2} % cannot show equivalence within {:.2} %: the margin must be at least twice it",
            precision * 100.0,
            sampling.margin * 100.0
        ));
    }
    if estimate.rounds < sampling.min_rounds {
        warnings.push(format!(
            "the budget allows {} of the {} rounds wanted; raise --time-budget",
            estimate.rounds, sampling.min_rounds
        ));
    }
    warnings
}

/// What was asked for and is left out, each with its reason; the same reason in several blocks once.
fn left_out(plan: &Plan) -> String {
    let mut groups: Vec<(&str, &str, Option<&str>, Vec<&str>)> = Vec::new();
    for skipped in &plan.skipped {
        let (variant, reason, help) =
            (skipped.variant.as_str(), skipped.reason.as_str(), skipped.help.as_deref());
        match groups.iter_mut().find(|group| (group.0, group.1, group.2) == (variant, reason, help)) {
            Some(group) => group.3.push(&skipped.block),
            None => groups.push((variant, reason, help, vec![&skipped.block])),
        }
    }
    let mut text = String::new();
    for (variant, reason, help, blocks) in groups {
        let what = if variant == "all" { "the whole block".to_owned() } else { variant.to_owned() };
        let _ = writeln!(text, "  left out: {what} in {}: {reason}", blocks.join(", "));
        if let Some(help) = help {
            let _ = writeln!(text, "    help: {help}");
        }
    }
    text
}
