//! The machine's earlier runs: their twins, collected at the start of a run and stored with it, since the
//! results of a bundle must never depend on which other bundles exist; and what plans expect from them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bench_runner_core::bundle::{self, Bundle, BundleError, Manifest, RunFiles, Status};
use bench_runner_core::compare::{BlockResult, Comparison, Policy};
use bench_runner_core::history::{ArmMedian, medians};
use bench_runner_core::record::{BlockId, EarlierTwin, Phase, Plan, Role};
use bench_runner_core::stats::{
    Control, Estimate, MIN_TWINS, OffsetSums, median, noise_of_twin, offset_weight,
};
use bench_runner_measure::plan::{EarlierBuilds, MachineHistory, WorkloadNoise};

use super::{FlowError, judge, thinning};

/// Limits for earlier runs: old ones say little about the machine's present state.
#[derive(Debug, Clone, Copy)]
struct CalibrationLimits {
    /// Twins per workload.
    twins: usize,
    /// Bundles whose samples are read.
    bundles: usize,
    /// True if only runs count that have a workload of the plan.
    same_workload: bool,
}

const LIMITS: CalibrationLimits = CalibrationLimits { twins: 60, bundles: 200, same_workload: false };

/// Limits for the noise that a plan expects: it is needed before anything is measured, and at once.
const NOISE_LIMITS: CalibrationLimits =
    CalibrationLimits { twins: 2 * MIN_TWINS, bundles: 10, same_workload: true };

/// Criteria for collecting earlier runs.
struct Search<'a> {
    /// Directory of the machine's bundles.
    machine: PathBuf,
    /// Directory name of the machine.
    machine_name: &'a str,
    /// Name of the own run, if it has one.
    run: Option<&'a str>,
    /// Only runs that were begun by this time count.
    until: &'a str,
    plan: &'a Plan,
}

impl<'a> Search<'a> {
    fn for_run(results: &Path, manifest: &'a Manifest) -> Self {
        Self {
            machine: results.join(&manifest.machine.directory),
            machine_name: &manifest.machine.directory,
            run: Some(&manifest.run),
            until: &manifest.started_at,
            plan: &manifest.plan,
        }
    }
}

/// Twins of earlier runs.
#[derive(Debug, Default)]
pub(super) struct EarlierTwins {
    /// The twins, those of the newest run first.
    pub(super) twins: Vec<EarlierTwin>,
    /// Times of their variants.
    builds: EarlierBuilds,
    /// Runs that could not be used, as sentences.
    pub(super) remarks: Vec<String>,
}

/// The twins of earlier complete runs on the same machine below `results`. All twins count: without those
/// that made their block `invalid`, the offsets would look too small.
pub(super) fn earlier(results: &Path, manifest: &Manifest) -> EarlierTwins {
    collect(&Search::for_run(results, manifest), LIMITS)
}

/// The newest complete runs of the machine below `results` that have a workload of `plan`: for each workload
/// the scatter of single builds, which is the median over their twins, and the times of their variants.
pub(crate) fn machine_history(results: &Path, machine: &str, plan: &Plan) -> MachineHistory {
    let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    let search =
        Search { machine: results.join(machine), machine_name: machine, run: None, until: &now, plan };
    let mut by_workload: BTreeMap<String, Vec<Estimate>> = BTreeMap::new();
    let earlier = collect(&search, NOISE_LIMITS);
    for twin in earlier.twins {
        let estimate = estimate_of(&twin);
        by_workload.entry(twin.workload).or_default().push(estimate);
    }
    let of_twins = |(workload, twins): (String, Vec<Estimate>)| {
        let scatter: Vec<f64> = twins.iter().filter_map(noise_of_twin).collect();
        let offset = OffsetSums::of(&twins).variance();
        Some((workload, WorkloadNoise { sd: median(&scatter)?, offset }))
    };
    MachineHistory { noise: by_workload.into_iter().filter_map(of_twins).collect(), builds: earlier.builds }
}

fn collect(search: &Search<'_>, limits: CalibrationLimits) -> EarlierTwins {
    let mut found = find(search);
    let workloads: HashSet<String> = search.plan.blocks.iter().map(|block| block.workload()).collect();
    let mut kept: HashMap<String, usize> = HashMap::new();
    let mut seen: HashSet<&str> = HashSet::new();
    let (mut twins, mut builds, mut opened) = (Vec::new(), EarlierBuilds::default(), 0);
    for run in &found.runs {
        let is_full = |workload: &String| kept.get(workload).is_some_and(|count| *count >= limits.twins);
        if opened == limits.bundles || workloads.iter().all(is_full) {
            break;
        }
        // Copies of a bundle are one run; the first readable copy counts.
        let elsewhere = limits.same_workload && workloads.is_disjoint(&run.workloads);
        if elsewhere || seen.contains(run.name.as_str()) {
            continue;
        }
        opened += 1;
        match contribution(run) {
            Ok((of_run, medians)) => {
                seen.insert(&run.name);
                add_builds(&mut builds, &run.plan, &medians);
                for twin in of_run {
                    let count = kept.entry(twin.workload.clone()).or_default();
                    if *count < limits.twins {
                        *count += 1;
                        twins.push(twin);
                    }
                }
            }
            Err(error) => found.unreadable.push(error),
        }
    }
    EarlierTwins { twins, builds, remarks: remarks(&found) }
}

/// The twins of a run, and the medians of its arms: those that were kept if it was thinned.
fn contribution(run: &EarlierRun) -> Result<(Vec<EarlierTwin>, Vec<ArmMedian>), FlowError> {
    if let Some(kept) = thinning::kept_results(&run.files)? {
        return Ok((kept.twins, kept.medians));
    }
    let bundle = run.files.open()?;
    let comparison = judge(&bundle, &Policy::default());
    Ok((twins_of(&bundle, &comparison), medians(&comparison)))
}

/// A usable run; they are ordered by start time.
#[derive(Debug)]
struct EarlierRun {
    started_at: String,
    name: String,
    files: RunFiles,
    plan: Plan,
    workloads: HashSet<String>,
}

#[derive(Debug, Default)]
struct EarlierRuns {
    /// Newest first.
    runs: Vec<EarlierRun>,
    /// Errors of unreadable bundles.
    unreadable: Vec<FlowError>,
    /// Names of runs that began after this one.
    future: BTreeSet<String>,
}

/// Finds runs in the machine's directory by their manifests; samples are read later, and only from a few.
fn find(search: &Search<'_>) -> EarlierRuns {
    let mut found = EarlierRuns::default();
    // Without its directory, the machine has no runs yet.
    let listed = bundle::list_runs(&search.machine).unwrap_or_default();
    found.unreadable.extend(listed.unreadable.into_iter().map(FlowError::from));
    for files in listed.runs {
        let manifest = match files.read_manifest() {
            Ok(manifest) => manifest,
            Err(BundleError::NotABundle { .. }) => continue,
            Err(error) => {
                found.unreadable.push(error.into());
                continue;
            }
        };
        let Manifest { run, status, started_at, plan, .. } = manifest;
        let is_own = search.run == Some(run.as_str());
        if status != Status::Complete || manifest.machine.directory != search.machine_name || is_own {
            continue;
        }
        // Times are UTC and have equal length, so they compare as texts.
        if started_at.as_str() > search.until {
            found.future.insert(run);
        } else {
            let workloads = plan.blocks.iter().map(|block| block.workload()).collect();
            found.runs.push(EarlierRun { started_at, name: run, files, plan, workloads });
        }
    }
    found.runs.sort_by(|one, other| {
        let key = |run: &EarlierRun| (run.started_at.clone(), run.name.clone(), run.files.path().to_owned());
        key(other).cmp(&key(one))
    });
    found
}

fn remarks(found: &EarlierRuns) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(first) = found.unreadable.first() {
        remarks.push(match found.unreadable.len() {
            1 => format!("1 earlier bundle cannot be read and is not drawn upon: {first}"),
            n => format!("{n} earlier bundles cannot be read and are not drawn upon; the first: {first}"),
        });
    }
    if let Some(first) = found.future.first() {
        remarks.push(match found.future.len() {
            1 => format!("1 run of this machine is not drawn upon, because it starts in the future: {first}"),
            n => format!(
                "{n} runs of this machine are not drawn upon, because they start in the future; the first: {first}"
            ),
        });
    }
    remarks
}

/// The twins of a run that have a weight, from blocks with one session: over several sessions, each with new
/// directories, a part of the offsets averages out.
pub(super) fn twins_of(bundle: &Bundle, comparison: &Comparison) -> Vec<EarlierTwin> {
    let mut sessions: HashMap<&BlockId, HashSet<u32>> = HashMap::new();
    for sample in bundle.samples.iter().filter(|sample| sample.phase == Phase::Measured) {
        sessions.entry(&sample.block).or_default().insert(sample.session);
    }
    let twin = |block: &BlockResult| {
        let twin = block.twin.filter(|_| sessions.get(&block.id).is_some_and(|all| all.len() == 1))?;
        let twin = EarlierTwin {
            run: bundle.manifest.run.clone(),
            block: block.id.clone(),
            workload: block.workload.clone(),
            rounds: twin.rounds as u32,
            theta: twin.theta,
            se: twin.se,
            df: twin.df,
        };
        offset_weight(&estimate_of(&twin)).map(|_| twin)
    };
    comparison.blocks.iter().filter_map(twin).collect()
}

/// Adds the times of the run's variants. The control is a build of the baseline like another.
fn add_builds(builds: &mut EarlierBuilds, plan: &Plan, medians: &[ArmMedian]) {
    for block in &plan.blocks {
        for planned in block.arms.iter().filter(|planned| planned.role != Role::Twin) {
            let is_its = |one: &&ArmMedian| {
                one.block == block.id && one.role == planned.role && one.variant == planned.variant.name
            };
            let wall = medians.iter().find(is_its).map(|one| Duration::try_from_secs_f64(one.wall_s));
            if let Some(Ok(wall)) = wall {
                builds.add_older(&planned.variant, wall);
            }
        }
    }
}

fn estimate_of(twin: &EarlierTwin) -> Estimate {
    let (rounds, control) = (twin.rounds as usize, Control::Twin);
    Estimate { rounds, theta: twin.theta, se: twin.se, df: twin.df, control }
}

#[cfg(test)]
mod tests;
