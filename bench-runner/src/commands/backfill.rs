//! `backfill`: measures commits of the past, for a history.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use bench_runner_core::bundle;
use bench_runner_core::compare::Policy;
use bench_runner_core::history::{Quantity, RunSeries, collect};
use bench_runner_core::record::PlanOrigin;
use bench_runner_core::stats::levels;
use bench_runner_measure::corpus::shell_word;
use bench_runner_measure::corpus::sources::revisions;
use bench_runner_measure::scenario::{RequestError, Scenario};

use super::request::{PlanRequest, VerbScenario};
use super::session::{Session, StartConditions};
use super::wait::{self, WaitLimit};
use super::{EarlyEnd, Exit, HOW_LONG, WHAT_TO_COMPARE, format_path, pluralize, short_commit};
use crate::flows::{self, Places, Projects};

/// Measure commits of the past, so that `history` shows when the build time changed
///
/// Each run builds a few commits and a fixed one, the anchor, in the same rounds; `history` shows their ratios to the anchor, which a slower
/// machine does not change. Commits that were measured against the same anchor on this machine are not built again, so
/// the same command goes on where it was interrupted; with `--where-unsure` it chooses further ones.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Commits to measure: those after FROM up to TO, along the first parents of TO; commits, branches or tags
    #[arg(value_name = "FROM..TO")]
    range: String,
    /// Directory of your project
    #[arg(long, value_name = "PATH", default_value = "./", help_heading = WHAT_TO_COMPARE)]
    project: String,
    /// Kind of build, such as `clean`, `incremental` or `check` (repeatable; `bench-runner help run` lists them) [default: clean]
    #[arg(long, value_name = "W", help_heading = WHAT_TO_COMPARE)]
    workload: Vec<String>,
    /// Commit that all others are compared with [default: FROM]
    #[arg(long, value_name = "REV", help_heading = WHAT_TO_COMPARE)]
    anchor: Option<String>,
    /// Measure N commits, evenly spread over the range [default: all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), help_heading = WHAT_TO_COMPARE)]
    count: Option<u32>,
    /// Measure the commits between which the history changed or has the longest gap, instead of evenly spread ones. Needs --count
    #[arg(long, requires = "count", help_heading = WHAT_TO_COMPARE)]
    where_unsure: bool,
    /// Commits in each run, besides the anchor and its control
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20), help_heading = HOW_LONG)]
    per_run: u32,
    /// Rounds of each run
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u32).range(3..), help_heading = HOW_LONG)]
    rounds: u32,
    /// Begin no further run after this time, such as `4h` [default: no limit]
    #[arg(long, value_name = "DUR", value_parser = humantime::parse_duration, help_heading = HOW_LONG)]
    time_budget: Option<Duration>,
    /// Seed for the random build order of the first run; later runs count on from it [default: from the clock]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Never access the network
    #[arg(long)]
    offline: bool,
    /// Wait until the machine is fit and no other run measures on it, for at most DURATION if given, as in `--wait=2h`
    /// [default: do not wait; with `--wait` alone, no limit]
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = wait::wait_limit)]
    wait: Option<WaitLimit>,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner backfill HEAD~30..HEAD --count 10
  bench-runner backfill HEAD~30..HEAD --count 5 --where-unsure
  bench-runner backfill v1.0.0..main --workload incremental --time-budget 8h";

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    let Some((from, to)) = args.range.split_once("..") else {
        let message = format!("`{}` is not a range of commits", args.range);
        return Err(
            RequestError::usage(message, Some("write FROM..TO, such as `HEAD~30..HEAD`".into())).into()
        );
    };
    let dir = Projects::repository_of(&args.project, places)?;
    let to = if to.is_empty() { "HEAD" } else { to };
    let (from, to) = (revisions::resolve(&dir, from)?, revisions::resolve(&dir, to)?);
    let anchor = match &args.anchor {
        Some(name) => revisions::resolve(&dir, name)?,
        None => from.clone(),
    };
    let commits: Vec<String> =
        revisions::between(&dir, &from, &to)?.into_iter().filter(|commit| *commit != anchor).collect();
    let workloads = if args.workload.is_empty() { vec!["clean".to_owned()] } else { args.workload.clone() };
    let project = Projects::name_of(&args.project, places)?;
    let measured = measured_before(places, &project, &anchor, &workloads)?;
    let values: Vec<Option<f64>> = commits.iter().map(|commit| measured.get(commit).copied()).collect();
    let wanted: Vec<&String> = choose(args, &values).into_iter().map(|at| &commits[at]).collect();
    let before = values.iter().flatten().count();
    errln!(
        "backfill: {} in the range, {before} measured before, {} to measure",
        pluralize(commits.len(), "commit"),
        wanted.len()
    );
    let (begun, mut flawed) = (Instant::now(), false);
    let runs = runs(&wanted, args.per_run as usize);
    for (number, commits) in runs.iter().enumerate() {
        if args.time_budget.is_some_and(|budget| begun.elapsed() >= budget) {
            let left: usize = runs[number..].iter().map(Vec::len).sum();
            errln!("the time budget is used up: {} not measured", pluralize(left, "commit"));
            if !args.where_unsure {
                errln!("the same command goes on with them");
            }
            return Ok(if flawed { Exit::PartialFailure } else { Exit::Undecided });
        }
        let named: Vec<&str> = commits.iter().map(|commit| short_commit(commit)).collect();
        errln!("run {} of {}: {}", number + 1, runs.len(), named.join(", "));
        let scenario = scenario(args, &workloads, &anchor, commits)?;
        let origin = PlanOrigin {
            by: "backfill".into(),
            request: format!("{from}..{to}"),
            stage: (number + 1).to_string(),
        };
        let seed = args.seed.map(|seed| seed.wrapping_add(number as u64));
        let request = PlanRequest::of_verb(scenario, seed, origin);
        let conditions = StartConditions { offline: args.offline, strict: false, wait: args.wait };
        let measured = Session::begin(request, true, conditions, places)?.measure()?;
        let bundle = bundle::open(&measured.bundle)?;
        let skipped = &bundle.manifest.plan.skipped;
        skipped.iter().for_each(|one| errln!("note: {} is left out: {}", one.variant, one.reason));
        flawed |= !skipped.is_empty();
        let comparison = flows::judge(&bundle, &Policy::default());
        let compared = comparison.blocks.iter().flat_map(|block| &block.arms).any(|arm| arm.ratio.is_some());
        if !compared && !measured.interrupted {
            let message =
                format!("{}: no commit could be compared with the anchor", format_path(&measured.bundle));
            let help =
                format!("if {} does not build any more, name another `--anchor`", short_commit(&anchor));
            return Err(RequestError::usage(message, Some(help)).into());
        }
        outln!("run:     {}", format_path(&measured.bundle));
        if measured.interrupted {
            errln!("interrupted; the same command goes on with the commits that are not measured yet");
            return Ok(Exit::Interrupted);
        }
        flawed |= measured.flawed;
    }
    outln!("next:    bench-runner history --by-commits {to} --repository {}", shell_word(&args.project));
    Ok(if flawed { Exit::PartialFailure } else { Exit::Done })
}

fn scenario(
    args: &Args,
    workloads: &[String],
    anchor: &str,
    commits: &[&String],
) -> Result<Scenario, EarlyEnd> {
    let verb = VerbScenario { name: "backfill", project: &args.project, workloads };
    let revs: Vec<String> =
        std::iter::once(anchor.to_owned()).chain(commits.iter().map(|one| (*one).clone())).collect();
    let mut scenario = verb.of_commits(&revs)?;
    let sampling = &mut scenario.sampling;
    (sampling.min_rounds, sampling.max_rounds, sampling.precision) = (args.rounds, args.rounds, None);
    Ok(scenario)
}

/// The commits that this machine has measured against the anchor under all the workloads, with their ln ratio under the first.
fn measured_before(
    places: &Places,
    project: &str,
    anchor: &str,
    workloads: &[String],
) -> Result<BTreeMap<String, f64>, EarlyEnd> {
    let machine = super::machine()?.directory_name();
    if !places.results.join(&machine).is_dir() {
        return Ok(BTreeMap::new());
    }
    let loaded = flows::load_runs(&places.results, Some(&machine), &["wall".to_owned()])?;
    loaded.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    let baseline = format!("rev={anchor}");
    let runs: Vec<RunSeries> =
        loaded.runs.into_iter().filter(|run| flows::is_of_history(&run.run, true)).collect();
    let series: Vec<_> = collect(&runs)
        .into_iter()
        .filter(|one| one.key.variant == "commits" && one.key.fixed.is_empty())
        .filter(|one| one.key.project == project && one.key.baseline == baseline)
        .filter(|one| one.key.quantity == Quantity::Ratio && one.key.metric == "wall")
        .collect();
    let of = |workload: &String| -> BTreeMap<String, f64> {
        let points = series.iter().filter(|one| one.key.workload == *workload).flat_map(|one| &one.points);
        let valid = points.filter(|point| !point.invalid);
        valid.filter_map(|point| Some((point.commit.clone()?, point.value.value))).collect()
    };
    let mut all = workloads.iter().map(of);
    let mut measured = all.next().unwrap_or_default();
    for other in all {
        measured.retain(|commit, _| other.contains_key(commit));
    }
    Ok(measured)
}

/// Places of the commits to measure, in order. `values` are the ln ratios of those that are measured.
fn choose(args: &Args, values: &[Option<f64>]) -> Vec<usize> {
    let Some(count) = args.count.map(|count| count as usize) else {
        return (0..values.len()).filter(|&at| values[at].is_none()).collect();
    };
    let places = if args.where_unsure { where_unsure(values, count) } else { evenly(values.len(), count) };
    places.into_iter().filter(|&at| values[at].is_none()).collect()
}

/// `count` of `of` places, the last one included.
fn evenly(of: usize, count: usize) -> Vec<usize> {
    let count = count.min(of);
    let places: BTreeSet<usize> =
        (1..=count).map(|number| (number * of).div_ceil(count.max(1)) - 1).collect();
    places.into_iter().collect()
}

/// Places that tell most about where the values change: the middles of the gaps between measured neighbors, those at
/// a change of level first, then the longest.
fn where_unsure(values: &[Option<f64>], count: usize) -> Vec<usize> {
    let known: Vec<usize> = (0..values.len()).filter(|&at| values[at].is_some()).collect();
    let series: Vec<_> = known
        .iter()
        .filter_map(|&at| {
            Some(bench_runner_core::stats::UncertainValue { value: values[at]?, se: 0.0, df: 9.0 })
        })
        .collect();
    let changed: BTreeSet<usize> = levels(&series, 0.05)
        .map(|found| found.changes.iter().map(|change| change.at).collect())
        .unwrap_or_default();
    // Each gap: whether a level changes across it, and the places at its ends, which are measured or the range's.
    let mut gaps: Vec<(bool, usize, usize)> = Vec::new();
    let ends = std::iter::once(0).chain(known.iter().map(|at| at + 1));
    let begins = known.iter().copied().chain([values.len()]);
    for (number, (begin, end)) in ends.zip(begins).enumerate() {
        gaps.push((changed.contains(&number), begin, end));
    }
    let mut chosen = BTreeSet::new();
    while chosen.len() < count {
        let best = gaps.iter().enumerate().filter(|(_, (_, begin, end))| begin < end);
        let Some((at, &(is_change, begin, end))) =
            best.max_by_key(|(_, (is_change, begin, end))| (*is_change, end - begin))
        else {
            break;
        };
        let middle = begin + (end - begin) / 2;
        chosen.insert(middle);
        gaps.remove(at);
        gaps.extend([(is_change, begin, middle), (is_change, middle + 1, end)]);
    }
    chosen.into_iter().collect()
}

/// Distributes commits over runs, so that each run has commits from the whole range.
fn runs<'c>(commits: &[&'c String], per_run: usize) -> Vec<Vec<&'c String>> {
    let count = commits.len().div_ceil(per_run.max(1));
    (0..count).map(|run| commits.iter().skip(run).step_by(count).copied().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_evenly_and_include_the_last() {
        assert_eq!(evenly(10, 5), [1, 3, 5, 7, 9]);
        assert_eq!(evenly(10, 3), [3, 6, 9]);
        assert_eq!(evenly(3, 9), [0, 1, 2]);
        assert_eq!(evenly(7, 1), [6]);
    }

    #[test]
    fn unsure_places_are_at_a_change_and_in_long_gaps() {
        let mut values = vec![None; 40];
        for (at, value) in
            [(0, 0.001), (5, 0.0), (10, 0.002), (15, 0.001), (25, 0.101), (30, 0.1), (35, 0.102), (39, 0.1)]
        {
            values[at] = Some(value);
        }
        assert_eq!(where_unsure(&values, 1), [20], "between the two levels");
        assert_eq!(where_unsure(&values, 3), [18, 20, 23]);
        assert_eq!(where_unsure(&[None, None, None], 1), [1]);
        assert_eq!(where_unsure(&[Some(0.0)], 3), Vec::<usize>::new());
    }

    #[test]
    fn every_run_spans_the_range() {
        let names: Vec<String> = (0..7).map(|at| at.to_string()).collect();
        let commits: Vec<&String> = names.iter().collect();
        let runs = runs(&commits, 3);
        let shape: Vec<Vec<&str>> =
            runs.iter().map(|run| run.iter().map(|one| one.as_str()).collect()).collect();
        assert_eq!(shape, [vec!["0", "3", "6"], vec!["1", "4"], vec!["2", "5"]]);
        assert!(super::runs(&[], 3).is_empty());
    }
}
