//! The standard by which samples are judged.

use super::baseline::RequestedBaseline;

/// By what standard samples are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Margin of relevance as a share, in place of the one that each block has.
    pub margin: Option<f64>,
    /// Level for Holm-corrected p-values where several comparisons were planned; calibrated so that the error of
    /// the whole family stays within 5 %.
    pub alpha: f64,
    /// Level where a single comparison was planned.
    pub alpha_single: f64,
    /// What the others are compared with, in place of the planned baselines.
    pub baseline: Option<RequestedBaseline>,
    /// A block is invalid where the twin's p-value is below this over the number of blocks.
    pub alpha_twin: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { margin: None, alpha: 0.03, alpha_single: 0.05, baseline: None, alpha_twin: 0.01 }
    }
}

impl Policy {
    /// The level for a family of so many comparisons.
    pub fn level(&self, family: usize) -> f64 {
        if family == 1 { self.alpha_single } else { self.alpha }
    }
}
