//! A pinned source tree in the cache.

use std::path::{Path, PathBuf};

use bench_runner_core::record::{IgnoredFiles, Pin};

use super::ignored_files;
use super::tree::{self, TreeFile};

/// A pinned source tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// Identity of the tree.
    pub pin: Pin,
    /// The pristine tree, in the cache: work trees are copied from it, and nobody writes to it.
    pub tree: PathBuf,
    /// Path of the project in the tree; empty if it is the tree, and nothing from outside of it was added.
    pub root: PathBuf,
    /// Its files, sorted by path.
    pub files: Vec<TreeFile>,
    /// Notes about its state, such as uncommitted changes.
    pub notes: Vec<String>,
    /// The files of it that git ignores; the pin does not cover them.
    pub ignored: Option<IgnoredFiles>,
}

impl Pinned {
    /// The directory of the project in the pristine tree.
    pub fn dir(&self) -> PathBuf {
        self.dir_in(&self.tree)
    }

    /// The directory of the project in a copy of the tree.
    pub fn dir_in(&self, copy: &Path) -> PathBuf {
        // Joining an empty path would add a slash at the end.
        if self.root.as_os_str().is_empty() { copy.to_path_buf() } else { copy.join(&self.root) }
    }

    /// The hash of the tree without ignored files, 64 hex digits; docs/FORMAT.md defines it.
    pub fn tree_hash(&self) -> String {
        let is_ignored = self.is_ignored();
        let own: Vec<TreeFile> = self.files.iter().filter(|file| !is_ignored(file)).cloned().collect();
        tree::hash(&own)
    }

    /// The files that were copied although git ignores them.
    pub(super) fn ignored_files(&self) -> Vec<TreeFile> {
        let is_ignored = self.is_ignored();
        self.files.iter().filter(|file| is_ignored(file)).cloned().collect()
    }

    /// The hash of these files, if there are any.
    pub(super) fn ignored_hash(&self) -> Option<&str> {
        ignored_files::hash(self.ignored.as_ref())
    }

    /// True if its ignored files are those of a plan.
    pub fn has_ignored(&self, planned: Option<&IgnoredFiles>) -> bool {
        self.ignored_hash() == ignored_files::hash(planned)
    }

    /// A predicate for files that were copied although git ignores them.
    pub(super) fn is_ignored(&self) -> impl Fn(&TreeFile) -> bool {
        ignored_files::is_in_plan(self.ignored.as_ref().map_or(&[], |ignored| &ignored.files))
    }
}
