//! `search`: the settings that make the builds of a project fastest.

mod answer;
mod running;

use std::path::{Path, PathBuf};
use std::time::Duration;

use bench_runner_core::record::Refusal;
use bench_runner_measure::adopt::{WrittenChanges, plan_changes, write_changes};
use bench_runner_measure::axes::Settings;
use bench_runner_measure::scenario::{RequestError, RequestWord};
use bench_runner_measure::search::{Allowance, Requirement, SearchedProject, SpaceFile, available_space};

use self::running::{FinishedSearch, RunningSearch};
use super::per_day::{by_workload, per_day};
use super::start::{PlanArgs, StartArgs};
use super::{EarlyEnd, Exit, HOW_LONG, HOW_TO_JUDGE, WHAT_TO_COMPARE, format_path, open_projects};
use crate::built_in;
use crate::flows::{self, Places, ProjectWord, SavedSearch, SearchDirectory};

/// Search for the settings that make your builds fastest, on this machine, in the time you give it
///
/// Screens a part of all sensible combinations of settings, puts the best ones head to head, and compares the winner with
/// what you have now (`as-configured`) on fresh builds. The answer is lines for your configuration, the minutes that
/// they save per day with an interval, and what they cost; or that nothing was shown to be faster, and how large a
/// gain could have been missed. Each combination is your own configuration plus its settings. The directory of a search has an
/// ordinary run for each stage, which `report` shows; an interrupted search goes on with `--resume`.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Project to build: a directory of your own (with a `/` in it, such as `./`), a name from `corpus list`, or a manifest
    /// file [default: with --resume, that of the search]
    #[arg(long, value_name = "NAME|PATH", required_unless_present = "resume", help_heading = WHAT_TO_COMPARE)]
    project: Option<String>,
    /// How many builds of each workload you make in a day (repeatable, or a list)
    #[arg(long, value_name = "W=N,…", default_value = "incremental=80,check=30,clean=3", value_delimiter = ',', value_parser = per_day, help_heading = WHAT_TO_COMPARE)]
    per_day: Vec<(String, f64)>,
    /// Settings to choose from: `default`, or a file (docs/SEARCH.md)
    #[arg(long, value_name = "default|FILE", default_value = "default", help_heading = WHAT_TO_COMPARE)]
    space: String,
    /// Setting that every combination must have, such as `debug=line-tables-only`; `KEY=as-configured` leaves a setting as you
    /// have it (repeatable) [default: none]
    #[arg(long, value_name = "KEY=VALUE", value_parser = requirement, help_heading = WHAT_TO_COMPARE)]
    require: Vec<Requirement>,
    /// Allow what you may not want: `nightly`, a nightly toolchain and what only it can do (repeatable) [default: none]
    #[arg(long, value_name = "WHAT", value_parser = allowance, help_heading = WHAT_TO_COMPARE)]
    allow: Vec<Allowance>,
    /// Time limit for the whole search
    #[arg(long, value_name = "DUR", default_value = "30m", value_parser = humantime::parse_duration, help_heading = HOW_LONG)]
    budget: Duration,
    /// Finish the interrupted search in this directory; of a finished one, show the result again
    #[arg(long, value_name = "SEARCH", conflicts_with_all = ["project", "per_day", "space", "require", "allow", "budget", "seed"])]
    resume: Option<PathBuf>,
    /// Write the settings into your own files if they were shown to be faster: shows the difference, and keeps a backup of each
    /// file. A file with changes that are not committed is refused [default: print the lines]
    #[arg(long)]
    write: bool,
    /// With --write: also change files whose present contents git could not give back
    #[arg(long, requires = "write")]
    even_if_changed: bool,
    /// Exit with code 5 if no combination was shown to be faster
    #[arg(long, help_heading = HOW_TO_JUDGE)]
    require_verdict: bool,
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
  bench-runner search --project ./
  bench-runner search --project ./ --budget 1h --per-day incremental=80,check=30 --require debug=full";

fn requirement(text: &str) -> Result<Requirement, String> {
    text.parse().map_err(|refusal| super::with_help(&refusal))
}

fn allowance(text: &str) -> Result<Allowance, String> {
    text.parse().map_err(|refusal| super::with_help(&refusal))
}

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, EarlyEnd> {
    let directory = match &args.resume {
        Some(dir) => SearchDirectory::read(dir)?,
        None => begin(args, places)?,
    };
    errln!("search: {}", format_path(&directory.dir));
    let search = RunningSearch {
        places: directory.places(places),
        conditions: args.start.conditions(&args.plan),
        directory,
    };
    let goes_on = format!("`bench-runner search --resume {}` goes on", format_path(&search.directory.dir));
    let finished = match search.run() {
        Ok(Some(finished)) => finished,
        Ok(None) => {
            errln!("interrupted; {goes_on}");
            return Ok(Exit::Interrupted);
        }
        Err(EarlyEnd::Early(exit)) => {
            errln!("the search has ended early; {goes_on}");
            return Ok(exit);
        }
        Err(error) => return Err(error),
    };
    // With a document, whatever else there is to say is part of it, or is the only one.
    if !args.json {
        out!("{}", answer::text(&search.directory, &finished, super::text_style(false)));
    }
    let written = match args.write {
        true if finished.is_faster() => Some(write(&search, args, &finished)?),
        true => {
            errln!("written: nothing, since no combination was shown to be faster");
            None
        }
        false => None,
    };
    if args.json {
        outln!("{:#}", answer::document(&search.directory, &finished, written.as_ref()));
    }
    Ok(if args.require_verdict && !finished.is_faster() { Exit::Undecided } else { Exit::Done })
}

/// Asks this machine what it can do, and makes the directory.
fn begin(args: &Args, places: &Places) -> Result<SearchDirectory, EarlyEnd> {
    let Some(project) = &args.project else { return Err(RequestError::usage("no project", None).into()) };
    let file = match args.space.as_str() {
        "default" => built_in::default_space()?,
        path => SpaceFile::read(Path::new(path))?,
    };
    let per_day = by_workload(&args.per_day)?;
    let workloads: Vec<String> = per_day.keys().cloned().collect();
    for workload in &workloads {
        bench_runner_measure::scenario::check_value("workload", workload).map_err(RequestError::from)?;
    }
    let projects = open_projects(places, args.plan.offline, true)?;
    let view = projects.single_view(&RequestWord::from_command_line(project))?;
    // Without the dependencies, cargo cannot say what it would build.
    projects.prepare_project(&view.planned)?;
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let searched = SearchedProject { view: &view, workloads: &workloads, threads };
    let space = available_space(&file, &args.require, &args.allow, searched, &projects)?;
    if !space.builds_are_known {
        errln!(
            "note: cargo does not say what it would build here, so values that change nothing are searched too"
        );
    }
    let (format, program, created_at) = SavedSearch::stamp();
    let dropped = |one: &bench_runner_measure::search::DroppedLevel| {
        format!("{}={}: {}", one.key, one.value, super::with_help(&one.refusal).replace('\n', "; "))
    };
    let saved = SavedSearch {
        format,
        program,
        created_at,
        machine: super::machine()?.directory_name(),
        project: project_path(project),
        budget: args.budget,
        per_day,
        seed: args.plan.seed.unwrap_or_else(super::request::seed_from_time),
        space_name: file.name.clone(),
        space: flows::saved_space(&space),
        required: space.required.clone(),
        left_out: space.dropped.iter().map(dropped).collect(),
    };
    Ok(SearchDirectory::create(&places.results, &view.planned.name, saved)?)
}

/// The project as a later call from another directory finds it.
fn project_path(project: &str) -> String {
    match ProjectWord::of(&RequestWord::from_command_line(project)) {
        ProjectWord::Name(name) => name.to_owned(),
        ProjectWord::Manifest(path) | ProjectWord::Directory(path) => {
            std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
        }
    }
}

/// Writes the nominee's settings into the user's own files.
fn write(search: &RunningSearch, args: &Args, finished: &FinishedSearch) -> Result<WrittenChanges, EarlyEnd> {
    search.directory.check_machine(&super::machine()?.directory_name())?;
    let nominee = finished.result.nominee.clone().unwrap_or_default();
    let saved = &search.directory.saved;
    let projects = open_projects(&search.places, args.plan.offline, true)?;
    let view = projects.single_view(&RequestWord::from_command_line(&saved.project))?;
    let settings: Settings = flows::combination_settings(saved, &nominee);
    let written = projects.with_adopt_request(&view, &settings, args.even_if_changed, |request| {
        let planned = plan_changes(request)?;
        err!("{}", planned.diff());
        let written = write_changes(&planned, request)?;
        Ok::<_, Refusal>((planned.left_out, written))
    })?;
    let (left_out, written) = written.map_err(RequestError::from)?;
    for (path, backup) in &written.files {
        let backup = backup.as_ref().map(|backup| format!("; backup: {}", format_path(backup)));
        errln!("written: {}{}", format_path(path), backup.unwrap_or_default());
    }
    if written.files.is_empty() {
        errln!("written: nothing, since all of it is in force already");
    }
    left_out.iter().for_each(|one| errln!("not written: {one}"));
    written.unchecked.iter().for_each(|why| errln!("note: not checked by a plan of the build: {why}"));
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_kept_in_a_form_that_holds_everywhere_and_names_as_they_are() {
        let here = std::env::current_dir().unwrap().display().to_string();
        assert_eq!(project_path("."), here);
        assert_eq!(project_path("./"), here);
        assert_eq!(project_path("Cargo.toml"), format!("{here}/Cargo.toml"));
        assert_eq!(project_path("hexyl"), "hexyl");
    }
}
