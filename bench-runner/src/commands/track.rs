//! `track`: one night of a tracking file.

mod night;

use std::path::PathBuf;

use bench_runner_measure::scenario::{RequestError, Scenario};
use bench_runner_measure::tracking::TrackingFile;
use bench_runner_report::report::{self, TrackReport};

use super::start::{PlanArgs, StartArgs};
use super::{EarlyEnd, Exit, PlaceArgs, format_path, text_style, tracked_places};
use crate::built_in;
use crate::flows::{LogFile, Places};
use night::{NightRequest, TrackNight};

/// Build what a tracking file follows, and raise an alarm if builds became slower: the command for a timer
///
/// Asks which commits, toolchains and linkers are new, and builds them in the same rounds as an anchor: a frozen commit
/// under a frozen toolchain. A series that became slower is measured again, with the old and the new state in the same rounds,
/// before it becomes an alarm. Nights without anything new build the anchors alone, once a week. docs/TRACKING.md explains the file.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// The tracking file, such as `tracks/nightly.toml`
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Build nothing, and print the alarms and suspicions that are recorded
    #[arg(long, conflicts_with_all = ["seed", "offline", "strict", "wait"])]
    status: bool,
    /// Build everything, even if nothing is new
    #[arg(long, conflicts_with = "status")]
    anyway: bool,
    #[command(flatten)]
    plan: PlanArgs,
    #[command(flatten)]
    start: StartArgs,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  bench-runner track tracks/nightly.toml
  bench-runner track tracks/nightly.toml --wait=2h --json
  bench-runner track tracks/nightly.toml --status";

pub(crate) fn run(args: &Args, given: &PlaceArgs, places: &Places) -> Result<Exit, EarlyEnd> {
    let file = TrackingFile::read(&args.file)?;
    let places = tracked_places(&file, given, places);
    let machine = super::machine()?.directory_name();
    if args.status {
        return status(args, &file, &machine, &places);
    }
    let scenario = scenario(&file, &places)?;
    let log = LogFile::open(&places.results, &machine, &file.name)?;
    let request = NightRequest {
        file: &file,
        scenario: scenario.as_ref(),
        seed: args.plan.seed,
        anyway: args.anyway,
        conditions: args.start.conditions(&args.plan),
    };
    let mut night = TrackNight::begin(request, log, machine, &places)?;
    let exit = night.run()?;
    print(args, &night.report(), night.pages());
    Ok(exit)
}

/// Prints the alarms and suspicions that are recorded.
fn status(args: &Args, file: &TrackingFile, machine: &str, places: &Places) -> Result<Exit, EarlyEnd> {
    let recorded = LogFile::read(&places.results, machine, &file.name)?;
    let log = &recorded.log;
    let report = TrackReport {
        name: &file.name,
        machine,
        pending: &log.pending,
        unresolved: log.alarms.iter().filter(|alarm| alarm.is_unresolved()).collect(),
        remarks: recorded.remarks.clone(),
        nights: log.nights.len(),
        last_night: log.nights.last().map(|(at, _)| at.as_str()),
        ..TrackReport::default()
    };
    print(args, &report, &[]);
    Ok(Exit::Done)
}

fn print(args: &Args, report: &TrackReport<'_>, pages: &[PathBuf]) {
    if args.json {
        let mut document = report::track_json(report);
        document["pages"] = pages.iter().map(|page| page.display().to_string()).collect();
        outln!("{document:#}");
    } else {
        out!("{}", report::track_text(report, text_style(false)));
        pages.iter().for_each(|page| outln!("page:   {}", format_path(page)));
    }
}

/// The scenario of a tracking file, if it names one.
fn scenario(file: &TrackingFile, places: &Places) -> Result<Option<Scenario>, RequestError> {
    let Some(word) = &file.scenario else { return Ok(None) };
    let library = built_in::library(places.checkout.as_deref())?;
    library.get(&word.text).map(Some)
}
