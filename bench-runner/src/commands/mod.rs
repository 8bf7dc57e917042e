//! One file per verb: its arguments, the flow that it calls, and its output. Results go to standard output,
//! progress and errors to standard error. Verbs never import one another; shared code is here and in
//! `request`.

#[macro_use]
pub(crate) mod output;
pub(crate) mod archive;
pub(crate) mod backfill;
pub(crate) mod bisect;
pub(crate) mod bless;
mod browser;
pub(crate) mod compare;
pub(crate) mod completions;
pub(crate) mod corpus;
pub(crate) mod decide;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod gate;
pub(crate) mod history;
mod layout;
pub(crate) mod man;
mod missing_tools;
mod per_day;
pub(crate) mod plan;
mod plan_summary;
mod progress;
mod question;
pub(crate) mod report;
pub(crate) mod reproduce;
mod request;
pub(crate) mod run;
mod run_paths;
pub(crate) mod scenarios;
mod scatter;
pub(crate) mod search;
mod session;
mod start;
mod terminal;
pub(crate) mod track;
mod wait;

use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Context as _;
use bench_runner_core::compare::pluralize;
use bench_runner_core::record::Refusal;
use bench_runner_measure::corpus::cache_place::{CachePlace, SHARED_DIR};
use bench_runner_measure::host;
use bench_runner_measure::tracking::TrackingFile;
use bench_runner_report::figure::wording::duration as format_duration;

use crate::flows::{FlowError, Places, Projects};
use layout::text_style;
use request::percent as request_percent;
use terminal::Terminal;

/// Headings of help texts.
const WHAT_TO_COMPARE: &str = "What to compare";
const HOW_LONG: &str = "How long";
const HOW_TO_JUDGE: &str = "How to judge";
const WHERE_TO: &str = "Where to";

/// Overrides the directory of the measuring lock, for tests.
const LOCK_VARIABLE: &str = "BENCH_RUNNER_LOCK_DIR";

/// Overrides `/var/tmp`, for tests.
const SHARED_VARIABLE: &str = "BENCH_RUNNER_SHARED_DIR";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// The harness itself failed.
    Failed,
    /// The request was wrong.
    BadRequest,
    /// Finished, but some variants failed to build or could not be confirmed.
    PartialFailure,
    /// The machine is not fit.
    Unfit,
    /// Undecided where a decision was demanded.
    Undecided,
    /// A gate found a regression.
    Regression,
    /// A reproduction contradicts the first run.
    Contradicted,
    Interrupted,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::BadRequest => 2,
            Self::PartialFailure => 3,
            Self::Unfit => 4,
            Self::Undecided => 5,
            Self::Regression => 6,
            Self::Contradicted => 7,
            Self::Interrupted => 130,
        }
    }
}

/// A commit's id, shortened for readers.
fn short_commit(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}

/// Reason for ending a verb early.
#[derive(Debug)]
pub(crate) enum EarlyEnd {
    /// The user has been informed, or has asked for it.
    Early(Exit),
    Error(FlowError),
}

impl<E> From<E> for EarlyEnd
where
    FlowError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Error(error.into())
    }
}

/// Directories for things that are kept; the same for all verbs.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct PlaceArgs {
    /// Directory that each run is written to, as `MACHINE/RUN`, and that earlier runs are read from for estimates [default:
    /// `results` in the current directory, or in the nearest directory above that has both `corpus/` and `scenarios/`]
    #[arg(long, global = true, value_name = "DIR", help_heading = WHERE_TO)]
    results: Option<PathBuf>,
    /// Directory for pages and figures [default: `plots`, next to `results`]
    #[arg(long, global = true, value_name = "DIR", help_heading = WHERE_TO)]
    plots: Option<PathBuf>,
    /// Directory for sources, downloaded crates and builds [default: `$XDG_CACHE_HOME/bench-runner`, else
    /// `~/.cache/bench-runner`; if a cargo configuration above the latter would change builds, `/var/tmp/bench-runner-UID`]
    #[arg(long, global = true, value_name = "DIR", help_heading = WHERE_TO)]
    cache_dir: Option<PathBuf>,
}

/// Resolves the paths of the program's directories.
pub(crate) fn places(args: &PlaceArgs) -> Result<Places, FlowError> {
    let here = std::env::current_dir().context("failed to find the current directory")?;
    let checkout = checkout(&here).map(Path::to_path_buf);
    let base = checkout.clone().unwrap_or_else(|| here.clone());
    let cache = match &args.cache_dir {
        Some(dir) => CachePlace::Usual(here.join(dir)),
        None => {
            let usual = host::cache_dir().map_err(anyhow::Error::from)?;
            let is_chosen = host::is_cache_chosen();
            let shared = std::env::var_os(SHARED_VARIABLE).map_or_else(|| SHARED_DIR.into(), PathBuf::from);
            if is_chosen { CachePlace::Usual(usual) } else { CachePlace::choose(usual, &shared) }
        }
    };
    Ok(Places {
        checkout,
        cache: Rc::new(cache),
        results: args.results.as_ref().map_or_else(|| base.join("results"), |dir| here.join(dir)),
        results_around: None,
        plots: args.plots.as_ref().map_or_else(|| base.join("plots"), |dir| here.join(dir)),
    })
}

/// The directories that a tracking file names, unless the command line does.
fn tracked_places(file: &TrackingFile, given: &PlaceArgs, places: &Places) -> Places {
    let mut places = places.clone();
    if let (Some(results), None) = (&file.results, &given.results) {
        places.results.clone_from(results);
    }
    if let (Some(plots), None) = (&file.plots, &given.plots) {
        places.plots.clone_from(plots);
    }
    places
}

/// Opens the projects and the cache. Says where the cache is, if it is not at its usual place.
fn open_projects(places: &Places, offline: bool, fetch: bool) -> Result<Projects, FlowError> {
    if let Some(note) = places.cache.note() {
        Terminal::of_stderr().print(&format!("note: {note}\n"));
    }
    Projects::open(places, offline, fetch)
}

/// The directory with its own corpus and scenarios: the nearest one that has both, or the current one if it
/// has either. In a directory above, one of them alone says too little, since other tools have a `corpus`
/// too.
fn checkout(here: &Path) -> Option<&Path> {
    let own = |dir: &Path| ["corpus", "scenarios"].map(|name| dir.join(name).is_dir());
    let nearest = here.ancestors().find(|dir| own(dir) == [true, true]);
    nearest.or_else(|| own(here).contains(&true).then_some(here))
}

/// The machine, with the label that its owner has set, if any.
fn machine() -> Result<host::HostMachine, FlowError> {
    let label = std::env::var(host::LABEL_VARIABLE).ok().filter(|label| !label.is_empty());
    let label =
        label.map(|label| label.parse::<host::MachineLabel>()).transpose().map_err(anyhow::Error::from)?;
    let state = host::state_dir().map_err(anyhow::Error::from)?;
    Ok(host::HostMachine::read(label, &state).map_err(anyhow::Error::from)?)
}

/// The directory of the measuring lock.
fn lock_dir() -> PathBuf {
    std::env::var_os(LOCK_VARIABLE).map_or_else(|| host::DEFAULT_LOCK_DIR.into(), PathBuf::from)
}

/// Prints an error; also as a document on standard output, if the verb prints JSON.
pub(crate) fn print_error(refusal: &Refusal, exit: Exit, json: bool) {
    errln!("error: {}", with_help(refusal));
    if json {
        print_error_as_json(refusal, exit);
    }
}

/// Prints an error as the JSON document of a verb.
pub(crate) fn print_error_as_json(refusal: &Refusal, exit: Exit) {
    let Refusal { what, help } = refusal;
    let error = serde_json::json!({ "what": what, "help": help, "exit_code": exit.code() });
    outln!("{:#}", serde_json::json!({ "error": error }));
}

/// A refusal as lines, the help last.
pub(crate) fn with_help(refusal: &Refusal) -> String {
    match &refusal.help {
        Some(help) => format!("{refusal}\nhelp: {help}"),
        None => refusal.what.clone(),
    }
}

/// A path as a user in the current directory would write it.
fn format_path(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here).unwrap_or(path).display().to_string()
}

/// A fraction as a percentage with at most two decimals: `3%`, `1.5%`.
fn format_percent(share: f64) -> String {
    let text = format!("{:.2}", 100.0 * share);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_have_the_decimals_that_they_need() {
        assert_eq!(
            [0.03, 0.015, 0.0125, 1.0, 0.0].map(format_percent),
            ["3%", "1.5%", "1.25%", "100%", "0%"]
        );
    }

    #[test]
    fn a_checkout_has_both_or_is_where_one_stands() {
        let place = tempfile::tempdir().unwrap();
        let (root, below) = (place.path(), place.path().join("a/b"));
        std::fs::create_dir_all(&below).unwrap();
        assert_eq!(checkout(&below), None);
        std::fs::create_dir(root.join("corpus")).unwrap();
        assert_eq!(checkout(root), Some(root));
        assert_eq!(checkout(&below), None, "a `corpus` above may be anything");
        std::fs::create_dir(root.join("scenarios")).unwrap();
        assert_eq!(checkout(&below), Some(root));
        std::fs::create_dir(below.join("corpus")).unwrap();
        assert_eq!(checkout(&below), Some(root), "what has both goes first");
    }
}
