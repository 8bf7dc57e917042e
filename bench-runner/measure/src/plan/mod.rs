//! Scenario × projects × this machine × seed → [`Plan`]. Pure: everything from outside comes in through
//! [`World`], so the same inputs always give the same plan.

mod blocks;
mod design_cost;
mod estimate;
mod adapt;
mod history;
mod turns;
mod workload;

pub(crate) use workload::check as check_workload;

use std::time::Duration;

use bench_runner_core::record::{FORMAT_VERSION, Plan, PlanOrigin, PlannedProject, Refusal, TreeId};

use crate::axes::{Available, Setting, Settings};
use crate::build::{Goal, Linking};
use crate::corpus::EditClass;
use crate::scenario::{RequestError, RequestWord, Scenario};

pub use adapt::{adapt_plan, check};
pub use design_cost::DesignCost;
pub use estimate::{BlockEstimate, Noise, PlanEstimate, estimate, share};
pub use history::{EarlierBuilds, EstimatesByProject, MachineHistory, WorkloadNoise};
pub use turns::blocks_take_turns;

/// A project as planning sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectView {
    /// The project's entry in the plan.
    pub planned: PlannedProject,
    /// True if cargo builds it.
    pub cargo: bool,
    /// True if the request names a directory of the user's own.
    pub own: bool,
    /// Classes of the edits in its manifest.
    pub edits: Vec<EditClass>,
    /// True if it has its own command for edits.
    pub own_edit: bool,
    /// The profile named in its manifest.
    pub profile: Option<String>,
    /// Rough build times and sizes, if its manifest has them.
    pub estimate: crate::corpus::ProjectEstimate,
}

impl ProjectView {
    /// True if the project has an edit of the class, or any edit for `None`.
    pub(crate) fn has_edit(&self, class: Option<EditClass>) -> bool {
        match class {
            Some(class) => self.edits.contains(&class),
            None => self.own_edit || !self.edits.is_empty(),
        }
    }
}

/// Everything that planning needs to know about projects, toolchains and this machine.
pub trait World {
    /// Errors of the implementation, including those of requests.
    type Error: From<RequestError>;

    /// The projects for a word: a name, a path, or `tag:…`.
    fn projects(&self, word: &RequestWord) -> Result<Vec<ProjectView>, Self::Error>;

    /// A project that is part of an existing plan.
    fn planned_project(&self, project: &PlannedProject) -> Result<ProjectView, Self::Error>;

    /// Checks that the source of `project` has the commit `rev`.
    fn revision(&self, project: &ProjectView, rev: &str) -> Result<(), Refusal>;

    /// The last commits of `project`, at most `count`, oldest first.
    fn commits(&self, project: &ProjectView, count: usize) -> Result<Vec<String>, Refusal>;

    /// Checks that the toolchain for the source `tree` and these settings supports `goal`.
    fn goal(&self, tree: &TreeId, goal: Goal, settings: &Settings) -> Result<(), Refusal>;

    /// The kinds of units that a build with this goal would link, if known before the build.
    fn linking(&self, _tree: &TreeId, _goal: Goal, _settings: &Settings) -> Option<Linking> {
        None
    }

    /// The build of `tree` with these settings, as cargo plans it, as a text: equal texts are the same build. `None` if it is
    /// not known.
    fn planned_build(&self, _tree: &TreeId, _goal: Goal, _settings: &Settings) -> Option<String> {
        None
    }

    /// Checks that this machine can apply `setting` to the source `tree`, which must be known to `self`.
    fn probe(&self, tree: &TreeId, setting: &Setting<'_>) -> Result<Available, Refusal>;

    /// The user's own cargo configuration for builds of `project`, as TOML; empty if there is none.
    fn as_configured(&self, project: &ProjectView) -> Result<String, Self::Error>;
}

/// Options of the command line besides the scenario.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// Seed for the random build order.
    pub seed: u64,
    /// 1-based share of the blocks and the number of shares.
    pub shard: Option<(u32, u32)>,
    /// Time budget of the whole run, in place of the scenarios' own.
    pub time_budget: Option<Duration>,
    /// The verb that made the request, if it is not the user's own.
    pub origin: Option<PlanOrigin>,
}

/// Plans `scenarios` one after another.
pub fn plan<W: World + ?Sized>(
    scenarios: &[Scenario],
    world: &W,
    options: &PlanOptions,
) -> Result<Plan, W::Error> {
    let mut plan = Plan {
        format: FORMAT_VERSION,
        scenario: joined_names(scenarios),
        seed: options.seed,
        sessions: scenarios.iter().map(|scenario| scenario.sampling.sessions).max().unwrap_or(1),
        time_budget: options.time_budget.or_else(|| total_budget(scenarios)),
        projects: Vec::new(),
        blocks: Vec::new(),
        skipped: Vec::new(),
        origin: options.origin.clone(),
    };
    let mut memo = blocks::Memo::new(world);
    for scenario in scenarios {
        for matrix in &scenario.matrices {
            blocks::add(&mut plan, scenario, matrix, scenarios.len() > 1, &mut memo)?;
        }
    }
    if let Some((share, of)) = options.shard {
        let mut at = 0;
        plan.blocks.retain(|_| {
            at += 1;
            (at - 1) % of == share - 1
        });
    }
    turns::add_visits(&mut plan);
    Ok(plan)
}

/// Names of the scenarios, each of them once: a stage of a search has one for each workload, all with the same name.
fn joined_names(scenarios: &[Scenario]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for scenario in scenarios {
        if !names.contains(&scenario.name.as_str()) {
            names.push(&scenario.name);
        }
    }
    names.join("+")
}

/// The sum of the scenarios' budgets, if each of them has one.
fn total_budget(scenarios: &[Scenario]) -> Option<Duration> {
    scenarios.iter().map(|scenario| scenario.sampling.time_budget).sum()
}

#[cfg(test)]
mod tests;
