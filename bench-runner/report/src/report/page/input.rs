//! What a page is made from.

use bench_runner_core::bundle::Manifest;
use bench_runner_core::compare::{Comparison, RunInterference};

use super::recommendation::Advice;

/// What a page is made from.
#[derive(Debug, Clone, Copy)]
pub struct PageInput<'a> {
    /// What was run, where, with what.
    pub manifest: &'a Manifest,
    /// What its samples say.
    pub comparison: &'a Comparison,
    /// What went on beside them.
    pub interference: RunInterference,
    /// What was odd about the files, as sentences.
    pub remarks: &'a [String],
    /// How to apply what was found to be better.
    pub advice: &'a [Advice],
    /// The command that repeats the run.
    pub repeat: &'a str,
}
