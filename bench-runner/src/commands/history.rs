//! `history`: the course of build times over many runs.

use std::collections::HashMap;
use std::path::PathBuf;

use bench_runner_core::history::{
    HistoryOrder, HistoryRun, RunSeries, SeriesKey, TimeSeries, collect, judge,
};
use bench_runner_core::record::{METRICS, Treatment};
use bench_runner_core::tracking::join_anchors;
use bench_runner_measure::corpus::sources::revisions;
use bench_runner_measure::scenario::RequestError;
use bench_runner_report::report::{self, HistoryReport};

use super::{EarlyEnd, Exit, WHAT_TO_COMPARE, WHERE_TO, format_path, pluralize, text_style};
use crate::flows::{self, Places};

/// Show how build times developed over many runs, and where they changed
///
/// Reads all complete runs below `results/`. A series has one value per run: the ratio of a variant to its baseline, which a
/// slower machine does not change, or the time of the baseline, which shows the machine. Runs that compare a commit with a
/// fixed one (`--axis rev=FIXED,NEW`) make one series, whatever the new commit is. Changes are searched in all series
/// together, so that few of them are chance, and are printed with what else changed at the same time, such as the
/// compiler. Alarms of `track` and levels that were accepted are shown with their series. A page for each machine, with all series as figures, is written to `plots/history-MACHINE/`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only this machine: a directory below `results/` [default: all]
    #[arg(long, value_name = "DIR", help_heading = WHAT_TO_COMPARE)]
    machine: Option<String>,
    /// Only this project (repeatable) [default: all]
    #[arg(long, value_name = "NAME", help_heading = WHAT_TO_COMPARE)]
    project: Vec<String>,
    /// Only this workload (repeatable) [default: all]
    #[arg(long, value_name = "W", help_heading = WHAT_TO_COMPARE)]
    workload: Vec<String>,
    /// Metric, such as `wall`, `cpu` or `max_rss` (repeatable)
    #[arg(long, value_name = "NAME", default_value = "wall", help_heading = WHAT_TO_COMPARE)]
    metric: Vec<String>,
    /// Order values by their commits, along the first parents of this commit, branch or tag. Values of other commits
    /// are left out [default: by time]
    #[arg(long, value_name = "REV", help_heading = WHAT_TO_COMPARE)]
    by_commits: Option<String>,
    /// Order values by their compilers, oldest first: those of `backfill --toolchains`. All others are left out [default: by
    /// time]
    #[arg(long, conflicts_with = "by_commits", help_heading = WHAT_TO_COMPARE)]
    by_toolchains: bool,
    /// Repository of --by-commits
    #[arg(long, value_name = "PATH", default_value = "./", requires = "by_commits", help_heading = WHAT_TO_COMPARE)]
    repository: PathBuf,
    /// Output format
    #[arg(long, value_enum, default_value_t, conflicts_with = "json", help_heading = WHERE_TO)]
    format: HistoryFormat,
    /// Print one JSON document with all values
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner history
  bench-runner history --project titlecase --workload incremental
  bench-runner history --by-commits main
  bench-runner history --by-toolchains
  bench-runner history --format csv > history.csv";

/// Output format of a history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum HistoryFormat {
    /// Tables with small charts for a terminal
    #[default]
    Text,
    /// All values as CSV
    Csv,
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    if !places.results.is_dir() {
        let message = format!("there are no runs: {} is not a directory", format_path(&places.results));
        let help = "`bench-runner run` makes the first one; `--results` names another directory".to_owned();
        return Err(RequestError::usage(message, Some(help)).into());
    }
    if let Some(machine) = args.machine.as_ref().filter(|name| !places.results.join(name).is_dir()) {
        let message = format!("there is no machine `{machine}` in {}", format_path(&places.results));
        let help = "machines are the directories there".to_owned();
        return Err(RequestError::usage(message, Some(help)).into());
    }
    check_metrics(&args.metric)?;
    let loaded = flows::load_runs(&places.results, args.machine.as_deref(), &args.metric)?;
    loaded.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    let order = order(args);
    let (counted, others): (Vec<RunSeries>, Vec<RunSeries>) =
        loaded.runs.into_iter().partition(|run| flows::is_of_history(&run.run, order));
    if !others.is_empty() {
        let runs = pluralize(others.len(), "run");
        let hint = match order {
            HistoryOrder::Time => "; --by-commits and --by-toolchains have those of `backfill`",
            HistoryOrder::Commits | HistoryOrder::Toolchains => "",
        };
        errln!(
            "note: {runs} of `bisect`, `gate` and `backfill`, and second looks of `track`, left out{hint}"
        );
    }
    let (mut series, joined) = join_anchors(collect(&counted));
    joined.iter().for_each(|one| errln!("note: {}", report::joined_text(one)));
    // The points are in the series now, and there are many of them.
    let runs: Vec<HistoryRun> = counted.into_iter().map(|one| one.run).collect();
    check_filters(args, &series)?;
    series.retain(|one| wanted(args, &one.key));
    match &args.by_commits {
        Some(rev) => order_by_commits(args, rev, &mut series)?,
        None if args.by_toolchains => order_by_toolchains(&mut series)?,
        None => {}
    }
    let history = judge(series);
    let runs: Vec<&HistoryRun> = runs.iter().collect();
    let machines = match &args.machine {
        Some(name) => vec![places.results.join(name)],
        None => flows::machine_dirs(&places.results)?,
    };
    let logs = flows::load_marks(&machines);
    logs.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    let report = HistoryReport { history: &history, runs: &runs, marks: &logs.marks, order };
    if let HistoryFormat::Text = args.format
        && !args.json
    {
        // Before pages are drawn: a full disk must not cost the results.
        out!("{}", report::history_text(&report, text_style(false)));
    }
    let pages = flows::publish_history(&report, &places.plots)?;
    match args.format {
        _ if args.json => {
            let mut document = report::history_json(&report);
            document["pages"] = pages.iter().map(|page| page.display().to_string()).collect();
            outln!("{document:#}");
        }
        HistoryFormat::Text => pages.iter().for_each(|page| outln!("page:    {}", format_path(page))),
        HistoryFormat::Csv => {
            // Standard output must contain only the values.
            out!("{}", report::history_csv(&report).map_err(anyhow::Error::from)?);
            pages.iter().for_each(|page| errln!("page: {}", format_path(page)));
        }
    }
    Ok(Exit::Done)
}

fn wanted(args: &Args, key: &SeriesKey) -> bool {
    let any = |names: &[String], name: &str| names.is_empty() || names.iter().any(|one| one == name);
    any(&args.project, &key.project) && any(&args.workload, &key.workload)
}

fn check_metrics(names: &[String]) -> Result<(), EarlyEnd> {
    let known =
        || METRICS.iter().filter(|metric| metric.treatment != Treatment::Drawn).map(|metric| metric.name);
    match names.iter().find(|name| known().all(|one| one != name.as_str())) {
        None => Ok(()),
        Some(name) => {
            let help = format!("there are {}", known().collect::<Vec<_>>().join(", "));
            Err(RequestError::usage(format!("there is no metric `{name}`"), Some(help)).into())
        }
    }
}

/// Word for a filter, the names that it allows, and the part of a key that it looks at.
type Filter<'a> = (&'a str, &'a [String], fn(&SeriesKey) -> &str);

/// Checks that every name occurs: one that does not is a typo.
fn check_filters(args: &Args, series: &[TimeSeries]) -> Result<(), EarlyEnd> {
    let filters: [Filter<'_>; 2] =
        [("project", &args.project, |key| &key.project), ("workload", &args.workload, |key| &key.workload)];
    for (what, names, of) in filters {
        for name in names {
            if series.iter().any(|one| of(&one.key) == name) || series.is_empty() {
                continue;
            }
            let mut known: Vec<&str> = series.iter().map(|one| of(&one.key)).collect();
            known.sort_unstable();
            known.dedup();
            let help = format!("there are {}", known.join(", "));
            return Err(RequestError::usage(format!("no run has the {what} `{name}`"), Some(help)).into());
        }
    }
    Ok(())
}

fn order(args: &Args) -> HistoryOrder {
    match &args.by_commits {
        Some(_) => HistoryOrder::Commits,
        None if args.by_toolchains => HistoryOrder::Toolchains,
        None => HistoryOrder::Time,
    }
}

/// Keeps the series of toolchains alone, the oldest compiler first.
fn order_by_toolchains(series: &mut Vec<TimeSeries>) -> Result<(), EarlyEnd> {
    series.retain(|one| one.points.iter().any(|point| point.compiler.is_some()));
    if series.is_empty() {
        let help = "`bench-runner backfill --toolchains all` measures the installed ones".to_owned();
        return Err(RequestError::usage("no run has measured toolchains", Some(help)).into());
    }
    for one in series {
        one.order_by_toolchains();
    }
    Ok(())
}

fn order_by_commits(args: &Args, rev: &str, series: &mut Vec<TimeSeries>) -> Result<(), EarlyEnd> {
    let commits = revisions::first_parents(&args.repository, &revisions::resolve(&args.repository, rev)?)?;
    let places: HashMap<String, usize> =
        commits.into_iter().enumerate().map(|(place, commit)| (commit, place)).collect();
    let mut removed = 0;
    for one in series.iter_mut().filter(|one| one.points.iter().any(|point| point.commit.is_some())) {
        removed += one.order_by_commits(&places);
    }
    series.retain(|one| one.points.iter().any(|point| point.commit.is_some()));
    if removed > 0 {
        let values = pluralize(removed, "value");
        errln!("note: {values} left out, of commits that are not among the first parents of {rev}");
    }
    Ok(())
}
