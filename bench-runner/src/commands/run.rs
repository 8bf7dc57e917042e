//! `run`: measures a request.

use std::path::PathBuf;

use bench_runner_core::bundle;
use bench_runner_core::compare::{Comparison, Policy};
use bench_runner_report::report;

use super::request::RequestArgs;
use super::scatter::scatter_line;
use super::session::{Session, StartConditions};
use super::terminal::Terminal;
use super::wait::{self, WaitLimit};
use super::{EarlyEnd, Exit, browser, format_path};
use crate::flows::{self, MeasuredRun, Places, PublishedReport};

/// Measure: build every variant in random order, round after round, and say which differ
///
/// Without a scenario it runs `quick`: the linkers of this machine, and `check` against
/// `clean`, on one small project, in about six and a half minutes on two cores.
///
/// Examples:
///   bench-runner run
///   bench-runner run linkers --project ripgrep --time-budget 30m
///   bench-runner run --project ./ --axis linker=bfd,mold --workload incremental
///   bench-runner run --project ./ --variant article=article.toml --baseline as-configured
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    #[command(flatten)]
    request: RequestArgs,
    /// Complete a run that was interrupted; its plan is never extended
    #[arg(long, value_name = "BUNDLE", conflicts_with_all = [
        "scenarios", "plan", "project", "axis", "workload", "variant", "baseline", "on", "no_twin", "sessions", "rounds", "min_rounds",
        "max_rounds", "precision", "margin", "time_budget", "timeout", "seed", "shard",
    ])]
    resume: Option<PathBuf>,
    /// Do not measure on a machine that is not fit for it, or a build that differs from your own
    #[arg(long)]
    strict: bool,
    /// Wait until the machine is fit and nobody else measures on it, such as `--wait=2h`; without a duration as long as it
    /// takes
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = wait::wait_limit)]
    wait: Option<WaitLimit>,
    /// End with exit code 5 where a verdict is missing, `undecided` or `invalid`
    #[arg(long)]
    decide: bool,
    /// Print the results as one JSON document
    #[arg(long)]
    json: bool,
    /// Open the page in the browser when the run has ended
    #[arg(long)]
    open: bool,
}

impl Args {
    fn conditions(&self) -> StartConditions {
        StartConditions { offline: self.request.offline, strict: self.strict, wait: self.wait }
    }
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    let session = match &args.resume {
        None => Session::begin(&args.request, args.conditions(), places)?,
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
        println!("{}", report::text(&comparison));
        println!("bundle:  {}", format_path(&measured.bundle));
    }
    let published = flows::publish(&bundle, &comparison, &places.plots)?;
    if args.json {
        println!("{:#}", document(&measured, &comparison, &published));
    } else {
        println!("figures: {}", format_path(&published.plots));
        println!("page:    {}", format_path(&published.page));
    }
    if args.open {
        browser::open(&published.page);
    }
    Ok(exit(&measured, args.decide && !comparison.is_decided()))
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
        eprintln!("interrupted; `bench-runner run --resume {}` completes it", format_path(&measured.bundle));
        return Exit::Interrupted;
    }
    match () {
        () if measured.flawed => Exit::PartialFailure,
        () if undecided => Exit::Undecided,
        () => Exit::Done,
    }
}
