//! Input of a page.

use bench_runner_core::bundle::Manifest;
use bench_runner_core::compare::{Comparison, RunInterference};

use super::recommendation::Advice;

/// Data that a page shows.
#[derive(Debug, Clone, Copy)]
pub struct PageInput<'a> {
    pub manifest: &'a Manifest,
    pub comparison: &'a Comparison,
    pub interference: RunInterference,
    /// Number of visits to all blocks together.
    pub visits: usize,
    /// Non-fatal problems found while reading the files, as sentences.
    pub remarks: &'a [String],
    /// Recommended variants and how to apply them.
    pub advice: &'a [Advice],
    /// Command that repeats the run.
    pub repeat: &'a str,
}
