//! `bisect`: which commit changed the build time?

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bench_runner_core::bundle;
use bench_runner_core::record::PlanOrigin;
use bench_runner_core::stats::{BisectionState, LEVEL, bisect};
use bench_runner_measure::corpus::sources::revisions;
use bench_runner_measure::scenario::{RequestError, Scenario};
use bench_runner_report::figure::wording;

use super::layout::hanging;
use super::request::{PlanRequest, VerbScenario};
use super::session::Session;
use super::start::{PlanArgs, StartArgs};
use super::{
    EarlyEnd, Exit, HOW_LONG, HOW_TO_JUDGE, WHAT_TO_COMPARE, format_path, pluralize, short_commit, text_style,
};
use crate::flows::{BisectionSteps, FlowError, Places, Projects};

/// Find the commit that changed the build time, in few builds
///
/// A binary search for noisy times. Each step is a run of its own that builds both ends and one commit in between in
/// the same rounds, so a machine that becomes slower does not look like a slower commit. All steps together give each
/// commit a probability; a commit is built again while its side is uncertain. The same command goes on where it was
/// interrupted, and uses the steps that are in `results/` already. Exit code 0: found; 5: not within the limits, or
/// the ends do not differ.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES, mut_arg("seed", |arg| arg.help(SEED)))]
pub(crate) struct Args {
    /// Older commit, branch or tag, from before the change
    #[arg(long, value_name = "REV", help_heading = WHAT_TO_COMPARE)]
    good: String,
    /// Newer one, with the change; the older one must be among its first parents
    #[arg(long, value_name = "REV", default_value = "HEAD", help_heading = WHAT_TO_COMPARE)]
    bad: String,
    /// Directory of your project
    #[arg(long, value_name = "PATH", default_value = "./", help_heading = WHAT_TO_COMPARE)]
    project: String,
    /// Kind of build, such as `clean`, `incremental` or `check` (`bench-runner help run` lists them)
    #[arg(long, value_name = "W", default_value = "clean", help_heading = WHAT_TO_COMPARE)]
    workload: String,
    /// Commit that is not to be built, such as one that is known not to build (repeatable) [default: none]
    #[arg(long, value_name = "REV", help_heading = WHAT_TO_COMPARE)]
    skip: Vec<String>,
    /// Rounds of each step
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..), help_heading = HOW_LONG)]
    rounds: u32,
    /// Build at most N steps, those of earlier calls included
    #[arg(long, value_name = "N", default_value_t = 60, help_heading = HOW_LONG)]
    max_steps: usize,
    /// Begin no further step after this time, such as `2h` [default: no limit]
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration, help_heading = HOW_LONG)]
    time_budget: Option<Duration>,
    /// Stop when a commit is the one with this probability
    #[arg(long, value_name = "PCT", default_value = "95%", value_parser = confidence, help_heading = HOW_TO_JUDGE)]
    confidence: f64,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    start: StartArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

/// Help text of `--seed`.
const SEED: &str = "Seed for the random build order of the first step; later steps count on from it [default: from the clock]";

const EXAMPLES: &str = "\
Examples:
  bench-runner bisect --good HEAD~30
  bench-runner bisect --good v1.2.0 --bad main --workload incremental --time-budget 2h";

/// The ends differ below this p-value. It is low, since it is asked after every step.
const DIFFER: f64 = 0.01;
/// After this many steps, ends that look the same are not searched any further.
const STEPS_FOR_EQUAL_ENDS: usize = 8;
/// Ends look the same if the interval of their ratio contains 1 and is within ± this share.
const LOOKS_EQUAL: f64 = 0.03;

fn confidence(text: &str) -> Result<f64, String> {
    match text.trim().trim_end_matches('%').trim().parse::<f64>() {
        Ok(percent) if (50.0..100.0).contains(&percent) => Ok(percent / 100.0),
        _ => Err("expected a percentage from 50% to below 100%, such as 95%".to_owned()),
    }
}

/// The commits of a search.
struct Range {
    dir: PathBuf,
    good: String,
    /// Commits after the good end, oldest first; the last is the bad end.
    commits: Vec<String>,
    /// Numbers of commits that are not to be built.
    skipped: Vec<usize>,
    /// Name of the search in the origin of its runs.
    request: String,
}

impl Range {
    fn of(args: &Args, places: &Places) -> Result<Self, EarlyEnd> {
        let dir = Projects::repository_of(&args.project, places)?;
        let good = revisions::resolve(&dir, &args.good)?;
        let bad = revisions::resolve(&dir, &args.bad)?;
        let commits = revisions::between(&dir, &good, &bad)?;
        if commits.len() < 2 {
            let message = format!("{bad} follows {good} directly, so there is nothing to search");
            let help =
                format!("compare them: `bench-runner gate --base {} --candidate {}`", args.good, args.bad);
            return Err(RequestError::usage(message, Some(help)).into());
        }
        // Projects of one repository are told apart by their places in it.
        let place = revisions::place(&dir)?;
        // Steps with other numbers of rounds do not weigh the same.
        let request = format!("{good}..{bad} {} in {place}, {} rounds a step", args.workload, args.rounds);
        let number = |name: &String| -> Result<usize, EarlyEnd> {
            let commit = revisions::resolve(&dir, name)?;
            let at = commits.iter().position(|known| *known == commit);
            at.map(|at| at + 1).ok_or_else(|| {
                let message = format!("`--skip {name}` is not one of the commits that are searched");
                RequestError::usage(message, Some("name a commit between the two ends".to_owned())).into()
            })
        };
        let skipped = args.skip.iter().map(number).collect::<Result<_, _>>()?;
        Ok(Self { dir, good, commits, skipped, request })
    }

    /// The commit with a number, from 1.
    fn commit(&self, number: usize) -> &str {
        &self.commits[number - 1]
    }

    fn bad(&self) -> &str {
        self.commit(self.commits.len())
    }

    /// A commit for readers: id and subject.
    fn shown(&self, commit: &str) -> String {
        match revisions::subject(&self.dir, commit) {
            subject if subject.is_empty() => short_commit(commit).to_owned(),
            subject => format!("{} ({subject})", short_commit(commit)),
        }
    }
}

/// Why a search has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SearchEnd {
    Found,
    /// The two ends do not differ measurably.
    EqualEnds,
    /// No step is left: of the limit, of the time, or no commit that can be built.
    OutOfSteps,
    OutOfTime,
    NothingToBuild,
    Interrupted,
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    let range = Range::of(args, places)?;
    let machine = places.results.join(super::machine()?.directory_name());
    let mut steps = BisectionSteps::find(&machine, &range.request, &range.commits);
    steps.remarks.drain(..).for_each(|remark| errln!("note: {remark}"));
    if !steps.bundles.is_empty() {
        errln!("continuing: {} of this search done before", pluralize(steps.bundles.len(), "step"));
    }
    let begun = Instant::now();
    let end = loop {
        let state = bisect(range.commits.len(), &steps.rounds);
        errln!("{}", progress(&range, &steps, &state));
        if let Some(end) = finished(args, &steps, &state, begun.elapsed()) {
            break end;
        }
        let built: Vec<usize> = steps.rounds.iter().map(|round| round.commit).collect();
        let excluded: Vec<usize> = steps.not_built.iter().chain(&range.skipped).copied().collect();
        let Some(next) = state.next(&built, &excluded) else { break SearchEnd::NothingToBuild };
        if !step(args, places, &range, next, &mut steps)? {
            break SearchEnd::Interrupted;
        }
    };
    let state = bisect(range.commits.len(), &steps.rounds);
    if args.json {
        outln!("{:#}", document(args, &range, &steps, &state, end));
    } else {
        out!("{}", answer(args, &range, &steps, &state, end));
    }
    Ok(match end {
        SearchEnd::Found => Exit::Done,
        SearchEnd::Interrupted => Exit::Interrupted,
        _ => Exit::Undecided,
    })
}

/// Measures one step; false if it was interrupted.
fn step(
    args: &Args,
    places: &Places,
    range: &Range,
    number: usize,
    steps: &mut BisectionSteps,
) -> Result<bool, EarlyEnd> {
    let step = steps.bundles.len() + 1;
    errln!("step {step}: {}", range.shown(range.commit(number)));
    let stage = format!("{step}: {}", range.commit(number));
    let origin = PlanOrigin { by: PlanOrigin::BISECT.into(), request: range.request.clone(), stage };
    let seed = args.plan.seed.map(|seed| seed.wrapping_add(steps.bundles.len() as u64));
    let request = PlanRequest::of_verb(scenario(args, range, number)?, seed, origin);
    let conditions = args.start.conditions(&args.plan);
    let measured = match Session::begin(request, true, conditions, places)?.measure() {
        Ok(measured) => measured,
        // An error about this commit alone, such as that no edit fits it, skips the commit and does not end the search.
        Err(EarlyEnd::Error(error)) if error.is_request() && names_only(&error, range, number) => {
            errln!("note: {} is passed over: {error}", short_commit(range.commit(number)));
            steps.not_built.push(number);
            return Ok(true);
        }
        Err(error) => return Err(error),
    };
    if measured.interrupted {
        return Ok(false);
    }
    let remarks = steps.remarks.len();
    steps.add(&bundle::open(&measured.bundle)?, &range.commits);
    let is_usable = steps.rounds.last().is_some_and(|round| round.commit == number)
        || steps.not_built.last() == Some(&number);
    steps.remarks.drain(remarks..).for_each(|remark| errln!("note: {remark}"));
    if !is_usable {
        let message = format!("{}: an end of the search could not be built", format_path(&measured.bundle));
        let help = "name other commits for `--good` and `--bad`, which must both build".to_owned();
        return Err(RequestError::usage(message, Some(help)).into());
    }
    Ok(true)
}

/// True if an error names a commit and neither of the ends.
fn names_only(error: &FlowError, range: &Range, number: usize) -> bool {
    let text = error.to_string();
    text.contains(range.commit(number)) && !text.contains(&range.good) && !text.contains(range.bad())
}

fn scenario(args: &Args, range: &Range, number: usize) -> Result<Scenario, EarlyEnd> {
    let workloads = [args.workload.clone()];
    let verb = VerbScenario { name: "bisect", project: &args.project, workloads: &workloads };
    let commits = [range.good.clone(), range.commit(number).to_owned(), range.bad().to_owned()];
    let mut scenario = verb.of_commits(&commits)?;
    // The two ends show the noise, in every step.
    scenario.matrices.iter_mut().for_each(|matrix| matrix.twin = false);
    let sampling = &mut scenario.sampling;
    (sampling.min_rounds, sampling.max_rounds, sampling.precision) = (args.rounds, args.rounds, None);
    Ok(scenario)
}

fn finished(
    args: &Args,
    steps: &BisectionSteps,
    state: &BisectionState,
    spent: Duration,
) -> Option<SearchEnd> {
    let differ = state.p_equal.is_some_and(|p| p < DIFFER);
    let equal = state.step.is_some_and(|step| {
        let (low, high) = step.interval(LEVEL);
        low < 0.0 && 0.0 < high && low.abs().max(high) < LOOKS_EQUAL.ln_1p()
    });
    match () {
        () if differ && state.best().is_some_and(|(_, probability)| probability >= args.confidence) => {
            Some(SearchEnd::Found)
        }
        () if equal && steps.rounds.len() >= STEPS_FOR_EQUAL_ENDS => Some(SearchEnd::EqualEnds),
        () if steps.made >= args.max_steps => Some(SearchEnd::OutOfSteps),
        () if args.time_budget.is_some_and(|budget| spent >= budget) => Some(SearchEnd::OutOfTime),
        () => None,
    }
}

/// A probability for readers: never 100%, which no measurement shows.
fn probability_text(probability: f64) -> String {
    if probability > 0.999 { "more than 99.9%".to_owned() } else { wording::share(probability) }
}

/// The difference of the ends in words.
fn ends(state: &BisectionState) -> Option<String> {
    let step = state.step?;
    let (low, high) = step.interval(LEVEL);
    let phrase = wording::interval_phrase(step.value.exp(), (low.exp(), high.exp()));
    Some(format!("the bad end takes {phrase}"))
}

fn progress(range: &Range, steps: &BisectionSteps, state: &BisectionState) -> String {
    let commits = pluralize(range.commits.len(), "commit");
    let Some(ends) = ends(state) else {
        return format!("bisect: {commits}, {} so far", pluralize(steps.bundles.len(), "step"));
    };
    let best = state.best().map(|(number, probability)| {
        let share = probability_text(probability);
        format!("; most probable: {} with {share}", short_commit(range.commit(number)))
    });
    let steps = pluralize(steps.bundles.len(), "step");
    format!("bisect: {commits}, {steps} so far: {ends}{}", best.unwrap_or_default())
}

fn answer(
    args: &Args,
    range: &Range,
    steps: &BisectionSteps,
    state: &BisectionState,
    end: SearchEnd,
) -> String {
    let width = text_style(false).width;
    let distinct = distinct_commits(steps);
    let effort = format!(
        "{}, {} of {} built in between, {} in all",
        pluralize(steps.bundles.len(), "step"),
        distinct,
        pluralize(range.commits.len() - 1, "commit"),
        pluralize(steps.builds, "build"),
    );
    let mut paragraphs = vec![("result: ", sentence(args, range, state, end))];
    paragraphs.extend(ends(state).map(|ends| ("ends: ", ends)));
    if !steps.not_built.is_empty() {
        let names: Vec<&str> =
            steps.not_built.iter().map(|&number| short_commit(range.commit(number))).collect();
        let text = format!(
            "{}: their builds failed or timed out, or they cannot be built here; delete the run of one to try it again",
            names.join(", ")
        );
        paragraphs.push(("not built: ", text));
    }
    paragraphs.push(("effort: ", effort));
    paragraphs.iter().map(|(label, text)| hanging(label, text, width)).collect()
}

fn distinct_commits(steps: &BisectionSteps) -> usize {
    let mut built: Vec<usize> = steps.rounds.iter().map(|round| round.commit).collect();
    built.sort_unstable();
    built.dedup();
    built.len()
}

fn sentence(args: &Args, range: &Range, state: &BisectionState, end: SearchEnd) -> String {
    let most_probable = || {
        let Some((first, last)) = state.range(args.confidence) else { return String::new() };
        let count = last - first + 1;
        let (first, last) = (range.shown(range.commit(first)), range.shown(range.commit(last)));
        let share = wording::share(args.confidence);
        if count == 1 {
            format!("; with a probability of {share} it is {first}")
        } else {
            format!("; with a probability of {share} it is one of {count} commits, from {first} to {last}")
        }
    };
    match end {
        SearchEnd::Found => {
            let (number, probability) = state.best().unwrap_or((range.commits.len(), 0.0));
            let commit = range.shown(range.commit(number));
            format!("{commit} changed the build time, with a probability of {}", probability_text(probability))
        }
        SearchEnd::EqualEnds => {
            "not found: no difference between the two ends was shown, and it is small if there is one; more `--rounds`, or \
             `bench-runner gate`, can show a smaller one"
                .to_owned()
        }
        SearchEnd::OutOfSteps => format!("not found within {}{}", pluralize(args.max_steps, "step"), most_probable()),
        SearchEnd::OutOfTime => format!("not found within the time budget{}", most_probable()),
        SearchEnd::NothingToBuild => {
            format!("not found: the commits that would tell more cannot be built or are skipped{}", most_probable())
        }
        SearchEnd::Interrupted => "interrupted; the same command goes on from here".to_owned(),
    }
}

fn document(
    args: &Args,
    range: &Range,
    steps: &BisectionSteps,
    state: &BisectionState,
    end: SearchEnd,
) -> serde_json::Value {
    let best = state.best();
    let interval = state.step.map(|step| step.interval(LEVEL));
    let commit = |number: usize| range.commit(number).to_owned();
    let probable = state.range(args.confidence).map(|(first, last)| [commit(first), commit(last)]);
    let outcome = match end {
        SearchEnd::Found => "found",
        SearchEnd::EqualEnds => "equal-ends",
        SearchEnd::OutOfSteps => "out-of-steps",
        SearchEnd::OutOfTime => "out-of-time",
        SearchEnd::NothingToBuild => "nothing-to-build",
        SearchEnd::Interrupted => "interrupted",
    };
    serde_json::json!({
        "outcome": outcome,
        "good": range.good, "bad": range.bad(), "workload": args.workload,
        "commits": range.commits.len(),
        "most_probable": best.map(|(number, _)| commit(number)),
        "probability": best.map(|(_, probability)| probability),
        "range": probable,
        "ratio": state.step.map(|step| step.value.exp()),
        "ratio_low": interval.map(|(low, _)| low.exp()),
        "ratio_high": interval.map(|(_, high)| high.exp()),
        "p_equal_ends": state.p_equal,
        "steps": steps.bundles.len(), "distinct_commits": distinct_commits(steps), "builds": steps.builds,
        "not_built": steps.not_built.iter().map(|&number| commit(number)).collect::<Vec<_>>(),
        "bundles": steps.bundles.iter().map(|dir| dir.display().to_string()).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_confidence_is_a_percentage() {
        assert_eq!(confidence("95%"), Ok(0.95));
        assert_eq!(confidence("99.5"), Ok(0.995));
        assert!(["100%", "20%", "x", ""].iter().all(|text| confidence(text).is_err()));
    }
}
