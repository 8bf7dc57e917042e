//! Evidence that a variant was in force.

use super::ids::BlockId;
use super::plan::Role;

/// What was looked for in a build, and what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The block.
    pub block: BlockId,
    /// What the arm is there for: a twin has proofs of its own.
    pub role: Role,
    /// The variant, as in the samples.
    pub variant: String,
    /// Key of the axis.
    pub axis: String,
    /// What the axis should have brought about.
    pub expected: String,
    /// What the build showed.
    pub found: String,
    /// Whether the two agree.
    pub result: ProofResult,
}

/// Whether the evidence shows the setting. Only `Fails` keeps a variant from being timed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProofResult {
    /// The build shows it.
    Holds,
    /// The build shows something else.
    Fails,
    /// The axis has no meaning under this workload.
    NotApplicable,
    /// Nothing in a build could show it.
    NotProvable,
}

impl ProofResult {
    /// The word in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::NotApplicable => "not-applicable",
            Self::NotProvable => "not-provable",
        }
    }
}
