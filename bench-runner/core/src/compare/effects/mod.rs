//! Effects of the axes of a block that crosses several: each level averaged over the levels of the other axes.
//!
//! Rules, for each block on its own:
//!
//! - A combination counts if it was timed, no build of it timed out, and at least half of its builds succeeded; a
//!   round counts if all of these combinations, and the twin, have a time in it. The twin is a second copy of its
//!   combination.
//! - An effect is averaged over the combinations of the other axes at which both levels count, if there are at
//!   least two; otherwise it is missing, with the reason.
//! - Standard errors are stretched for serial correlation, and have the offsets of the directories that they are
//!   made of, like those of comparisons.
//! - If an interaction of two axes is significant, with Holm's correction over all pairs of axes of the run, the
//!   effects of both are given at each level of the other one instead of averaged.
//! - Verdicts are corrected by Holm over all effects of the run that were planned, whether they were estimated or
//!   not. Effects at single levels are a family of their own. An invalid block has no effects and keeps its place.

mod block;
mod missing;
mod product;

use super::cells::Cells;
use super::judge::{ComparisonEvidence, JudgedBlock, verdict};
use super::policy::Policy;
use super::result::{
    AveragedEffect, AxisEffect, AxisEffects, AxisInteraction, EffectMethod, EffectRatio, JudgedEffect,
    LevelEffect, LevelResult, NoAxisEffects, SeparateEffect,
};
use crate::record::{DesignKind, Plan};
use crate::stats::{Estimate, LEVEL, holm};
use block::BlockFactorial;
use product::Product;

/// Effects of the axes of each block; `None` for a block that does not cross axes.
pub(super) fn axis_effects(
    cells: &[Cells<'_>],
    judged: &[JudgedBlock],
    plan: &Plan,
    policy: &Policy,
) -> Vec<Option<Result<AxisEffects, NoAxisEffects>>> {
    let products: Vec<Option<Product<'_>>> = cells.iter().map(product_of).collect();
    let planned =
        |product: &Product<'_>| if is_post_hoc(cells) { product.pairs() } else { product.effects() };
    let family: usize = products.iter().flatten().map(planned).sum();
    let tested: usize = products.iter().flatten().map(|product| product.factor_pairs().len()).sum();
    let parts = products.into_iter().zip(cells).zip(judged);
    let mut blocks: Vec<Option<Result<BlockFactorial<'_>, NoAxisEffects>>> =
        parts.map(|((product, cells), judged)| Some(BlockFactorial::of(product?, cells, judged))).collect();
    find_interactions(&mut blocks, tested, policy);
    blocks.iter_mut().flatten().flatten().for_each(BlockFactorial::separate_interacting);
    let estimates = |of: fn(&BlockFactorial<'_>) -> Vec<Estimate>| -> Vec<Vec<Estimate>> {
        blocks.iter().map(|block| block.iter().flatten().flat_map(of).collect()).collect()
    };
    let margins: Vec<f64> = judged.iter().map(|judged| judged.margin).collect();
    let averaged = judge(&estimates(|block| block.averaged()), &margins, family, policy);
    let separate = estimates(|block| block.separate());
    let count = separate.iter().map(Vec::len).sum();
    let separate = judge(&separate, &margins, count, policy);
    let parts = blocks.into_iter().zip(cells).zip(averaged.into_iter().zip(separate));
    parts
        .map(|((block, cells), (averaged, separate))| {
            let ratios = JudgedRatios { averaged: averaged.into_iter(), separate: separate.into_iter() };
            Some(block?.map(|block| result(&block, cells, ratios, family, plan)))
        })
        .collect()
}

/// The product of a block; `None` also for one whose combinations are a fraction of it.
fn product_of<'a>(cells: &Cells<'a>) -> Option<Product<'a>> {
    let is_fraction = cells.block.design.as_ref().is_some_and(|design| design.kind == DesignKind::Fraction);
    Product::of(cells.block, cells.baseline?).filter(|_| !is_fraction)
}

fn is_post_hoc(cells: &[Cells<'_>]) -> bool {
    cells.iter().any(Cells::is_post_hoc)
}

/// Marks the significant interactions, `tested` of which were planned in the run.
fn find_interactions(
    blocks: &mut [Option<Result<BlockFactorial<'_>, NoAxisEffects>>],
    tested: usize,
    policy: &Policy,
) {
    let mut all: Vec<&mut block::TestedPair> =
        blocks.iter_mut().flatten().flatten().flat_map(|block| &mut block.interactions).collect();
    let p: Vec<Option<f64>> = all.iter().map(|pair| Some(pair.test.p)).collect();
    for (pair, adjusted) in all.iter_mut().zip(holm(&p, tested)) {
        pair.p_adjusted = adjusted.unwrap_or(1.0);
        pair.found = pair.p_adjusted < policy.level(tested);
    }
}

/// Verdicts on the estimates of each block, corrected for `family` of them.
fn judge(
    estimates: &[Vec<Estimate>],
    margins: &[f64],
    family: usize,
    policy: &Policy,
) -> Vec<Vec<EffectRatio>> {
    let alpha = policy.level(family);
    let flat = || {
        estimates.iter().zip(margins).flat_map(|(block, margin)| block.iter().map(move |one| (one, *margin)))
    };
    let difference: Vec<Option<f64>> = flat().map(|(one, _)| Some(one.p_difference())).collect();
    let equivalence: Vec<Option<f64>> = flat().map(|(one, margin)| Some(one.p_equivalence(margin))).collect();
    let adjusted = holm(&difference, family).into_iter().zip(holm(&equivalence, family));
    let mut ratios = flat().zip(adjusted).map(|((estimate, margin), (p, p_equivalence))| {
        let (p_adjusted, p_equivalence_adjusted) = (p.unwrap_or(1.0), p_equivalence.unwrap_or(1.0));
        let verdict = verdict(ComparisonEvidence {
            invalid: false,
            equivalent: p_equivalence_adjusted < alpha,
            different: p_adjusted < alpha,
            below: estimate.theta < 0.0,
            // A combination with a time-out does not count.
            variant_censored: false,
            reference_censored: false,
        });
        let p_equivalence = estimate.p_equivalence(margin);
        let judged = JudgedEffect { p_adjusted, p_equivalence, p_equivalence_adjusted, verdict };
        EffectRatio { judged: Some(judged), ..EffectRatio::of(estimate) }
    });
    estimates.iter().map(|block| ratios.by_ref().take(block.len()).collect()).collect()
}

impl EffectRatio {
    /// The ratio of an estimate, without a verdict.
    pub(in crate::compare) fn of(estimate: &Estimate) -> Self {
        let (low, high) = estimate.interval(LEVEL);
        Self { ratio: estimate.ratio(), low, high, df: estimate.df, p: estimate.p_difference(), judged: None }
    }
}

/// The judged ratios of a block, in the order of its estimates.
struct JudgedRatios<A, S> {
    averaged: A,
    separate: S,
}

fn result(
    block: &BlockFactorial<'_>,
    cells: &Cells<'_>,
    mut ratios: JudgedRatios<impl Iterator<Item = EffectRatio>, impl Iterator<Item = EffectRatio>>,
    family: usize,
    plan: &Plan,
) -> AxisEffects {
    let mut axes: Vec<AxisEffect> = Vec::new();
    for factor in &block.product.factors {
        let reference = factor.levels[0].map(str::to_owned);
        axes.push(AxisEffect { axis: factor.key.to_owned(), reference, levels: Vec::new() });
    }
    for effect in &block.effects {
        let factor = &block.product.factors[effect.factor];
        let result = match &effect.estimate {
            block::LevelEstimate::Averaged { only, may_differ, .. } => {
                let Some(ratio) = ratios.averaged.next() else { continue };
                let pairs = effect.pairs.len();
                LevelResult::Averaged(AveragedEffect {
                    ratio,
                    pairs,
                    only: only.clone(),
                    may_differ: *may_differ,
                })
            }
            block::LevelEstimate::Separate(parts) => {
                let parts = parts.iter().zip(ratios.separate.by_ref());
                let separate = |(part, ratio): (&block::SeparateEstimate, EffectRatio)| SeparateEffect {
                    at: block.settings_at(&part.at),
                    ratio,
                };
                LevelResult::Separate(parts.map(separate).collect())
            }
            block::LevelEstimate::Missing(reason) => LevelResult::Missing(reason.clone()),
        };
        let level = factor.levels[effect.level].map(str::to_owned);
        axes[effect.factor].levels.push(LevelEffect { level, result });
    }
    let mut notes = block.notes(cells);
    notes.extend(missing::notes(cells, &block.product, &plan.skipped));
    notes.extend(missing::merged_levels(cells, &block.product));
    AxisEffects {
        method: EffectMethod::Product,
        rounds: block.factorial.rounds(),
        combinations: block.factorial.cells().len(),
        family,
        axes,
        interactions: block.interactions.iter().map(|pair| interaction(block, pair)).collect(),
        notes,
    }
}

fn interaction(block: &BlockFactorial<'_>, pair: &block::TestedPair) -> AxisInteraction {
    AxisInteraction {
        axes: pair.factors.map(|factor| block.product.factors[factor].key.to_owned()),
        f: pair.test.f,
        df: pair.test.df,
        p: pair.test.p,
        p_adjusted: pair.p_adjusted,
        found: pair.found,
        means: block.means(pair.factors),
    }
}
