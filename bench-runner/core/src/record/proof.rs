//! Proofs that a variant was in force.

use super::ids::BlockId;
use super::plan::Role;

/// Expected and found evidence of one setting in a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The block.
    pub block: BlockId,
    /// Role of the arm: a twin has its own proofs.
    pub role: Role,
    /// The variant, as in the samples.
    pub variant: String,
    /// Key of the axis.
    pub axis: String,
    /// Evidence that the axis should produce.
    pub expected: String,
    /// Evidence that the build showed.
    pub found: String,
    /// Result of comparing the two.
    pub result: ProofResult,
}

/// Result of a proof. Only `Fails` keeps a variant from being timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProofResult {
    /// The build shows the setting.
    Holds,
    /// The build shows something else.
    Fails,
    /// The axis has no effect under this workload.
    NotApplicable,
    /// No build could show the setting.
    NotProvable,
}

impl ProofResult {
    /// The result as written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::NotApplicable => "not-applicable",
            Self::NotProvable => "not-provable",
        }
    }
}
