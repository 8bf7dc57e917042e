//! The manifest of a project: what is built, from which source, and how it is edited.
//!
//! The types here are the domain's; `read` is the one place that knows how they stand in TOML.

mod generated;
mod names;
mod read;
pub(super) mod urls;

pub(super) use generated::{BODY_ANCHOR, ITEM_ANCHOR};
pub use generated::{Dependency, GeneratedSource, InGraph, Shape, Style};
pub(super) use names::{is_name, is_version};

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
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
    /// The text of Cargo.lock, where its source comes without one.
    pub lock: Option<String>,
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
    pub(crate) fn ordinary_edit(&self) -> Option<&Edit> {
        self.edit(EditClass::Body).or(self.edits.first())
    }

    /// The first edit of a class, in the order of the manifest.
    pub fn edit(&self, class: EditClass) -> Option<&Edit> {
        self.edits.iter().find(|edit| edit.class == class)
    }

    /// The edit of a class, or else the ordinary one.
    pub fn edit_of(&self, class: Option<EditClass>) -> Option<&Edit> {
        class.map_or_else(|| self.ordinary_edit(), |class| self.edit(class))
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
    /// Crates made from parameters.
    Generated(GeneratedSource),
}

impl Source {
    /// The word in the manifest.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::CratesIo(_) => "crates-io",
            Self::Git(_) => "git",
            Self::Path(_) => "path",
            Self::Command(_) => "command",
            Self::Generated(_) => "generated",
        }
    }

    /// The hash that its tree must have, where the manifest states it.
    pub fn tree(&self) -> Option<&str> {
        match self {
            Self::CratesIo(source) => source.tree.as_deref(),
            Self::Git(source) => source.tree.as_deref(),
            Self::Generated(source) => source.tree.as_deref(),
            Self::Path(_) | Self::Command(_) => None,
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
    /// The directory of the cargo project in it, where that is not its root.
    pub dir: Option<PathBuf>,
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
    /// Files and directories below it that git ignores and that come along whatever their size.
    pub include: Vec<PathBuf>,
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
    /// The directory below the project that the build tool is started in; the project's own if there is none.
    pub directory: Option<PathBuf>,
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

impl BuildSettings {
    /// The directory that the build tool is started in, of a project in `project`.
    pub fn started_in(&self, project: &Path) -> PathBuf {
        self.directory.as_ref().map_or_else(|| project.to_owned(), |directory| project.join(directory))
    }
}

/// A change of the source that is another one in every round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// Its name.
    pub name: String,
    /// What kind of change it is.
    pub class: EditClass,
    /// What it changes.
    pub change: Change,
}

/// What an edit changes. `{n}` in its text becomes the number of the edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A place in one file.
    Text(TextChange),
    /// What a unified diff changes.
    Patch {
        /// The diff, with paths from the root of the source behind `a/` and `b/`.
        diff: String,
    },
}

/// A text that is put in at a place of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextChange {
    /// The file, relative to the root of the source and below it.
    pub file: PathBuf,
    /// A text that occurs exactly once in the file.
    pub anchor: String,
    /// What is put in, and where.
    pub put: Put,
}

/// Where the text of an edit goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Put {
    /// Right after the anchor.
    After(String),
    /// In place of the anchor.
    InPlace(String),
}

/// What kind of change an edit is. cargo 1.95 rebuilds a crate and all that need it whatever was changed in it, so the
/// classes differ in where they are made or in what rustc finds changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EditClass {
    /// Inside a function: the interface of its crate is the same.
    Body,
    /// The public interface of a library.
    Signature,
    /// One more item, which nobody uses.
    NewItem,
    /// A comment, which moves what stands below it and changes nothing else.
    Comment,
    /// In a library that needs no other crate of the project, and that others need.
    Leaf,
    /// In a crate that no other crate of the project needs.
    Root,
    /// What a derive macro expands.
    MacroInput,
    /// In a build script.
    BuildScript,
    /// In a `Cargo.toml`.
    Manifest,
    /// Whatever a patch changes.
    Patch,
}

impl EditClass {
    /// All classes.
    pub const ALL: [Self; 10] = [
        Self::Body,
        Self::Signature,
        Self::NewItem,
        Self::Comment,
        Self::Leaf,
        Self::Root,
        Self::MacroInput,
        Self::BuildScript,
        Self::Manifest,
        Self::Patch,
    ];

    /// The word in the manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Signature => "signature",
            Self::NewItem => "new-item",
            Self::Comment => "comment",
            Self::Leaf => "leaf",
            Self::Root => "root",
            Self::MacroInput => "macro-input",
            Self::BuildScript => "build-script",
            Self::Manifest => "manifest",
            Self::Patch => "patch",
        }
    }
}

impl std::fmt::Display for EditClass {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
