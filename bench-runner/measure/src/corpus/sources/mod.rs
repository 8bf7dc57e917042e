//! Where source trees come from: one file per kind of source, and one contract.
//!
//! [`pin`] turns a project into a [`Pinned`] tree in the cache: what fixes it, its files with their hashes, and
//! what is worth knowing about it. The tree in the cache does not change from then on, whatever happens to
//! where it came from; it is checked against its hashes each time it is pinned or copied. [`lay_out`] writes a
//! work tree from it. A user's own tree is only ever read.
//!
//! Crates come through the user's own cargo, with the user's mirrors and credentials (`homes`), commits through the
//! user's own git ([`git_store`]).

mod archive;
mod asking;
mod by_products;
mod cache;
mod command;
mod commit;
mod crates_io;
mod error;
mod generated;
mod git;
mod git_dir;
mod git_source;
pub mod git_store;
mod gitmodules;
mod history;
mod homes;
mod ignored;
mod layout;
mod lfs;
mod local;
mod locked;
mod outside;
mod path;
mod revision;
mod tree;
mod unlocked;
mod users_git;
mod users_repository;
mod walk;

use std::path::{Path, PathBuf};

use bench_runner_core::record::{IgnoredFiles, Pin};
use rayon::prelude::*;

use super::manifest::{CratesIoSource, GitSource, Project, Source};

pub(super) use asking::{archive_hash, cargo, lock_of, make_lock, references};
pub use cache::Cache;
pub use crates_io::{FetchTool, fetch_dependencies};
pub use error::SourceError;
pub(super) use generated::write_unlocked;
pub use history::last as last_commits;
pub(crate) use history::move_on;
pub use homes::{prepare as prepare_homes, user_cargo_home, write_cargo_home};
pub use layout::Layouts;
pub use outside::{Member, member};
pub use tree::{FileKind, TreeFile};
pub use unlocked::missing_lock;

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
    /// What the user's cargo has said of directories.
    pub layouts: Layouts,
}

#[cfg(test)]
impl Sources {
    /// Sources in tests: with the usual cargo, offline, in the cache `dir`.
    pub(in crate::corpus) fn in_tests(dir: &Path) -> Self {
        Self {
            cache: Cache::at(dir).expect("a path"),
            cargo: "cargo".into(),
            offline: true,
            user_home: None,
            exclude: Vec::new(),
            layouts: Layouts::default(),
        }
    }
}

/// A source tree that is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pinned {
    /// What fixes it.
    pub pin: Pin,
    /// The pristine tree, in the cache: work trees are copied from it, and nobody writes to it.
    pub tree: PathBuf,
    /// Where the project lies in the tree; empty where it is the tree, and nothing was brought along with it.
    pub root: PathBuf,
    /// Its files, sorted by path.
    pub files: Vec<TreeFile>,
    /// What is worth knowing about its state, such as uncommitted changes.
    pub notes: Vec<String>,
    /// Which of its files git ignores; they are not what the pin fixes.
    pub ignored: Option<IgnoredFiles>,
}

impl Pinned {
    /// The directory of the project in the pristine tree.
    pub fn dir(&self) -> PathBuf {
        self.dir_in(&self.tree)
    }

    /// The directory of the project in a copy of the tree.
    pub fn dir_in(&self, copy: &Path) -> PathBuf {
        // Joining nothing would put a slash at the end.
        if self.root.as_os_str().is_empty() { copy.to_path_buf() } else { copy.join(&self.root) }
    }

    /// The hash of the tree without what git ignores, 64 hex digits; docs/FORMAT.md says of what.
    pub fn tree_hash(&self) -> String {
        let is_ignored = self.is_ignored();
        let own: Vec<TreeFile> = self.files.iter().filter(|file| !is_ignored(file)).cloned().collect();
        tree::hash(&own)
    }

    /// The files that came along although git ignores them.
    fn ignored_files(&self) -> Vec<TreeFile> {
        let is_ignored = self.is_ignored();
        self.files.iter().filter(|file| is_ignored(file)).cloned().collect()
    }

    /// The hash of these files, if there are any.
    fn ignored_hash(&self) -> Option<&str> {
        ignored::hash(self.ignored.as_ref())
    }

    /// Whether the ignored files that came along are those of a plan.
    pub fn has_ignored(&self, planned: Option<&IgnoredFiles>) -> bool {
        self.ignored_hash() == ignored::hash(planned)
    }

    fn is_ignored(&self) -> impl Fn(&TreeFile) -> bool {
        ignored::is_named(self.ignored.as_ref().map_or(&[], |ignored| &ignored.files))
    }
}

/// The most that a source may hold where its manifest says nothing, in bytes.
const DEFAULT_LIMIT: u64 = 2_000_000_000;

/// The reason for which what holds more than `limit` bytes is refused.
fn too_much(limit: u64) -> String {
    format!(
        "it holds more than {} MB; `max-mb` in the manifest's `source` sets another limit",
        limit / 1_000_000
    )
}

/// Fixes the source of a project and brings it into the cache.
///
/// # Errors
/// Where it cannot be had, or is not what the manifest says.
pub fn pin(project: &Project, with: &Sources) -> Result<Pinned, SourceError> {
    let limit = project.max_source_bytes.unwrap_or(DEFAULT_LIMIT);
    let pinned = match &project.source {
        Source::CratesIo(source) => {
            let origin = crates_io::Origin { project: &project.name, manifest: &project.origin };
            crates_io::pin(source, &origin, limit, with)
        }
        Source::Git(source) => git_source::pin(source, limit, with),
        Source::Path(source) => {
            let path = from_base(project, &source.path)?;
            let include = Some(source.include.as_slice());
            path::pin(&local::Tree { path: &path, exclude: &source.exclude, include, limit }, with)
        }
        Source::Command(source) => {
            let path = from_base(project, &source.path)?;
            command::pin(&local::Tree { path: &path, exclude: &[], include: None, limit }, with)
        }
        Source::Generated(source) => generated::pin(source, &project.name, with),
    }?;
    let pinned = lfs::named(locked::complete(as_stated(pinned, project)?, project, with)?);
    match &project.source {
        Source::Path(source) => git_dir::of_directory(pinned, &from_base(project, &source.path)?, None, with),
        Source::Git(source) => git_dir::of_commit(pinned, source, with),
        _ => Ok(pinned),
    }
}

/// Whether the tree is the one that the manifest states.
fn as_stated(pinned: Pinned, project: &Project) -> Result<Pinned, SourceError> {
    let Some(expected) = project.source.tree() else { return Ok(pinned) };
    let found = pinned.tree_hash();
    if found == expected {
        return Ok(pinned);
    }
    Err(SourceError::Tree { manifest: project.origin.clone(), expected: expected.to_owned(), found })
}

/// Fixes the sources of several projects at once. Nothing may be timed meanwhile.
pub fn pin_all(projects: &[Project], with: &Sources) -> Vec<Result<Pinned, SourceError>> {
    projects.par_iter().map(|project| pin(project, with)).collect()
}

/// Fixes the source of a project as one of its commits has it. Projects from git, and local ones in a repository, have
/// commits. With it come the ignored files of `own`, the source as it is now: a commit has none.
///
/// # Errors
/// Where there is no such commit, or the project has none.
pub fn pin_revision(
    project: &Project,
    rev: &str,
    own: Option<&Pinned>,
    with: &Sources,
) -> Result<Pinned, SourceError> {
    let limit = project.max_source_bytes.unwrap_or(DEFAULT_LIMIT);
    let pinned = match &project.source {
        Source::Path(source) => revision::pin(&from_base(project, &source.path)?, rev, limit, with),
        Source::Git(source) if bench_runner_core::record::is_hex(rev, 40) => {
            let at = GitSource { rev: rev.to_owned(), tree: None, ..source.clone() };
            git_source::pin(&at, limit, with)
        }
        Source::Git(source) => Err(SourceError::Commit {
            url: source.url.clone(),
            rev: rev.to_owned(),
            reason: "it is not a full commit of 40 lower-case hex digits".into(),
            help: format!("`git ls-remote {}` lists branches and tags with their commits", source.url),
        }),
        other => Err(SourceError::NoRevisions { project: project.name.clone(), kind: other.kind() }),
    }?;
    let pinned = match own {
        Some(own) => revision::with_ignored(pinned, own, with)?,
        None => pinned,
    };
    let pinned = locked::of_revision(pinned, project, with)?;
    match &project.source {
        Source::Path(source) => {
            git_dir::of_directory(pinned, &from_base(project, &source.path)?, Some(rev), with)
        }
        Source::Git(source) => {
            let at = GitSource { rev: rev.to_owned(), ..source.clone() };
            git_dir::of_commit(pinned, &at, with)
        }
        _ => Ok(pinned),
    }
}

/// The last commits of a project, at most `count`, oldest first; the last of them is the one that is pinned. Projects
/// from git, and local ones in a repository, have commits.
///
/// # Errors
/// Where it has none or they cannot be had, or where a local project has changes that are not committed.
pub fn commits(project: &Project, count: usize, with: &Sources) -> Result<Vec<String>, SourceError> {
    match &project.source {
        Source::Path(source) => history::of_directory(&from_base(project, &source.path)?, count),
        Source::Git(source) => git_source::last_commits(source, count, with),
        other => Err(SourceError::NoRevisions { project: project.name.clone(), kind: other.kind() }),
    }
}

/// The pin that a manifest states by itself; `None` where the source has to be looked at.
pub fn stated_pin(source: &Source) -> Option<Pin> {
    match source {
        Source::CratesIo(CratesIoSource { name, version, sha256, .. }) => {
            Some(Pin::CratesIo { name: name.clone(), version: version.clone(), sha256: sha256.clone() })
        }
        Source::Git(source) => Some(Pin::Git { rev: source.rev.clone() }),
        Source::Path(_) | Source::Command(_) | Source::Generated(_) => None,
    }
}

/// A local tree that was pinned before, with the ignored files that came along, from the cache alone: its origin may have
/// changed or gone since.
///
/// # Errors
/// Where the cache cannot be read. A tree that is not there, or not what it was, is `None`.
pub(crate) fn recall(
    pin: &Pin,
    ignored: Option<&IgnoredFiles>,
    cache: &Cache,
) -> Result<Option<Pinned>, SourceError> {
    match pin {
        Pin::Tree { sha256 } => local::recall(sha256, ignored, cache),
        Pin::CratesIo { .. } | Pin::Git { .. } => Ok(None),
    }
}

/// The source of `project` as [`recall`] has it, with the lock file of the manifest where it has none.
///
/// # Errors
/// As of [`recall`], or where the manifest has another lock file than the source.
pub fn recall_of(
    project: &Project,
    pin: &Pin,
    ignored: Option<&IgnoredFiles>,
    with: &Sources,
) -> Result<Option<Pinned>, SourceError> {
    recall(pin, ignored, &with.cache)?.map(|pinned| locked::complete(pinned, project, with)).transpose()
}

/// Writes a work tree: a copy of the pinned one in `into`, which is empty or not there yet. The project is in
/// [`Pinned::dir_in`] of it.
///
/// Where the build asks git, a repository with the pinned commit comes with it; see `git_dir`.
///
/// Blocks are shared where the file system can. Of a copy with ignored files, which may hold secrets, nobody else sees
/// anything. Files get the time of the copy, executables stay executable and links stay links.
///
/// # Errors
/// Where it cannot be written, or the pinned tree is not what it was.
pub fn lay_out(pinned: &Pinned, into: &Path) -> Result<(), SourceError> {
    tree::copy(&pinned.tree, &pinned.files, into)?;
    if pinned.ignored_hash().is_some() {
        ignored::keep_private(into)?;
    }
    git_dir::lay_out(pinned, into)
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
