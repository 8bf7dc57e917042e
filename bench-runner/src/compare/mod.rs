//! A run's samples and a policy → estimates and verdicts.
//!
//! Pure: plan, samples and proofs go in as values, values come out, and nothing is measured or drawn here.
//! The method is that of docs/METHODOLOGY.md. Seconds stand in `f64` from here on, ratios as plain numbers
//! (1.03 is three per cent more than the baseline).
//!
//! What counts: builds of the measured phase, from rounds that are whole at their last attempt, by the rule that
//! [`crate::record::rounds`] shares with measuring. A twin that was given up before the block had ended would take
//! all later rounds with it, so such a block is judged as one without a twin.
//!
//! A verdict, in this order of precedence (levels: see [`Policy`]):
//!
//! 1. `invalid`: the twin of the block differs from the baseline, p < 0.01 / number of blocks.
//! 2. `equivalent`: two one-sided tests show the ratio within the margin, corrected by Holm over all planned
//!    comparisons. It comes before the next two: a difference that is certain and too small to matter is
//!    `equivalent`.
//! 3. `faster` or `slower`: the difference from 1 is significant, by a Holm correction of its own.
//! 4. `undecided`: neither was shown.
//!
//! Time-outs are censored at the limit: a variant with one is never `faster` or `equivalent`, and next to a baseline
//! or twin with one no variant is `slower` or `equivalent`.

mod across;
mod cells;
mod costs;
mod judge;
mod notes;
mod order;
mod result;
mod sessions;
mod title;

use std::collections::HashMap;

use crate::record::{BlockEnd, BlockId, EarlierTwin, Plan, Proof, Role, Sample};
use crate::stats::{Control, Estimate, offset_variance};

pub use crate::stats::{Effect, NoOrderEffects, OrderEffects, PredecessorEffects, Spread, Summary};
pub use across::{Across, General, LeftOut};
pub use result::{
    ArmResult, BlockResult, Comparison, PlainRatio, Point, Ratio, SessionRatio, Sessions, TwinResult, Verdict,
};

use cells::Cells;
use judge::Judged;

/// By what standard samples are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Margin of relevance as a share, in place of the one that each block has.
    pub margin: Option<f64>,
    /// Level for Holm-corrected p-values where several comparisons were planned; calibrated so that the error of
    /// the whole family stays within 5 %.
    pub alpha: f64,
    /// Level where a single comparison was planned.
    pub alpha_alone: f64,
    /// A block is invalid where the twin's p-value is below this over the number of blocks.
    pub alpha_twin: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { margin: None, alpha: 0.03, alpha_alone: 0.05, alpha_twin: 0.01 }
    }
}

impl Policy {
    /// The level for a run with so many planned comparisons.
    pub fn level(&self, planned: usize) -> f64 {
        if planned == 1 { self.alpha_alone } else { self.alpha }
    }
}

/// What one run left behind, as far as judging needs it. What is not known is empty.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// What was to be done.
    pub plan: &'a Plan,
    /// The builds; those of blocks or arms that the plan does not have are left out.
    pub samples: &'a [Sample],
    /// What was found in the builds.
    pub proofs: &'a [Proof],
    /// How each block ended.
    pub ends: &'a [BlockEnd],
    /// Twins of earlier runs on the same machine.
    pub earlier: &'a [EarlierTwin],
    /// One line about the machine, for captions.
    pub machine: &'a str,
}

impl<'a> Recorded<'a> {
    /// Samples of a plan about which nothing else is known.
    pub fn of(plan: &'a Plan, samples: &'a [Sample]) -> Self {
        Self { plan, samples, proofs: &[], ends: &[], earlier: &[], machine: "" }
    }
}

/// Everything that the samples of one run say.
pub fn compare(recorded: &Recorded<'_>, policy: &Policy) -> Comparison {
    let Recorded { plan, samples, proofs, ends, machine, .. } = *recorded;
    let arms = plan.blocks.iter().flat_map(|block| &block.arms);
    let planned = arms.filter(|arm| arm.role == Role::Variant).count();
    let mut by_block: HashMap<&BlockId, Vec<&Sample>> = HashMap::new();
    for sample in samples {
        by_block.entry(&sample.block).or_default().push(sample);
    }
    let cells: Vec<Cells<'_>> = plan
        .blocks
        .iter()
        .map(|block| {
            let samples = by_block.remove(&block.id).unwrap_or_default();
            let proofs = proofs.iter().filter(|proof| proof.block == block.id).collect();
            let end = ends.iter().rev().find(|end| end.block == block.id);
            Cells::of(block, samples, proofs, end)
        })
        .collect();
    let judged = judge(&cells, planned, policy);
    let across = across::across(&cells, &judged);
    let titles = title::titles(plan);
    let blocks = cells
        .iter()
        .zip(judged)
        .zip(titles)
        .map(|((cells, judged), title)| block_result(cells, judged, title, planned, policy))
        .collect();
    Comparison {
        scenario: plan.scenario.clone(),
        machine: machine.to_owned(),
        planned,
        blocks,
        across,
        skipped: plan.skipped.clone(),
    }
}

/// Estimates of all blocks first, then what only the run as a whole can say: offsets between directories, and the
/// corrections for many comparisons.
fn judge(cells: &[Cells<'_>], planned: usize, policy: &Policy) -> Vec<Judged> {
    let mut judged: Vec<Judged> = cells.iter().map(|cells| Judged::of(cells, policy)).collect();
    let twins: Vec<Estimate> = judged.iter().filter_map(|block| block.twin).collect();
    if let Some(variance) = offset_variance(&twins).filter(|&variance| variance > 0.0) {
        judged.iter_mut().for_each(|block| block.add_offset(variance));
    }
    judge::decide(&mut judged, cells, planned, policy);
    judged
}

fn block_result(
    cells: &Cells<'_>,
    judged: Judged,
    title: String,
    planned: usize,
    policy: &Policy,
) -> BlockResult {
    let order = order::of_block(cells, &judged);
    let notes = notes::of_block(cells, &judged, planned, policy);
    let arm_result = |arm: usize| ArmResult {
        cpu_ratio: costs::cpu(cells, &judged, arm),
        rss_ratio: costs::max_rss(cells, &judged, arm),
        sessions: sessions::of_arm(cells, &judged, arm),
        ..cells.arm_result(arm, judged.ratios[arm])
    };
    let arms = (0..cells.block.arms.len()).map(arm_result).collect();
    BlockResult {
        id: cells.block.id.clone(),
        title,
        rounds: cells.rounds.len() as u32,
        stopped: cells.end.map(|end| end.stopped),
        margin: judged.margin,
        arms,
        twin: judged.twin.map(judge::twin_result),
        serial: judged.serial.map(|serial| serial.lag1),
        offset: Some(judged.offset).filter(|variance| *variance > 0.0).map(f64::sqrt),
        order,
        proofs: cells.proofs.iter().copied().cloned().collect(),
        notes,
    }
}

/// Whether a twin was timed to the end, as the interval needs it.
fn control(cells: &Cells<'_>) -> Control {
    if cells.reference.twin.is_some() { Control::Twin } else { Control::NoTwin }
}

#[cfg(test)]
mod tests;
