//! Input of a page.

use bench_runner_core::bundle::Manifest;
use bench_runner_core::compare::{Comparison, RunInterference};
use bench_runner_core::record::{BlockId, Sample};

use super::recommendation::Advice;

/// Data that a page shows.
#[derive(Debug, Clone, Copy)]
pub struct PageInput<'a> {
    pub manifest: &'a Manifest,
    pub comparison: &'a Comparison,
    /// The same run compared with each of its other variants as the baseline.
    pub other_baselines: &'a [Comparison],
    pub samples: &'a [Sample],
    pub interference: RunInterference,
    /// Number of visits to all blocks together.
    pub visits: usize,
    /// Non-fatal problems found while reading the files, as sentences.
    pub remarks: &'a [String],
    /// Conditions of the blocks, as far as they are known.
    pub setups: &'a [BlockSetup],
    /// Output of builds that failed, and of outliers.
    pub logs: &'a [BuildLog],
    /// Recommended variants and how to apply them.
    pub advice: &'a [Advice],
    /// Command that repeats the run.
    pub repeat: &'a str,
}

/// Conditions under which the arms of a block were built.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockSetup {
    pub block: BlockId,
    /// Profile, and what each workload builds, as sentences with code between backticks.
    pub conditions: Vec<String>,
    /// One for each arm, in the order of the plan.
    pub variants: Vec<VariantSetup>,
}

/// Configuration of one arm.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VariantSetup {
    /// Values by key, in the notation of the scenario.
    pub settings: Vec<(String, String)>,
    /// Command line without directories of the machine; `None` if it is not known.
    pub command: Option<String>,
    /// Files, each with the lines that set the same.
    pub files: Vec<(String, String)>,
}

/// Output of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildLog {
    /// Number of the build within the run.
    pub sample: u32,
    /// Path below the directory of the run.
    pub path: String,
    /// End of the output.
    pub tail: String,
}
