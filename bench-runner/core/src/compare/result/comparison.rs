//! Results of a run.

use super::block::BlockResult;
use super::calibration::Calibration;
use super::pooled_projects::PooledProjects;
use super::ratio::Ratio;
use crate::record::Skipped;

/// Results of a run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comparison {
    /// Name of the scenario.
    pub scenario: String,
    /// One-line summary of the machine, for captions.
    pub machine: String,
    /// Number of planned comparisons: variants against their baselines, without the twins.
    pub planned: usize,
    /// The baseline chosen after the run, if the others are compared with such a one.
    pub post_hoc: Option<PostHoc>,
    /// Offsets between target directories, for each project and workload of the run.
    pub calibration: Vec<Calibration>,
    /// Results of the blocks, in the order of the plan.
    pub blocks: Vec<BlockResult>,
    /// Comparisons that several projects have in common, pooled.
    pub pooled_projects: Vec<PooledProjects>,
    /// Requested values that were skipped.
    pub skipped: Vec<Skipped>,
}

impl Comparison {
    /// Number of comparisons that the correction counts.
    pub fn family(&self) -> usize {
        self.post_hoc.as_ref().map_or(self.planned, |post_hoc| post_hoc.pairs)
    }

    /// Returns true if the baseline chosen after the run is in none of the blocks.
    pub fn lacks_baseline(&self) -> bool {
        self.blocks.is_empty() && self.post_hoc.as_ref().is_some_and(|chosen| !chosen.left_out.is_empty())
    }

    /// Returns true if every comparison has a conclusive verdict: none is missing, `undecided`, `invalid` or `not judged`.
    /// A run is not decided if no block has the chosen baseline.
    pub fn is_decided(&self) -> bool {
        if self.lacks_baseline() {
            return false;
        }
        let is_conclusive = |ratio: &Ratio| ratio.verdict.is_conclusive();
        let decided = |block: &BlockResult| {
            let compared = block.arms.iter().enumerate().filter(|(at, _)| block.is_compared(*at));
            compared.into_iter().all(|(_, arm)| arm.ratio.as_ref().is_some_and(is_conclusive))
        };
        self.blocks.iter().all(decided)
    }
}

/// A baseline chosen after the run, and its effect on the correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostHoc {
    /// The request, such as `linker=mold`.
    pub baseline: String,
    /// Number of pairs of arms in all planned blocks, without the twins. All of them count in the correction.
    pub pairs: usize,
    /// Blocks that do not have the baseline, each with the reason. They are not among the blocks of the
    /// comparison.
    pub left_out: Vec<Skipped>,
}
