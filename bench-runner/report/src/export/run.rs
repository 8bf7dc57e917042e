//! What is asked for: runs, and which of their cells.

use bench_runner_core::bundle::Bundle;
use bench_runner_core::compare::Comparison;

/// One run, and what its samples say.
#[derive(Debug, Clone, Copy)]
pub struct ExportRun<'a> {
    /// Its files.
    pub bundle: &'a Bundle,
    /// The comparison made of them.
    pub comparison: &'a Comparison,
}

/// Which cells are exported; what is empty restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellFilter {
    /// Ids of blocks.
    pub blocks: Vec<String>,
    /// Names of variants; a twin goes with its baseline's name.
    pub variants: Vec<String>,
}

impl CellFilter {
    pub(super) fn is_everything(&self) -> bool {
        self.blocks.is_empty() && self.variants.is_empty()
    }
}
