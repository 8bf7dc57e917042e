//! `reproduce`: executes a published plan here, and checks whether the two runs agree.

use std::path::{Path, PathBuf};
use std::time::Duration;

use bench_runner_core::bundle;
use bench_runner_core::compare::{Comparison, Policy};
use bench_runner_measure::scenario::RequestError;
use bench_runner_report::machines::{Reproduction, ReproductionOutcome};
use bench_runner_report::report;

use super::scatter::scatter_line;
use super::session::Session;
use super::start::{PlanArgs, StartArgs};
use super::terminal::Terminal;
use super::{EarlyEnd, Exit, HOW_LONG, WHAT_TO_COMPARE, format_path, text_style};
use crate::flows::{self, JudgedRun, Places, PublishedReport, ReproduceOptions};

/// Repeat a run here, and check whether both runs agree
///
/// The second run confirms, does not confirm, or contradicts each verdict of the first. Exit code 0: all are confirmed;
/// 5: some are not; 7: at least one is contradicted.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES, mut_arg("seed", |arg| arg.help(SEED)))]
pub(crate) struct Args {
    /// Directory of the first run, such as `results/MACHINE/RUN`
    #[arg(value_name = "RUN")]
    bundle: PathBuf,
    /// Build nothing, and compare with this run instead
    #[arg(long, value_name = "OTHER", conflicts_with_all = ["time_budget", "seed", "offline", "strict", "wait"], help_heading = WHAT_TO_COMPARE)]
    against: Option<PathBuf>,
    /// Time limit for the second run, such as `30m` [default: that of the first run]
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration, help_heading = HOW_LONG)]
    time_budget: Option<Duration>,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    start: StartArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Help text of `--seed`.
const SEED: &str = "Seed for the random build order [default: that of the first run]";

const EXAMPLES: &str = "\
Example:
  bench-runner reproduce \"$(ls -td results/*/* | head -n 1)\" --time-budget 30m     # your newest run";

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    let first = JudgedRun::of(bundle::open(&args.bundle)?, &Policy::default());
    first.bundle.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    match &args.against {
        Some(other) => judge(args, &first, other),
        None => measure(args, places, &first),
    }
}

/// Compares with an existing run.
fn judge(args: &Args, first: &JudgedRun, other: &Path) -> Result<Exit, EarlyEnd> {
    let again = JudgedRun::of(bundle::open(other)?, &Policy::default());
    again.bundle.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    let reproduced = flows::compare_reproduction(first, &again);
    if reproduced.same_run {
        let message = format!("{} and {} are the same run", format_path(&args.bundle), format_path(other));
        let help = "a run says nothing about itself: name another one".to_owned();
        return Err(RequestError::usage(message, Some(help)).into());
    }
    if let Some(reason) = &reproduced.why_not_comparable {
        let message =
            format!("{} says nothing of {}: {reason}", format_path(other), format_path(&args.bundle));
        let help = "name a run of the same plan; `compare` puts other runs side by side".to_owned();
        return Err(RequestError::usage(message, Some(help)).into());
    }
    if args.json {
        outln!("{:#}", document(first, &again, &reproduced));
    } else {
        print_result(first, &again, &reproduced);
    }
    Ok(exit(&reproduced, false))
}

fn measure(args: &Args, places: &Places, first: &JudgedRun) -> Result<Exit, EarlyEnd> {
    if !claims_something(&first.comparison) {
        errln!("note: the first run showed nothing, so there is nothing to confirm");
    }
    let again = ReproduceOptions { time_budget: args.time_budget, seed: args.plan.seed };
    let conditions = args.start.conditions(&args.plan);
    let measured = Session::again(&first.bundle.manifest, again, conditions, places)?.measure()?;
    let again = JudgedRun::of(bundle::open(&measured.bundle)?, &Policy::default());
    let reproduced = flows::compare_reproduction(first, &again);
    if let Some(line) = scatter_line(&measured.expected_noise, &again.comparison) {
        Terminal::of_stderr().print(&line);
    }
    if !args.json {
        // Before figures are drawn: a full disk must not cost the results.
        outln!("{}", report::text(&again.comparison, text_style(false)));
        print_result(first, &again, &reproduced);
    }
    let PublishedReport { plots, page, .. } =
        flows::publish(&again.bundle, &again.comparison, &Policy::default(), &places.plots)?;
    if args.json {
        let mut document = document(first, &again, &reproduced);
        document["plots"] = plots.display().to_string().into();
        document["page"] = page.display().to_string().into();
        outln!("{document:#}");
    } else {
        outln!("figures: {}", format_path(&plots));
        outln!("page:    {}", format_path(&page));
    }
    if measured.interrupted {
        let dir = format_path(&measured.bundle);
        errln!(
            "interrupted; `bench-runner run --resume {dir}` completes it, and `reproduce --against {dir}` judges it"
        );
        return Ok(Exit::Interrupted);
    }
    Ok(exit(&reproduced, measured.flawed))
}

/// True if there is a verdict that a second run could confirm.
fn claims_something(comparison: &Comparison) -> bool {
    let ratios = comparison.blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    ratios.into_iter().any(|ratio| ratio.verdict.is_conclusive())
}

fn document(first: &JudgedRun, again: &JudgedRun, reproduced: &Reproduction) -> serde_json::Value {
    let mut document = report::reproduction_json(reproduced);
    document["first"] = first.bundle.dir.display().to_string().into();
    document["again_bundle"] = again.bundle.dir.display().to_string().into();
    document
}

fn print_result(first: &JudgedRun, again: &JudgedRun, reproduced: &Reproduction) {
    let name = |run: &JudgedRun| {
        let machine = &run.bundle.manifest.machine;
        format!("{} on {} ({})", run.bundle.manifest.run, machine.directory, machine.summary)
    };
    outln!("run:     {}\n", format_path(&again.bundle.dir));
    outln!("{}", report::reproduction_text(reproduced, &name(first), &name(again), text_style(false)));
}

fn exit(reproduced: &Reproduction, flawed: bool) -> Exit {
    match reproduced.worst() {
        Some(ReproductionOutcome::Contradicted) => Exit::Contradicted,
        _ if flawed => Exit::PartialFailure,
        Some(ReproductionOutcome::Confirmed) => Exit::Done,
        _ => Exit::Undecided,
    }
}
