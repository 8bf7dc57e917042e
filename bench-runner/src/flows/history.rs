//! Bundles → what each adds to the history. Judging a bundle reads all of its samples, so the result is kept in `derived/`
//! of the bundle and made again if it is missing or stale.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use bench_runner_core::bundle::{self, Status};
use bench_runner_core::compare::{Policy, RunRecord, compare};
use bench_runner_core::history::{HistoryPoint, HistoryRun, RunSeries, SeriesKey};
use bench_runner_core::record::METRICS;
use bench_runner_report::report::{self, HistoryReport};
use rayon::prelude::*;
use serde_json::{Value, json};

use super::FlowError;

/// Version of the kept file; it grows whenever its contents or the statistics behind them change.
const KEPT_VERSION: u32 = 4;

/// Name of the kept file.
const KEPT: &str = "derived/history.json";

/// All runs of a results directory.
#[derive(Debug, Default)]
pub(crate) struct LoadedRuns {
    /// The complete runs, in the order of time.
    pub(crate) runs: Vec<RunSeries>,
    /// Runs that are left out, and clocks that cannot be right, as sentences.
    pub(crate) remarks: Vec<String>,
}

enum Loaded {
    Run(Box<RunSeries>),
    LeftOut(String),
}

/// Loads the runs of all machines below `results`, or of one, with their points of these metrics. A run that cannot be
/// read hides no other.
///
/// # Errors
/// If `results` itself cannot be read.
pub(crate) fn load_runs(
    results: &Path,
    machine: Option<&str>,
    metrics: &[String],
) -> Result<LoadedRuns, FlowError> {
    let machines = match machine {
        Some(name) => vec![results.join(name)],
        None => directories(results)?,
    };
    let dirs: Vec<PathBuf> =
        machines.iter().map(|dir| directories(dir)).collect::<Result<Vec<_>, _>>()?.concat();
    let loaded: Vec<Option<Loaded>> = dirs.par_iter().map(|dir| load(dir, metrics)).collect();
    let mut found = LoadedRuns::default();
    for one in loaded.into_iter().flatten() {
        match one {
            Loaded::Run(run) => found.runs.push(*run),
            Loaded::LeftOut(remark) => found.remarks.push(remark),
        }
    }
    // Times are UTC and have equal length, so they compare as texts.
    let when = |one: &RunSeries| (one.run.started_at.clone(), one.run.run.clone());
    found.runs.sort_by_cached_key(when);
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let future = found.runs.iter().filter(|one| one.run.started_at > now);
    let remarks: Vec<String> = future
        .map(|one| {
            let run = &one.run;
            format!("{}: was begun at {}, which has not come yet: a clock is wrong", run.run, run.started_at)
        })
        .collect();
    found.remarks.extend(remarks);
    Ok(found)
}

/// True if a run belongs to a history. Steps of a bisection and runs of a gate are one of a kind; commits of the past have no
/// place in time.
pub(crate) fn is_of_history(run: &HistoryRun, by_commits: bool) -> bool {
    match run.origin.as_deref() {
        Some("bisect" | "gate") => false,
        Some("backfill") => by_commits,
        _ => true,
    }
}

/// Writes a page for each machine, `plots/history-<machine>/history.html`, and returns the paths.
pub(crate) fn publish_history(report: &HistoryReport<'_>, plots: &Path) -> Result<Vec<PathBuf>, FlowError> {
    let machines: BTreeSet<&str> =
        report.history.series.iter().map(|one| one.series.key.machine.as_str()).collect();
    let mut pages = Vec::new();
    for machine in machines {
        let dir = plots.join(format!("history-{machine}"));
        fs::create_dir_all(&dir).with_context(|| format!("failed to make {}", dir.display()))?;
        let page = dir.join("history.html");
        fs::write(&page, report::history_page(report, machine))
            .with_context(|| format!("failed to write {}", page.display()))?;
        pages.push(page);
    }
    Ok(pages)
}

fn directories(of: &Path) -> Result<Vec<PathBuf>, FlowError> {
    let unreadable =
        |error: std::io::Error| FlowError::Harness(anyhow::anyhow!("cannot read {}: {error}", of.display()));
    let mut dirs: Vec<PathBuf> = fs::read_dir(of)
        .map_err(unreadable)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    dirs.sort();
    Ok(dirs)
}

/// `None` if the directory is not a bundle.
fn load(dir: &Path, metrics: &[String]) -> Option<Loaded> {
    let stamp = stamp(dir)?;
    if let Some(kept) = read_kept(dir, &stamp, metrics) {
        return Some(Loaded::Run(Box::new(kept)));
    }
    let left_out = |why: String| Some(Loaded::LeftOut(format!("{}: left out: {why}", dir.display())));
    let bundle = match bundle::open(dir) {
        Ok(bundle) => bundle,
        Err(error) => return left_out(error.to_string()),
    };
    match bundle.manifest.status {
        Status::Complete => {}
        Status::Running => return left_out("the run is still in progress or crashed".into()),
        Status::Interrupted | Status::Broken => {
            let resume = format!("`bench-runner run --resume {}`", dir.display());
            return left_out(format!("the run was interrupted; {resume} completes it"));
        }
    }
    let mut series = RunSeries::of(&bundle.manifest, &compare(&RunRecord::from(&bundle), &Policy::default()));
    keep(dir, &stamp, &series);
    series.points.retain(|(key, _)| metrics.contains(&key.metric));
    Some(Loaded::Run(Box::new(series)))
}

/// Sizes and times of the files that the kept one is made from.
fn stamp(dir: &Path) -> Option<Value> {
    let of = |name: &str| {
        let file = fs::metadata(dir.join(name)).ok()?;
        let modified = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(json!([file.len(), modified.as_nanos().to_string()]))
    };
    let manifest = of("manifest.json")?;
    Some(
        json!({ "version": KEPT_VERSION, "manifest": manifest, "samples": of("samples.csv"), "proofs": of("proofs.csv"), "twins": of("earlier-twins.csv") }),
    )
}

/// The kept result with the points of these metrics; `None` if it is stale or damaged.
///
/// The stamp is the first line, so a stale file is not parsed; the run is the second; then each metric has a line, so the others
/// are not parsed.
fn read_kept(dir: &Path, stamp: &Value, metrics: &[String]) -> Option<RunSeries> {
    let text = fs::read_to_string(dir.join(KEPT)).ok()?;
    let mut lines = text.lines();
    let kept: Value = serde_json::from_str(lines.next()?).ok()?;
    if kept != *stamp {
        return None;
    }
    let run = serde_json::from_str(lines.next()?).ok()?;
    let mut points = Vec::new();
    for line in lines {
        let (metric, rest) = line.split_once(' ')?;
        if metrics.iter().any(|wanted| wanted == metric) {
            let of_metric: Vec<(SeriesKey, HistoryPoint)> = serde_json::from_str(rest).ok()?;
            points.extend(of_metric);
        }
    }
    Some(RunSeries { run, points })
}

/// Keeps the result. That a bundle cannot be written to costs time only.
fn keep(dir: &Path, stamp: &Value, series: &RunSeries) {
    let path = dir.join(KEPT);
    let Some(text) = kept_text(stamp, series) else { return };
    let Some(parent) = path.parent() else { return };
    if fs::create_dir_all(parent).is_ok()
        && let Ok(mut file) = tempfile::NamedTempFile::new_in(parent)
    {
        use std::io::Write as _;
        let written = file.write_all(text.as_bytes());
        if written.is_ok() {
            let _ = file.persist(&path);
        }
    }
}

/// The lines of a kept file.
fn kept_text(stamp: &Value, series: &RunSeries) -> Option<String> {
    let mut text = format!("{stamp}\n{}\n", serde_json::to_string(&series.run).ok()?);
    for metric in METRICS.iter().map(|metric| metric.name) {
        let of_metric: Vec<&(SeriesKey, HistoryPoint)> =
            series.points.iter().filter(|(key, _)| key.metric == metric).collect();
        if !of_metric.is_empty() {
            text.push_str(&format!("{metric} {}\n", serde_json::to_string(&of_metric).ok()?));
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn committed() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("results")
    }

    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
    }

    /// A results directory with two committed runs of one machine; `None` outside of the repository.
    fn two_runs() -> Option<(tempfile::TempDir, Vec<PathBuf>)> {
        if !committed().is_dir() {
            return None;
        }
        let machine = directories(&committed()).unwrap().remove(0);
        let dir = tempfile::tempdir().unwrap();
        let runs = directories(&machine).unwrap().into_iter().take(2).map(|run| {
            let to = dir.path().join(machine.file_name().unwrap()).join(run.file_name().unwrap());
            copy(&run, &to);
            to
        });
        let runs = runs.collect();
        Some((dir, runs))
    }

    fn wall() -> Vec<String> {
        vec!["wall".to_owned()]
    }

    #[test]
    fn only_the_metrics_that_are_asked_for_are_loaded() {
        let Some((results, _)) = two_runs() else { return };
        let metrics = |wanted: &[&str]| -> BTreeSet<String> {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            let loaded = load_runs(results.path(), None, &wanted).unwrap();
            loaded.runs.iter().flat_map(|run| &run.points).map(|(key, _)| key.metric.clone()).collect()
        };
        // The first call judges the bundles, the others read what it has kept.
        assert_eq!(metrics(&["wall"]), ["wall".to_owned()].into());
        assert_eq!(metrics(&["cpu", "max_rss"]), ["cpu".to_owned(), "max_rss".to_owned()].into());
        assert_eq!(metrics(&["none"]), BTreeSet::new());
    }

    #[test]
    fn what_is_kept_is_used_until_a_file_changes() {
        let Some((results, runs)) = two_runs() else { return };
        let first = load_runs(results.path(), None, &wall()).unwrap();
        assert_eq!((first.runs.len(), first.remarks.len()), (2, 0), "{:?}", first.remarks);
        assert!(runs.iter().all(|run| run.join(KEPT).is_file()));
        assert_eq!(load_runs(results.path(), None, &wall()).unwrap().runs, first.runs);
        // A kept file of other contents shows which of them is used.
        let kept = fs::read_to_string(runs[0].join(KEPT)).unwrap();
        let mut lines: Vec<String> = kept.lines().map(str::to_owned).collect();
        let mut changed: HistoryRun = serde_json::from_str(&lines[1]).unwrap();
        changed.machine = "changed".into();
        lines[1] = serde_json::to_string(&changed).unwrap();
        fs::write(runs[0].join(KEPT), lines.join("\n") + "\n").unwrap();
        let machines =
            |loaded: &LoadedRuns| loaded.runs.iter().filter(|one| one.run.machine == "changed").count();
        assert_eq!(machines(&load_runs(results.path(), None, &wall()).unwrap()), 1);
        let samples = fs::read(runs[0].join("samples.csv")).unwrap();
        fs::write(runs[0].join("samples.csv"), samples).unwrap();
        assert_eq!(machines(&load_runs(results.path(), None, &wall()).unwrap()), 0, "the time has changed");
    }

    #[test]
    fn a_broken_run_hides_no_other() {
        let Some((results, runs)) = two_runs() else { return };
        fs::write(runs[0].join("manifest.json"), "{").unwrap();
        fs::create_dir(results.path().join("not-a-machine")).unwrap();
        let loaded = load_runs(results.path(), None, &wall()).unwrap();
        assert_eq!((loaded.runs.len(), loaded.remarks.len()), (1, 1));
        assert!(loaded.remarks[0].contains("left out"), "{:?}", loaded.remarks);
        assert!(load_runs(&results.path().join("none"), None, &wall()).is_err());
    }
}
