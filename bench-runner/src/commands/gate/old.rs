//! A finished run against an older one, or against the level of the history.

use std::path::Path;

use bench_runner_core::bundle;
use bench_runner_core::compare::{Policy, gate_changes};
use bench_runner_core::history::{HistoryOrder, HistoryRun, OldValue, RunSeries, against_old, collect};
use bench_runner_core::tracking::join_anchors;
use bench_runner_measure::scenario::RequestError;
use bench_runner_report::report::OldGateReport;

use super::super::EarlyEnd;
use super::{Limits, WALL, has_failures, left_out};
use crate::flows::{self, Places};

/// The word for the level of all earlier runs.
const HISTORY: &str = "history";

/// Compares the run in `dir` with `against`, from all runs of its machine that began before it. True beside the report if a build
/// of the run failed, or something was not compared in it.
pub(super) fn judge(
    dir: &Path,
    against: &str,
    limits: &Limits,
    places: &Places,
) -> Result<(OldGateReport, bool), EarlyEnd> {
    let bundle = bundle::open(dir)?;
    let comparison = flows::judge(&bundle, &Policy::default());
    let left_out = left_out(&bundle, &comparison);
    left_out.iter().for_each(|one| errln!("note: not compared: {one}"));
    let is_flawed = has_failures(&comparison) || !left_out.is_empty();
    let new = RunSeries::of(&bundle.manifest, &comparison);
    let loaded = flows::load_runs(&places.results, Some(&new.run.machine), &[WALL.to_owned()])?;
    loaded.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    let is_earlier = |one: &HistoryRun| one.run != new.run.run && one.started_at < new.run.started_at;
    let earlier: Vec<RunSeries> = loaded
        .runs
        .into_iter()
        .filter(|one| is_earlier(&one.run) && flows::is_of_history(&one.run, HistoryOrder::Commits))
        .collect();
    let names: Vec<&str> = earlier.iter().map(|one| one.run.run.as_str()).collect();
    let old_run = match against {
        HISTORY => None,
        path => Some(bundle::read_manifest(Path::new(path))?.run),
    };
    if let Some(name) = old_run.as_deref().filter(|name| !names.contains(name)) {
        let message =
            format!("{name} is not an earlier run of {} in {}", new.run.machine, places.results.display());
        let help = "runs of other machines, of `gate` and `bisect`, and second looks do not count; `bench-runner compare` \
                    shows any two runs side by side";
        return Err(RequestError::usage(message, Some(help.to_owned())).into());
    }
    let old = old_run.as_deref().map_or(OldValue::Level, OldValue::Run);
    let (series, _) = join_anchors(collect(&earlier));
    let compared = against_old(&new, &series, old, &names, WALL);
    let tolerance = |one: &bench_runner_core::history::AgainstOld| {
        limits.of(&one.key.project, &one.key.workload, &one.key.variant)
    };
    let changes: Vec<_> =
        compared.iter().map(|one| (one.change.as_ref().ok().copied(), tolerance(one))).collect();
    let outcomes = gate_changes(&changes, &Policy::default());
    let compared = compared.into_iter().zip(changes).zip(outcomes);
    let report = OldGateReport {
        run: new.run.run.clone(),
        old: old_run.unwrap_or_else(|| "the level of the history".to_owned()),
        compared: compared.map(|((one, (_, tolerance)), outcome)| (one, tolerance, outcome)).collect(),
    };
    Ok((report, is_flawed))
}
