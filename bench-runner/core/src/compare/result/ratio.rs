//! Ratio of an arm to its baseline, and the verdict.

use crate::stats::{Estimate, LEVEL, UncertainValue, t_quantile};

/// Ratio of an arm's wall time to that of its baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Number of rounds that count.
    pub rounds: usize,
    /// Rounds that the plan wants before any verdict.
    pub wanted_rounds: usize,
    /// Degrees of freedom of the interval.
    pub df: f64,
    /// The estimated ratio.
    pub ratio: f64,
    /// Lower end of the plain 95% interval.
    pub low: f64,
    /// Upper end of the plain 95% interval.
    pub high: f64,
    /// The p-value against "no difference", before any correction.
    pub p: f64,
    /// The p-value after Holm's correction over all comparisons that count,
    /// [`Comparison::family`](crate::compare::Comparison::family), or over the planned ones if the pair was planned; 1
    /// in an invalid block.
    pub p_adjusted: f64,
    /// The p-value against "it differs by the margin or more", before any correction.
    pub p_equivalence: f64,
    /// The latter p-value after a separate Holm correction.
    pub p_equivalence_adjusted: f64,
    /// Mean of the variant over mean of the baseline, which is sensitive to outliers.
    pub ratio_of_means: f64,
    /// The verdict at the corrected level.
    pub verdict: Verdict,
}

impl Ratio {
    /// The ratio of the baseline to the arm.
    #[must_use]
    pub(in crate::compare) fn reversed(self) -> Self {
        let [ratio, low, high, ratio_of_means] =
            [self.ratio, self.high, self.low, self.ratio_of_means].map(f64::recip);
        Self { ratio, low, high, ratio_of_means, verdict: self.verdict.reversed(), ..self }
    }

    /// The estimate without the verdict.
    pub fn plain(&self) -> PlainRatio {
        PlainRatio { rounds: self.rounds, ratio: self.ratio, low: self.low, high: self.high }
    }

    /// The rounds that count, such as `3 rounds, minimum 6`, if they are fewer than the plan wants before any verdict.
    pub fn few_rounds(&self) -> Option<String> {
        let few = self.rounds < self.wanted_rounds;
        let unit = if self.rounds == 1 { "round" } else { "rounds" };
        few.then(|| format!("{} {unit}, minimum {}", self.rounds, self.wanted_rounds))
    }

    /// The verdict for readers, with [`Self::few_rounds`].
    pub fn verdict_text(&self) -> String {
        let word = self.verdict.as_str();
        self.few_rounds().map_or_else(|| word.to_owned(), |few| format!("{word} ({few})"))
    }

    /// The log-ratio with its standard error, derived from the plain interval.
    pub fn log_ratio(&self) -> UncertainValue {
        let df = self.df.max(1.0);
        let half_width = (self.high.ln() - self.low.ln()) / 2.0;
        UncertainValue { value: self.ratio.ln(), se: half_width / t_quantile(0.5 + 0.5 * LEVEL, df), df }
    }
}

/// A ratio to the baseline that is not judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlainRatio {
    /// Number of rounds that count.
    pub rounds: usize,
    /// The estimated ratio.
    pub ratio: f64,
    /// Lower end of the plain 95% interval.
    pub low: f64,
    /// Upper end of the plain 95% interval.
    pub high: f64,
}

impl PlainRatio {
    /// The ratio of an estimate, with its interval.
    pub(in crate::compare) fn of(estimate: &Estimate) -> Self {
        let (low, high) = estimate.interval(LEVEL);
        Self { rounds: estimate.rounds, ratio: estimate.ratio(), low, high }
    }
}

/// Verdict of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Less time than the baseline, at the corrected level.
    Faster,
    /// More time than the baseline, at the corrected level.
    Slower,
    /// Any difference is smaller than the margin.
    Equivalent,
    /// Neither a difference nor equivalence was shown.
    Undecided,
    /// Nothing was judged, because the combinations of the block are a fraction of their product: it shows effects of
    /// values and nominates a combination.
    NotJudged,
    /// The block is invalid, for one of the reasons in [`Invalid`](super::invalid::Invalid).
    Invalid,
}

impl Verdict {
    /// The verdict on the baseline against the variant.
    #[must_use]
    pub(in crate::compare) fn reversed(self) -> Self {
        match self {
            Self::Faster => Self::Slower,
            Self::Slower => Self::Faster,
            same => same,
        }
    }

    /// True if a difference or equivalence was shown.
    pub fn is_conclusive(self) -> bool {
        matches!(self, Self::Faster | Self::Slower | Self::Equivalent)
    }

    /// The verdict as written in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Equivalent => "equivalent",
            Self::Undecided => "undecided",
            Self::NotJudged => "not judged",
            Self::Invalid => "invalid",
        }
    }
}
