//! A run among others.

use bench_runner_core::bundle::Manifest;
use bench_runner_core::compare::Comparison;
use bench_runner_core::record::BlockId;

/// A run and what its samples say.
#[derive(Debug, Clone, Copy)]
pub struct ComparedRun<'a> {
    /// What was run, where, with what.
    pub manifest: &'a Manifest,
    /// What it says.
    pub comparison: &'a Comparison,
    /// Largest memory seen, where it was looked for.
    pub memory: &'a [PeakMemory],
}

/// The most memory that a measured build of an arm took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeakMemory {
    pub block: BlockId,
    /// Name of the variant.
    pub variant: String,
    pub bytes: u64,
    /// Whether it is that of all processes together, and not that of the largest one.
    pub all_processes: bool,
}

/// Every run once, however many copies of its bundle were given.
pub(super) fn deduplicated<'a>(runs: &[ComparedRun<'a>]) -> (Vec<ComparedRun<'a>>, Vec<String>) {
    let (mut kept, mut remarks): (Vec<ComparedRun<'a>>, Vec<String>) = (Vec::new(), Vec::new());
    for run in runs {
        if kept.iter().any(|known| same_run(known, run)) {
            remarks.push(format!("the run {} was given more than once and counts once", run.manifest.run));
        } else {
            kept.push(*run);
        }
    }
    remarks.dedup();
    (kept, remarks)
}

pub(super) fn same_run(one: &ComparedRun<'_>, other: &ComparedRun<'_>) -> bool {
    let of = |run: &ComparedRun<'_>| (run.manifest.run.clone(), run.manifest.machine.instance.clone());
    of(one) == of(other)
}
