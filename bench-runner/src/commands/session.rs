//! The common part of `run` and `reproduce`: read and check the request, then check the machine, then build.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench_runner_core::bundle::{Bundle, Manifest};
use bench_runner_core::record::{Plan, PlanOrigin, Refusal};
use bench_runner_measure::host::{self, Health, Severity};
use bench_runner_measure::plan::{check, estimate};
use bench_runner_measure::process;

use super::progress::ProgressDisplay;
use super::request::PlanRequest;
use super::start::StartConditions;
use super::terminal::Terminal;
use super::{EarlyEnd, Exit, missing_tools, open_projects, plan_summary, pluralize, wait, with_help};
use crate::flows::{self, FlowError, MeasuredRun, MeasuringSession, Places, Projects, ReproduceOptions};

/// Holds the measuring lock and the pending run. Each constructor reads and checks its whole request before
/// it waits for the machine, takes the lock or starts anything.
pub(super) struct Session {
    pending: PendingRun,
    strict: bool,
    measuring: MeasuringSession,
}

enum PendingRun {
    New(PlanRequest),
    Again(Box<Manifest>, ReproduceOptions),
    Unfinished(PathBuf),
}

impl Session {
    /// A new run; `yes` answers the question whether to measure without missing programs.
    pub(super) fn begin(
        request: PlanRequest,
        yes: bool,
        conditions: StartConditions,
        places: &Places,
    ) -> Result<Self, EarlyEnd> {
        catch_interrupts()?;
        let projects = open_projects(places, conditions.offline, true)?;
        request.check(&projects)?;
        // Before the lock: nobody else waits for the answer.
        missing_tools::confirm(&request, yes)?;
        Self::open(PendingRun::New(request), projects, conditions, places)
    }

    /// Another run of a run's plan.
    pub(super) fn again(
        first: &Manifest,
        again: ReproduceOptions,
        conditions: StartConditions,
        places: &Places,
    ) -> Result<Self, EarlyEnd> {
        catch_interrupts()?;
        check(&first.plan)?;
        let projects = open_projects(places, conditions.offline, true)?;
        Self::open(PendingRun::Again(Box::new(first.clone()), again), projects, conditions, places)
    }

    /// The rest of an interrupted run.
    pub(super) fn resume(dir: &Path, conditions: StartConditions, places: &Places) -> Result<Self, EarlyEnd> {
        catch_interrupts()?;
        flows::open_unfinished(dir, &super::machine()?)?;
        let projects = open_projects(places, conditions.offline, true)?;
        Self::open(PendingRun::Unfinished(dir.to_owned()), projects, conditions, places)
    }

    fn open(
        pending: PendingRun,
        projects: Projects,
        conditions: StartConditions,
        places: &Places,
    ) -> Result<Self, EarlyEnd> {
        if conditions.strict && conditions.wait.is_none() && !is_fit(places) {
            return Err(EarlyEnd::Early(Exit::Unfit));
        }
        let machine = super::machine()?;
        let lock = wait::lock(conditions.wait, places)?;
        let measuring = MeasuringSession::open(lock, &own_program()?, machine, projects, places)?;
        Ok(Self { pending, strict: conditions.strict, measuring })
    }

    /// Builds everything, and writes the bundle.
    pub(super) fn measure(self) -> Result<MeasuredRun, EarlyEnd> {
        let Self { pending, strict, measuring } = self;
        let plan = match pending {
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
    // An interrupt also interrupts queries of tools, so a plan made meanwhile cannot be trusted.
    if process::interrupted() {
        return Err(EarlyEnd::Early(Exit::Interrupted));
    }
    if strict && !is_faithful(&plan) {
        return Err(EarlyEnd::Early(Exit::Unfit));
    }
    let mut progress = progress(&plan, &measuring, None);
    let measured = measuring.measure(&plan, &prepared_trees, &mut progress);
    progress.end();
    Ok(measured?)
}

fn resume_run(dir: &Path, measuring: MeasuringSession) -> Result<MeasuredRun, FlowError> {
    // Checked again: another process may have completed it before the lock was free.
    let unfinished = flows::open_unfinished(dir, measuring.machine())?;
    let plan = unfinished.manifest.plan.clone();
    let prepared_trees = measuring.projects().prepare_trees(&plan)?;
    let mut progress = progress(&plan, &measuring, Some(&unfinished.manifest));
    Terminal::of_stderr().print(&resumed_line(&unfinished));
    let measured = measuring.resume(unfinished, &prepared_trees, &mut progress);
    progress.end();
    measured
}

/// Prints the summary of the plan, and starts the progress display. `earlier` is the manifest of a run that is
/// resumed.
fn progress<'p>(
    plan: &'p Plan,
    measuring: &MeasuringSession,
    earlier: Option<&Manifest>,
) -> ProgressDisplay<'p> {
    let history = measuring.machine_history(plan);
    let estimate = estimate(plan, &measuring.projects().estimates(plan), &history);
    // A search says in a line what it builds in a stage.
    if plan.origin.as_ref().is_none_or(|origin| origin.by != PlanOrigin::SEARCH) {
        Terminal::of_stderr().print(&plan_summary::plan_summary(plan, &estimate));
    }
    ProgressDisplay::new(plan, &estimate, earlier)
}

/// Progress of a run that is resumed.
fn resumed_line(unfinished: &Bundle) -> String {
    let ended = match unfinished.manifest.blocks.len() {
        0 => String::new(),
        ended => format!(", {} complete", pluralize(ended, "comparison")),
    };
    let builds = pluralize(unfinished.samples.len(), "build");
    format!("resuming: {builds} done before{ended}\n")
}

/// True if the plan builds what the user builds, as far as it was compared; prints the differences.
fn is_faithful(plan: &Plan) -> bool {
    let differing = plan_summary::fidelity(plan, true);
    err!("{differing}");
    if !differing.is_empty() {
        errln!("not started: `--strict` refuses a build that differs from your own");
    }
    differing.is_empty()
}

/// True if the machine is fit; prints the obstacles.
fn is_fit(places: &Places) -> bool {
    let findings = host::findings(&Health::read(places.cache.dir()));
    let unfit: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Unfit).collect();
    for finding in &unfit {
        let refusal = Refusal::new(&finding.what).with_help(&finding.help);
        errln!("not fit: {}", with_help(&refusal));
    }
    unfit.is_empty()
}

fn catch_interrupts() -> Result<(), FlowError> {
    Ok(process::install_interrupts().context("failed to listen to signals")?)
}

/// This program's own file, which is also the supervisor.
pub(super) fn own_program() -> Result<PathBuf, FlowError> {
    Ok(std::env::current_exe().context("failed to find this program's own file")?)
}
