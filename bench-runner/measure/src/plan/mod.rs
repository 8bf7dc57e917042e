//! Scenario × projects × what this machine has × seed → [`Plan`]. Pure: everything it has to know of the world
//! comes in through [`World`], so that the same inputs always give the same plan.

mod blocks;
mod estimate;
mod adapt;
mod workload;

use std::time::Duration;

use bench_runner_core::record::{FORMAT_VERSION, Plan, PlannedProject, Refusal, TreeId};

use crate::axes::{Available, Setting, Settings};
use crate::build::{Goal, Linking};
use crate::corpus::EditClass;
use crate::scenario::{RequestError, Scenario, Word};

pub use adapt::{adapt_plan, check};
pub use estimate::{BlockEstimate, PlanEstimate, Typical, estimate, share};

/// A project as the plan sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProjectView {
    /// What goes into the plan.
    pub planned: PlannedProject,
    /// Whether cargo builds it.
    pub cargo: bool,
    /// Classes of the edits that its manifest has.
    pub edits: Vec<EditClass>,
    /// Whether it brings a command that edits it.
    pub own_edit: bool,
    /// The profile that its manifest names.
    pub profile: Option<String>,
    /// What builds of it roughly take, where the manifest tells.
    pub typical: crate::corpus::Estimate,
}

impl ProjectView {
    /// Whether there is an edit of a class to make, or any at all.
    pub(crate) fn has_edit(&self, class: Option<EditClass>) -> bool {
        match class {
            Some(class) => self.edits.contains(&class),
            None => self.own_edit || !self.edits.is_empty(),
        }
    }
}

/// What a plan has to know of the world.
pub trait World {
    /// Errors of the world; those of a request are carried through.
    type Error: From<RequestError>;

    /// The projects that a word stands for: a name, a path, or `tag:…`.
    fn projects(&self, word: &Word) -> Result<Vec<ProjectView>, Self::Error>;

    /// A project that a plan brings along.
    fn planned(&self, project: &PlannedProject) -> Result<ProjectView, Self::Error>;

    /// Checks that the source of `project` has the commit `rev`.
    fn revision(&self, project: &ProjectView, rev: &str) -> Result<(), Refusal>;

    /// The last commits of `project`, at most `count`, oldest first.
    fn commits(&self, project: &ProjectView, count: usize) -> Result<Vec<String>, Refusal>;

    /// Checks that the toolchain that builds the source `tree` with these settings can do what `goal` says.
    fn goal(&self, tree: &TreeId, goal: Goal, settings: &Settings) -> Result<(), Refusal>;

    /// What a build with this goal would link, where it can be told before it is built.
    fn linking(&self, _tree: &TreeId, _goal: Goal, _settings: &Settings) -> Option<Linking> {
        None
    }

    /// Checks that this machine can apply `setting` to the source `tree`, of which it has said that it is there.
    fn probe(&self, tree: &TreeId, setting: &Setting<'_>) -> Result<Available, Refusal>;

    /// What the user's own configuration says to builds of `project`, as TOML; empty where it says nothing.
    fn as_configured(&self, project: &ProjectView) -> Result<String, Self::Error>;
}

/// What the command line says beside the scenario.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// Draws every order.
    pub seed: u64,
    /// 1-based share of the blocks and the number of shares.
    pub shard: Option<(u32, u32)>,
}

/// Makes the plan of `scenarios`, one after another.
pub fn plan<W: World + ?Sized>(
    scenarios: &[Scenario],
    world: &W,
    options: &PlanOptions,
) -> Result<Plan, W::Error> {
    let mut plan = Plan {
        format: FORMAT_VERSION,
        scenario: scenarios.iter().map(|scenario| scenario.name.as_str()).collect::<Vec<_>>().join("+"),
        seed: options.seed,
        sessions: scenarios.iter().map(|scenario| scenario.sampling.sessions).max().unwrap_or(1),
        time_budget: total_budget(scenarios),
        projects: Vec::new(),
        blocks: Vec::new(),
        skipped: Vec::new(),
        origin: None,
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
    Ok(plan)
}

/// The sum of the scenarios' budgets, as long as each has one.
fn total_budget(scenarios: &[Scenario]) -> Option<Duration> {
    scenarios.iter().map(|scenario| scenario.sampling.time_budget).sum()
}

#[cfg(test)]
mod tests;
