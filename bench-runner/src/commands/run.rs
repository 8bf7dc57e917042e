//! `run`: measures a request.

use std::path::{Path, PathBuf};

use bench_runner_core::bundle;
use bench_runner_core::compare::{Comparison, Policy};
use bench_runner_measure::corpus::shell_word;
use bench_runner_report::report;

use super::request::{PlanRequest, RequestArgs};
use super::scatter::scatter_line;
use super::session::Session;
use super::start::{StartArgs, StartConditions};
use super::terminal::Terminal;
use super::{EarlyEnd, Exit, HOW_TO_JUDGE, browser, format_path, text_style};
use crate::flows::{self, MeasuredRun, Places, PublishedReport};

/// Measure: build every variant in random order, round after round, and report which differ
///
/// Without a scenario, `--axis` or `--variant` it runs `quick`: other linkers against the default one, and `cargo check`
/// against a build, on one small project, in at most six and a half minutes. Other scenarios are
/// `recommended` (mold and less debug info, against what you have now) and `lto` (link-time optimization);
/// `bench-runner scenarios list` shows all.
///
/// If an axis has two or more values, the first one is the baseline and the others are compared with it. If it has a
/// single value and the project is your own, the baseline is what you have now (`as-configured`): the project with your
/// own cargo configuration. Every variant has this configuration too; its own setting wins where both set the same thing.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    /// Continue the interrupted run in this directory as it was planned
    #[arg(long, value_name = "RUN", conflicts_with_all = [
        "scenarios", "plan", "project", "axis", "workload", "variant", "baseline", "on", "no_control", "fresh_dirs", "rounds", "min_rounds",
        "max_rounds", "precision", "margin", "time_budget", "timeout", "seed", "shard",
    ])]
    resume: Option<PathBuf>,
    #[command(flatten)]
    start: StartArgs,
    /// Exit with code 5 if the result of any comparison is undecided, invalid or missing
    #[arg(long, alias = "decide", help_heading = HOW_TO_JUDGE)]
    require_verdict: bool,
    /// Print more after the results: the proof of every variant, build order, CPU time and memory, and how directories
    /// differ. The page always has these [default: results and answer only]
    #[arg(long, conflicts_with = "json")]
    verbose: bool,
    /// Measure without asking, even if a program that some variants need is missing; these variants are skipped [default:
    /// ask in a terminal]
    #[arg(long)]
    yes: bool,
    /// Print the results as one JSON document
    #[arg(long)]
    json: bool,
    /// Open the page in the browser when the run has ended
    #[arg(long)]
    open: bool,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner run
  bench-runner run recommended --project ./
  bench-runner run --project ./ --axis linker=mold --workload incremental
  bench-runner run --project ./ --axis rev=$(git rev-parse HEAD~1),$(git rev-parse HEAD)
  bench-runner run lto --project hyperfine --time-budget 30m";

impl Args {
    /// Checks the request as far as it can be checked without the machine.
    #[cfg(test)]
    pub(crate) fn check_request(&self, places: &Places) -> Result<(), String> {
        self.request.check(places)
    }

    fn conditions(&self) -> StartConditions {
        self.start.conditions(&self.request.plan_options)
    }
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    let session = match &args.resume {
        None => {
            let request = PlanRequest::read(&args.request, places)?;
            Session::begin(request, args.yes, args.conditions(), places)?
        }
        Some(dir) => Session::resume(dir, args.conditions(), places)?,
    };
    let measured = session.measure()?;
    let bundle = bundle::open(&measured.bundle)?;
    let comparison = flows::judge(&bundle, &Policy::default());
    if let Some(line) = scatter_line(&measured.expected_noise, &comparison) {
        Terminal::of_stderr().print(&line);
    }
    if !args.json {
        // Before figures are drawn: a full disk must not cost the results.
        let style = text_style(args.verbose);
        outln!("{}", report::text(&comparison, style));
        outln!("run:     {}\n", format_path(&measured.bundle));
        outln!("{}", report::answer_text(&comparison, style));
    }
    let published = flows::publish(&bundle, &comparison, &Policy::default(), &places.plots)?;
    if args.json {
        outln!("{:#}", document(&measured, &comparison, &published));
    } else {
        if let Some(next) = next_step(&bundle.manifest.plan.scenario, &measured.bundle) {
            outln!("next:    {next}");
        }
        outln!("figures: {}", format_path(&published.plots));
        outln!("page:    {}", format_path(&published.page));
    }
    if args.open {
        browser::open(&published.page);
    }
    Ok(exit(&measured, args.require_verdict && !comparison.is_decided()))
}

/// Command that most people run after a built-in scenario, with its purpose.
fn next_step(scenario: &str, bundle: &Path) -> Option<String> {
    match scenario {
        "quick" => Some("in your own project: bench-runner run recommended --project ./".to_owned()),
        "recommended" => Some(format!(
            "with your builds per day, whether to switch: bench-runner decide {} --per-day incremental=80,clean=3",
            shell_word(&format_path(bundle))
        )),
        _ => None,
    }
}

fn document(
    measured: &MeasuredRun,
    comparison: &Comparison,
    published: &PublishedReport,
) -> serde_json::Value {
    let mut document = report::json(comparison);
    document["bundle"] = measured.bundle.display().to_string().into();
    document["plots"] = published.plots.display().to_string().into();
    document["page"] = published.page.display().to_string().into();
    document["interrupted"] = measured.interrupted.into();
    document
}

fn exit(measured: &MeasuredRun, undecided: bool) -> Exit {
    if measured.interrupted {
        errln!("interrupted; `bench-runner run --resume {}` completes it", format_path(&measured.bundle));
        return Exit::Interrupted;
    }
    match () {
        () if measured.flawed => Exit::PartialFailure,
        () if undecided => Exit::Undecided,
        () => Exit::Done,
    }
}
