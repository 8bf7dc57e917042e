//! The manifest of a project: what is built, from which source, and how it is edited.
//!
//! The types here are the domain's; `read` is the one place that knows how they stand in TOML.

mod names;
mod read;
pub(super) mod urls;

pub(super) use names::is_name;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// A project as its manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its name, of `[A-Za-z0-9._-]`.
    pub name: String,
    /// What it is, in a few words.
    pub summary: String,
    /// Words by which it can be selected.
    pub tags: Vec<String>,
    /// Where its source comes from.
    pub source: Source,
    /// The most that its source may hold, in bytes, where the manifest states a limit of its own.
    pub max_source_bytes: Option<u64>,
    /// How it is built.
    pub build: BuildSettings,
    /// How its source can be changed between two builds.
    pub edits: Vec<Edit>,
    /// What builds of it roughly take, for plans.
    pub estimate: Estimate,
    /// The manifest as it was read.
    pub text: String,
    /// Where the manifest was found, as errors show it.
    pub origin: String,
    /// Where its relative paths start; `None` for manifests that are compiled in.
    pub base: Option<PathBuf>,
}

/// What builds of a project roughly take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Wall time of one build, by workload.
    pub builds: BTreeMap<String, Duration>,
    /// Size of the target directory that a build leaves.
    pub target_bytes: Option<u64>,
}

impl Project {
    /// The edit that stands for an ordinary change: the first one inside a function, else the first of all.
    pub fn ordinary_edit(&self) -> Option<&Edit> {
        self.edit(EditClass::Body).or(self.edits.first())
    }

    /// The first edit of a class, in the order of the manifest.
    pub fn edit(&self, class: EditClass) -> Option<&Edit> {
        self.edits.iter().find(|edit| edit.class == class)
    }
}

/// Where the source of a project comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A version from crates.io, or from the mirror that the user's cargo has in its place.
    CratesIo(CratesIoSource),
    /// A commit of a repository that git fetches.
    Git(GitSource),
    /// A cargo project in a directory.
    Path(PathSource),
    /// A directory that is built by commands.
    Command(CommandSource),
}

impl Source {
    /// The word in the manifest.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CratesIo(_) => "crates-io",
            Self::Git(_) => "git",
            Self::Path(_) => "path",
            Self::Command(_) => "command",
        }
    }
}

/// One version of a crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CratesIoSource {
    /// Name of the crate.
    pub name: String,
    /// Its full version.
    pub version: String,
    /// sha256 of its archive, 64 lower-case hex digits.
    pub sha256: String,
    /// Hash of its tree, 64 lower-case hex digits, where the manifest states it.
    pub tree: Option<String>,
}

/// One commit of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitSource {
    /// The address of the repository, one that git understands.
    pub url: String,
    /// The full commit, 40 lower-case hex digits.
    pub rev: String,
    /// Whether its submodules belong to it.
    pub submodules: bool,
    /// Hash of its tree, 64 lower-case hex digits, where the manifest states it.
    pub tree: Option<String>,
}

/// A cargo project in a directory of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathSource {
    /// The directory, absolute or relative to the manifest.
    pub path: PathBuf,
    /// Files and directories below it that do not belong to the project.
    pub exclude: Vec<PathBuf>,
}

/// A directory that is built by commands; each is a program with its arguments and runs without a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSource {
    /// The directory.
    pub path: PathBuf,
    /// Once per work tree, untimed.
    pub prepare: Option<Vec<String>>,
    /// Before a build from nothing, untimed.
    pub clean: Option<Vec<String>>,
    /// Before a build after a change, untimed; `{n}` is the number of the edit.
    pub edit: Option<Vec<String>>,
    /// What is timed.
    pub build: Vec<String>,
}

/// How a project is built. All of it is part of what a result speaks of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildSettings {
    /// Packages to build; empty for cargo's default.
    pub packages: Vec<String>,
    /// Binaries to build; empty for all.
    pub bins: Vec<String>,
    /// Features to turn on.
    pub features: Vec<String>,
    /// Whether the default features stay off.
    pub no_default_features: bool,
    /// The profile, where it is not the workload's choice.
    pub profile: Option<String>,
    /// Further arguments of cargo.
    pub args: Vec<String>,
    /// Variables set for every build.
    pub env: BTreeMap<String, String>,
    /// Names of variables that are passed on from the user's environment.
    pub pass_env: Vec<String>,
    /// Commands run once per work tree, untimed, without a shell.
    pub prepare: Vec<Vec<String>>,
    /// Programs that must be there.
    pub requires: Vec<String>,
    /// A command that must succeed with the artefact in place of `{artifact}`.
    pub check: Option<Vec<String>>,
}

/// A change of one file: a text is put in after an anchor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Its name.
    pub name: String,
    /// What kind of change it is.
    pub class: EditClass,
    /// The file, relative to the root of the source and below it.
    pub file: PathBuf,
    /// A text that occurs exactly once in the file.
    pub anchor: String,
    /// What is put in right after the anchor; `{n}` becomes the number of the edit.
    pub insert: String,
}

/// What kind of change an edit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EditClass {
    /// Inside a function: what depends on the crate is built again by cargo, but its interface is the same.
    Body,
    /// The interface of a crate.
    Interface,
}

impl EditClass {
    /// All classes.
    pub const ALL: [Self; 2] = [Self::Body, Self::Interface];

    /// The word in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Interface => "interface",
        }
    }
}
