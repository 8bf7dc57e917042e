//! `run`: the main job.

use std::path::PathBuf;

use anyhow::Context as _;
use bench_runner_core::bundle;
use bench_runner_core::compare::Policy;
use bench_runner_measure::process;
use bench_runner_report::report;

use super::request::{self, RequestArgs};
use super::waiting::{self, Patience, Waited};
use super::{Exit, measuring, open, shown};
use crate::flows::{self, FlowError, Laboratory, MeasureOptions, Measured, Places, Workplace};

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
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = waiting::patience)]
    wait: Option<Patience>,
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

/// Carries out the verb.
pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    process::install_interrupts().context("failed to listen to signals")?;
    if args.strict && args.wait.is_none() && !measuring::fit(places) {
        return Ok(Exit::Unfit);
    }
    let options = measuring::options()?;
    let workplace = Workplace::open(places, args.request.offline, true)?;
    let laboratory = match laboratory(args, &workplace, places, &options)? {
        Ok(laboratory) => laboratory,
        Err(exit) => return Ok(exit),
    };
    let measured = match &args.resume {
        Some(dir) => {
            let unfinished = laboratory.unfinished(dir)?;
            let plan = unfinished.manifest.plan.clone();
            let workshops = workplace.workshops(&plan)?;
            let mut progress = measuring::progress(&plan, &workplace);
            let measured = laboratory.resume(unfinished, &workshops, &mut progress);
            progress.end();
            measured?
        }
        None => {
            let mut plan = request::plan(&args.request, &workplace, places)?;
            let Some(workshops) = measuring::prepared(&mut plan, &workplace)? else {
                return Ok(Exit::Interrupted);
            };
            if args.strict && !measuring::is_faithful(&plan) {
                return Ok(Exit::Unfit);
            }
            measuring::carried_out(laboratory, &plan, &workshops, &workplace)?
        }
    };
    finish(args, places, &measured)
}

/// The right to measure, waited for if that is asked; or how the verb ends without it.
fn laboratory<'a>(
    args: &Args,
    workplace: &'a Workplace,
    places: &'a Places,
    options: &'a MeasureOptions,
) -> Result<Result<Laboratory<'a>, Exit>, FlowError> {
    loop {
        match args.wait.map(|Patience(limit)| waiting::for_machine(places, limit)).transpose()? {
            None | Some(Waited::Ready) => {}
            Some(Waited::InVain) => return Ok(Err(Exit::Unfit)),
            Some(Waited::Interrupted) => return Ok(Err(Exit::Interrupted)),
        }
        match Laboratory::open(workplace, places, options) {
            // Somebody else was faster.
            Err(error) if args.wait.is_some() && error.is_busy() => {}
            opened => return opened.map(Ok),
        }
    }
}

fn finish(args: &Args, places: &Places, measured: &Measured) -> Result<Exit, FlowError> {
    let bundle = bundle::open(&measured.bundle)?;
    let comparison = flows::judge(&bundle, &Policy::default());
    if !args.json {
        // Before anything is drawn: a full disk must not cost what was measured.
        println!("{}", report::text(&comparison));
        println!("bundle:  {}", shown(&measured.bundle));
    }
    let published = flows::publish(&bundle, &comparison, &places.plots)?;
    if args.json {
        let mut document = report::json(&comparison);
        document["bundle"] = measured.bundle.display().to_string().into();
        document["plots"] = published.plots.display().to_string().into();
        document["page"] = published.page.display().to_string().into();
        document["interrupted"] = measured.interrupted.into();
        println!("{document:#}");
    } else {
        println!("figures: {}", shown(&published.plots));
        println!("page:    {}", shown(&published.page));
    }
    if args.open {
        open::open(&published.page);
    }
    if measured.interrupted {
        eprintln!("interrupted; `bench-runner run --resume {}` completes it", shown(&measured.bundle));
        return Ok(Exit::Interrupted);
    }
    Ok(match () {
        () if measured.flawed => Exit::Flawed,
        () if args.decide && !comparison.is_decided() => Exit::Undecided,
        () => Exit::Done,
    })
}
