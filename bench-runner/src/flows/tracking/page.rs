//! The history page of a machine, with the alarms of its logs.

use std::path::{Path, PathBuf};

use bench_runner_core::history::{HistoryOrder, HistoryRun, RunSeries, collect, judge};
use bench_runner_core::tracking::join_anchors;
use bench_runner_report::report::HistoryReport;

use super::marks::load_marks;
use crate::flows::{self, FlowError};

/// The metric of each history page.
const WALL: &str = "wall";

/// Writes the history page of a machine: the wall times, the `metrics` that are tracked, and all alarms and accepted
/// levels as they are now. Returns the paths, and remarks about logs.
pub(crate) fn publish_machine_history(
    results: &Path,
    machine: &str,
    metrics: &[String],
    plots: &Path,
) -> Result<(Vec<PathBuf>, Vec<String>), FlowError> {
    let loaded = load_marks(&[results.join(machine)]);
    // Alarms of other tracking files stay on the page too.
    let of_marks = loaded.marks.iter().map(|mark| mark.series.metric.clone());
    let mut metrics: Vec<String> =
        std::iter::once(WALL.to_owned()).chain(metrics.iter().cloned()).chain(of_marks).collect();
    metrics.sort();
    metrics.dedup();
    let mut runs: Vec<RunSeries> = flows::load_runs(results, Some(machine), &metrics)?.runs;
    runs.retain(|one| flows::is_of_history(&one.run, HistoryOrder::Time));
    let (series, _) = join_anchors(collect(&runs));
    let history = judge(series);
    let runs: Vec<&HistoryRun> = runs.iter().map(|one| &one.run).collect();
    let report =
        HistoryReport { history: &history, runs: &runs, marks: &loaded.marks, order: HistoryOrder::Time };
    Ok((flows::publish_history(&report, plots)?, loaded.remarks))
}
