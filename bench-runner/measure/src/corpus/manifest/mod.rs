//! The manifest of a project: what is built, from which source, and how it is edited.
//!
//! The types here are the domain's; `read` is the one place that knows how they stand in TOML.

mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::build_settings::BuildSettings;
use super::sources::kind::{Source, SourceRequest};

/// The most that a source may hold where its manifest says nothing, in bytes.
const DEFAULT_LIMIT: u64 = 2_000_000_000;

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
    pub estimate: ProjectEstimate,
    /// The manifest as it was read.
    pub text: String,
    /// Where the manifest was found, as errors show it.
    pub origin: String,
    /// Where its relative paths start; `None` for manifests that are compiled in.
    pub base: Option<PathBuf>,
}

/// What builds of a project roughly take.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectEstimate {
    /// Wall time of one build, by workload.
    pub builds: BTreeMap<String, Duration>,
    /// Size of the target directory that a build leaves.
    pub target_bytes: Option<u64>,
}

impl Project {
    /// The wish for its source.
    pub fn source_request(&self) -> SourceRequest<'_> {
        SourceRequest {
            project: &self.name,
            manifest: &self.origin,
            source: &self.source,
            base: self.base.as_deref(),
            lock: self.lock.as_deref(),
            limit: self.max_source_bytes.unwrap_or(DEFAULT_LIMIT),
            by_cargo: self.build.tool.is_cargo(),
        }
    }

    /// The user's own directory that it is a copy of, if it is a local project.
    pub fn own_directory(&self) -> Option<PathBuf> {
        let base = self.base.as_deref().unwrap_or(Path::new(""));
        self.source.directory().map(|directory| base.join(directory))
    }

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

/// A change of the source that is another one in every round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub name: String,
    /// What kind of change it is.
    pub class: EditClass,
    /// What it changes.
    pub change: EditChange,
}

/// What an edit changes. `{n}` in its text becomes the number of the edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditChange {
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
    pub put: EditPlacement,
}

/// Where the text of an edit goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditPlacement {
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
