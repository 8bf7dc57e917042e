//! What `run` and `reproduce` have in common: a request that was read and checked, then the machine, then the builds.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench_runner_core::bundle::Manifest;
use bench_runner_core::record::{Plan, Refusal};
use bench_runner_measure::host::{self, Health, Severity};
use bench_runner_measure::plan::{check, estimate};
use bench_runner_measure::process;

use super::progress::ProgressDisplay;
use super::request::{PlanRequest, RequestArgs};
use super::wait::{self, WaitLimit};
use super::{EarlyEnd, Exit, plan_summary, with_help};
use crate::flows::{self, FlowError, MeasuredRun, MeasuringSession, Places, Projects, ReproduceOptions};

/// Under which conditions measuring begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct StartConditions {
    pub(super) offline: bool,
    pub(super) strict: bool,
    pub(super) wait: Option<WaitLimit>,
}

/// The right to measure, and the work to do with it. Each constructor reads and checks its whole request before it waits
/// for the machine, takes its lock or starts anything.
pub(super) struct Session {
    work: PendingRun,
    strict: bool,
    measuring: MeasuringSession,
}

enum PendingRun {
    New(PlanRequest),
    Again(Box<Manifest>, ReproduceOptions),
    Unfinished(PathBuf),
}

impl Session {
    /// A new run.
    pub(super) fn begin(
        args: &RequestArgs,
        terms: StartConditions,
        places: &Places,
    ) -> Result<Self, EarlyEnd> {
        catch_interrupts()?;
        let request = PlanRequest::read(args, places)?;
        let projects = Projects::open(places, terms.offline, true)?;
        request.check(&projects)?;
        Self::open(PendingRun::New(request), projects, terms, places)
    }

    /// The plan of a run, measured once more.
    pub(super) fn again(
        first: &Manifest,
        again: ReproduceOptions,
        terms: StartConditions,
        places: &Places,
    ) -> Result<Self, EarlyEnd> {
        catch_interrupts()?;
        check(&first.plan)?;
        let projects = Projects::open(places, terms.offline, true)?;
        Self::open(PendingRun::Again(Box::new(first.clone()), again), projects, terms, places)
    }

    /// The rest of a run that was interrupted.
    pub(super) fn resume(dir: &Path, terms: StartConditions, places: &Places) -> Result<Self, EarlyEnd> {
        catch_interrupts()?;
        flows::unfinished(dir, &super::machine()?)?;
        let projects = Projects::open(places, terms.offline, true)?;
        Self::open(PendingRun::Unfinished(dir.to_owned()), projects, terms, places)
    }

    fn open(
        work: PendingRun,
        projects: Projects,
        terms: StartConditions,
        places: &Places,
    ) -> Result<Self, EarlyEnd> {
        if terms.strict && terms.wait.is_none() && !is_fit(places) {
            return Err(EarlyEnd::Early(Exit::Unfit));
        }
        let machine = super::machine()?;
        let lock = wait::lock(terms.wait, places)?;
        let measuring = MeasuringSession::open(lock, &own_program()?, machine, projects, places)?;
        Ok(Self { work, strict: terms.strict, measuring })
    }

    /// Builds what is to be built, and writes the bundle.
    pub(super) fn measure(self) -> Result<MeasuredRun, EarlyEnd> {
        let Self { work, strict, measuring } = self;
        let plan = match work {
            PendingRun::New(request) => request.plan(measuring.projects())?,
            PendingRun::Again(first, again) => flows::plan_again(&first, measuring.projects(), again)?,
            PendingRun::Unfinished(dir) => return Ok(resume_run(&dir, measuring)?),
        };
        measure_plan(plan, strict, measuring)
    }
}

fn measure_plan(mut plan: Plan, strict: bool, measuring: MeasuringSession) -> Result<MeasuredRun, EarlyEnd> {
    plan_summary::check_not_empty(&plan)?;
    let prepared_trees = measuring.projects().prepare_trees(&plan)?;
    measuring.projects().compare_with_home(&mut plan);
    // An interrupt cuts short what is asked of tools, so a plan that was made meanwhile is not to be trusted.
    if process::interrupted() {
        return Err(EarlyEnd::Early(Exit::Interrupted));
    }
    if strict && !is_faithful(&plan) {
        return Err(EarlyEnd::Early(Exit::Unfit));
    }
    let mut progress = progress(&plan, measuring.projects());
    let measured = measuring.measure(&plan, &prepared_trees, &mut progress);
    progress.end();
    Ok(measured?)
}

fn resume_run(dir: &Path, measuring: MeasuringSession) -> Result<MeasuredRun, FlowError> {
    // Once more: until the lock was free, another process may have completed it.
    let unfinished = flows::unfinished(dir, measuring.machine())?;
    let plan = unfinished.manifest.plan.clone();
    let prepared_trees = measuring.projects().prepare_trees(&plan)?;
    let mut progress = progress(&plan, measuring.projects());
    let measured = measuring.resume(unfinished, &prepared_trees, &mut progress);
    progress.end();
    measured
}

/// Announces the plan.
fn progress(plan: &Plan, projects: &Projects) -> ProgressDisplay {
    let estimate = estimate(plan, &projects.typical(plan));
    eprint!("{}", plan_summary::plan_summary(plan, &estimate));
    ProgressDisplay::new(plan, &estimate)
}

/// Whether the plan builds what the user builds, as far as that was compared; prints where it does not.
fn is_faithful(plan: &Plan) -> bool {
    let differing = plan_summary::fidelity(plan, true);
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

fn catch_interrupts() -> Result<(), FlowError> {
    Ok(process::install_interrupts().context("failed to listen to signals")?)
}

/// This program's own file, which also is the supervisor.
pub(super) fn own_program() -> Result<PathBuf, FlowError> {
    Ok(std::env::current_exe().context("failed to find this program's own file")?)
}
