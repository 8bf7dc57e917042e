//! Old runs → one archive per machine and month.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bench_runner_core::bundle::archive::{
    self, ArchiveLeftovers, ArchiveLock, PackedMonth, RunToThin, ThinnedMonth, UnpackableRun, is_dropped,
};
use bench_runner_core::bundle::{self, BundleError, Manifest, ProgramEntry, RunFiles, Status};
use bench_runner_core::compare::{Policy, RunRecord, compare};
use bench_runner_core::history::KeptResults;
use rayon::prelude::*;

use super::{FlowError, calibration, thinning};

/// Runs that are archived or thinned, among the complete ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RunSelection {
    /// Those that ended before this time.
    EndedBefore(SystemTime),
    /// Those that began in this month, such as `2026-03`.
    Month(String),
}

/// The runs of a machine by what is to be done with them.
#[derive(Debug, Default)]
pub(crate) struct ArchivePlan {
    /// Names and sizes of the runs to pack, by month.
    pub(crate) months: BTreeMap<String, Vec<(String, u64)>>,
    /// Runs that stay, each with the reason.
    pub(crate) staying: Vec<UnpackableRun>,
    /// Directories of complete runs that are not selected.
    pub(crate) not_selected: Vec<PathBuf>,
    /// Archived runs that can be thinned, and the size of what would be dropped.
    pub(crate) thinnable: Vec<(RunFiles, u64)>,
    /// Errors of archives and of runs in them.
    pub(crate) unreadable: Vec<BundleError>,
}

/// Result of an `archive` for a machine.
#[derive(Debug, Default)]
pub(crate) struct ArchivedMachine {
    /// Leftovers of an interrupted call.
    pub(crate) leftovers: ArchiveLeftovers,
    /// Archives that were written.
    pub(crate) packed: Vec<PackedMonth>,
    /// Archives whose runs were thinned.
    pub(crate) thinned: Vec<ThinnedMonth>,
    /// Runs that stay as they are, each with the reason.
    pub(crate) staying: Vec<UnpackableRun>,
    /// Directories of complete runs that are not selected.
    pub(crate) not_selected: Vec<PathBuf>,
    /// Errors. What they concern was left as it was.
    pub(crate) failed: Vec<FlowError>,
}

impl RunSelection {
    /// `None` if the run is selected, otherwise whether it is one that may be selected later.
    fn excludes(&self, manifest: &Manifest) -> Option<ReasonToStay> {
        let (resume, why) = match manifest.status {
            Status::Complete => (false, None),
            Status::Running => (false, Some("it is still in progress or crashed")),
            Status::Interrupted | Status::Broken => (true, Some("it was interrupted")),
        };
        if let Some(why) = why {
            let help = if resume { "; `bench-runner run --resume` completes it" } else { "" };
            return Some(ReasonToStay::NotFit(format!("{why}{help}")));
        }
        let is_selected = match self {
            Self::Month(month) => month_of(manifest) == Some(month.as_str()),
            Self::EndedBefore(time) => match manifest.ended_at.as_deref().map(humantime::parse_rfc3339) {
                Some(Ok(ended)) => ended < *time,
                _ => return Some(ReasonToStay::NotFit("its manifest does not say when it ended".to_owned())),
            },
        };
        (!is_selected).then_some(ReasonToStay::NotSelected)
    }
}

/// Reason for leaving a run as it is.
enum ReasonToStay {
    NotSelected,
    NotFit(String),
}

/// Sorts the runs of a machine; those in archives only if they are to be thinned.
///
/// # Errors
/// If the directory cannot be read.
pub(crate) fn plan_archive(
    machine: &Path,
    selection: &RunSelection,
    thin: bool,
) -> Result<ArchivePlan, FlowError> {
    let listed = bundle::list_runs(machine).map_err(|error| BundleError::Io {
        action: "read",
        path: machine.to_owned(),
        source: error,
    })?;
    let mut plan = ArchivePlan { unreadable: listed.unreadable, ..ArchivePlan::default() };
    for files in listed.runs {
        match files.root() == files.path() {
            true => plan.add_directory(&files, selection)?,
            false if thin => plan.add_archived(files, selection),
            false => {}
        }
    }
    Ok(plan)
}

impl ArchivePlan {
    fn add_directory(&mut self, files: &RunFiles, selection: &RunSelection) -> Result<(), FlowError> {
        let run = files.path().to_owned();
        let reason = match files.read_manifest() {
            Err(BundleError::NotABundle { .. }) => "it has no manifest.json, so it is not a run".to_owned(),
            Err(error) => format!("it cannot be read: {error}"),
            Ok(manifest) => match (selection.excludes(&manifest), month_of(&manifest)) {
                (Some(ReasonToStay::NotFit(reason)), _) => reason,
                (Some(ReasonToStay::NotSelected), _) => {
                    self.not_selected.push(run);
                    return Ok(());
                }
                (None, None) => "its manifest does not say when it began".to_owned(),
                (None, Some(month)) => match archive::run_size(&run)? {
                    Err(reason) => reason,
                    Ok(bytes) => {
                        let name = run.file_name().unwrap_or_default().to_string_lossy().into_owned();
                        self.months.entry(month.to_owned()).or_default().push((name, bytes));
                        return Ok(());
                    }
                },
            },
        };
        self.staying.push(UnpackableRun { run, reason });
        Ok(())
    }

    fn add_archived(&mut self, files: RunFiles, selection: &RunSelection) {
        let is_candidate = || -> Result<bool, BundleError> {
            Ok(files.thinned()?.is_none() && selection.excludes(&files.read_manifest()?).is_none())
        };
        match is_candidate() {
            Ok(true) => {
                let sizes = files.sizes();
                let bytes = sizes.iter().filter(|(file, _)| is_dropped(file)).map(|(_, bytes)| bytes).sum();
                self.thinnable.push((files, bytes));
            }
            Ok(false) => {}
            Err(error) => self.unreadable.push(error),
        }
    }
}

/// Packs the selected runs of a machine.
pub(crate) fn archive(machine: &Path, selection: &RunSelection) -> ArchivedMachine {
    let mut done = ArchivedMachine::default();
    if let Err(error) = pack_months(machine, selection, &mut done) {
        done.failed.push(error);
    }
    done
}

fn pack_months(
    machine: &Path,
    selection: &RunSelection,
    done: &mut ArchivedMachine,
) -> Result<(), FlowError> {
    let _lock = ArchiveLock::take(machine)?;
    done.leftovers = archive::tidy(machine)?;
    let plan = plan_archive(machine, selection, false)?;
    (done.staying, done.not_selected) = (plan.staying, plan.not_selected);
    done.failed.extend(plan.unreadable.into_iter().map(FlowError::from));
    for (month, runs) in plan.months {
        let names: Vec<String> = runs.into_iter().map(|(name, _)| name).collect();
        match archive::pack(machine, &month, &names, &program(), &now()) {
            Ok(mut packed) => {
                done.staying.append(&mut packed.staying);
                done.packed.extend((!packed.runs.is_empty()).then_some(packed));
            }
            // Another month may well be packed. An archive that cannot be read is named already.
            Err(error) if done.failed.iter().any(|known| known.to_string() == error.to_string()) => {}
            Err(error) => done.failed.push(error.into()),
        }
    }
    Ok(())
}

/// Drops the samples of the selected runs in a machine's archives.
pub(crate) fn thin(machine: &Path, selection: &RunSelection) -> ArchivedMachine {
    let mut done = ArchivedMachine::default();
    if let Err(error) = thin_months(machine, selection, &mut done) {
        done.failed.push(error);
    }
    done
}

fn thin_months(
    machine: &Path,
    selection: &RunSelection,
    done: &mut ArchivedMachine,
) -> Result<(), FlowError> {
    let _lock = ArchiveLock::take(machine)?;
    // Errors of archives that cannot be read are known from packing.
    let plan = plan_archive(machine, selection, true)?;
    let mut archives: BTreeMap<PathBuf, Vec<RunFiles>> = BTreeMap::new();
    for (files, _) in plan.thinnable {
        archives.entry(files.root().to_owned()).or_default().push(files);
    }
    for (path, files) in archives {
        let computed: Vec<Result<RunToThin, FlowError>> = files.par_iter().map(run_to_thin).collect();
        let (runs, failed): (Vec<_>, Vec<_>) = computed.into_iter().partition(Result::is_ok);
        done.failed.extend(failed.into_iter().filter_map(Result::err));
        let runs: Vec<RunToThin> = runs.into_iter().flatten().collect();
        if runs.is_empty() {
            continue;
        }
        match archive::thin(&path, &runs, &program(), &now()) {
            Ok(thinned) => done.thinned.push(thinned),
            Err(error) => done.failed.push(error.into()),
        }
    }
    Ok(())
}

/// The part of a run that is kept when its samples are dropped.
fn run_to_thin(files: &RunFiles) -> Result<RunToThin, FlowError> {
    let bundle = files.open()?;
    let comparison = compare(&RunRecord::from(&bundle), &Policy::default());
    let twins = calibration::twins_of(&bundle, &comparison);
    let results = KeptResults::of(&bundle.manifest, &comparison, twins);
    let name = files.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(RunToThin { run: name, kept: thinning::kept_files(&bundle, &results)? })
}

/// Month in which a run began.
fn month_of(manifest: &Manifest) -> Option<&str> {
    manifest.started_at.get(..7).filter(|month| archive::is_month(month))
}

fn program() -> ProgramEntry {
    ProgramEntry { name: env!("CARGO_PKG_NAME").into(), version: env!("CARGO_PKG_VERSION").into() }
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// The selection of runs that ended this long ago.
pub(crate) fn ended_before(age: Duration) -> RunSelection {
    RunSelection::EndedBefore(SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH))
}
