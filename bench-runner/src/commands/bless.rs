//! `bless`: accepts the level of a followed series, or acknowledges an alarm.

use std::path::PathBuf;

use bench_runner_core::tracking::{Blessing, SeriesId, TrackEvent};
use bench_runner_measure::scenario::RequestError;
use bench_runner_measure::tracking::TrackingFile;
use bench_runner_report::report;

use super::{EarlyEnd, Exit, PlaceArgs, WHAT_TO_COMPARE, tracked_places};
use crate::flows::{self, LogFile, Places};

/// Accept that builds take as long as they do now, or acknowledge an alarm of `track`
///
/// An accepted level is the one that later levels are compared with; alarms of the series are resolved. The reason is kept in the log
/// of the tracking file.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES, override_usage = USAGE)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["alarm", "project", "workload", "variant", "all"]))]
pub(crate) struct Args {
    /// The tracking file, such as `tracks/nightly.toml`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The series of this alarm (repeatable) [default: none]
    #[arg(long, value_name = "N", conflicts_with_all = ["project", "workload", "variant", "all"], help_heading = WHAT_TO_COMPARE)]
    alarm: Vec<u32>,
    /// All series of this project [default: any]
    #[arg(long, value_name = "NAME", help_heading = WHAT_TO_COMPARE)]
    project: Option<String>,
    /// All series of this kind of build [default: any]
    #[arg(long, value_name = "W", help_heading = WHAT_TO_COMPARE)]
    workload: Option<String>,
    /// All series of this branch, toolchain or linker, such as `branch=main` [default: any]
    #[arg(long, value_name = "NAME", help_heading = WHAT_TO_COMPARE)]
    variant: Option<String>,
    /// All series
    #[arg(long, conflicts_with_all = ["project", "workload", "variant"], help_heading = WHAT_TO_COMPARE)]
    all: bool,
    /// Only acknowledge the alarm: it stays until the level returns or is accepted
    #[arg(long, requires = "alarm")]
    acknowledge: bool,
    /// Reason, kept in the log
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: String,
}

const USAGE: &str =
    "bench-runner bless [OPTIONS] --reason <TEXT> <--alarm <N>|--variant <NAME>|…|--all> <FILE>";

const EXAMPLES: &str = "\
Examples:
  bench-runner bless tracks/nightly.toml --alarm 3 --acknowledge --reason 'known, see issue 12'
  bench-runner bless tracks/nightly.toml --alarm 3 --reason 'the new parser is worth it'
  bench-runner bless tracks/nightly.toml --variant toolchain=stable --reason 'update to 1.96'";

fn reason(text: &str) -> Result<String, String> {
    if text.trim().is_empty() { Err("give a reason".to_owned()) } else { Ok(text.trim().to_owned()) }
}

pub(crate) fn run(args: &Args, given: &PlaceArgs, places: &Places) -> Result<Exit, EarlyEnd> {
    let file = TrackingFile::read(&args.file)?;
    let results = tracked_places(&file, given, places).results;
    let machine = super::machine()?.directory_name();
    let mut log = LogFile::open(&results, &machine, &file.name)?;
    log.remarks.iter().for_each(|remark| errln!("note: {remark}"));
    if args.acknowledge {
        acknowledge(args, &mut log)?;
    } else {
        accept(args, &file, &results, &machine, &mut log)?;
    }
    Ok(Exit::Done)
}

fn acknowledge(args: &Args, log: &mut LogFile) -> Result<(), EarlyEnd> {
    for number in &args.alarm {
        let series = series_of_alarm(*number, log)?;
        log.add(TrackEvent::Acknowledged { alarm: *number, reason: args.reason.clone() })?;
        outln!("alarm {number}: acknowledged: {}", report::series_name(&series));
    }
    Ok(())
}

/// Accepts the newest level of each series that is asked for, and resolves its alarms.
fn accept(
    args: &Args,
    file: &TrackingFile,
    results: &std::path::Path,
    machine: &str,
    log: &mut LogFile,
) -> Result<(), EarlyEnd> {
    let of_alarms: Vec<SeriesId> =
        args.alarm.iter().map(|number| series_of_alarm(*number, log)).collect::<Result<_, _>>()?;
    let loaded = flows::load_runs(results, Some(machine), &file.metrics)?;
    let (all, _) = flows::night_series(&loaded.runs, &log.log, &file.metrics);
    let fits = |wanted: &Option<String>, name: &str| wanted.as_deref().is_none_or(|wanted| wanted == name);
    let is_asked = |id: &SeriesId| match args.alarm.as_slice() {
        [] => {
            fits(&args.project, &id.project)
                && fits(&args.workload, &id.workload)
                && fits(&args.variant, &id.variant)
        }
        _ => of_alarms.contains(id),
    };
    let asked: Vec<_> = all.iter().filter(|one| is_asked(&one.id)).collect();
    if asked.is_empty() && of_alarms.is_empty() {
        let known: Vec<String> = all.iter().map(|one| report::series_name(&one.id)).collect();
        let help = match known.as_slice() {
            [] => "there are none yet: `bench-runner track` measures the first night".to_owned(),
            known => format!("there are {}", known.join("; ")),
        };
        return Err(RequestError::usage("no series fits", Some(help)).into());
    }
    for one in asked {
        let Some(run) = one.runs.last() else { continue };
        let (series, run, reason) = (one.id.clone(), run.clone(), args.reason.clone());
        outln!("accepted: {} as in {run}", report::series_name(&series));
        let alarms: Vec<u32> = log
            .log
            .alarms
            .iter()
            .filter(|alarm| alarm.is_unresolved() && alarm.suspicion.series == series)
            .map(|alarm| alarm.number)
            .collect();
        log.add(TrackEvent::Blessed(Blessing { series, run, reason: reason.clone() }))?;
        for alarm in alarms {
            log.add(TrackEvent::Resolved { alarm, reason: format!("accepted: {reason}") })?;
            outln!("alarm {alarm}: resolved");
        }
    }
    resolve_without_values(args, log)
}

/// Resolves alarms whose series has no value any more: its runs were deleted, or its metric is not followed.
fn resolve_without_values(args: &Args, log: &mut LogFile) -> Result<(), EarlyEnd> {
    for number in &args.alarm {
        let left = log.log.alarms.iter().find(|alarm| alarm.number == *number && alarm.is_unresolved());
        let Some(series) = left.map(|alarm| report::series_name(&alarm.suspicion.series)) else { continue };
        log.add(TrackEvent::Resolved { alarm: *number, reason: args.reason.clone() })?;
        outln!(
            "alarm {number}: resolved; {series} has no values among the metrics of the file, so no level is accepted"
        );
    }
    Ok(())
}

fn series_of_alarm(number: u32, log: &LogFile) -> Result<SeriesId, EarlyEnd> {
    let found = log.log.alarms.iter().find(|alarm| alarm.number == number);
    let alarm = found.filter(|alarm| alarm.is_unresolved()).ok_or_else(|| {
        let message = match found {
            Some(_) => format!("alarm {number} is resolved already"),
            None => format!("there is no alarm {number}"),
        };
        let help = "`bench-runner track FILE --status` shows those that are not resolved".to_owned();
        RequestError::usage(message, Some(help))
    })?;
    Ok(alarm.suspicion.series.clone())
}
