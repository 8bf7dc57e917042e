//! `plan`: the plan of a run, without running it.

use std::fmt::Write as _;

use bench_runner_core::compare::titles;
use bench_runner_core::record::{Block, Plan, Role};
use bench_runner_measure::plan::{PlanEstimate, estimate};
use bench_runner_measure::sampling::round_order;

use super::plan_summary::{block_summary, plan_summary};
use super::request::{PlanRequest, RequestArgs};
use super::terminal::Terminal;
use super::{Exit, missing_tools, open_projects};
use crate::flows::{self, FlowError, Places};

/// Number of arms up to which the order of the first rounds is shown.
const ORDER_SHOWN_UP_TO: usize = 12;

/// Show what a run would do, and about how long it would take; build nothing
///
/// For a project of your own it downloads the dependencies, so that cargo can list what it would build.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    /// Print the plan as JSON, for `run --plan`
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner plan
  bench-runner plan recommended --project ./
  bench-runner plan lto --project hyperfine --json > plan.json && bench-runner run --plan plan.json";

#[cfg(test)]
impl Args {
    /// Checks the request as far as it can be checked without the machine.
    pub(crate) fn check_request(&self, places: &Places) -> Result<(), String> {
        self.request.check(places)
    }
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    let request = PlanRequest::read(&args.request, places)?;
    let projects = open_projects(places, args.request.plan_options.offline, false)?;
    request.check(&projects)?;
    let missing = missing_tools::notice(&request);
    if args.json {
        err!("{missing}")
    } else {
        out!("{missing}")
    }
    let mut plan = request.plan(&projects)?;
    projects.compare_with_home(&mut plan);
    if args.json {
        let text = plan.to_json().map_err(|error| FlowError::Harness(error.into()))?;
        outln!("{text}");
        return Ok(Exit::Done);
    }
    let history = flows::machine_history(&places.results, &super::machine()?.directory_name(), &plan);
    let estimate = estimate(&plan, &projects.estimates(&plan), &history);
    let terminal = Terminal::of_stdout();
    terminal.print(&outline(&plan, &estimate));
    terminal.print(&plan_summary(&plan, &estimate));
    let missing = projects.not_fetched(&plan);
    if !missing.is_empty() {
        outln!(
            "  not fetched yet: {}; what its own configuration says is not in this plan",
            missing.join(", ")
        );
        outln!("    help: bench-runner corpus fetch {}", missing.join(" "));
    }
    Ok(Exit::Done)
}

fn outline(plan: &Plan, estimate: &PlanEstimate) -> String {
    let mut text = String::new();
    let titles = titles(plan);
    for ((block, estimate), title) in plan.blocks.iter().zip(&estimate.blocks).zip(&titles) {
        let _ = writeln!(text, "{title} ({})", block.id);
        for arm in &block.arms {
            let aliases = match arm.aliases.as_slice() {
                [] => String::new(),
                aliases => format!(
                    "  (the same on this machine as {})",
                    aliases.iter().map(|alias| format!("`{alias}`")).collect::<Vec<_>>().join(", ")
                ),
            };
            let _ = writeln!(text, "  {:<9} {}{aliases}", role(arm.role), arm.variant.name);
        }
        let _ = writeln!(text, "  {}", block_summary(plan, block, estimate));
        if block.arms.len() <= ORDER_SHOWN_UP_TO {
            for round in 1..=2 {
                let _ = writeln!(text, "  order of round {round}: {}", order(plan, block, round));
            }
        }
        text.push('\n');
    }
    text
}

/// The role in the words that people see.
fn role(role: Role) -> &'static str {
    match role {
        Role::Baseline => "baseline",
        Role::Twin => "control",
        Role::Variant => "variant",
    }
}

fn order(plan: &Plan, block: &Block, round: u32) -> String {
    let name = |at: usize| {
        let arm = &block.arms[at];
        if arm.role == Role::Twin {
            format!("{} (control)", arm.variant.name)
        } else {
            arm.variant.name.clone()
        }
    };
    let order = round_order(plan.seed, &block.id, block.arms.len(), round);
    order.into_iter().map(name).collect::<Vec<_>>().join(", ")
}
