//! What an earlier run of the same machine knew of its own noise.

use super::ids::BlockId;

/// The twin of one block of an earlier run on the same machine: how far two copies of one build came out apart.
#[derive(Debug, Clone, PartialEq)]
pub struct EarlierTwin {
    /// Name of the run.
    pub run: String,
    /// The block.
    pub block: BlockId,
    /// The workload; several are joined by `+`.
    pub workload: String,
    /// Rounds that counted.
    pub rounds: u32,
    /// The twin's log-ratio against its baseline.
    pub theta: f64,
    /// Its standard error, without the factor for looks.
    pub se: f64,
}
