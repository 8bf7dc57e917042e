//! A plan → samples. Lays out work trees, proves the variants, builds round after round, and writes every build
//! down as it ends. Where the effects are: everything that is decided is decided by `plan` and `sampling`.
//!
//! Knows nothing of what the samples mean; progress is told to an [`Observer`].

mod after_release;
mod arm;
mod arm_dirs;
mod attempt;
mod block;
mod block_dirs;
mod build_notes;
mod builder;
mod clock;
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
mod warm_up;
mod worktree;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use bench_runner_core::bundle::{BundleError, Writer};
use bench_runner_core::record::{AS_CONFIGURED, Block, Plan, Sample, TreeId};

use crate::axes::{self, Context, Settings};
use crate::build::{BuildDirs, Detail, Driver};
use crate::corpus;
use crate::host::PathError;
use crate::plan::{self, BlockEstimate};
use crate::process::{Supervisor, SupervisorError};
use crate::scenario::RequestError;

pub use observer::{Forecast, Observer, RunEvent};
pub use single_build::{CommandOutcome, SingleBuild};

/// One source tree of the plan, ready to be laid out and built.
pub struct PreparedTree {
    /// Its manifest.
    pub project: corpus::Project,
    /// Its pristine source.
    pub source: corpus::sources::Pinned,
    /// What builds it, one for each toolchain that variants name.
    pub drivers: Vec<ConfiguredDriver>,
    /// What stands in for its own crates where only their dependencies are built.
    pub stubs: Vec<corpus::edits::Stub>,
    /// Its commits that are replayed, by their names.
    pub commits: BTreeMap<String, corpus::sources::Pinned>,
}

impl PreparedTree {
    /// What builds it with these settings.
    pub fn configured(&self, settings: &Settings) -> Option<&ConfiguredDriver> {
        let key = DriverKey::of(settings);
        self.drivers.iter().find(|configured| configured.key == key)
    }

    /// The commit with number `at` of those that `block` replays of the tree `id`; 0 is what the first builds upon.
    fn commit(&self, block: &Block, id: &TreeId, at: usize) -> Result<&corpus::sources::Pinned, RunError> {
        let name = block.commits.get(&id.project).and_then(|commits| commits.get(at));
        name.and_then(|name| self.commits.get(name)).ok_or_else(|| {
            RunError::Plan(format!("block `{}` lacks commit {at} of `{}`", block.id, id.project))
        })
    }
}

/// What of a variant's settings decides on the driver that builds it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DriverKey {
    /// The toolchain as variants name it; `None` for the project's own.
    toolchain: Option<String>,
    /// The user's own configuration, if it is in force.
    configured: Option<String>,
}

impl DriverKey {
    /// That of a variant.
    pub fn of(settings: &Settings) -> Self {
        let configured = axes::configured_of(settings).filter(|text| !text.is_empty());
        let toolchain = axes::toolchain_of(settings).map(str::to_owned);
        Self { toolchain, configured: configured.map(str::to_owned) }
    }

    pub fn settings(&self) -> Settings {
        let toolchain = self.toolchain.iter().map(|name| ("toolchain".to_owned(), name.clone()));
        let configured = self.configured.iter().map(|text| (AS_CONFIGURED.to_owned(), text.clone()));
        toolchain.chain(configured).collect()
    }
}

/// The source trees of a plan, ready to be laid out and built.
pub type PreparedTrees = BTreeMap<TreeId, PreparedTree>;

/// What builds a project with one toolchain and one configuration.
pub struct ConfiguredDriver {
    /// Which of them variants name.
    pub key: DriverKey,
    /// Builds it.
    pub driver: Box<dyn Driver>,
    /// What axes may look at.
    pub context: Context,
}

/// Everything that carrying out a plan needs.
pub struct Inputs<'a> {
    /// What is to be done.
    pub plan: &'a Plan,
    /// What the variants of the plan are built from.
    pub prepared_trees: &'a PreparedTrees,
    /// Directory for work trees and targets; made, and removed again when the run has ended.
    pub scratch: &'a Path,
    /// The cargo home for building; that of each variant is made from it.
    pub cargo_home: &'a Path,
    /// Samples that an earlier part of the same run took.
    pub earlier: &'a [Sample],
    /// What each block of the plan would take if there were time for all it wants.
    pub wanted: &'a [BlockEstimate],
    /// Parallel jobs of every build.
    pub jobs: usize,
}

/// How carrying out a plan went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanOutcome {
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Whether some variant failed, timed out, or was not proven.
    pub flawed: bool,
}

/// Why the harness could not go on. Failed builds are data and not among these.
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
    /// A work tree could not be laid out.
    #[error(transparent)]
    Source(#[from] corpus::sources::SourceError),
    /// An edit could not be made.
    #[error(transparent)]
    Edit(#[from] corpus::edits::EditError),
    /// Something of the plan does not fit the projects.
    #[error("the plan cannot be carried out: {0}")]
    Plan(String),
    /// A file could not be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    Io {
        /// What was to be done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        source: std::io::Error,
    },
    /// The user has ended the run meanwhile.
    #[error("interrupted")]
    Interrupted,
    /// A command of the project that is not timed did not end well.
    #[error("the command `{command}` of project `{project}` failed: {reason}")]
    Untimed {
        project: String,
        command: String,
        /// How it ended, with its last lines.
        reason: String,
    },
}

impl RunError {
    /// What would help.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Source(error) => error.help(),
            Self::Edit(error) => error.help(),
            _ => None,
        }
    }
}

/// Carries out the plan. Interrupting it is not an error: what was measured is in the bundle.
pub fn execute(
    inputs: &Inputs<'_>,
    supervisor: &mut Supervisor,
    writer: &mut Writer,
    observer: &mut dyn Observer,
) -> Result<PlanOutcome, RunError> {
    let clock = clock::Clock::continued_from(writer.manifest().time);
    // What earlier parts of the run took counts.
    let left = inputs.plan.time_budget.map(|budget| budget.saturating_sub(clock.total()));
    let deadline = left.map(|left| Instant::now() + left);
    let failed = inputs.earlier.iter().any(|sample| sample.outcome.cost().is_none());
    let not_timed = writer.manifest().blocks.iter().any(|block| !block.not_timed.is_empty());
    let mut outcome = PlanOutcome { interrupted: false, flawed: failed || not_timed };
    let mut builder = builder::Builder::new(inputs, clock, supervisor, writer, observer);
    let result = blocks(inputs, &mut builder, deadline, &mut outcome);
    let kept = builder.save_time();
    let removed = crate::host::remove_tree(inputs.scratch);
    // The first thing that went wrong is what is told.
    result?;
    kept?;
    removed?;
    Ok(outcome)
}

/// Puts every command line of `plan` together once, so that a contradiction is found before the first build.
///
/// # Errors
/// Where two settings exclude each other, or the plan does not fit the projects.
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

fn blocks(
    inputs: &Inputs<'_>,
    builder: &mut builder::Builder<'_>,
    deadline: Option<Instant>,
    outcome: &mut PlanOutcome,
) -> Result<(), RunError> {
    let done: Vec<_> = builder.writer.manifest().blocks.iter().map(|end| end.block.clone()).collect();
    let todo: Vec<_> = inputs.plan.blocks.iter().enumerate().filter(|(_, b)| !done.contains(&b.id)).collect();
    for (nth, (number, block)) in todo.iter().enumerate() {
        // What is left is shared between the blocks that are left.
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
