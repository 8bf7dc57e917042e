//! `backfill`: measures commits of the past or installed toolchains, for a history.

mod candidates;
mod choice;
mod commits;
mod toolchains;

use std::time::{Duration, Instant};

use bench_runner_core::bundle::{self, Bundle};
use bench_runner_core::compare::{Comparison, Policy};
use bench_runner_core::record::{PlanOrigin, Role};
use bench_runner_measure::scenario::RequestError;

use super::request::{PlanRequest, VerbScenario};
use super::session::Session;
use super::start::{PlanArgs, StartArgs};
use super::{EarlyEnd, Exit, HOW_LONG, WHAT_TO_COMPARE, format_path, pluralize};
use crate::flows::{self, MeasuredRun, Places};
use candidates::{Candidate, Candidates};

/// Measure commits of the past or installed toolchains, so that `history` shows when the build time changed
///
/// Each run builds a few commits and a fixed one, the anchor, in the same rounds; `history` shows their ratios to the anchor, which a slower
/// machine does not change. Commits that were measured against the same anchor on this machine are not built again, so
/// the same command goes on where it was interrupted; with `--where-unsure` it chooses further ones.
///
/// With `--toolchains`, each run builds one commit with a few of the installed toolchains, and the anchor is a toolchain. A
/// compiler is known by its version and commit, whatever its toolchain is called. A commit or a toolchain that cannot be built is left
/// out with the reason.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES, mut_arg("seed", |arg| arg.help(SEED)))]
pub(crate) struct Args {
    /// Commits to measure: those after FROM up to TO, along the first parents of TO; commits, branches or tags
    #[arg(value_name = "FROM..TO", required_unless_present = "toolchains", conflicts_with = "toolchains")]
    range: Option<String>,
    /// Measure toolchains in place of commits: `all` that rustup has installed, or names for rustup and directories, separated
    /// by commas (repeatable) [default: commits]
    #[arg(long, value_name = "all|NAME,…", value_delimiter = ',', help_heading = WHAT_TO_COMPARE)]
    toolchains: Vec<String>,
    /// Commit that --toolchains builds [default: HEAD; the project as it is, if it is not in a git repository]
    #[arg(long, value_name = "REV", conflicts_with = "range", help_heading = WHAT_TO_COMPARE)]
    commit: Option<String>,
    /// Directory of your project
    #[arg(long, value_name = "PATH", default_value = "./", help_heading = WHAT_TO_COMPARE)]
    project: String,
    /// Kind of build, such as `clean`, `incremental` or `check` (repeatable; `bench-runner help run` lists them) [default: clean]
    #[arg(long, value_name = "W", help_heading = WHAT_TO_COMPARE)]
    workload: Vec<String>,
    /// Commit or toolchain that all others are compared with [default: FROM; the oldest toolchain]
    #[arg(long, value_name = "REV|NAME", help_heading = WHAT_TO_COMPARE)]
    anchor: Option<String>,
    /// Measure N commits or toolchains, evenly spread over all [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = WHAT_TO_COMPARE)]
    count: Option<u32>,
    /// Measure the commits or toolchains between which the history changed or has the longest gap, instead of evenly spread ones.
    /// Needs --count
    #[arg(long, requires = "count", help_heading = WHAT_TO_COMPARE)]
    where_unsure: bool,
    /// Commits or toolchains in each run, besides the anchor and its control
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20), help_heading = HOW_LONG)]
    per_run: u32,
    /// Rounds of each run
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(3..), help_heading = HOW_LONG)]
    rounds: u32,
    /// Begin no further run after this time, such as `4h` [default: no limit]
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration, help_heading = HOW_LONG)]
    time_budget: Option<Duration>,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    start: StartArgs,
}

/// Help text of `--seed`.
const SEED: &str =
    "Seed for the random build order of the first run; later runs count on from it [default: from the clock]";

const EXAMPLES: &str = "\
Examples:
  bench-runner backfill HEAD~30..HEAD --count 10
  bench-runner backfill HEAD~30..HEAD --count 5 --where-unsure
  bench-runner backfill v1.0.0..main --workload incremental --time-budget 8h
  bench-runner backfill --toolchains all
  bench-runner backfill --toolchains 1.85,1.90,stable,nightly --commit v1.0.0 --anchor 1.90";

/// Candidates and workloads of a `backfill`.
struct Backfill<'a> {
    args: &'a Args,
    places: &'a Places,
    workloads: Vec<String>,
    candidates: Candidates,
}

/// End of a run.
enum RunEnd {
    /// `is_flawed` if something was left out or failed.
    Measured {
        is_flawed: bool,
    },
    Interrupted,
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    let workloads = if args.workload.is_empty() { vec!["clean".to_owned()] } else { args.workload.clone() };
    let candidates = match &args.range {
        Some(range) => commits::candidates(args, range, &workloads, places)?,
        None => toolchains::candidates(args, &workloads, places)?,
    };
    let backfill = Backfill { args, places, workloads, candidates };
    let all = &backfill.candidates.all;
    let values: Vec<Option<f64>> = all.iter().map(|one| one.measured).collect();
    let places = choice::choose(args.count, args.where_unsure, &values);
    let wanted: Vec<&Candidate> = places.into_iter().map(|at| &all[at]).collect();
    errln!(
        "backfill: {} {}, {} measured before, {} to measure",
        pluralize(all.len(), backfill.candidates.varied.noun()),
        if args.range.is_some() { "in the range" } else { "besides the anchor" },
        values.iter().flatten().count(),
        wanted.len()
    );
    backfill.measure_all(&choice::runs(&wanted, args.per_run as usize))
}

impl Backfill<'_> {
    fn measure_all(&self, runs: &[Vec<&Candidate>]) -> Result<Exit, EarlyEnd> {
        let (begun, mut flawed) = (Instant::now(), false);
        for (number, chosen) in runs.iter().enumerate() {
            if self.args.time_budget.is_some_and(|budget| begun.elapsed() >= budget) {
                self.report_rest(&runs[number..]);
                return Ok(if flawed { Exit::PartialFailure } else { Exit::Undecided });
            }
            let named: Vec<&str> = chosen.iter().map(|one| one.shown.as_str()).collect();
            errln!("run {} of {}: {}", number + 1, runs.len(), named.join(", "));
            match self.measure_run(number, chosen.clone())? {
                RunEnd::Measured { is_flawed } => flawed |= is_flawed,
                RunEnd::Interrupted => {
                    let noun = self.candidates.varied.noun();
                    errln!(
                        "interrupted; the same command goes on with the {noun}s that are not measured yet"
                    );
                    return Ok(Exit::Interrupted);
                }
            }
        }
        outln!("next:    {}", self.candidates.next);
        Ok(if flawed { Exit::PartialFailure } else { Exit::Done })
    }

    fn report_rest(&self, runs: &[Vec<&Candidate>]) {
        let left: usize = runs.iter().map(Vec::len).sum();
        let left = pluralize(left, self.candidates.varied.noun());
        errln!("the time budget is used up: {left} not measured");
        if !self.args.where_unsure {
            errln!("the same command goes on with them");
        }
    }

    /// Measures one run; what cannot be prepared is left out, and the others are measured.
    fn measure_run(&self, number: usize, mut chosen: Vec<&Candidate>) -> Result<RunEnd, EarlyEnd> {
        let mut is_flawed = false;
        while !chosen.is_empty() {
            let error = match self.begin(number, &chosen)?.measure() {
                Ok(measured) => return self.conclude(&measured, is_flawed),
                Err(EarlyEnd::Error(error)) => error,
                Err(early) => return Err(early),
            };
            let refused = self.candidates.refused(&error, &chosen);
            if refused.is_empty() {
                return Err(error.into());
            }
            for (one, reason) in &refused {
                errln!("note: {} is left out: {reason}", one.shown);
            }
            chosen.retain(|one| refused.iter().all(|(other, _)| other != one));
            is_flawed = true;
        }
        Ok(RunEnd::Measured { is_flawed })
    }

    fn begin(&self, number: usize, chosen: &[&Candidate]) -> Result<Session, EarlyEnd> {
        let Self { args, candidates, .. } = self;
        let verb = VerbScenario { name: "backfill", project: &args.project, workloads: &self.workloads };
        let mut scenario = candidates.varied.scenario(verb, &candidates.anchor, chosen)?;
        let sampling = &mut scenario.sampling;
        (sampling.min_rounds, sampling.max_rounds, sampling.precision) = (args.rounds, args.rounds, None);
        let origin = PlanOrigin {
            by: PlanOrigin::BACKFILL.into(),
            request: candidates.request.clone(),
            stage: (number + 1).to_string(),
        };
        let seed = args.plan.seed.map(|seed| seed.wrapping_add(number as u64));
        let request = PlanRequest::of_verb(scenario, seed, origin);
        Session::begin(request, true, args.start.conditions(&args.plan), self.places)
    }

    /// Says what a run has left out. The anchor must have been built.
    fn conclude(&self, measured: &MeasuredRun, is_flawed: bool) -> Result<RunEnd, EarlyEnd> {
        let bundle = bundle::open(&measured.bundle)?;
        let skipped = &bundle.manifest.plan.skipped;
        skipped.iter().for_each(|one| errln!("note: {} is left out: {}", one.variant, one.reason));
        let comparison = flows::judge(&bundle, &Policy::default());
        if let Some(reason) = why_no_anchor(&bundle, &comparison).filter(|_| !measured.interrupted) {
            return Err(self.without_anchor(measured, &reason).into());
        }
        note_not_timed(&comparison);
        outln!("run:     {}", format_path(&measured.bundle));
        if measured.interrupted {
            return Ok(RunEnd::Interrupted);
        }
        Ok(RunEnd::Measured { is_flawed: is_flawed || measured.flawed || !skipped.is_empty() })
    }

    fn without_anchor(&self, measured: &MeasuredRun, reason: &str) -> RequestError {
        let Candidates { varied, anchor, all, .. } = &self.candidates;
        let (run, noun) = (format_path(&measured.bundle), varied.noun());
        let message =
            format!("{run}: no {noun} could be compared with the anchor {}: {reason}", anchor.shown);
        let other = all.first().map(|one| format!(", such as `--anchor {}`", one.value)).unwrap_or_default();
        RequestError::usage(message, Some(format!("name another anchor{other}")))
    }
}

/// Prints the variants that were not timed, each with the reason.
fn note_not_timed(comparison: &Comparison) {
    let arms = comparison.blocks.iter().flat_map(|block| &block.arms).filter(|arm| arm.role == Role::Variant);
    for (name, reason) in arms.filter_map(|arm| Some((&arm.variant, arm.not_timed.as_ref()?))) {
        errln!("note: {name} is left out: {reason}");
    }
}

/// The reason for which the anchor was not built in any comparison; `None` if it was, or if nothing was left to compare with it.
fn why_no_anchor(bundle: &Bundle, comparison: &Comparison) -> Option<String> {
    let mut reasons = comparison.blocks.iter().map(|block| {
        let arm = block.arms.get(block.baseline)?;
        let ends = bundle.manifest.blocks.iter().filter(|end| end.block == block.id);
        let given_up = ends.flat_map(|end| &end.not_timed).find(|arm| arm.role == Role::Baseline);
        match given_up {
            Some(arm) => Some(arm.reason.clone()),
            None if arm.points.is_empty() && arm.failures > 0 => {
                Some("none of its builds succeeded".to_owned())
            }
            None => None,
        }
    });
    // One comparison with the anchor is enough.
    let first = reasons.next()?;
    reasons.fold(first, |reason, other| reason.and(other))
}
