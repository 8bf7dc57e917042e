//! Where source trees come from: one file per kind of source, and one contract.
//!
//! [`pin`] turns a project into a [`Pinned`] tree in the cache: what fixes it, its files with their hashes, and
//! what is worth knowing about it. The tree in the cache does not change from then on, whatever happens to
//! where it came from; it is checked against its hashes each time it is pinned or copied. [`lay_out`] writes a
//! work tree from it. A user's own tree is only ever read.
//!
//! Crates come through the user's own cargo, with the user's mirrors and credentials (`homes`).

mod archive;
mod cache;
mod command;
mod crates_io;
mod error;
mod git;
mod homes;
mod local;
mod path;
mod revision;
mod tree;
mod walk;

use std::path::{Path, PathBuf};

use crate::record::Pin;

use super::manifest::{Project, Source};

pub use cache::Cache;
pub use crates_io::{FetchTool, fetch_dependencies};
pub use error::SourceError;
pub use homes::{prepare as prepare_homes, user_cargo_home};
pub use tree::{FileKind, TreeFile};

/// What sources are fetched with and where they are kept.
#[derive(Debug, Clone)]
pub struct Sources {
    /// Where everything is kept.
    pub cache: Cache,
    /// The user's cargo, which fetches.
    pub cargo: PathBuf,
    /// Whether nothing may be fetched.
    pub offline: bool,
    /// The user's own cargo home, whose mirrors and credentials are used; see [`user_cargo_home`].
    pub user_home: Option<PathBuf>,
    /// Directories that are no part of any source, such as those of results and plots.
    pub exclude: Vec<PathBuf>,
}

/// A source tree that is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// What fixes it.
    pub pin: Pin,
    /// The pristine tree, in the cache: work trees are copied from it, and nobody writes to it.
    pub tree: PathBuf,
    /// Its files, sorted by path.
    pub files: Vec<TreeFile>,
    /// What is worth knowing about its state, such as uncommitted changes.
    pub notes: Vec<String>,
}

/// Fixes the source of a project and brings it into the cache.
///
/// # Errors
/// Where it cannot be had, or is not what the manifest says.
pub fn pin(project: &Project, with: &Sources) -> Result<Pinned, SourceError> {
    match &project.source {
        Source::CratesIo(source) => {
            let origin = crates_io::Origin { project: &project.name, manifest: &project.origin };
            crates_io::pin(source, &origin, with)
        }
        Source::Path(path) => path::pin(&from_base(project, path)?, with),
        Source::Command(source) => command::pin(&from_base(project, &source.path)?, with),
    }
}

/// Fixes the source of a project as one of its commits has it. Only a local cargo project in a git repository has
/// commits.
///
/// # Errors
/// Where there is no such commit, or the project has none.
pub fn pin_revision(project: &Project, rev: &str, with: &Sources) -> Result<Pinned, SourceError> {
    match &project.source {
        Source::Path(path) => revision::pin(&from_base(project, path)?, rev, with),
        other => Err(SourceError::NoRevisions { project: project.name.clone(), kind: other.kind() }),
    }
}

/// Whether a project can be pinned without fetching anything; says nothing about its dependencies.
pub fn is_present(project: &Project, cache: &Cache) -> bool {
    match &project.source {
        Source::CratesIo(source) => cache.archive(&source.sha256).is_file(),
        Source::Path(_) | Source::Command(_) => true,
    }
}

/// A local tree that was pinned before, from the cache alone: its origin may have changed or gone since.
///
/// # Errors
/// Where the cache cannot be read. A tree that is not there, or not what it was, is `None`.
pub fn recall(pin: &Pin, cache: &Cache) -> Result<Option<Pinned>, SourceError> {
    match pin {
        Pin::Tree { sha256 } => local::recall(sha256, cache),
        Pin::CratesIo { .. } | Pin::Git { .. } => Ok(None),
    }
}

/// Writes a work tree: a copy of the pinned one in `into`, which is empty or not there yet.
///
/// Files get the time of the copy, executables stay executable and links stay links.
///
/// # Errors
/// Where it cannot be written, or the pinned tree is not what it was.
pub fn lay_out(pinned: &Pinned, into: &Path) -> Result<(), SourceError> {
    tree::copy(&pinned.tree, &pinned.files, into)
}

fn from_base(project: &Project, path: &Path) -> Result<PathBuf, SourceError> {
    if path.is_absolute() {
        return Ok(path.to_path_buf());
    }
    match &project.base {
        Some(base) => Ok(base.join(path)),
        None => Err(SourceError::NoBase { project: project.name.clone(), path: path.to_path_buf() }),
    }
}
