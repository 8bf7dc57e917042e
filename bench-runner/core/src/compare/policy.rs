//! Levels and margin for judging samples.

use super::baseline::RequestedBaseline;

/// Levels and margin for judging samples.
#[derive(Debug, Clone, PartialEq)]
pub struct Policy {
    /// Equivalence margin as a fraction, overriding that of each block.
    pub margin: Option<f64>,
    /// Level for Holm-corrected p-values if several comparisons were planned; calibrated so that the error of
    /// the whole family is at most 5%.
    pub alpha: f64,
    /// Level if a single comparison was planned.
    pub alpha_single: f64,
    /// Baseline that overrides the planned ones.
    pub baseline: Option<RequestedBaseline>,
    /// A block is invalid if the twin's p-value is below this level divided by the number of blocks.
    pub alpha_twin: f64,
}

impl Default for Policy {
    fn default() -> Self {
        Self { margin: None, alpha: 0.03, alpha_single: 0.05, baseline: None, alpha_twin: 0.01 }
    }
}

impl Policy {
    /// The level for a family of this many comparisons.
    pub fn level(&self, family: usize) -> f64 {
        if family == 1 { self.alpha_single } else { self.alpha }
    }
}
