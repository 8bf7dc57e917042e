//! A run's samples and a policy → estimates and verdicts.
//!
//! Pure: plan, samples and proofs go in as values, values come out, and nothing is measured or drawn here.
//! The method is that of docs/METHODOLOGY.md. Seconds are `f64` from here on, ratios are plain numbers (1.03
//! is three percent more than the baseline).
//!
//! Only builds of the measured phase count, from rounds that are complete at their last attempt, by the rule
//! that [`crate::record::rounds`] shares with measuring. A twin that was given up before the block had ended
//! would invalidate all later rounds, so such a block is judged as one without a twin.
//!
//! A verdict, in this order of precedence (levels: see [`Policy`]):
//!
//! 1. `invalid`: the twin of the block differs from the baseline by more than the offsets between
//!    directories allow, p < 0.01 / number of blocks; or the later builds from nothing of some arm differ in
//!    kind from its first, so that they found something which an earlier build had left.
//! 2. `equivalent`: two one-sided tests show that the ratio is within the margin, with Holm's correction over
//!    all planned comparisons. It precedes the next two: a difference that is certain but too small to matter
//!    is `equivalent`.
//! 3. `faster` or `slower`: the difference from 1 is significant, with a separate Holm correction.
//! 4. `undecided`: neither was shown.
//!
//! If a baseline was chosen after the run ([`Policy::baseline`]), every other arm is compared with it, the
//! correction counts all pairs of arms, and the result is marked as post hoc. A pair that was planned keeps its planned
//! verdict: it was named before the run, so it does not get weaker if somebody looks at other pairs as well. The planned
//! twin still decides if a block is `invalid`.
//!
//! Time-outs are censored at the limit: a variant with one is never `faster` or `equivalent`, and if a
//! baseline or twin has one, no variant is `slower` or `equivalent`.

#![warn(missing_docs)]

mod arms;
mod baseline;
mod calibrate;
mod cells;
mod costs;
mod effects;
mod fastest;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod gate;
mod interference;
mod judge;
mod later_builds;
mod needed;
mod notes;
mod order;
mod policy;
mod pooled_projects;
mod run_record;
mod result;
mod sessions;
mod title;

use std::collections::HashMap;

use rayon::prelude::*;

use crate::record::{Block, BlockEnd, BlockId, ByMetric, Proof, Sample};

pub use crate::stats::{Effect, NoOrderEffects, OrderEffects, PredecessorEffects, Spread, Summary};
pub use baseline::{RequestedBaseline, UnknownBaseline};
pub use fastest::add_fastest;
pub use gate::{GateOutcome, GatedVariant, gate, gate_changes};
pub use interference::RunInterference;
pub use notes::{pluralize, with_separators};
pub use policy::Policy;
pub use result::{
    ArmResult, AveragedEffect, AxisEffect, AxisEffects, AxisInteraction, BlockResult, Calibration,
    ChangedArm, CombinationMean, Comparison, ComparisonSetup, EffectMethod, EffectRatio, ExcludedProject,
    Fastest, GeneralIntervals, Invalid, JudgedEffect, LaterBuildChange, LevelEffect, LevelResult,
    NoAxisEffects, Offsets, PartialCommand, PlainRatio, Point, Pool, PooledProjects, PostHoc, Ratio,
    RoundsNeeded, SeparateEffect, SessionRatio, Sessions, TwinResult, Verdict, level_name,
};
pub use run_record::RunRecord;
pub use title::{titles, workload_phrase};

use baseline::ChosenBaseline;
use cells::Cells;
use costs::Costs;
use judge::JudgedBlock;
use needed::rounds_needed;
use title::BlockTitle;

/// Compares all arms of a run.
pub fn compare(recorded: &RunRecord<'_>, policy: &Policy) -> Comparison {
    let RunRecord { plan, machine, .. } = *recorded;
    let planned = plan.planned_comparisons();
    let choice = policy.baseline.as_ref().and_then(|requested| ChosenBaseline::of(plan, requested));
    let family = choice.as_ref().map_or(planned, |choice| choice.post_hoc.pairs);
    let mut cells = group_by_block(recorded);
    let before = choice.as_ref().map(|_| judge_blocks(&cells, recorded, planned, policy).0);
    for (cells, chosen) in cells.iter_mut().zip(choice.iter().flat_map(|choice| &choice.arms)) {
        cells.baseline = *chosen;
    }
    let (mut judged, calibration) = judge_blocks(&cells, recorded, family, policy);
    for ((judged, cells), before) in judged.iter_mut().zip(&cells).zip(before.iter().flatten()) {
        judged.keep_planned_verdicts(cells, before);
    }
    let families = Families { planned, family };
    let blocks = || {
        let effects = effects::axis_effects(&cells, &judged, plan, policy);
        let parts = cells.par_iter().zip(&judged).zip(title::block_titles(plan)).zip(effects);
        parts
            .filter_map(|(((cells, judged), title), effects)| {
                let mut result = block_result(cells, judged, title, families, policy)?;
                result.effects = effects;
                let of_sources = notes::source_notes(plan, cells.block);
                result.warnings.extend(of_sources.iter().cloned());
                result.notes.extend(of_sources);
                Some(result)
            })
            .collect()
    };
    let (pooled_projects, blocks) = rayon::join(|| pooled_projects::pool_all(&cells, &judged), blocks);
    Comparison {
        scenario: plan.scenario.clone(),
        machine: machine.to_owned(),
        planned,
        post_hoc: choice.map(|choice| choice.post_hoc),
        calibration,
        blocks,
        pooled_projects,
        skipped: plan.skipped.clone(),
    }
}

/// Numbers of comparisons that corrections count.
#[derive(Debug, Clone, Copy)]
struct Families {
    /// The planned comparisons.
    planned: usize,
    /// Those that count in this comparison.
    family: usize,
}

/// Estimates and verdicts of all blocks against the baselines of `cells`, corrected for `family` comparisons.
fn judge_blocks(
    cells: &[Cells<'_>],
    recorded: &RunRecord<'_>,
    family: usize,
    policy: &Policy,
) -> (Vec<JudgedBlock>, Vec<Calibration>) {
    let format = recorded.plan.format;
    let mut judged: Vec<JudgedBlock> =
        cells.par_iter().map(|cells| JudgedBlock::of(cells, policy, format)).collect();
    let (calibration, offsets) = calibrate::calibrate(cells, &judged, recorded.earlier);
    for ((block, cells), offsets) in judged.iter_mut().zip(cells).zip(offsets) {
        block.add_offsets(cells, offsets);
    }
    judge::assign_verdicts(&mut judged, cells, family, policy);
    (judged, calibration)
}

/// Groups samples, proofs and ends by block, in the order of the plan.
fn group_by_block<'a>(recorded: &RunRecord<'a>) -> Vec<Cells<'a>> {
    // Blocks are measured one after another, so their samples form few contiguous stretches.
    let stretches = recorded.samples.par_chunk_by(|one, next| one.block == next.block);
    let mut samples: HashMap<&BlockId, Vec<&[Sample]>> = HashMap::new();
    for stretch in stretches.collect::<Vec<&[Sample]>>() {
        samples.entry(&stretch[0].block).or_default().push(stretch);
    }
    let mut proofs: HashMap<&BlockId, Vec<&Proof>> = HashMap::new();
    for proof in recorded.proofs {
        proofs.entry(&proof.block).or_default().push(proof);
    }
    // If a block has several ends, the last one counts.
    let ends: HashMap<&BlockId, &BlockEnd> = recorded.ends.iter().map(|end| (&end.block, end)).collect();
    let of_block = |block: &'a Block| {
        let samples = samples.get(&block.id).into_iter().flatten().copied().flatten();
        let proofs = proofs.get(&block.id).cloned().unwrap_or_default();
        Cells::of(block, samples, proofs, ends.get(&block.id).copied())
    };
    recorded.plan.blocks.par_iter().map(of_block).collect()
}

/// `None` if the block does not have the chosen baseline.
fn block_result(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
    title: BlockTitle,
    Families { planned, family }: Families,
    policy: &Policy,
) -> Option<BlockResult> {
    let baseline = cells.baseline?;
    let costs = Costs::of(cells, judged);
    let family_of = |arm: usize| if cells.planned_pair(arm).is_some() { planned } else { family };
    let order = order::block_order_effects(cells, judged);
    let notes = notes::block_notes(cells, judged, family, policy);
    let warnings = notes.iter().filter(|note| note.is_warning).map(|note| note.text.clone()).collect();
    Some(BlockResult {
        id: cells.block.id.clone(),
        workload: cells.block.workload(),
        title: title.text,
        setup: ComparisonSetup {
            project: title.project,
            task: title.task,
            round_seconds: cells.round_seconds(),
            warmup_seconds: cells.warmup_seconds(),
            ..ComparisonSetup::default()
        },
        rounds: cells.rounds.len() as u32,
        min_rounds: cells.block.sampling.min_rounds,
        stopped: cells.end.map(|end| end.stopped),
        margin: judged.margin,
        arms: arms::arm_results(cells, judged, &costs, |arm| {
            rounds_needed(cells, judged, arm, family_of(arm), policy)
        }),
        baseline,
        fastest: None,
        twin: judged.twin_result(cells),
        twin_ratios: ByMetric::of(|metric| costs.twin_ratio(metric.id)),
        noise_floor: judged.noise_floor(family, policy),
        serial: judged.serial.map(|serial| serial.lag1),
        offset: Some(judged.offset_variance()).filter(|variance| *variance > 0.0).map(f64::sqrt),
        offset_is_assumed: judged.offsets.is_some_and(Offsets::is_assumed),
        order,
        effects: None,
        proofs: cells.proofs.iter().copied().cloned().collect(),
        invalid: judged.invalid.clone(),
        fidelity: cells.block.fidelity.clone(),
        notes: notes.into_iter().map(|note| note.text).collect(),
        warnings,
    })
}

#[cfg(test)]
mod tests;
