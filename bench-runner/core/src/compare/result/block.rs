//! What a block comes to.

use super::arm::ArmResult;
use super::invalid::Invalid;
use crate::record::{BlockId, Fidelity, Proof, Role, StopReason};
use crate::stats::{NoOrderEffects, OrderEffects};

/// What the samples of one block say.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockResult {
    /// The block.
    pub id: BlockId,
    /// Its workload; several are joined by `+`.
    pub workload: String,
    /// A readable title, such as `hexyl 0.17.0 · incremental`.
    pub title: String,
    /// Complete rounds.
    pub rounds: u32,
    /// Why no more rounds were made; `None` where the run did not get that far.
    pub stopped: Option<StopReason>,
    /// Margin of relevance, as a share.
    pub margin: f64,
    /// The arms in the plan's order: planned baseline, twin, variants.
    pub arms: Vec<ArmResult>,
    /// Position of the arm that the others are compared with.
    pub baseline: usize,
    /// What the twin says of the block; `None` where it was switched off or has too few rounds.
    pub twin: Option<TwinResult>,
    /// Correlation of neighbouring rounds, where one was found and the standard errors were stretched for it.
    pub serial: Option<f64>,
    /// Standard deviation on the log scale between twin and baseline beyond their errors, where the run's twins show
    /// one and the variances of the variants were raised for it.
    pub offset: Option<f64>,
    /// What places and predecessors within the rounds did, or why that cannot be said. Effects name arms by their
    /// position in `arms`; what was moved are the ratios in the order of `arms`.
    pub order: Result<OrderEffects, NoOrderEffects>,
    /// Proofs of the block.
    pub proofs: Vec<Proof>,
    /// Why the block shows nothing and its verdicts are `invalid`; empty if it does show something.
    pub invalid: Vec<Invalid>,
    /// How far what it builds is what the user's own `cargo build` builds, as the plan says.
    pub fidelity: Vec<Fidelity>,
    /// What a reader should know, as whole sentences.
    pub notes: Vec<String>,
}

impl BlockResult {
    /// Why the block shows nothing, as clauses.
    pub fn why_invalid(&self) -> Vec<String> {
        let name = |arm: usize| match self.arms.get(arm) {
            Some(arm) if arm.role == Role::Twin => "the twin".to_owned(),
            Some(arm) => format!("`{}`", arm.variant),
            None => "an arm".to_owned(),
        };
        self.invalid.iter().map(|reason| reason.describe(name)).collect()
    }

    /// Whether the arm at a position is to be compared with the baseline.
    pub fn is_compared(&self, arm: usize) -> bool {
        arm != self.baseline && self.arms.get(arm).is_some_and(|arm| arm.role != Role::Twin)
    }
}

/// What the twin says: how small a difference the block could not have seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwinResult {
    /// Rounds that count.
    pub rounds: usize,
    /// The twin's ratio to the baseline.
    pub ratio: f64,
    /// θ, its logarithm as it was estimated.
    pub theta: f64,
    /// Standard error of θ, widened for serial correlation, without the factor for looks and before any offset.
    pub se: f64,
    /// Half-width of its interval, as a share, with the offsets between directories where they are calibrated.
    pub half_width: f64,
    /// The p-value against "no difference", or against none beyond those offsets.
    pub p: f64,
}
