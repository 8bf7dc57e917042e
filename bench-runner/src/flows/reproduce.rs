//! A bundle's plan, to be executed again on this machine.

use std::time::Duration;

use bench_runner_core::bundle::Manifest;
use bench_runner_core::record::{Pin, Plan, PlannedProject};
use bench_runner_measure::plan::{self, World as _};
use bench_runner_measure::scenario::RequestError;

use super::{FlowError, Projects};

/// Changes to the plan.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ReproduceOptions {
    /// Time budget of the whole run, in place of the first run's.
    pub time_budget: Option<Duration>,
    /// Seed for the random build order, in place of the first run's.
    pub seed: Option<u64>,
}

/// The plan of a run, adapted to this machine: variants that cannot be built here are skipped with the
/// reason; variants that were skipped there are dropped.
///
/// # Errors
/// If a source is not available: local trees are only on the machine where they were measured, unless the
/// cache has them or the same tree is at the same path.
pub(crate) fn plan_again(
    first: &Manifest,
    projects: &Projects,
    again: ReproduceOptions,
) -> Result<Plan, FlowError> {
    let mut wanted = first.plan.clone();
    wanted.skipped.clear();
    wanted.time_budget = again.time_budget.or(wanted.time_budget);
    wanted.seed = again.seed.unwrap_or(wanted.seed);
    for project in wanted.projects.iter().filter(|project| matches!(project.pin, Pin::Tree { .. })) {
        projects.planned_project(project).map_err(|error| local(project, &error.refusal().what))?;
    }
    plan::adapt_plan(wanted, projects)
}

fn local(project: &PlannedProject, reason: &str) -> FlowError {
    let message = format!(
        "`{}` is a local tree ({}), and it is not here as it was measured: {}",
        project.name, project.pin, reason
    );
    let help = "bring the same tree to the same place, or judge two bundles with `--against`";
    RequestError::usage(message, Some(help.to_owned())).into()
}
