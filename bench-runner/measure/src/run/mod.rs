//! A plan → samples. Checks out work trees, proves the variants, builds round after round, and records every
//! build when it ends. All effects are here; `plan` and `sampling` make all decisions.
//!
//! It does not interpret the samples; an [`Observer`] receives its progress.

mod after_release;
mod arm;
mod arm_dirs;
mod attempt;
mod block;
mod block_dirs;
mod build_notes;
mod build_sizes;
mod builder;
mod clock;
mod kept_outputs;
mod leftovers;
mod modified_packages;
mod notes;
mod observer;
mod replay;
mod requested_inputs;
mod rounds;
mod serviced_build;
mod single_build;
mod supervisor_job;
mod unit_counter;
mod visits;
mod warm_up;
mod worktree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bench_runner_core::bundle::{BundleError, BundleWriter};
use bench_runner_core::record::{AS_CONFIGURED, Block, Plan, Sample, TreeId};

use crate::axes::{self, Context, Settings};
use crate::build::{BuildDirs, Detail, Driver};
use crate::corpus;
use crate::host::PathError;
use crate::plan::{self, BlockEstimate};
use crate::process::{Supervisor, SupervisorError};
use crate::scenario::RequestError;

pub use observer::{ExpectedBuild, Forecast, Observer, RunEvent, VisitStart};
pub use single_build::{CommandOutcome, SingleBuild};

/// One source tree of the plan, ready to be checked out and built.
pub struct PreparedTree {
    pub project: corpus::Project,
    /// Its pristine source.
    pub source: corpus::sources::Pinned,
    /// Its drivers, one for each toolchain and configuration that variants name.
    pub drivers: Vec<ConfiguredDriver>,
    /// Stubs that replace its own crates when only their dependencies are built.
    pub stubs: Vec<corpus::edits::Stub>,
    /// Its replayed commits, by name.
    pub commits: BTreeMap<String, corpus::sources::Pinned>,
}

impl PreparedTree {
    /// The driver for these settings.
    pub fn driver_for(&self, settings: &Settings) -> Option<&ConfiguredDriver> {
        let key = DriverKey::of(settings);
        self.drivers.iter().find(|configured| configured.key == key)
    }

    /// Commit number `at` among those of the tree `id` that `block` replays; 0 is the parent of the first.
    fn commit(&self, block: &Block, id: &TreeId, at: usize) -> Result<&corpus::sources::Pinned, RunError> {
        let name = block.commits.get(&id.project).and_then(|commits| commits.get(at));
        name.and_then(|name| self.commits.get(name)).ok_or_else(|| {
            RunError::Plan(format!("block `{}` lacks commit {at} of `{}`", block.id, id.project))
        })
    }
}

/// The settings of a variant that decide which driver builds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriverKey {
    /// The toolchain's name in the variant; `None` for the project's own.
    toolchain: Option<String>,
    /// The user's own configuration, if it is in force.
    configured: Option<String>,
}

impl DriverKey {
    /// The key of a variant with these settings.
    pub fn of(settings: &Settings) -> Self {
        let configured = axes::user_configuration(settings).filter(|text| !text.is_empty());
        let toolchain = axes::toolchain_name(settings).map(str::to_owned);
        Self { toolchain, configured: configured.map(str::to_owned) }
    }

    pub fn settings(&self) -> Settings {
        let mut settings = Settings::new();
        if let Some(name) = &self.toolchain {
            settings.insert("toolchain".to_owned(), name.clone());
        }
        if let Some(text) = &self.configured {
            settings.insert(AS_CONFIGURED.to_owned(), text.clone());
        }
        settings
    }
}

/// The source trees of a plan, ready to be checked out and built.
pub type PreparedTrees = BTreeMap<TreeId, PreparedTree>;

/// The driver of a project with one toolchain and one configuration.
pub struct ConfiguredDriver {
    /// The settings of the variants that it builds.
    pub key: DriverKey,
    pub driver: Box<dyn Driver>,
    /// The values that axes may read.
    pub context: Context,
}

/// Everything that is needed to execute a plan.
pub struct Inputs<'a> {
    pub plan: &'a Plan,
    /// The prepared source trees of all variants.
    pub prepared_trees: &'a PreparedTrees,
    /// Directory for work trees and target directories; created, and removed at the end of the run.
    pub scratch: &'a Path,
    /// The cargo home for building; the cargo home of each variant is derived from it.
    pub cargo_home: &'a Path,
    /// Samples of earlier parts of the same run.
    pub earlier: &'a [Sample],
    /// Estimates for each block of the plan, as if time were unlimited.
    pub wanted: &'a [BlockEstimate],
    /// Parallel jobs of every build.
    pub jobs: usize,
}

/// Outcome of a plan's execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanOutcome {
    /// True if the run was interrupted.
    pub interrupted: bool,
    /// True if some variant failed, timed out, or was not proven.
    pub flawed: bool,
}

/// Errors of the harness. Failed builds are data and not among these.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The bundle could not be written.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The supervisor failed.
    #[error(transparent)]
    Supervisor(#[from] SupervisorError),
    /// A file of the run could not be read or written.
    #[error(transparent)]
    Path(#[from] PathError),
    /// A work tree could not be checked out.
    #[error(transparent)]
    Source(#[from] corpus::sources::SourceError),
    /// An edit could not be made.
    #[error(transparent)]
    Edit(#[from] corpus::edits::EditError),
    /// The plan does not fit the projects.
    #[error("the plan cannot be carried out: {0}")]
    Plan(String),
    /// A file could not be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    Io {
        /// The failed operation, a verb for the message.
        action: &'static str,
        path: PathBuf,
        source: std::io::Error,
    },
    /// The user interrupted the run.
    #[error("interrupted")]
    Interrupted,
    /// An untimed command of the project failed.
    #[error("the command `{command}` of project `{project}` failed: {reason}")]
    Untimed {
        project: String,
        command: String,
        /// Its exit, with the last lines of its output.
        reason: String,
    },
}

impl RunError {
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.help(),
            Self::Edit(error) => error.help(),
            _ => None,
        }
    }
}

/// Executes the plan. An interrupt is not an error: everything that was measured is in the bundle.
pub fn execute(
    inputs: &Inputs<'_>,
    supervisor: &mut Supervisor,
    writer: &mut BundleWriter,
    observer: &mut dyn Observer,
) -> Result<PlanOutcome, RunError> {
    let clock = clock::Clock::continued_from(writer.manifest().time);
    // Time spent in earlier parts of the run counts.
    let left = inputs.plan.time_budget.map(|budget| budget.saturating_sub(clock.total()));
    let deadline = left.map(|left| Instant::now() + left);
    let failed = inputs.earlier.iter().any(|sample| sample.outcome.cost().is_none());
    let not_timed = writer.manifest().blocks.iter().any(|block| !block.not_timed.is_empty());
    let mut outcome = PlanOutcome { interrupted: false, flawed: failed || not_timed };
    let mut builder = builder::Builder::new(inputs, clock, supervisor, writer, observer);
    let result = blocks(inputs, &mut builder, deadline, &mut outcome);
    let kept = builder.save_time();
    let removed = crate::host::remove_tree(inputs.scratch);
    // The first error is reported.
    result?;
    kept?;
    removed?;
    Ok(outcome)
}

/// Builds every command line of `plan` once, so that a contradiction is found before the first build.
///
/// # Errors
/// If two settings exclude each other, or the plan does not fit the projects.
pub fn check_commands(plan: &Plan, prepared_trees: &PreparedTrees) -> Result<(), RequestError> {
    let nowhere = Path::new("/");
    let dirs = BuildDirs {
        source: nowhere.into(),
        target: nowhere.into(),
        build_dir: nowhere.into(),
        home: nowhere.into(),
        tmp: nowhere.into(),
        service: nowhere.into(),
        cargo_home: nowhere.into(),
        edit: 0,
    };
    for block in &plan.blocks {
        for arm in &block.arms {
            let fail = |reason: String, help: Option<String>| {
                RequestError::usage(format!("{} in block `{}`: {reason}", arm.variant.name, block.id), help)
            };
            let live = arm::LiveArm::new(prepared_trees, 1, arm, dirs.clone())
                .map_err(|error| fail(error.to_string(), error.help()))?;
            live.command_line(Detail::Quiet).map_err(|error| fail(error.to_string(), error.help()))?;
        }
    }
    Ok(())
}

fn blocks<'i>(
    inputs: &'i Inputs<'i>,
    builder: &mut builder::Builder<'_>,
    deadline: Option<Instant>,
    outcome: &mut PlanOutcome,
) -> Result<(), RunError> {
    let done: Vec<_> = builder.writer.manifest().blocks.iter().map(|end| end.block.clone()).collect();
    let todo: Vec<_> = inputs.plan.blocks.iter().enumerate().filter(|(_, b)| !done.contains(&b.id)).collect();
    if let Some(deadline) = deadline.filter(|_| plan::blocks_take_turns(inputs.plan)) {
        let visited = visits::measure(inputs, builder, &todo, deadline)?;
        outcome.flawed |= visited.flawed;
        outcome.interrupted = visited.interrupted;
        return Ok(());
    }
    for (nth, (number, block)) in todo.iter().enumerate() {
        // The remaining blocks share the remaining time.
        let wanted: Vec<BlockEstimate> =
            todo[nth..].iter().filter_map(|(number, _)| inputs.wanted.get(*number).cloned()).collect();
        let share = deadline.map(|deadline| {
            Instant::now() + plan::share(deadline.saturating_duration_since(Instant::now()), &wanted)
        });
        let ended = block::measure(inputs, builder, *number, block, share)?;
        outcome.flawed |= ended.flawed;
        if ended.interrupted {
            outcome.interrupted = true;
            return Ok(());
        }
    }
    Ok(())
}
