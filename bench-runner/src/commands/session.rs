//! What `run` and `reproduce` have in common: a request that was read and checked, then the machine, then the builds.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench_runner_core::bundle::Manifest;
use bench_runner_core::record::{Plan, Refusal};
use bench_runner_measure::host::{self, Health, Severity};
use bench_runner_measure::plan::{check, estimate};
use bench_runner_measure::process;

use super::progress::Progress;
use super::request::{Request, RequestArgs};
use super::waiting::{self, Patience};
use super::{Exit, Stop, announce, with_help};
use crate::flows::{self, Again, FlowError, Measured, MeasuringSession, Places, Projects};

/// Under which conditions measuring begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) offline: bool,
    pub(super) strict: bool,
    pub(super) wait: Option<Patience>,
}

/// The right to measure, and the work to do with it. Each constructor reads and checks its whole request before it waits
/// for the machine, takes its lock or starts anything.
pub(super) struct Session {
    work: Work,
    strict: bool,
    measuring: MeasuringSession,
}

enum Work {
    Requested(Request),
    Again(Box<Manifest>, Again),
    Unfinished(PathBuf),
}

impl Session {
    /// A new run.
    pub(super) fn begin(args: &RequestArgs, terms: Terms, places: &Places) -> Result<Self, Stop> {
        listen()?;
        let request = Request::read(args, places)?;
        let projects = Projects::open(places, terms.offline, true)?;
        request.check(&projects)?;
        Self::open(Work::Requested(request), projects, terms, places)
    }

    /// The plan of a run, measured once more.
    pub(super) fn again(first: &Manifest, again: Again, terms: Terms, places: &Places) -> Result<Self, Stop> {
        listen()?;
        check(&first.plan)?;
        let projects = Projects::open(places, terms.offline, true)?;
        Self::open(Work::Again(Box::new(first.clone()), again), projects, terms, places)
    }

    /// The rest of a run that was interrupted.
    pub(super) fn resume(dir: &Path, terms: Terms, places: &Places) -> Result<Self, Stop> {
        listen()?;
        flows::unfinished(dir, &super::machine()?)?;
        let projects = Projects::open(places, terms.offline, true)?;
        Self::open(Work::Unfinished(dir.to_owned()), projects, terms, places)
    }

    fn open(work: Work, projects: Projects, terms: Terms, places: &Places) -> Result<Self, Stop> {
        if terms.strict && terms.wait.is_none() && !is_fit(places) {
            return Err(Stop::Early(Exit::Unfit));
        }
        let machine = super::machine()?;
        let lock = waiting::lock(terms.wait, places)?;
        let measuring = MeasuringSession::open(lock, &own_program()?, machine, projects, places)?;
        Ok(Self { work, strict: terms.strict, measuring })
    }

    /// Builds what is to be built, and writes the bundle.
    pub(super) fn measure(self) -> Result<Measured, Stop> {
        let Self { work, strict, measuring } = self;
        let plan = match work {
            Work::Requested(request) => request.plan(measuring.projects())?,
            Work::Again(first, again) => flows::plan_again(&first, measuring.projects(), again)?,
            Work::Unfinished(dir) => return Ok(resumed(&dir, measuring)?),
        };
        measured(plan, strict, measuring)
    }
}

fn measured(mut plan: Plan, strict: bool, measuring: MeasuringSession) -> Result<Measured, Stop> {
    announce::something_to_measure(&plan)?;
    let prepared_trees = measuring.projects().prepared_trees(&plan)?;
    measuring.projects().compare_with_home(&mut plan);
    // An interrupt cuts short what is asked of tools, so a plan that was made meanwhile is not to be trusted.
    if process::interrupted() {
        return Err(Stop::Early(Exit::Interrupted));
    }
    if strict && !is_faithful(&plan) {
        return Err(Stop::Early(Exit::Unfit));
    }
    let mut progress = progress(&plan, measuring.projects());
    let measured = measuring.measure(&plan, &prepared_trees, &mut progress);
    progress.end();
    Ok(measured?)
}

fn resumed(dir: &Path, measuring: MeasuringSession) -> Result<Measured, FlowError> {
    // Once more: until the lock was free, another process may have completed it.
    let unfinished = flows::unfinished(dir, measuring.machine())?;
    let plan = unfinished.manifest.plan.clone();
    let prepared_trees = measuring.projects().prepared_trees(&plan)?;
    let mut progress = progress(&plan, measuring.projects());
    let measured = measuring.resume(unfinished, &prepared_trees, &mut progress);
    progress.end();
    measured
}

/// Announces the plan.
fn progress(plan: &Plan, projects: &Projects) -> Progress {
    let estimate = estimate(plan, &projects.typical(plan));
    eprint!("{}", announce::announcement(plan, &estimate));
    Progress::new(plan, &estimate)
}

/// Whether the plan builds what the user builds, as far as that was compared; prints where it does not.
fn is_faithful(plan: &Plan) -> bool {
    let differing = announce::fidelity(plan, true);
    eprint!("{differing}");
    if !differing.is_empty() {
        eprintln!("not started: `--strict` wants the build to be yours in everything that is compared");
    }
    differing.is_empty()
}

/// Whether the machine is fit; prints the obstacles.
fn is_fit(places: &Places) -> bool {
    let findings = host::findings(&Health::read(&places.cache));
    let unfit: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Unfit).collect();
    for finding in &unfit {
        let refusal = Refusal::new(&finding.what).with_help(&finding.help);
        eprintln!("not fit: {}", with_help(&refusal));
    }
    unfit.is_empty()
}

fn listen() -> Result<(), FlowError> {
    Ok(process::install_interrupts().context("failed to listen to signals")?)
}

/// This program's own file, which also is the supervisor.
pub(super) fn own_program() -> Result<PathBuf, FlowError> {
    Ok(std::env::current_exe().context("failed to find this program's own file")?)
}
