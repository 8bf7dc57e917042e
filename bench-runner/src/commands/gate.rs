//! `gate`: is a commit or a configuration slower than its base?

mod old;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bench_runner_core::bundle::{self, Bundle, Status};
use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, GateOutcome, Policy, gate};
use bench_runner_core::record::{AS_CONFIGURED, Plan, PlanOrigin, Role};
use bench_runner_measure::corpus::sources::revisions;
use bench_runner_measure::scenario::{RequestError, Scenario};
use bench_runner_measure::tracking::{Tolerances, TrackingFile};
use bench_runner_report::report::{self, GateReport, OldGateReport};

use super::request::{self, PlanRequest, VerbScenario};
use super::session::Session;
use super::start::{PlanArgs, StartArgs};
use super::{
    EarlyEnd, Exit, HOW_LONG, HOW_TO_JUDGE, WHAT_TO_COMPARE, format_path, request_percent, short_commit,
    text_style,
};
use crate::flows::{self, Places, Projects};

/// Check in CI that a commit or a configuration does not make builds slower
///
/// Builds the base and the candidate in the same rounds on this machine, so that a slow or noisy CI runner does not
/// look like a slow build. The result is a regression (exit code 6) if the candidate is shown to be slower by more than
/// --tolerance, passed (0) if it is shown not to be, and otherwise unsure (5). If a build fails, the exit code is 3, unless
/// there is a regression.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Build nothing, and judge this finished run of `gate` or `run`, such as `results/MACHINE/RUN`
    #[arg(value_name = "RUN", conflicts_with_all = [
        "base", "candidate", "project", "workload", "time_budget", "rounds", "seed", "offline", "strict", "wait",
    ])]
    run: Option<PathBuf>,
    /// Commit, branch or tag that the candidate is compared with [default: the candidate's first parent; in a pull
    /// request of GitHub Actions, this is the branch that it goes to]
    #[arg(long, value_name = "REV", help_heading = WHAT_TO_COMPARE)]
    base: Option<String>,
    /// What is checked: a commit, branch or tag, or NAME=FILE for the settings in FILE (lines for `.cargo/config.toml` or a
    /// profile of `Cargo.toml`) against what you have now
    #[arg(long, value_name = "REV|NAME=FILE", default_value = "HEAD", help_heading = WHAT_TO_COMPARE)]
    candidate: String,
    /// Directory of your project
    #[arg(long, value_name = "PATH", default_value = "./", help_heading = WHAT_TO_COMPARE)]
    project: String,
    /// Kind of build, such as `clean`, `incremental` or `check` (repeatable; `bench-runner help run` lists them) [default:
    /// clean and incremental]
    #[arg(long, value_name = "W", help_heading = WHAT_TO_COMPARE)]
    workload: Vec<String>,
    /// How much slower any of these builds may become
    #[arg(long, value_name = "PCT", default_value = "3%", value_parser = request_percent, help_heading = HOW_TO_JUDGE)]
    tolerance: f64,
    /// Take the tolerances of the series from a tracking file; a series that it does not name has its default
    /// [default: --tolerance for all]
    #[arg(long, value_name = "FILE", conflicts_with = "tolerance", help_heading = HOW_TO_JUDGE)]
    tolerances: Option<PathBuf>,
    /// Compare the finished RUN with an older run of the same comparisons, or with `history`, the level of all earlier ones; needs
    /// five earlier runs, which show how much runs differ [default: its own baseline]
    #[arg(long, value_name = "RUN|history", requires = "run", help_heading = HOW_TO_JUDGE)]
    against: Option<String>,
    /// Time limit for the whole run
    #[arg(long, value_name = "DUR", default_value = "30m", value_parser = humantime::parse_duration, help_heading = HOW_LONG)]
    time_budget: Duration,
    /// Build N rounds, however precise the result is [default: as many as the precision needs, from 6 to 30]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(3..), help_heading = HOW_LONG)]
    rounds: Option<u32>,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    start: StartArgs,
    /// Print the result as Markdown, for a comment on a pull request or a job summary
    #[arg(long, conflicts_with = "json")]
    markdown: bool,
    /// Print the result as one JSON document
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner gate
  bench-runner gate --base main --candidate my-branch --tolerance 5%
  bench-runner gate --candidate mold=mold.toml --workload incremental
  bench-runner gate --base HEAD~10 --markdown > comment.md
  bench-runner gate results/MACHINE/RUN --against history";

/// Limits of the precision that builds are repeated for; half of the tolerance in between.
const LEAST_PRECISION: f64 = 0.005;
const MOST_PRECISION: f64 = 0.05;

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    let limits = Limits::read(args)?;
    match (&args.run, &args.against) {
        (Some(dir), Some(against)) => {
            let (report, is_flawed) = old::judge(dir, against, &limits, places)?;
            print_old(args, &report);
            Ok(exit(report.outcome(), is_flawed))
        }
        (Some(dir), None) => judge_finished(args, dir, &limits),
        (None, _) => measure(args, &limits, places, None),
    }
}

/// Allowed slowdowns of series.
struct Limits {
    /// For all without another one.
    default: f64,
    /// Those of a tracking file.
    file: Option<Tolerances>,
}

impl Limits {
    fn read(args: &Args) -> Result<Self, EarlyEnd> {
        let file = args.tolerances.as_ref().map(|path| TrackingFile::read(path)).transpose()?;
        let file = file.map(|file| file.tolerances);
        Ok(Self { default: file.as_ref().map_or(args.tolerance, |file| file.default), file })
    }

    /// The tolerance of a series, as a fraction.
    fn of(&self, project: &str, workload: &str, variant: &str) -> f64 {
        self.file.as_ref().map_or(self.default, |file| file.of(project, workload, variant, WALL))
    }

    /// The smallest tolerance under these workloads.
    fn least(&self, workloads: &[String]) -> f64 {
        self.file.as_ref().map_or(self.default, |file| file.least(workloads, WALL))
    }

    /// The tolerance of a comparison in a run.
    fn of_arm(&self, block: &BlockResult, arm: &ArmResult) -> f64 {
        let project = &block.setup.project;
        self.of(project, &block.workload, &arm.variant)
    }
}

/// The metric that gates judge.
const WALL: &str = "wall";

/// Base and candidate of a request.
struct GateQuestion {
    scenario: Scenario,
    candidate: String,
    base: String,
}

/// Measures and judges; `missing` says why a comparison that was asked for is not among those of `args`.
fn measure(args: &Args, limits: &Limits, places: &Places, missing: Option<String>) -> Result<Exit, EarlyEnd> {
    let is_retry = missing.is_some();
    let question = question(args, limits, places)?;
    let origin = PlanOrigin {
        by: PlanOrigin::GATE.into(),
        request: format!("{} against {}", question.candidate, question.base),
        stage: String::new(),
    };
    let request = PlanRequest::of_verb(question.scenario, args.plan.seed, origin);
    let conditions = args.start.conditions(&args.plan);
    let measured = match Session::begin(request, true, conditions, places)?.measure() {
        Ok(measured) => measured,
        // If no edit fits both commits, full builds can still be compared.
        Err(EarlyEnd::Error(error)) if error.is_request() && args.workload.is_empty() && !is_retry => {
            errln!("note: only full builds are compared: {error}");
            let reason = format!("rebuild after an edit: {error}");
            let args = Args { workload: vec!["clean".to_owned()], ..args.clone() };
            return measure(&args, limits, places, Some(reason));
        }
        Err(error) => return Err(error),
    };
    let bundle = bundle::open(&measured.bundle)?;
    let policy = Policy::default();
    let comparison = flows::judge(&bundle, &policy);
    let report = GateReport {
        candidate: question.candidate,
        base: question.base,
        tolerance: limits.default,
        gated: gate(&comparison, |block, arm| limits.of_arm(block, arm), &policy),
        left_out: left_out(&bundle, &comparison).into_iter().chain(missing).collect(),
    };
    print(args, &report, &bundle);
    // A page that cannot be written changes nothing about the result.
    match flows::publish(&bundle, &comparison, &policy, &places.plots) {
        Ok(published) if !(args.json || args.markdown) => outln!("page:    {}", format_path(&published.page)),
        Ok(_) => {}
        Err(error) => errln!("note: there is no page: {error}"),
    }
    if measured.interrupted {
        let dir = format_path(&measured.bundle);
        errln!(
            "interrupted; `bench-runner run --resume {dir}` completes it, and `bench-runner gate {dir}` judges it"
        );
        return Ok(Exit::Interrupted);
    }
    Ok(exit(report.outcome(), measured.flawed))
}

/// Commits of a project, or a configuration, as a scenario.
fn question(args: &Args, limits: &Limits, places: &Places) -> Result<GateQuestion, EarlyEnd> {
    let workloads = match args.workload.as_slice() {
        [] => ["clean", "incremental"].map(str::to_owned).to_vec(),
        given => given.to_vec(),
    };
    let scenario = VerbScenario { name: "gate", project: &args.project, workloads: &workloads };
    let (mut scenario, candidate, base) = if args.candidate.contains('=') {
        if let Some(base) = &args.base {
            let message =
                format!("`--base {base}` is a commit, and `--candidate {}` a configuration", args.candidate);
            let help = "a configuration is compared with what you have now: leave `--base` out".to_owned();
            return Err(RequestError::usage(message, Some(help)).into());
        }
        let variant = request::parse_variant(&args.candidate)?;
        let name = variant.name.clone();
        (scenario.of_variant(variant)?, name, AS_CONFIGURED.to_owned())
    } else {
        let dir = Projects::repository_of(&args.project, places)?;
        let base = args.base.clone().unwrap_or_else(|| format!("{}~1", args.candidate));
        let commits = [&base, &args.candidate].map(|name| revisions::resolve(&dir, name));
        let [base_commit, commit] = commits;
        let (base_commit, commit) = (base_commit?, commit?);
        if base_commit == commit {
            let message = format!("`{base}` and `{}` are the same commit, {commit}", args.candidate);
            let help = "there is nothing to compare: name another `--base`".to_owned();
            return Err(RequestError::usage(message, Some(help)).into());
        }
        let shown = |name: &str, commit: &str| format!("{name} ({})", short_commit(commit));
        let names = (shown(&args.candidate, &commit), shown(&base, &base_commit));
        (scenario.of_commits(&[base_commit, commit])?, names.0, names.1)
    };
    let sampling = &mut scenario.sampling;
    sampling.time_budget = Some(args.time_budget);
    let limit = limits.least(&workloads);
    sampling.margin = limit;
    sampling.precision = Some((0.5 * limit).clamp(LEAST_PRECISION, MOST_PRECISION));
    if let Some(rounds) = args.rounds {
        (sampling.min_rounds, sampling.max_rounds, sampling.precision) = (rounds, rounds, None);
    }
    if let Some(contradiction) = sampling.contradiction() {
        return Err(RequestError::usage(contradiction, None).into());
    }
    Ok(GateQuestion { scenario, candidate, base })
}

fn judge_finished(args: &Args, dir: &Path, limits: &Limits) -> Result<Exit, EarlyEnd> {
    let bundle = bundle::open(dir)?;
    bundle.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    let policy = Policy::default();
    let comparison = flows::judge(&bundle, &policy);
    let (candidate, base) = names(&bundle.manifest.plan);
    let gated = gate(&comparison, |block, arm| limits.of_arm(block, arm), &policy);
    let left_out = left_out(&bundle, &comparison);
    let report = GateReport { candidate, base, tolerance: limits.default, gated, left_out };
    print(args, &report, &bundle);
    Ok(exit(report.outcome(), has_failures(&comparison)))
}

/// Names of candidate and base: those of the request, or of the variants.
fn names(plan: &Plan) -> (String, String) {
    let asked = plan.origin.as_ref().filter(|origin| origin.by == PlanOrigin::GATE);
    if let Some((candidate, base)) = asked.and_then(|origin| origin.request.split_once(" against ")) {
        return (candidate.to_owned(), base.to_owned());
    }
    let names = |role: Role| {
        let arms = plan.blocks.iter().flat_map(|block| &block.arms).filter(|arm| arm.role == role);
        let mut names: Vec<&str> = Vec::new();
        for arm in arms {
            if !names.contains(&arm.variant.name.as_str()) {
                names.push(&arm.variant.name);
            }
        }
        names.join(", ")
    };
    (names(Role::Variant), names(Role::Baseline))
}

/// Requested comparisons that were not made, as clauses.
fn left_out(bundle: &Bundle, comparison: &Comparison) -> Vec<String> {
    let mut all: Vec<String> = comparison
        .skipped
        .iter()
        .map(|skipped| format!("{} in {}: {}", skipped.variant, skipped.block, skipped.reason))
        .collect();
    if bundle.manifest.status != Status::Complete {
        let resume = format!("`bench-runner run --resume {}`", format_path(&bundle.dir));
        all.push(format!("the run is not complete; {resume} completes it"));
    }
    all
}

fn has_failures(comparison: &Comparison) -> bool {
    comparison
        .blocks
        .iter()
        .flat_map(|block| &block.arms)
        .any(|arm| arm.failures > 0 || arm.not_timed.is_some())
}

fn print(args: &Args, report: &GateReport<'_>, bundle: &Bundle) {
    if args.json {
        let mut document = report::gate_json(report);
        document["bundle"] = bundle.dir.display().to_string().into();
        outln!("{document:#}");
    } else if args.markdown {
        out!("{}", report::gate_markdown(report));
    } else {
        out!("{}", report::gate_text(report, text_style(false)));
        outln!("run:     {}", format_path(&bundle.dir));
    }
}

fn print_old(args: &Args, report: &OldGateReport) {
    match () {
        () if args.json => outln!("{:#}", report::old_gate_json(report)),
        () if args.markdown => out!("{}", report::old_gate_markdown(report)),
        () => out!("{}", report::old_gate_text(report, text_style(false))),
    }
}

fn exit(outcome: GateOutcome, flawed: bool) -> Exit {
    match outcome {
        GateOutcome::Regressed => Exit::Regression,
        _ if flawed => Exit::PartialFailure,
        GateOutcome::Unsure => Exit::Undecided,
        GateOutcome::Passed => Exit::Done,
    }
}
