//! The fastest arm of each block, and which others were told apart from it.
//!
//! The fastest arm is chosen after the run, so the others are compared with it as with any baseline that is chosen then:
//! planned pairs keep their verdict, all others are corrected for all pairs.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::baseline::RequestedBaseline;
use super::policy::Policy;
use super::result::{BlockResult, Comparison, Fastest, Verdict};
use super::run_record::RunRecord;

/// Adds the fastest arm to each valid block of `comparison` that compares at least two arms with its baseline.
/// `recorded` and `policy` are those of the comparison.
pub fn add_fastest(comparison: &mut Comparison, recorded: &RunRecord<'_>, policy: &Policy) {
    let ranked: Vec<Vec<usize>> = comparison.blocks.iter().map(rank).collect();
    let mut against: BTreeMap<&str, Comparison> = BTreeMap::new();
    for (block, ranked) in comparison.blocks.iter().zip(&ranked) {
        if let Some(first) = ranked.first().filter(|first| **first != block.baseline) {
            against.insert(&block.arms[*first].variant, Comparison::default());
        }
    }
    against.par_iter_mut().for_each(|(name, found)| {
        let baseline = Some(RequestedBaseline::new(*name));
        *found = super::compare(recorded, &Policy { baseline, ..policy.clone() });
    });
    let fastest = |(block, ranked): (&BlockResult, &Vec<usize>)| {
        let (first, others) = ranked.split_first()?;
        let is_same = |other: &&BlockResult| other.id == block.id && other.baseline == *first;
        let judged = match *first == block.baseline {
            true => Some(block),
            false => against.get(block.arms[*first].variant.as_str())?.blocks.iter().find(is_same),
        };
        let verdict = |arm: usize| {
            let ratio = judged.and_then(|judged| judged.arms.get(arm)?.ratio);
            (arm, ratio.map_or(Verdict::Undecided, |ratio| ratio.verdict))
        };
        Some(Fastest { arm: *first, others: others.iter().copied().map(verdict).collect() })
    };
    let found: Vec<Option<Fastest>> = comparison.blocks.iter().zip(&ranked).map(fastest).collect();
    comparison.blocks.iter_mut().zip(found).for_each(|(block, found)| block.fastest = found);
}

/// The baseline and the arms with a ratio, the lowest ratio first; empty if the block is invalid or has fewer than two
/// ratios, or is a fraction.
fn rank(block: &BlockResult) -> Vec<usize> {
    let ratio = |arm: usize| match arm == block.baseline {
        true => Some(1.0),
        false => block.arms[arm].ratio.filter(|_| block.is_compared(arm)).map(|ratio| ratio.ratio),
    };
    let mut ranked: Vec<(usize, f64)> =
        (0..block.arms.len()).filter_map(|arm| Some((arm, ratio(arm)?))).collect();
    if ranked.len() < 3 || !block.invalid.is_empty() || block.is_fraction() {
        return Vec::new();
    }
    ranked.sort_by(|one, other| one.1.total_cmp(&other.1));
    ranked.into_iter().map(|(arm, _)| arm).collect()
}
