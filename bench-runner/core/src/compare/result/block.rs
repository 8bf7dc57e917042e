//! Results of one block.

use super::arm::ArmResult;
use super::effects::{AxisEffects, NoAxisEffects};
use super::fastest::Fastest;
use super::invalid::Invalid;
use super::ratio::PlainRatio;
use super::setup::ComparisonSetup;
use crate::record::{BlockId, ByMetric, Fidelity, Proof, Role, StopReason};
use crate::stats::{LEVEL, NoOrderEffects, OrderEffects, UncertainValue, t_quantile};

/// Results of one block.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockResult {
    /// The block.
    pub id: BlockId,
    /// Workload of the block; several are joined by `+`.
    pub workload: String,
    /// A readable title, such as `hexyl 0.17.0: rebuild after an edit`.
    pub title: String,
    /// Conditions of the builds, and the command of a new run.
    pub setup: ComparisonSetup,
    /// Number of complete rounds.
    pub rounds: u32,
    /// Reason for not building more rounds; `None` if the run did not get that far.
    pub stopped: Option<StopReason>,
    /// Equivalence margin, as a fraction.
    pub margin: f64,
    /// Arms in the order of the plan: planned baseline, twin, variants.
    pub arms: Vec<ArmResult>,
    /// Index of the arm that the others are compared with.
    pub baseline: usize,
    /// The fastest arm, if [`add_fastest`](crate::compare::add_fastest) was called and the block has one.
    pub fastest: Option<Fastest>,
    /// Fewest rounds before the plan lets precision end the block.
    pub min_rounds: u32,
    /// Result of the twin; `None` if it was switched off or has too few rounds.
    pub twin: Option<TwinResult>,
    /// Ratios of the twin to the planned baseline, of the metrics that are compared and not judged.
    pub twin_ratios: ByMetric<PlainRatio>,
    /// The noise floor: the true difference, as a fraction, that the median variant would be found to have in
    /// four of five such runs. `None` if no variant has an estimate.
    pub noise_floor: Option<f64>,
    /// Correlation of neighboring rounds, if one was found; the standard errors are stretched for it.
    pub serial: Option<f64>,
    /// Standard deviation on the log scale between twin and baseline beyond their errors, if the twins show
    /// one or it is assumed; the variances of the variants are increased for it.
    pub offset: Option<f64>,
    /// True if `offset` is assumed, because too few twins are known.
    pub offset_is_assumed: bool,
    /// Effects of positions and predecessors within the rounds, or the reason for not estimating them. Arms
    /// are indices into `arms`; the moved ratios are in the order of `arms`.
    pub order: Result<OrderEffects, NoOrderEffects>,
    /// Effects of the axes, or the reason for not estimating them; `None` if the block does not cross axes.
    pub effects: Option<Result<AxisEffects, NoAxisEffects>>,
    /// Proofs of the block.
    pub proofs: Vec<Proof>,
    /// Reasons why the block is invalid; empty if it is valid.
    pub invalid: Vec<Invalid>,
    /// Comparison of the builds with the user's own `cargo build`, from the plan.
    pub fidelity: Vec<Fidelity>,
    /// Notes for readers, as whole sentences.
    pub notes: Vec<String>,
    /// Those of the notes that a reader of the verdicts must see.
    pub warnings: Vec<String>,
}

impl BlockResult {
    /// Reasons why the block is invalid, as clauses.
    pub fn why_invalid(&self) -> Vec<String> {
        let name = |arm: usize| match self.arms.get(arm) {
            Some(arm) if arm.role == Role::Twin => "the control".to_owned(),
            Some(arm) => format!("`{}`", arm.variant),
            None => "a variant".to_owned(),
        };
        self.invalid.iter().map(|reason| reason.describe(name)).collect()
    }

    /// Returns true if the arm at an index is to be compared with the baseline.
    pub fn is_compared(&self, arm: usize) -> bool {
        arm != self.baseline && self.arms.get(arm).is_some_and(|arm| arm.role != Role::Twin)
    }
}

/// Result of the twin (A/A control): a second copy of the baseline.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwinResult {
    /// Number of rounds that count.
    pub rounds: usize,
    /// The twin's ratio to the baseline.
    pub ratio: f64,
    /// θ, the logarithm of the ratio as estimated.
    pub theta: f64,
    /// Standard error of θ, widened for serial correlation, without the factor for looks and before any
    /// offset.
    pub se: f64,
    /// Degrees of freedom of `se`.
    pub df: f64,
    /// Half-width of the interval, as a fraction, including the offsets between directories.
    pub half_width: f64,
    /// The p-value against "no difference", or against none beyond those offsets.
    pub p: f64,
}

impl TwinResult {
    /// The log-ratio with its standard error, derived from the interval.
    pub fn log_ratio(&self) -> UncertainValue {
        let df = self.df.max(1.0);
        let se = self.half_width.ln_1p() / t_quantile(0.5 + 0.5 * LEVEL, df);
        UncertainValue { value: self.ratio.ln(), se, df }
    }

    /// Ends of the interval of the ratio.
    pub fn ends(&self) -> (f64, f64) {
        let factor = 1.0 + self.half_width;
        (self.ratio / factor, self.ratio * factor)
    }
}
