//! Scenario files: what is varied, on which projects, and how it is sampled.
//!
//! Reads and checks them; applying them to a machine is up to the plan.

mod design;
mod read;
mod variants;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bench_runner_core::record::{AS_CONFIGURED, Refusal, TEXT_SETTINGS};

use crate::toml_reader::{DocError, SourceText, TomlValue};
use crate::{axes, workloads};

pub use design::MatrixDesign;
pub(crate) use read::sampling as read_sampling;
pub(crate) use variants::AS_IT_IS;
pub use variants::{Baseline, PREDEFINED, VariantContent, WholeVariant, check_name, snippet};

/// A request that cannot be carried out as given: usage, scenario or corpus.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// An error in a file.
    #[error(transparent)]
    Document(#[from] DocError),
    /// An error on the command line, or one without a single place.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl RequestError {
    /// An error without a place in a file.
    pub fn usage(message: impl Into<String>, help: Option<String>) -> Self {
        Self::Refused(Refusal { what: message.into(), help })
    }

    /// Hint for the user.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Document(error) => error.help(),
            Self::Refused(refusal) => refusal.help.clone(),
        }
    }
}

/// A word of a request that can only be checked later, with its place if it comes from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestWord {
    pub text: String,
    place: Option<DocError>,
}

impl RequestWord {
    /// A word from the command line.
    pub fn from_command_line(text: impl Into<String>) -> Self {
        Self { text: text.into(), place: None }
    }

    /// A word from a file, at the place of a value.
    pub(crate) fn from_file(text: impl Into<String>, value: &TomlValue<'_>) -> Self {
        Self { text: text.into(), place: Some(value.error("")) }
    }

    /// Returns the refusal as an error at the place of the word.
    pub fn refuse(&self, refusal: Refusal) -> RequestError {
        match &self.place {
            Some(place) => place.clone().with_refusal(refusal).into(),
            None => refusal.into(),
        }
    }
}

/// Checks that a request can set `key` to `text`, whether in a file or on the command line.
///
/// # Errors
/// If there is no such axis, or it has no such value.
pub fn check_value(key: &str, text: &str) -> Result<(), Refusal> {
    if TEXT_SETTINGS.contains(&key) {
        return Err(Refusal::new(format!("`{key}` is a whole variant, not an axis")).with_help(
            "write `--variant NAME=FILE`, or a file's name or `as-configured = true` under [variants]",
        ));
    }
    match key {
        "workload" => workloads::find(text).map(drop),
        // Names of projects are resolved later.
        "project" => Ok(()),
        "rev" => axes::check_rev(text),
        _ => axes::parse(key, text).map(drop),
    }
}

/// One scenario file.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub name: String,
    /// One line for listings.
    pub summary: String,
    /// Variations; each matrix makes its own blocks.
    pub matrices: Vec<Matrix>,
    pub sampling: SamplingSpec,
    /// Origin: a file, or `built in`.
    pub origin: String,
}

/// A set of axes over a set of projects and workloads.
#[derive(Debug, Clone, PartialEq)]
pub struct Matrix {
    /// Name, the first part of the ids of its blocks.
    pub name: String,
    /// Names, paths or `tag:…`; empty if `project` is an axis.
    pub projects: Vec<RequestWord>,
    /// Names of workloads; empty if `workload` is an axis.
    pub workloads: Vec<RequestWord>,
    /// Baseline that the others are compared with.
    pub baseline: Baseline,
    /// Keys and values, in the order of the file.
    pub axes: Vec<(String, Vec<RequestWord>)>,
    /// Whole variants, in addition to the combinations of the axes.
    pub variants: Vec<WholeVariant>,
    /// Base that the settings of every variant are added to.
    pub on: VariantBase,
    /// Combinations that are left out.
    pub exclude: Vec<Exclusion>,
    /// True if the baseline has a twin.
    pub twin: bool,
    /// True if the baseline, with its twin, is built even if all variants are the same as it.
    pub alone: bool,
    /// Which combinations of the axes are built.
    pub design: MatrixDesign,
    /// True if variants may differ from the baseline in any number of settings. Otherwise those that could not be told
    /// apart are refused, such as another code generator with another linker.
    pub mixed: bool,
}

impl Matrix {
    /// All settings that variants may have, as keys and values: those of the axes, the baseline and the whole variants.
    pub fn settings(&self) -> impl Iterator<Item = (&str, &str)> {
        let of_axes = self.axes.iter().flat_map(|(key, words)| words.iter().map(move |word| (key, word)));
        let of_baseline = match &self.baseline {
            Baseline::Values(values) => Some(values.iter()),
            Baseline::Whole(_) => None,
        };
        let of_variants = self.variants.iter().flat_map(|whole| match &whole.content {
            VariantContent::Set(set) => set.as_slice(),
            VariantContent::Snippet(_) | VariantContent::AsConfigured => &[],
        });
        of_axes
            .chain(of_baseline.into_iter().flatten())
            .chain(of_variants.map(|(key, word)| (key, word)))
            .map(|(key, word)| (key.as_str(), word.text.as_str()))
    }
}

/// Combinations that are left out, with the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// Values of axes, `project` and `workload` that must all match.
    pub when: BTreeMap<String, String>,
    pub reason: String,
}

/// Base that the settings of every variant are added to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum VariantBase {
    /// The project alone, without the user's own configuration.
    #[default]
    AsItIs,
    /// The project with the user's own configuration.
    AsConfigured,
    /// [`Self::AsConfigured`] for cargo projects in a directory of the user's own, [`Self::AsItIs`] for all others.
    Auto,
}

impl VariantBase {
    const NAMES: [(&str, Self); 3] =
        [(AS_CONFIGURED, Self::AsConfigured), ("as-it-is", Self::AsItIs), ("auto", Self::Auto)];

    /// Older name of `auto`, in files and recorded commands.
    const OLDER_AUTO: &str = "what-you-have";

    /// Parses the value of `on` or `--on`.
    pub fn parse(value: &str) -> Result<Self, Refusal> {
        if value == Self::OLDER_AUTO {
            return Ok(Self::Auto);
        }
        if let Some((_, base)) = Self::NAMES.into_iter().find(|(name, _)| *name == value) {
            return Ok(base);
        }
        let known = Self::NAMES.map(|(name, _)| name);
        Err(Refusal::new(format!("variants cannot be based on `{value}`"))
            .with_help(format!("valid are {}", known.join(", ")))
            .did_you_mean(value, known))
    }
}

/// True if `text` can name a scenario, a matrix, a variant or a tracking file.
pub(crate) fn is_name(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

/// Sampling settings of a scenario; all have defaults.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingSpec {
    /// Number of untimed builds of each variant.
    pub warmup: u32,
    /// Minimum number of rounds before a stop for precision.
    pub min_rounds: u32,
    /// Maximum number of rounds.
    pub max_rounds: u32,
    /// Half-width to reach; `None` for a fixed number of rounds.
    pub precision: Option<f64>,
    /// Smallest difference that matters (equivalence margin).
    pub margin: f64,
    /// Time budget of the run.
    pub time_budget: Option<Duration>,
    /// Timeout of one build.
    pub timeout: Duration,
    /// Number of sessions; each starts with new work trees and target directories.
    pub sessions: u32,
}

impl Default for SamplingSpec {
    fn default() -> Self {
        Self {
            warmup: 1,
            min_rounds: 6,
            max_rounds: 30,
            precision: Some(0.015),
            margin: 0.03,
            time_budget: None,
            timeout: Duration::from_secs(60 * 60),
            sessions: 1,
        }
    }
}

impl SamplingSpec {
    /// Contradiction between the settings, if there is one.
    pub fn contradiction(&self) -> Option<String> {
        if self.warmup == 0 {
            return Some("`warmup` must be at least 1: the first build yields the proof".into());
        }
        if self.min_rounds == 0 || self.max_rounds == 0 || self.sessions == 0 {
            return Some("rounds and fresh directories must be at least 1".into());
        }
        if self.min_rounds > self.max_rounds {
            return Some(format!(
                "`min-rounds` ({}) is more than `max-rounds` ({})",
                self.min_rounds, self.max_rounds
            ));
        }
        let shared = if self.precision.is_some() { self.min_rounds } else { self.max_rounds };
        if self.sessions > shared {
            return Some(format!(
                "fresh directories {} times cannot share {shared} rounds: each time needs a round",
                self.sessions
            ));
        }
        if self.precision.is_some_and(|precision| precision <= 0.0) || self.margin <= 0.0 {
            return Some("`precision` and `margin` must be more than 0%".into());
        }
        None
    }
}

/// All scenarios: the built-in ones, and those of the current checkout, which take precedence if they have
/// the same name.
#[derive(Debug, Clone)]
pub struct ScenarioLibrary {
    scenarios: Vec<Scenario>,
}

impl ScenarioLibrary {
    /// Reads the built-in scenarios, each as its file name and text, and `scenarios/*.toml` below `checkout`.
    pub fn load(built_in: &[(&str, &str)], checkout: Option<&Path>) -> Result<Self, RequestError> {
        let mut scenarios = Vec::new();
        for (file, text) in built_in {
            let source = SourceText::new(format!("scenarios/{file} (built in)"), *text);
            scenarios.push(read::scenario(&source, "built in", None)?);
        }
        let folder = checkout.map(|checkout| checkout.join("scenarios")).filter(|folder| folder.is_dir());
        for path in folder.map(|folder| toml_files(&folder)).transpose()?.unwrap_or_default() {
            let scenario = Self::read_file(&path)?;
            scenarios.retain(|other: &Scenario| other.name != scenario.name);
            scenarios.push(scenario);
        }
        scenarios.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self { scenarios })
    }

    /// Reads one scenario file.
    pub fn read_file(path: &Path) -> Result<Scenario, RequestError> {
        let source = SourceText::read(path)
            .map_err(|error| RequestError::usage(format!("cannot read {}: {error}", path.display()), None))?;
        Ok(read::scenario(&source, &source.name, path.parent())?)
    }

    /// All scenarios, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Scenario> {
        self.scenarios.iter()
    }

    /// The scenario called `name`; a name that ends in `.toml` is a file.
    pub fn get(&self, name: &str) -> Result<Scenario, RequestError> {
        if name.ends_with(".toml") {
            return Self::read_file(Path::new(name));
        }
        self.scenarios.iter().find(|scenario| scenario.name == name).cloned().ok_or_else(|| {
            let names = self.scenarios.iter().map(|scenario| scenario.name.as_str());
            Refusal::new(format!("unknown scenario `{name}`"))
                .with_help("`bench-runner scenarios list` shows all of them")
                .did_you_mean(name, names)
                .into()
        })
    }
}

fn toml_files(folder: &Path) -> Result<Vec<std::path::PathBuf>, RequestError> {
    let unreadable = |error: std::io::Error| {
        RequestError::usage(format!("cannot read {}: {error}", folder.display()), None)
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_checkout_wins_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("scenarios");
        std::fs::create_dir(&folder).unwrap();
        let text = "name = \"quick\"\nsummary = \"mine\"\nprojects = [\"hexyl\"]\nworkloads = [\"clean\"]\n";
        std::fs::write(folder.join("mine.toml"), text).unwrap();
        let built_in = text.replace("mine", "built in");
        let library = ScenarioLibrary::load(&[("quick.toml", &built_in)], Some(dir.path())).unwrap();
        assert_eq!(library.get("quick").unwrap().summary, "mine");
        assert_eq!(library.iter().count(), 1);
    }
}
