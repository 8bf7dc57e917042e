//! Bundles → what each adds to the history. Judging a bundle reads all of its samples, so the result is kept
//! below the directory of the machine, in a file for each month, and made again if it is missing or stale. Runs in archives
//! are treated alike; the result of a thinned run is what its archive has kept.

mod kept;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use bench_runner_core::bundle::{self, RunFiles, Status};
use bench_runner_core::compare::{Policy, RunRecord, compare};
use bench_runner_core::history::{HistoryOrder, HistoryRun, RunSeries};
use bench_runner_core::record::PlanOrigin;
use bench_runner_report::report::{self, HistoryReport};
use rayon::prelude::*;

use self::kept::{SharedValues, Stamp};
use super::{FlowError, thinning};

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
    let mut found = LoadedRuns::default();
    let mut listed: Vec<RunFiles> = Vec::new();
    for machine in &machines {
        let of_machine = bundle::list_runs(machine).map_err(|error| unreadable(machine, error))?;
        listed.extend(of_machine.runs);
        found.remarks.extend(of_machine.unreadable.iter().map(|error| format!("runs left out: {error}")));
    }
    let values = SharedValues::default();
    let loaded = months(listed).into_par_iter().map(|month| month.load(metrics, &values));
    let mut loaded: Vec<(usize, Loaded)> = loaded.flatten_iter().collect();
    loaded.sort_by_key(|(place, _)| *place);
    for (_, one) in loaded {
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

/// True if a run belongs to a history in this order. Steps of a bisection and runs of a gate are one of a kind; commits of the
/// past and installed toolchains have no place in time.
pub(crate) fn is_of_history(run: &HistoryRun, order: HistoryOrder) -> bool {
    match run.origin.as_deref() {
        Some(PlanOrigin::BISECT | PlanOrigin::GATE | PlanOrigin::SEARCH | PlanOrigin::SECOND_LOOK) => false,
        Some(PlanOrigin::BACKFILL) => order != HistoryOrder::Time,
        _ => true,
    }
}

/// Writes a page for each machine, `plots/history-<machine>/history.html`, and returns the paths.
pub(crate) fn publish_history(report: &HistoryReport<'_>, plots: &Path) -> Result<Vec<PathBuf>, FlowError> {
    let machines: BTreeSet<&str> =
        report.history.series.iter().map(|one| one.series.key.machine.as_str()).collect();
    let publish = |machine: &&str| {
        let dir = plots.join(format!("history-{machine}"));
        fs::create_dir_all(&dir).with_context(|| format!("failed to make {}", dir.display()))?;
        let page = dir.join("history.html");
        fs::write(&page, report::history_page(report, machine))
            .with_context(|| format!("failed to write {}", page.display()))?;
        Ok(page)
    };
    machines.iter().map(publish).collect()
}

/// Directories in a directory, in their order; those of machines in `results/`.
pub(crate) fn directories(of: &Path) -> Result<Vec<PathBuf>, FlowError> {
    let mut dirs: Vec<PathBuf> = fs::read_dir(of)
        .map_err(|error| unreadable(of, error))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    dirs.sort();
    Ok(dirs)
}

fn unreadable(dir: &Path, error: std::io::Error) -> FlowError {
    FlowError::Harness(anyhow::anyhow!("cannot read {}: {error}", dir.display()))
}

/// Name of the kept file of a month, among what can be made again for the machine.
fn kept_name(month: &str) -> String {
    format!("history-{month}")
}

/// Month of a run, from the date that its name begins with. Names without a date share a file.
fn month(run: &Path) -> &str {
    let name = run.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.get(..6).filter(|month| month.bytes().all(|byte| byte.is_ascii_digit())).unwrap_or("other")
}

/// Runs of one machine and month, which share a kept file whether they are in directories or in archives.
struct MonthOfRuns {
    kept: PathBuf,
    /// Each with its place among all runs.
    runs: Vec<(usize, RunFiles)>,
}

/// Months of runs that are in the order of their names.
fn months(runs: Vec<RunFiles>) -> Vec<MonthOfRuns> {
    let mut months: BTreeMap<PathBuf, Vec<(usize, RunFiles)>> = BTreeMap::new();
    for (place, files) in runs.into_iter().enumerate() {
        let kept = files.derived_of_machine().join(kept_name(month(files.path())));
        months.entry(kept).or_default().push((place, files));
    }
    months.into_iter().map(|(kept, runs)| MonthOfRuns { kept, runs }).collect()
}

impl MonthOfRuns {
    /// The runs, each with its place. Those that are new or have changed are judged and kept.
    fn load(self, metrics: &[String], values: &SharedValues) -> Vec<(usize, Loaded)> {
        let wanted = |metric: &str| metrics.iter().any(|one| one == metric);
        let mut kept: HashMap<Stamp, RunSeries> =
            kept::read(&self.kept, wanted, values).unwrap_or_default().into_iter().collect();
        let (mut loaded, mut known, mut others) = (Vec::new(), HashSet::new(), Vec::new());
        for (place, files) in self.runs {
            let Some((files, stamp)) = with_stamp(files) else { continue };
            match kept.remove(&stamp) {
                Some(run) => {
                    known.insert(stamp);
                    loaded.push((place, Loaded::Run(Box::new(run))));
                }
                None => others.push((place, files, stamp)),
            }
        }
        let judge = |(place, files, stamp): (usize, RunFiles, Stamp)| (place, stamp, judge(&files, values));
        let mut judged: Vec<(usize, Stamp, Loaded)> = others.into_par_iter().map(judge).collect();
        keep(&self.kept, &judged, &known, values);
        for (_, _, one) in &mut judged {
            if let Loaded::Run(run) = one {
                run.points.retain(|(key, _)| wanted(&key.metric));
                run.points.shrink_to_fit();
            }
        }
        loaded.extend(judged.into_iter().map(|(place, _, one)| (place, one)));
        loaded
    }
}

/// `None` if the directory is not a run.
fn with_stamp(files: RunFiles) -> Option<(RunFiles, Stamp)> {
    if let Some(stamp) = Stamp::of(&files) {
        return Some((files, stamp));
    }
    // A directory that disappears was packed into an archive by another process.
    let moved = files.moved()?;
    let stamp = Stamp::of(&moved)?;
    Some((moved, stamp))
}

/// Adds runs to a kept file, which still has the `known` ones.
fn keep(kept: &Path, judged: &[(usize, Stamp, Loaded)], known: &HashSet<Stamp>, values: &SharedValues) {
    let new = judged.iter().filter_map(|(_, stamp, one)| match one {
        Loaded::Run(run) => Some((stamp.clone(), RunSeries::clone(run))),
        Loaded::LeftOut(_) => None,
    });
    let new: Vec<(Stamp, RunSeries)> = new.collect();
    if !new.is_empty() {
        let mut all = kept::read(kept, |_| true, values).unwrap_or_default();
        all.retain(|(stamp, _)| known.contains(stamp));
        all.extend(new);
        kept::write(kept, &all);
    }
}

/// Reads and judges a run. A thinned one was judged before its samples were dropped.
fn judge(files: &RunFiles, values: &SharedValues) -> Loaded {
    let left_out = |why: String| Loaded::LeftOut(format!("{}: left out: {why}", files.path().display()));
    let loaded = |mut series: RunSeries| {
        values.share(&mut series);
        Loaded::Run(Box::new(series))
    };
    match thinning::kept_results(files) {
        Ok(None) => {}
        Ok(Some(kept)) => return loaded(kept.series),
        Err(error) => return left_out(error.to_string()),
    }
    let bundle = match files.open() {
        Ok(bundle) => bundle,
        Err(error) => return left_out(error.to_string()),
    };
    match bundle.manifest.status {
        Status::Complete => {}
        Status::Running => return left_out("the run is still in progress or crashed".into()),
        Status::Interrupted | Status::Broken => {
            let resume = format!("`bench-runner run --resume {}`", files.path().display());
            return left_out(format!("the run was interrupted; {resume} completes it"));
        }
    }
    let comparison = compare(&RunRecord::from(&bundle), &Policy::default());
    loaded(RunSeries::of(&bundle.manifest, &comparison))
}

#[cfg(test)]
mod tests;
