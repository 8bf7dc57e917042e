//! Twins of earlier runs on the same machine.

use serde::{Deserialize, Serialize};

use super::ids::BlockId;

/// Twin of one block of an earlier run on the same machine: the difference between two copies of one build.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EarlierTwin {
    /// Name of the run.
    pub run: String,
    /// The block.
    pub block: BlockId,
    /// The workload; several are joined by `+`.
    pub workload: String,
    /// Rounds that counted.
    pub rounds: u32,
    /// Log-ratio of the twin to its baseline.
    pub theta: f64,
    /// Standard error of `theta`, without the factor for looks.
    pub se: f64,
    /// Degrees of freedom of `se`.
    pub df: f64,
}
