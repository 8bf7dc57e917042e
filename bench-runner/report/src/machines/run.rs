//! Runs as input of the comparison of several runs.

use bench_runner_core::bundle::Manifest;
use bench_runner_core::compare::Comparison;
use bench_runner_core::record::BlockId;

/// A run and its comparison.
#[derive(Debug, Clone, Copy)]
pub struct ComparedRun<'a> {
    pub manifest: &'a Manifest,
    pub comparison: &'a Comparison,
    /// Peak memory of the arms for which it is known.
    pub memory: &'a [PeakMemory],
}

/// Largest peak memory of an arm's measured builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeakMemory {
    pub block: BlockId,
    pub variant: String,
    pub bytes: u64,
    /// True if the memory is that of all processes together, false if that of the largest process.
    pub all_processes: bool,
}

/// Runs without duplicates, and a remark for each run whose bundle was given more than once.
pub(super) fn deduplicate<'a>(runs: &[ComparedRun<'a>]) -> (Vec<ComparedRun<'a>>, Vec<String>) {
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
