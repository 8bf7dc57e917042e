//! Plan → bundle.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;
use bench_runner_core::bundle::{
    self, Bundle, BundleWriter, MachineEntry, Manifest, ProgramEntry, Status, TimeSpent, run_id,
};
use bench_runner_core::record::{BlockId, FORMAT_VERSION, Plan, Sample};
use bench_runner_measure::host::{self, Health, HostMachine, MeasuringLock};
use bench_runner_measure::plan::{MachineHistory, Noise, estimate};
use bench_runner_measure::process::{Supervisor, SupervisorOptions};
use bench_runner_measure::run::{self, Inputs, Observer, PlanOutcome, PreparedTrees, RunEvent};
use bench_runner_measure::scenario::RequestError;

use super::{FlowError, Places, Projects, calibration, tools};

/// A finished or interrupted run.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredRun {
    pub bundle: PathBuf,
    /// The noise that was expected of each block.
    pub expected_noise: Vec<(BlockId, Noise)>,
    /// True if the run was interrupted and can be resumed.
    pub interrupted: bool,
    /// True if some cells failed or were not proven.
    pub flawed: bool,
}

/// Holds the machine-wide measuring lock and a running supervisor.
pub(crate) struct MeasuringSession {
    projects: Projects,
    places: Places,
    machine: HostMachine,
    supervisor: Supervisor,
    _lock: MeasuringLock,
}

impl MeasuringSession {
    /// Starts the supervisor from this program's own file `exe`.
    pub(crate) fn open(
        lock: MeasuringLock,
        exe: &Path,
        machine: HostMachine,
        projects: Projects,
        places: &Places,
    ) -> Result<Self, FlowError> {
        let supervisor = Supervisor::start(exe, &SupervisorOptions::default()).map_err(FlowError::harness)?;
        Ok(Self { projects, places: places.clone(), machine, supervisor, _lock: lock })
    }

    pub(crate) fn projects(&self) -> &Projects {
        &self.projects
    }

    pub(crate) fn machine(&self) -> &HostMachine {
        &self.machine
    }

    /// Noise and build times in the machine's newest runs.
    pub(crate) fn machine_history(&self, plan: &Plan) -> MachineHistory {
        calibration::machine_history(&self.places.results, &self.machine.directory_name(), plan)
    }

    /// Executes `plan` and writes its bundle.
    pub(crate) fn measure(
        self,
        plan: &Plan,
        prepared_trees: &PreparedTrees,
        observer: &mut dyn Observer,
    ) -> Result<MeasuredRun, FlowError> {
        let manifest = self.manifest(plan)?;
        let earlier = calibration::earlier(&self.places.results, &manifest);
        earlier.remarks.iter().for_each(|remark| observer.event(&RunEvent::Remark(remark)));
        let writer = BundleWriter::create(&self.places.results, manifest, &earlier.twins)?;
        self.execute(plan, prepared_trees, &[], writer, observer)
    }

    /// Resumes an unfinished bundle. This completes the plan and never extends it.
    pub(crate) fn resume(
        self,
        unfinished: Bundle,
        prepared_trees: &PreparedTrees,
        observer: &mut dyn Observer,
    ) -> Result<MeasuredRun, FlowError> {
        let mut manifest = unfinished.manifest;
        let plan = manifest.plan.clone();
        let tools = tools::entries(&self.projects, &plan)?;
        if tools != manifest.tools {
            let change = tools::change(&manifest.tools, &tools);
            let message = format!("compilers or linkers have changed since the run was begun: {change}");
            return Err(RequestError::usage(message, Some("start a new run".into())).into());
        }
        manifest.status = Status::Running;
        manifest.resumed_at.push(humantime::format_rfc3339_seconds(SystemTime::now()).to_string());
        let writer = BundleWriter::reopen(&unfinished.dir, manifest)?;
        self.execute(&plan, prepared_trees, &unfinished.samples, writer, observer)
    }

    fn execute(
        mut self,
        plan: &Plan,
        prepared_trees: &PreparedTrees,
        earlier: &[Sample],
        mut writer: BundleWriter,
        observer: &mut dyn Observer,
    ) -> Result<MeasuredRun, FlowError> {
        let runs = self.places.cache.dir().join("runs");
        remove_stale_dirs(&runs)?;
        let scratch = runs.join(&writer.manifest().run);
        let _occupied = create_and_lock(&scratch)?;
        let unhurried = Plan { time_budget: None, ..plan.clone() };
        let history = self.machine_history(plan);
        let wanted = estimate(&unhurried, &self.projects.estimates(plan), &history).blocks;
        let inputs = Inputs {
            plan,
            wanted: &wanted,
            prepared_trees,
            scratch: &scratch,
            cargo_home: &self.projects.building_home(),
            earlier,
            jobs: writer.manifest().jobs,
        };
        let outcome = run::execute(&inputs, &mut self.supervisor, &mut writer, observer);
        let expected_noise =
            plan.blocks.iter().zip(&wanted).map(|(block, wanted)| (block.id.clone(), wanted.noise)).collect();
        finish(writer, outcome, expected_noise, &self.places)
    }

    fn manifest(&self, plan: &Plan) -> Result<Manifest, FlowError> {
        let now = SystemTime::now();
        let machine = &self.machine;
        let details = serde_json::json!({
            "facts": machine.facts,
            "provenance": machine.provenance,
            "before": Health::read(self.places.cache.dir()),
            "after": null,
            "hosts": tools::hosts(&self.projects, plan),
        });
        Ok(Manifest {
            format: FORMAT_VERSION,
            program: ProgramEntry {
                name: env!("CARGO_PKG_NAME").into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            run: run_id(now, &plan.scenario, plan.seed),
            status: Status::Running,
            started_at: humantime::format_rfc3339_seconds(now).to_string(),
            ended_at: None,
            machine: MachineEntry {
                directory: machine.directory_name(),
                class: machine.class.clone(),
                instance: machine.instance.clone(),
                summary: summary(machine),
                details,
            },
            tools: tools::entries(&self.projects, plan)?,
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            accounting: self.supervisor.accounting().to_string().lines().map(str::to_owned).collect(),
            plan: plan.clone(),
            blocks: Vec::new(),
            time: TimeSpent::default(),
            resumed_at: Vec::new(),
        })
    }
}

/// Opens the bundle of an interrupted run that can be completed on `machine`.
pub(crate) fn open_unfinished(dir: &Path, machine: &HostMachine) -> Result<Bundle, FlowError> {
    let unfinished = bundle::open(dir)?;
    let refused =
        |message: String, help: &str| Err(RequestError::usage(message, Some(help.to_owned())).into());
    if unfinished.manifest.status == Status::Complete {
        let message = format!("{} is complete, and a complete run is never extended", dir.display());
        return refused(message, "start a new run, which is judged alone");
    }
    let (here, there) = (machine.directory_name(), &unfinished.manifest.machine.directory);
    if *there != here {
        let message = format!("the run was begun on {there}, and this is {here}");
        return refused(message, "samples of two machines are never pooled: start a new run here");
    }
    Ok(unfinished)
}

/// Removes work trees of runs that were killed; those of active runs are locked.
pub(super) fn remove_stale_dirs(runs: &Path) -> Result<(), FlowError> {
    for entry in std::fs::read_dir(runs).into_iter().flatten().flatten() {
        let left = File::open(entry.path()).is_ok_and(|dir| dir.try_lock().is_ok());
        if left {
            host::remove_tree(&entry.path()).map_err(anyhow::Error::from)?;
        }
    }
    Ok(())
}

/// Creates the directory for work trees and locks it as long as the file is open.
pub(super) fn create_and_lock(scratch: &Path) -> Result<File, FlowError> {
    let made = std::fs::create_dir_all(scratch).and_then(|()| File::open(scratch));
    let dir = made.with_context(|| format!("failed to make {}", scratch.display()))?;
    dir.lock().with_context(|| format!("failed to lock {}", scratch.display()))?;
    Ok(dir)
}

/// Closes the bundle, whether the execution succeeded or not.
fn finish(
    mut writer: BundleWriter,
    outcome: Result<PlanOutcome, run::RunError>,
    expected_noise: Vec<(BlockId, Noise)>,
    places: &Places,
) -> Result<MeasuredRun, FlowError> {
    let after = serde_json::to_value(Health::read(places.cache.dir())).unwrap_or_default();
    let updated = writer.update(|manifest| manifest.machine.details["after"] = after);
    match outcome {
        Ok(outcome) => {
            updated?;
            let status = if outcome.interrupted { Status::Interrupted } else { Status::Complete };
            let bundle = writer.finish(status)?;
            let PlanOutcome { interrupted, flawed } = outcome;
            Ok(MeasuredRun { bundle, expected_noise, interrupted, flawed })
        }
        Err(error) => {
            let dir = writer.dir().to_owned();
            // The original error is reported, not a further one while closing the bundle.
            let _ = writer.finish(Status::Broken);
            let context = format!("the run broke off; what was measured is kept in {}", dir.display());
            Err(anyhow::Error::from(error).context(context).into())
        }
    }
}

/// A description of the machine on one line, for captions.
fn summary(machine: &HostMachine) -> String {
    let facts = &machine.facts;
    let model = facts.cpu_model.clone().unwrap_or_else(|| format!("{} processor", facts.arch));
    let memory = facts.memory_gib.map(|gib| format!(", {gib} GiB")).unwrap_or_default();
    let system = machine.provenance.distribution.clone().unwrap_or_else(|| facts.os.clone());
    format!("{model}, {} threads{memory}, {system}", facts.threads)
}
