//! Input of an export: runs, and a filter of their cells.

use bench_runner_core::bundle::Bundle;
use bench_runner_core::compare::Comparison;

/// A run and its comparison.
#[derive(Debug, Clone, Copy)]
pub struct ExportRun<'a> {
    pub bundle: &'a Bundle,
    pub comparison: &'a Comparison,
}

/// Filter of the exported cells; an empty list does not restrict them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CellFilter {
    /// Ids of blocks.
    pub blocks: Vec<String>,
    /// Names of variants; a twin is matched by its baseline's name.
    pub variants: Vec<String>,
}

impl CellFilter {
    pub(super) fn is_everything(&self) -> bool {
        self.blocks.is_empty() && self.variants.is_empty()
    }
}
