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
//! 1. `invalid`: the twin of the block differs from the baseline by more than the offsets between directories that are
//!    calibrated allow, p < 0.01 / number of blocks; or the later builds from nothing of some arm are of another kind
//!    than its first, so that they found something which an earlier build had left.
//! 2. `equivalent`: two one-sided tests show the ratio within the margin, corrected by Holm over all planned
//!    comparisons. It comes before the next two: a difference that is certain and too small to matter is
//!    `equivalent`.
//! 3. `faster` or `slower`: the difference from 1 is significant, by a Holm correction of its own.
//! 4. `undecided`: neither was shown.
//!
//! With a baseline that was chosen after the run ([`Policy::baseline`]) every other arm is compared with it, and the
//! correction counts all pairs of arms: the answer is marked as post hoc. The planned twin still says whether a block
//! is `invalid`.
//!
//! Time-outs are censored at the limit: a variant with one is never `faster` or `equivalent`, and next to a baseline
//! or twin with one no variant is `slower` or `equivalent`.

#![warn(missing_docs)]

mod arms;
mod baseline;
mod calibrate;
mod cells;
mod costs;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod interference;
mod judge;
mod kind;
mod notes;
mod order;
mod policy;
mod pooled_projects;
mod recorded;
mod result;
mod sessions;
mod title;

use std::collections::HashMap;

use rayon::prelude::*;

use crate::record::{Block, BlockEnd, BlockId, Proof, Sample};

pub use crate::stats::{Effect, NoOrderEffects, OrderEffects, PredecessorEffects, Spread, Summary};
pub use baseline::{UnknownBaseline, WantedBaseline};
pub use interference::RunInterference;
pub use notes::pluralize;
pub use policy::Policy;
pub use recorded::Recorded;
pub use result::{
    ArmResult, BlockResult, Calibration, Change, Comparison, General, Invalid, LeftOut, Offsets, OtherKind,
    PlainRatio, Point, Pool, PooledProjects, PostHoc, Ratio, SessionRatio, Sessions, TwinResult, Verdict,
};

use baseline::Choice;
use cells::Cells;
use judge::Judged;

/// Everything that the samples of one run say.
pub fn compare(recorded: &Recorded<'_>, policy: &Policy) -> Comparison {
    let Recorded { plan, earlier, machine, .. } = *recorded;
    let planned = plan.planned_comparisons();
    let choice = policy.baseline.as_ref().and_then(|wanted| Choice::of(plan, wanted));
    let family = choice.as_ref().map_or(planned, |choice| choice.says.pairs);
    let mut cells = sorted_by_block(recorded);
    for (cells, chosen) in cells.iter_mut().zip(choice.iter().flat_map(|choice| &choice.arms)) {
        cells.baseline = *chosen;
    }
    let mut judged: Vec<Judged> =
        cells.par_iter().map(|cells| Judged::of(cells, policy, plan.format)).collect();
    let (calibration, offsets) = calibrate::calibrate(&cells, &judged, earlier);
    for ((block, cells), offsets) in judged.iter_mut().zip(&cells).zip(offsets) {
        block.add_offsets(cells, offsets);
    }
    judge::decide(&mut judged, &cells, family, policy);
    let blocks = || {
        let parts = cells.par_iter().zip(&judged).zip(title::titles(plan));
        parts
            .filter_map(|((cells, judged), title)| {
                let mut result = block_result(cells, judged, title, family, policy)?;
                result.notes.extend(notes::of_sources(plan, cells.block));
                Some(result)
            })
            .collect()
    };
    let (pooled_projects, blocks) = rayon::join(|| pooled_projects::of_all(&cells, &judged), blocks);
    Comparison {
        scenario: plan.scenario.clone(),
        machine: machine.to_owned(),
        planned,
        post_hoc: choice.map(|choice| choice.says),
        calibration,
        blocks,
        pooled_projects,
        skipped: plan.skipped.clone(),
    }
}

/// What belongs to each block of the plan, in its order.
fn sorted_by_block<'a>(recorded: &Recorded<'a>) -> Vec<Cells<'a>> {
    // blocks are measured one after another, so their samples come in few stretches
    let stretches = recorded.samples.par_chunk_by(|one, next| one.block == next.block);
    let mut samples: HashMap<&BlockId, Vec<&[Sample]>> = HashMap::new();
    for stretch in stretches.collect::<Vec<&[Sample]>>() {
        samples.entry(&stretch[0].block).or_default().push(stretch);
    }
    let mut proofs: HashMap<&BlockId, Vec<&Proof>> = HashMap::new();
    for proof in recorded.proofs {
        proofs.entry(&proof.block).or_default().push(proof);
    }
    // of several ends of a block the last one counts
    let ends: HashMap<&BlockId, &BlockEnd> = recorded.ends.iter().map(|end| (&end.block, end)).collect();
    let of_block = |block: &'a Block| {
        let samples = samples.get(&block.id).into_iter().flatten().copied().flatten();
        let proofs = proofs.get(&block.id).cloned().unwrap_or_default();
        Cells::of(block, samples, proofs, ends.get(&block.id).copied())
    };
    recorded.plan.blocks.par_iter().map(of_block).collect()
}

/// `None` where the block does not have the baseline that was chosen.
fn block_result(
    cells: &Cells<'_>,
    judged: &Judged,
    title: String,
    family: usize,
    policy: &Policy,
) -> Option<BlockResult> {
    let baseline = cells.baseline?;
    let order = order::of_block(cells, judged);
    let notes = notes::of_block(cells, judged, family, policy);
    Some(BlockResult {
        id: cells.block.id.clone(),
        workload: cells.block.workload(),
        title,
        rounds: cells.rounds.len() as u32,
        stopped: cells.end.map(|end| end.stopped),
        margin: judged.margin,
        arms: arms::of_block(cells, judged),
        baseline,
        twin: judged.twin_result(cells),
        serial: judged.serial.map(|serial| serial.lag1),
        offset: judged.offset().filter(|variance| *variance > 0.0).map(f64::sqrt),
        order,
        proofs: cells.proofs.iter().copied().cloned().collect(),
        invalid: judged.invalid.clone(),
        fidelity: cells.block.fidelity.clone(),
        notes,
    })
}

#[cfg(test)]
mod tests;
