//! What a run comes to.

use super::block::BlockResult;
use super::calibration::Calibration;
use super::pooled_projects::PooledProjects;
use super::ratio::{Ratio, Verdict};
use crate::record::Skipped;

/// Everything that the samples of one run say.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Name of the scenario.
    pub scenario: String,
    /// One line about the machine, for captions.
    pub machine: String,
    /// How many comparisons the run planned: variants against their baselines, twins left out.
    pub planned: usize,
    /// Where the others are compared with a baseline that was chosen after the run.
    pub post_hoc: Option<PostHoc>,
    /// What is known of offsets between target directories, for each project and workload of the run.
    pub calibration: Vec<Calibration>,
    /// Block by block, in the order of the plan.
    pub blocks: Vec<BlockResult>,
    /// What several projects have in common, put together.
    pub pooled_projects: Vec<PooledProjects>,
    /// What was asked for and left out.
    pub skipped: Vec<Skipped>,
}

impl Comparison {
    /// How many comparisons the correction counts.
    pub fn family(&self) -> usize {
        self.post_hoc.as_ref().map_or(self.planned, |post_hoc| post_hoc.pairs)
    }

    /// Whether a baseline was chosen after the run that none of its blocks has.
    pub fn lacks_baseline(&self) -> bool {
        self.blocks.is_empty() && self.post_hoc.as_ref().is_some_and(|chosen| !chosen.left_out.is_empty())
    }

    /// Whether every comparison has a verdict that says something: none is missing, `undecided` or `invalid`. A run of
    /// which no block has the baseline that was chosen decides nothing.
    pub fn is_decided(&self) -> bool {
        if self.lacks_baseline() {
            return false;
        }
        let says = |ratio: &Ratio| !matches!(ratio.verdict, Verdict::Undecided | Verdict::Invalid);
        let decided = |block: &BlockResult| {
            let compared = block.arms.iter().enumerate().filter(|(at, _)| block.is_compared(*at));
            compared.into_iter().all(|(_, arm)| arm.ratio.as_ref().is_some_and(says))
        };
        self.blocks.iter().all(decided)
    }
}

/// A baseline that was chosen after the run, and what that costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostHoc {
    /// What was asked for, such as `linker=mold`.
    pub baseline: String,
    /// How many pairs of arms all planned blocks have, the twins left out. All of them count in the correction.
    pub pairs: usize,
    /// Blocks that do not have it, each with the reason. They are not among the blocks of the comparison.
    pub left_out: Vec<Skipped>,
}
