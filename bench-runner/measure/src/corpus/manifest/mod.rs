//! The manifest of a project: its source, its build settings and its edits.
//!
//! The types here are the domain's; `read` is the only place that knows their form in TOML.

mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::build_settings::BuildSettings;
use super::sources::kind::{Source, SourceRequest};

/// Most bytes of a source, if its manifest does not set a limit.
const DEFAULT_LIMIT: u64 = 2_000_000_000;

/// A project as its manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Name, of `[A-Za-z0-9._-]`.
    pub name: String,
    /// Description in a few words.
    pub summary: String,
    /// Words by which it can be selected.
    pub tags: Vec<String>,
    pub source: Source,
    /// Most bytes of its source, if the manifest sets a limit.
    pub max_source_bytes: Option<u64>,
    /// The text of Cargo.lock, if its source comes without one.
    pub lock: Option<String>,
    pub build: BuildSettings,
    /// Changes of its source between two builds.
    pub edits: Vec<Edit>,
    /// Rough cost of its builds, for plans.
    pub estimate: ProjectEstimate,
    /// The manifest as it was read.
    pub text: String,
    /// The file that the manifest was read from, as errors show it.
    pub origin: String,
    /// Start of its relative paths; `None` for manifests that are compiled in.
    pub base: Option<PathBuf>,
}

/// Rough cost of the builds of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProjectEstimate {
    /// Wall time of one build, by workload.
    pub builds: BTreeMap<String, Duration>,
    /// Size of the target directory that a build leaves.
    pub target_bytes: Option<u64>,
}

impl Project {
    /// The request for its source.
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

    /// The edit that represents an ordinary change: the first one inside a function, else the first of all.
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

/// A change of the source that differs in every round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    pub name: String,
    /// The kind of change.
    pub class: EditClass,
    /// The change itself.
    pub change: EditChange,
}

/// The change that an edit makes. `{n}` in its text becomes the number of the edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditChange {
    /// A change at one place in one file.
    Text(TextChange),
    /// A unified diff.
    Patch {
        /// The diff, with paths from the root of the source after `a/` and `b/`.
        diff: String,
    },
}

/// A text that is inserted at a place in one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextChange {
    /// The file, relative to the root of the source and below it.
    pub file: PathBuf,
    /// A text that occurs exactly once in the file.
    pub anchor: String,
    pub put: EditPlacement,
}

/// The text of an edit and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditPlacement {
    /// Right after the anchor.
    After(String),
    /// In place of the anchor.
    InPlace(String),
}

/// The kind of an edit. cargo 1.95 rebuilds a crate and all crates that need it whatever was changed in it,
/// so the classes differ in the crate that they change or in what rustc finds changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EditClass {
    /// Inside a function: the interface of its crate is the same.
    Body,
    /// The public interface of a library.
    Signature,
    /// One more item, which is not used.
    NewItem,
    /// A comment, which moves the text below it and changes nothing else.
    Comment,
    /// In a library that needs no other crate of the project, and that others need.
    Leaf,
    /// In a crate that no other crate of the project needs.
    Root,
    /// Input of a derive macro.
    MacroInput,
    BuildScript,
    /// In a `Cargo.toml`.
    Manifest,
    /// Anything that a patch changes.
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
