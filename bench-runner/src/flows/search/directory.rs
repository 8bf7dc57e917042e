//! The directory of a search: `search.json` with the request, and `MACHINE/RUN` for each stage, as in a results directory.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use bench_runner_core::bundle::{self, BundleError, Manifest, RunFiles, Status};
use bench_runner_core::record::{PlanOrigin, short_hash};
use bench_runner_core::search::{CONFIRMATION, SearchSpace};
use bench_runner_measure::scenario::{RequestError, RequestWord};
use serde::{Deserialize, Serialize};

use crate::flows::{FlowError, Places, ProjectWord};

/// Name of the file with the request.
const REQUEST_FILE: &str = "search.json";

/// Version of that file.
const FORMAT: u32 = 1;

/// Request of a user, with the settings that this machine has. With the results of the stages it determines everything
/// that follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedSearch {
    /// Version of the format.
    pub(crate) format: u32,
    /// Version of the program.
    pub(crate) program: String,
    /// Time of the request in UTC, RFC 3339.
    pub(crate) created_at: String,
    /// Directory name of the machine.
    pub(crate) machine: String,
    /// The project: a name of the corpus, or the path of a manifest or a directory.
    pub(crate) project: String,
    /// Time limit of the whole search.
    pub(crate) budget: Duration,
    /// Builds per day by workload.
    pub(crate) per_day: BTreeMap<String, f64>,
    /// Seed of all random choices.
    pub(crate) seed: u64,
    /// Name of the space file.
    pub(crate) space_name: String,
    /// The combinations.
    pub(crate) space: SearchSpace,
    /// Settings that every combination but the user's own has.
    pub(crate) required: BTreeMap<String, String>,
    /// Values of the space that are left out here, as sentences.
    pub(crate) left_out: Vec<String>,
}

/// A search on disk.
#[derive(Debug)]
pub(crate) struct SearchDirectory {
    pub(crate) dir: PathBuf,
    pub(crate) saved: SavedSearch,
}

/// The run of a stage.
#[derive(Debug)]
pub(crate) enum StageRun {
    Complete(RunFiles),
    /// It was interrupted, and can be resumed.
    Unfinished(PathBuf),
}

impl SearchDirectory {
    /// Makes the directory of a new search below `results`.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn create(results: &Path, project_name: &str, saved: SavedSearch) -> Result<Self, FlowError> {
        let day: String = saved.created_at.chars().filter(char::is_ascii_alphanumeric).collect();
        let text = serde_json::to_string_pretty(&saved).map_err(anyhow::Error::from)?;
        let dir = results.join(format!("search-{day}-{project_name}-{}", &short_hash(&text)[..6]));
        let write = || -> std::io::Result<()> {
            std::fs::create_dir_all(results)?;
            std::fs::create_dir(&dir)?;
            let mut file = std::fs::File::create_new(dir.join(REQUEST_FILE))?;
            writeln!(file, "{text}")?;
            file.sync_all()
        };
        write().with_context(|| format!("failed to write {}", dir.display()))?;
        Ok(Self { dir, saved })
    }

    /// Checks that the search belongs to this machine.
    ///
    /// # Errors
    /// If it was begun on another one.
    pub(crate) fn check_machine(&self, machine: &str) -> Result<(), FlowError> {
        if self.saved.machine == machine {
            return Ok(());
        }
        let begun = &self.saved.machine;
        let message =
            format!("the search {} was begun on {begun}, and this is {machine}", self.dir.display());
        let help = "builds of two machines are never mixed, and settings are written only on the machine that measured them: \
                    start a new search here"
            .to_owned();
        Err(RequestError::usage(message, Some(help)).into())
    }

    /// Reads an earlier search of any machine.
    ///
    /// # Errors
    /// If the directory is not that of a search, or its format is of another version.
    pub(crate) fn read(dir: &Path) -> Result<Self, FlowError> {
        let file = dir.join(REQUEST_FILE);
        let text = std::fs::read_to_string(&file).map_err(|error| {
            let help = "name the directory that a search has printed, `results/search-…`".to_owned();
            RequestError::usage(format!("{} is not a search: {error}", dir.display()), Some(help))
        })?;
        let saved: SavedSearch = serde_json::from_str(&text).map_err(|error| {
            RequestError::usage(format!("{}: {error}", file.display()), Some("restore the file".to_owned()))
        })?;
        if saved.format != FORMAT {
            let message =
                format!("{} has format {}, and this program reads {FORMAT}", file.display(), saved.format);
            return Err(RequestError::usage(message, Some("use the version that wrote it".to_owned())).into());
        }
        Ok(Self { dir: dir.to_owned(), saved })
    }

    /// Name of the search, in the origin of its runs.
    pub(crate) fn name(&self) -> String {
        let dir = std::fs::canonicalize(&self.dir).unwrap_or_else(|_| self.dir.clone());
        dir.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The places of its runs: its own directory is their results directory.
    pub(crate) fn places(&self, places: &Places) -> Places {
        let around = std::fs::canonicalize(&self.dir).ok().and_then(|dir| Some(dir.parent()?.to_owned()));
        Places { results: self.dir.clone(), results_around: around, ..places.clone() }
    }

    /// The newest usable run of a stage, if there is one: of those with the same sources as the run `like`, if it is named.
    ///
    /// # Errors
    /// If a run of the search cannot be read.
    pub(crate) fn run_of(&self, stage: &str, like: Option<&Manifest>) -> Result<Option<StageRun>, FlowError> {
        let machine = self.dir.join(&self.saved.machine);
        if !machine.is_dir() {
            return Ok(None);
        }
        let listed =
            bundle::list_runs(&machine).with_context(|| format!("failed to read {}", machine.display()))?;
        if let Some(error) = listed.unreadable.into_iter().next() {
            return Err(error.into());
        }
        let mut found: Vec<(Manifest, RunFiles)> = Vec::new();
        for files in listed.runs {
            match files.read_manifest() {
                Ok(manifest)
                    if is_of(&manifest, stage)
                        && like.is_none_or(|like| has_same_sources(&manifest, like)) =>
                {
                    found.push((manifest, files));
                }
                Ok(_) | Err(BundleError::NotABundle { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        found.sort_by(|(one, _), (other, _)| one.started_at.cmp(&other.started_at));
        Ok(found.pop().map(|(manifest, files)| match manifest.status {
            Status::Complete => StageRun::Complete(files),
            Status::Running | Status::Interrupted | Status::Broken => {
                StageRun::Unfinished(files.path().to_owned())
            }
        }))
    }
}

/// True if a run is one of this stage. It belongs to the search in whose directory it lies, which may have been renamed.
fn is_of(manifest: &Manifest, stage: &str) -> bool {
    let origin = manifest.plan.origin.as_ref();
    origin.is_some_and(|origin| origin.by == PlanOrigin::SEARCH && origin.stage == stage)
}

/// True if two runs build the same sources under the same configuration of the user's own.
pub(crate) fn has_same_sources(one: &Manifest, other: &Manifest) -> bool {
    let state = |manifest: &Manifest| {
        let plan = &manifest.plan;
        let pins: Vec<String> = plan.projects.iter().map(|project| project.pin.to_string()).collect();
        let own = plan.blocks.first().map(|block| block.arms[0].variant.settings.clone());
        (pins, own)
    };
    state(one) == state(other)
}

/// True if a path is the directory of a search.
pub(crate) fn is_search(path: &Path) -> bool {
    path.join(REQUEST_FILE).is_file()
}

/// The run that says what a search has found, also of an unfinished one: its confirmation.
///
/// # Errors
/// If a file of the search cannot be read, or if it has no such run yet.
pub(crate) fn confirmation_of(search: &Path) -> Result<PathBuf, FlowError> {
    match SearchDirectory::read(search)?.run_of(CONFIRMATION, None)? {
        Some(StageRun::Complete(files)) => Ok(files.path().to_owned()),
        Some(StageRun::Unfinished(dir)) => Ok(dir),
        None => {
            let message = format!("{} has no confirmation yet, and so no result", search.display());
            let help = format!(
                "complete it with `bench-runner search --resume {}`, or name the run of another stage below it",
                search.display()
            );
            Err(RequestError::usage(message, Some(help)).into())
        }
    }
}

/// True if a path is in the directory of a search and is not a run: the request, or the directory of the machine.
pub(crate) fn is_part_of_search(path: &Path) -> bool {
    let of_search = path.parent().is_some_and(is_search);
    of_search && !path.join("manifest.json").is_file()
}

impl SavedSearch {
    /// True if the project is a directory of the user's own.
    pub(crate) fn is_own_project(&self) -> bool {
        matches!(ProjectWord::of(&RequestWord::from_command_line(&self.project)), ProjectWord::Directory(_))
    }

    /// The present time and the versions, for a new search.
    pub(crate) fn stamp() -> (u32, String, String) {
        let now = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        (FORMAT, env!("CARGO_PKG_VERSION").to_owned(), now)
    }
}
