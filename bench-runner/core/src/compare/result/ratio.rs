//! How an arm compares with its baseline.

use crate::stats::{Estimate, LEVEL, UncertainValue, t_quantile};

/// An arm's wall time against its baseline's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Rounds that count.
    pub rounds: usize,
    /// The estimate.
    pub ratio: f64,
    /// Lower end of the plain 95 % interval.
    pub low: f64,
    /// Upper end of the plain 95 % interval.
    pub high: f64,
    /// The p-value against "no difference", before any correction.
    pub p: f64,
    /// The p-value after Holm's correction over all comparisons that count, [`Comparison::family`](crate::compare::Comparison::family); 1 in an invalid block.
    pub p_adjusted: f64,
    /// The p-value against "it differs by the margin or more", before any correction.
    pub p_equivalence: f64,
    /// The same after a Holm correction of its own.
    pub p_equivalence_adjusted: f64,
    /// Mean of the variant over mean of the baseline, which outliers do move.
    pub ratio_of_means: f64,
    /// The verdict at the corrected level.
    pub verdict: Verdict,
}

impl Ratio {
    /// The estimate without the judgment.
    pub fn plain(&self) -> PlainRatio {
        PlainRatio { rounds: self.rounds, ratio: self.ratio, low: self.low, high: self.high }
    }

    /// The log-ratio with its error, as the plain interval has it.
    pub fn log_ratio(&self) -> UncertainValue {
        let df = (self.rounds as f64 - 1.0).max(1.0);
        let half_width = (self.high.ln() - self.low.ln()) / 2.0;
        UncertainValue { value: self.ratio.ln(), se: half_width / t_quantile(0.5 + 0.5 * LEVEL, df), df }
    }
}

/// A ratio to the baseline that is not judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlainRatio {
    /// Rounds that count.
    pub rounds: usize,
    /// The estimate.
    pub ratio: f64,
    /// Lower end of the plain 95 % interval.
    pub low: f64,
    /// Upper end of the plain 95 % interval.
    pub high: f64,
}

impl PlainRatio {
    /// The ratio of an estimate, with its interval.
    pub(in crate::compare) fn of(estimate: &Estimate) -> Self {
        let (low, high) = estimate.interval(LEVEL);
        Self { rounds: estimate.rounds, ratio: estimate.ratio(), low, high }
    }
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Less time than the baseline, at the corrected level.
    Faster,
    /// More time than the baseline, at the corrected level.
    Slower,
    /// No difference as large as the margin.
    Equivalent,
    /// Neither shown.
    Undecided,
    /// The block shows nothing, for one of the reasons of [`Invalid`](super::invalid::Invalid).
    Invalid,
}

impl Verdict {
    /// The word in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Equivalent => "equivalent",
            Self::Undecided => "undecided",
            Self::Invalid => "invalid",
        }
    }
}
