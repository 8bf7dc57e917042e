//! Effects of the levels of each axis, in blocks that cross two or more axes.

use super::ratio::Verdict;

/// Effects of the axes of one block, whichever method they were estimated by.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisEffects {
    /// Method by which they were estimated.
    pub method: EffectMethod,
    /// Number of rounds that count: those in which all combinations have a time.
    pub rounds: usize,
    /// Number of combinations that count, without the twin.
    pub combinations: usize,
    /// Number of averages that the correction of their verdicts counts, over all blocks of the run; 0 if
    /// nothing is judged.
    pub family: usize,
    /// The axes, in the order of the block.
    pub axes: Vec<AxisEffect>,
    /// A test for each pair of axes.
    pub interactions: Vec<AxisInteraction>,
    /// Statements on the design and on builds that do not count, as whole sentences.
    pub notes: Vec<String>,
}

impl AxisEffects {
    /// The interactions that were found.
    pub fn found_interactions(&self) -> impl Iterator<Item = &AxisInteraction> {
        self.interactions.iter().filter(|interaction| interaction.found)
    }

    /// All ratios with the levels that they belong to: an average, or one ratio for each level of the axes that
    /// interact with its own.
    pub fn ratios(&self) -> impl Iterator<Item = &EffectRatio> {
        self.axes.iter().flat_map(|axis| &axis.levels).flat_map(|level| level.result.ratios())
    }
}

/// Method by which effects were estimated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EffectMethod {
    /// From a product of axes: differences between means of measured combinations, with verdicts.
    Product,
    /// From a fraction of a product, by a model without most interactions. It nominates candidates and gives no
    /// verdicts.
    Fraction,
}

impl EffectMethod {
    /// The method as written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Fraction => "fraction",
        }
    }
}

/// Effects of the levels of one axis.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisEffect {
    /// Key of the axis.
    pub axis: String,
    /// The level that the others are compared with; `None` if it does not set the axis.
    pub reference: Option<String>,
    /// The other levels, in the order of the plan.
    pub levels: Vec<LevelEffect>,
}

/// Effect of one level of an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelEffect {
    /// Value of the axis; `None` if it is not set.
    pub level: Option<String>,
    /// The effect, or the reason for not estimating one.
    pub result: LevelResult,
}

/// Effect of a level against the reference level of its axis.
#[derive(Debug, Clone, PartialEq)]
pub enum LevelResult {
    /// Averaged over the levels of the other axes.
    Averaged(AveragedEffect),
    /// At each level of the axes that interact with this one: an average would hide that they differ.
    Separate(Vec<SeparateEffect>),
    /// No effect, for this reason.
    Missing(String),
}

impl LevelResult {
    /// Its ratios.
    pub fn ratios(&self) -> Vec<&EffectRatio> {
        match self {
            Self::Averaged(average) => vec![&average.ratio],
            Self::Separate(parts) => parts.iter().map(|part| &part.ratio).collect(),
            Self::Missing(_) => Vec::new(),
        }
    }
}

/// Effect of a level averaged over the levels of the other axes.
#[derive(Debug, Clone, PartialEq)]
pub struct AveragedEffect {
    /// Ratio of wall times, as a geometric mean.
    pub ratio: EffectRatio,
    /// Number of pairs of combinations that are averaged; 0 if it is estimated by a model.
    pub pairs: usize,
    /// Combinations of the other axes that it is averaged over, if they are not all, such as
    /// `debug=none or debug=full`.
    pub only: Option<String>,
    /// D: at a single level of another axis the effect may differ from the average by this factor minus 1, with
    /// 95% confidence. `None` if it was not estimated.
    pub may_differ: Option<f64>,
}

impl AveragedEffect {
    /// True if the effect at a single level may be opposite to the average, as far as the builds show: D is
    /// larger than the effect.
    pub fn is_average_only(&self) -> bool {
        self.may_differ.is_some_and(|differ| differ.ln_1p() > self.ratio.ratio.ln().abs())
    }
}

/// Effect of a level at some levels of the axes that interact with its own.
#[derive(Debug, Clone, PartialEq)]
pub struct SeparateEffect {
    /// Axes and levels at which it holds, such as `debug` and `full`; a level is `None` if it does not set the
    /// axis.
    pub at: Vec<(String, Option<String>)>,
    /// Ratio of wall times.
    pub ratio: EffectRatio,
}

/// Ratio of the wall times of a level to those of the reference level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EffectRatio {
    /// The estimated ratio.
    pub ratio: f64,
    /// Lower end of the plain 95% interval.
    pub low: f64,
    /// Upper end of the plain 95% interval.
    pub high: f64,
    /// Degrees of freedom of the interval.
    pub df: f64,
    /// The p-value against "no effect", before any correction.
    pub p: f64,
    /// The verdict; `None` if the method gives none.
    pub judged: Option<JudgedEffect>,
}

/// Verdict on an effect, and the p-values that it follows from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JudgedEffect {
    /// The p-value against "no effect" after Holm's correction.
    pub p_adjusted: f64,
    /// The p-value against "an effect of the margin or more", before any correction.
    pub p_equivalence: f64,
    /// The latter p-value after a separate Holm correction.
    pub p_equivalence_adjusted: f64,
    /// The verdict at the corrected level.
    pub verdict: Verdict,
}

/// Test for an interaction of two axes: whether the effects of one differ between the levels of the other.
#[derive(Debug, Clone, PartialEq)]
pub struct AxisInteraction {
    /// Keys of the two axes.
    pub axes: [String; 2],
    /// Test statistic.
    pub f: f64,
    /// Degrees of freedom of numerator and denominator.
    pub df: (f64, f64),
    /// The p-value, before any correction.
    pub p: f64,
    /// The p-value after Holm's correction over all pairs of axes of the run.
    pub p_adjusted: f64,
    /// True if the interaction is significant. False does not mean that there is none.
    pub found: bool,
    /// Mean of each combination of levels of the two axes, over those of the others.
    pub means: Vec<CombinationMean>,
}

/// Wall time at one level of each of two axes.
#[derive(Debug, Clone, PartialEq)]
pub struct CombinationMean {
    /// Levels of the two axes; `None` if the axis is not set.
    pub levels: [Option<String>; 2],
    /// Ratio to the reference levels of both axes, as a geometric mean; 1 at these levels.
    pub ratio: f64,
    /// Lower end of the plain 95% interval.
    pub low: f64,
    /// Upper end of the plain 95% interval.
    pub high: f64,
}

/// Reason why a product of axes has no effects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoAxisEffects {
    /// The block is invalid.
    Invalid,
    /// Too few rounds have times of all combinations.
    FewRounds {
        /// Number of such rounds.
        rounds: usize,
        /// Number that is needed.
        needed: usize,
    },
    /// Too few combinations have times to average anything.
    FewCombinations,
}

impl NoAxisEffects {
    /// The reason as a clause.
    pub fn describe(&self) -> String {
        match self {
            Self::Invalid => "the comparison is invalid".to_owned(),
            Self::FewRounds { rounds, needed } => {
                format!("only {rounds} of the {needed} rounds that are needed have times of all combinations")
            }
            Self::FewCombinations => "too few combinations have times to average anything".to_owned(),
        }
    }
}

/// A level for readers: `linker=mold`, or `linker not set`.
pub fn level_name(axis: &str, level: Option<&str>) -> String {
    level.map_or_else(|| format!("{axis} not set"), |level| format!("{axis}={level}"))
}
