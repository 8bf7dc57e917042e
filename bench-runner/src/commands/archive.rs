//! `archive`: old runs into one compressed file per machine and month.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bench_runner_core::bundle::BundleError;
use bench_runner_core::bundle::archive::{is_month, path_of};
use bench_runner_core::compare::pluralize;
use bench_runner_core::record::Refusal;
use bench_runner_measure::scenario::RequestError;
use serde_json::{Value, json};

use super::question::ask;
use super::{EarlyEnd, Exit, format_duration, format_path, print_error};
use crate::flows::{self, ArchivePlan, ArchivedMachine, FlowError, Places, RunSelection};

/// Pack old runs into one compressed file per machine and month
///
/// Packs complete runs, with all of their files, into `results/MACHINE/archive-YYYY-MM.zip`. Every command reads them there
/// as before, by their old paths too. A directory is removed only when its files have been read back from the archive. Runs
/// that are not complete stay. If it is interrupted, nothing is lost, and the next call completes it.
///
/// With --thin it also drops the samples and logs of the archived runs and keeps the log-ratios of each round. `history` then
/// shows the same values, but the runs cannot be reported, compared or exported any more. It asks before that.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Only this machine: a directory below `results/` [default: all]
    #[arg(long, value_name = "DIR", help_heading = WHAT_TO_ARCHIVE)]
    machine: Option<String>,
    /// Only runs that ended this long ago, such as `90d` or `1year`
    #[arg(long, value_name = "DUR", default_value = "90d", value_parser = humantime::parse_duration, help_heading = WHAT_TO_ARCHIVE)]
    older_than: Duration,
    /// Only runs that began in this month, such as `2026-03`, whatever their age [default: by age]
    #[arg(long, value_name = "YYYY-MM", value_parser = month, conflicts_with = "older_than", help_heading = WHAT_TO_ARCHIVE)]
    month: Option<String>,
    /// Also drop the samples and logs of these runs, once they are archived. This cannot be undone
    #[arg(long)]
    thin: bool,
    /// Drop samples without asking
    #[arg(long, requires = "thin")]
    yes: bool,
    /// Print what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

const WHAT_TO_ARCHIVE: &str = "What to archive";

const EXAMPLES: &str = "\
Examples:
  bench-runner archive --dry-run
  bench-runner archive --older-than 180d
  bench-runner archive --month 2026-03
  bench-runner archive --thin --older-than 2years";

fn month(text: &str) -> Result<String, String> {
    match is_month(text) {
        true => Ok(text.to_owned()),
        false => Err("expected a month such as 2026-03".to_owned()),
    }
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    let selection = match &args.month {
        Some(month) => RunSelection::Month(month.clone()),
        None => flows::ended_before(args.older_than),
    };
    let machines = machines(args, places)?;
    if args.dry_run {
        return dry_run(args, &machines, &selection);
    }
    let is_interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if args.thin && !args.yes && !is_interactive {
        let message =
            "`archive --thin` drops samples for good, so it asks before, and this is not a terminal";
        let help = "`--dry-run` shows what would be dropped; `--yes` drops it without asking";
        return Err(RequestError::usage(message.to_owned(), Some(help.to_owned())).into());
    }
    let mut done: Vec<(PathBuf, ArchivedMachine)> = Vec::new();
    for machine in &machines {
        let archived = flows::archive(machine, &selection);
        print_archived(args, machine, &archived);
        done.push((machine.clone(), archived));
    }
    let mut exit = Exit::Done;
    if args.thin {
        exit = thin(args, &machines, &selection, &mut done)?;
    }
    if args.json {
        let documents = done.iter().map(|(machine, archived)| document(machine, archived));
        outln!("{:#}", Value::Array(documents.collect()));
    } else if done.iter().all(|(_, one)| one.packed.is_empty() && one.thinned.is_empty()) {
        outln!("nothing was archived");
    }
    let failed = done.iter().any(|(_, archived)| !archived.failed.is_empty());
    Ok(if failed { Exit::Failed } else { exit })
}

/// The directories of the machines.
fn machines(args: &Args, places: &Places) -> Result<Vec<PathBuf>, EarlyEnd> {
    let results = &places.results;
    if !results.is_dir() {
        let message = format!("there are no runs: {} is not a directory", format_path(results));
        let help = "`--results` names another directory".to_owned();
        return Err(RequestError::usage(message, Some(help)).into());
    }
    match &args.machine {
        None => Ok(flows::machine_dirs(results)?),
        Some(name) if results.join(name).is_dir() => Ok(vec![results.join(name)]),
        Some(name) => {
            let message = format!("there is no machine `{name}` in {}", format_path(results));
            let help = "machines are the directories there".to_owned();
            Err(RequestError::usage(message, Some(help)).into())
        }
    }
}

fn dry_run(args: &Args, machines: &[PathBuf], selection: &RunSelection) -> Result<Exit, EarlyEnd> {
    let mut documents = Vec::new();
    let mut damaged = false;
    for machine in machines {
        let plan = flows::plan_archive(machine, selection, args.thin)?;
        damaged |= !plan.unreadable.is_empty();
        plan.unreadable.iter().for_each(|error| errln!("error: {error}"));
        if args.json {
            documents.push(planned_document(args, machine, &plan));
            continue;
        }
        for (month, runs) in &plan.months {
            let bytes = runs.iter().map(|(_, bytes)| bytes).sum();
            let archive = format_path(&path_of(machine, month));
            outln!("would archive: {archive}: {}, {}", pluralize(runs.len(), "run"), size(bytes));
            runs.iter().for_each(|(run, _)| outln!("               {}", format_path(&machine.join(run))));
        }
        if args.thin {
            for (files, bytes) in &plan.thinnable {
                outln!("would thin:    {}: {} of samples and logs", format_path(files.path()), size(*bytes));
            }
            let runs = plan.months.values().flatten().count();
            if runs > 0 {
                outln!("would thin:    {} of those that would be archived", pluralize(runs, "run"));
            }
        }
        print_staying(&plan.staying.iter().map(|one| (&*one.run, &*one.reason)).collect::<Vec<_>>());
        print_not_selected(args, machine, plan.not_selected.len());
    }
    if args.json {
        outln!("{:#}", Value::Array(documents));
    }
    Ok(if damaged { Exit::Failed } else { Exit::Done })
}

/// Asks, and drops the samples.
fn thin(
    args: &Args,
    machines: &[PathBuf],
    selection: &RunSelection,
    done: &mut [(PathBuf, ArchivedMachine)],
) -> Result<Exit, EarlyEnd> {
    let mut thinnable = Vec::new();
    for machine in machines {
        thinnable.extend(flows::plan_archive(machine, selection, true)?.thinnable);
    }
    if thinnable.is_empty() {
        errln!("note: there is nothing to thin: no archived run that is selected has samples");
        return Ok(Exit::Done);
    }
    if !args.yes {
        thinnable.iter().for_each(|(files, _)| errln!("{}", format_path(files.path())));
        let bytes = thinnable.iter().map(|(_, bytes)| bytes).sum();
        let runs = pluralize(thinnable.len(), "run");
        if !ask(&format!("drop {} of samples and logs of {runs} for good?", size(bytes)))? {
            errln!("nothing was dropped");
            return Ok(Exit::Unfit);
        }
    }
    for (machine, archived) in done {
        let thinned = flows::thin(machine, selection);
        print_thinned(args, &thinned);
        archived.thinned = thinned.thinned;
        archived.failed.extend(thinned.failed);
    }
    Ok(Exit::Done)
}

fn print_archived(args: &Args, machine: &Path, archived: &ArchivedMachine) {
    let leftovers = &archived.leftovers;
    leftovers.done.iter().chain(&leftovers.kept).for_each(|sentence| errln!("note: {sentence}"));
    print_failed(&archived.failed);
    if args.json {
        return;
    }
    for packed in &archived.packed {
        let grown = packed.archive_after.saturating_sub(packed.archive_before);
        outln!(
            "archived: {}: {} added, {} of files in {}",
            format_path(&packed.archive),
            pluralize(packed.runs.len(), "run"),
            size(packed.bytes),
            size(grown)
        );
    }
    print_staying(&archived.staying.iter().map(|one| (&*one.run, &*one.reason)).collect::<Vec<_>>());
    print_not_selected(args, machine, archived.not_selected.len());
}

fn print_thinned(args: &Args, thinned: &ArchivedMachine) {
    print_failed(&thinned.failed);
    for one in thinned.thinned.iter().filter(|_| !args.json) {
        let runs = pluralize(one.runs.len(), "run");
        let archive = format_path(&one.archive);
        outln!("thinned:  {archive}: {runs}, {} of samples and logs dropped", size(one.bytes_dropped));
    }
}

fn print_failed(failed: &[FlowError]) {
    for error in failed {
        let Refusal { what, help } = error.refusal();
        let is_io = matches!(error, FlowError::Bundle(BundleError::Io { .. }));
        let kept = "the runs that this concerns are as they were; the same command tries again".to_owned();
        print_error(&Refusal { what, help: help.or(is_io.then_some(kept)) }, Exit::Failed, false);
    }
}

fn print_staying(staying: &[(&Path, &str)]) {
    staying.iter().for_each(|(run, reason)| outln!("stays:    {}: {reason}", format_path(run)));
}

fn print_not_selected(args: &Args, machine: &Path, runs: usize) {
    if runs > 0 {
        let why = match &args.month {
            Some(month) => format!("did not begin in {month}"),
            None => format!("ended less than {} ago", age(args.older_than)),
        };
        let (runs, machine) = (pluralize(runs, "complete run"), format_path(machine));
        outln!("stays:    {runs} in {machine}, since they {why}");
    }
}

fn document(machine: &Path, archived: &ArchivedMachine) -> Value {
    let packed = archived.packed.iter().map(|one| {
        json!({
            "archive": one.archive.display().to_string(),
            "runs": one.runs,
            "bytes": one.bytes,
            "archive_bytes_before": one.archive_before,
            "archive_bytes": one.archive_after,
        })
    });
    let thinned = archived.thinned.iter().map(|one| {
        json!({
            "archive": one.archive.display().to_string(),
            "runs": one.runs,
            "bytes_dropped": one.bytes_dropped,
            "archive_bytes": one.archive_after,
        })
    });
    let staying = archived
        .staying
        .iter()
        .map(|one| json!({ "run": one.run.display().to_string(), "reason": one.reason }));
    json!({
        "machine": machine.display().to_string(),
        "archived": packed.collect::<Vec<_>>(),
        "thinned": thinned.collect::<Vec<_>>(),
        "stays": staying.collect::<Vec<_>>(),
        "not_selected": archived.not_selected.iter().map(|run| run.display().to_string()).collect::<Vec<_>>(),
        "completed": archived.leftovers.done,
        "differs": archived.leftovers.kept,
        "errors": archived.failed.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn planned_document(args: &Args, machine: &Path, plan: &ArchivePlan) -> Value {
    let archives = plan.months.iter().map(|(month, runs)| {
        json!({
            "archive": path_of(machine, month).display().to_string(),
            "runs": runs.iter().map(|(run, _)| run).collect::<Vec<_>>(),
            "bytes": runs.iter().map(|(_, bytes)| bytes).sum::<u64>(),
        })
    });
    let thinned = plan
        .thinnable
        .iter()
        .filter(|_| args.thin)
        .map(|(files, bytes)| json!({ "run": files.path().display().to_string(), "bytes": bytes }));
    let staying =
        plan.staying.iter().map(|one| json!({ "run": one.run.display().to_string(), "reason": one.reason }));
    json!({
        "machine": machine.display().to_string(),
        "would_archive": archives.collect::<Vec<_>>(),
        "would_thin": thinned.collect::<Vec<_>>(),
        "stays": staying.collect::<Vec<_>>(),
        "not_selected": plan.not_selected.iter().map(|run| run.display().to_string()).collect::<Vec<_>>(),
        "errors": plan.unreadable.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// An age in days, which is how it is usually given.
fn age(age: Duration) -> String {
    match age.as_secs() / (24 * 60 * 60) {
        0 => format_duration(age),
        days => pluralize(days as usize, "day"),
    }
}

/// A size with the unit that suits it.
fn size(bytes: u64) -> String {
    const UNITS: [(u32, &str); 3] = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match UNITS.into_iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => format!("{:.1} {unit}", bytes as f64 / f64::from(1 << shift)),
        None => format!("{bytes} bytes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_the_unit_that_suits_them() {
        let shown = [0, 1023, 1024, 1_572_864, 3 << 30].map(size);
        assert_eq!(shown, ["0 bytes", "1023 bytes", "1.0 KiB", "1.5 MiB", "3.0 GiB"]);
    }

    #[test]
    fn months_are_checked() {
        assert_eq!(month("2026-03").as_deref(), Ok("2026-03"));
        for wrong in ["2026-13", "2026-00", "2026-3", "26-03", "2026-03-01", "march", ""] {
            assert!(month(wrong).is_err(), "{wrong}");
        }
    }
}
