//! Sources of projects: one contract ([`SourceKind`]), and one file per kind of source.
//!
//! [`pin`] turns a project's source into a [`Pinned`] tree in the cache: its pin, its files with their
//! hashes, and notes about it. The tree in the cache does not change from then on, whatever happens to its
//! origin; it is checked against its hashes each time it is pinned or copied. [`check_out`] writes a work
//! tree from it. A user's own tree is only ever read.
//!
//! Crates are fetched by the user's own cargo, with the user's mirrors and credentials (`cargo_homes`),
//! commits by the user's own git ([`git_store`]).

#![warn(missing_docs)]

mod cache;
mod cached_tree;
mod cargo_homes;
mod cargo_layout;
mod checkout;
mod context;
mod error;
mod ignored_files;
mod git;
pub(super) mod kind;
pub(super) mod kinds;
mod local_revision;
mod local_tree;
mod lockfile;
mod path_deps;
mod pinned;
mod tree;
mod user_cargo;

use bench_runner_core::record::{IgnoredFiles, Pin};
use rayon::prelude::*;

pub use cache::CacheDir;
pub use cargo_homes::{prepare as prepare_homes, user_cargo_home, write_cargo_home};
pub use cargo_layout::CargoLayouts;
pub use checkout::check_out;
pub(crate) use checkout::update_worktree;
pub use context::FetchContext;
pub use error::{SourceError, SourcesRefusal};
pub(super) use git::cli::references;
pub(crate) use git::file_state::uncommitted;
pub use git::history::last as last_commits;
pub use git::{revisions, store as git_store};
pub use kind::{Source, SourceKind, SourceRequest};
pub use lockfile::make_missing as make_missing_lock;
pub(super) use lockfile::{make as make_lock, make_for as make_lock_for};
pub use path_deps::workspace_member::{MemberPackage, member};
pub use pinned::Pinned;
pub use tree::{FileKind, TreeFile, hash_file};
pub use user_cargo::{FetchTool, fetch_dependencies};
pub(super) use user_cargo::{archive_hash, cargo};

/// Pins the source of a project and fetches it into the cache.
///
/// # Errors
/// If it cannot be fetched, or is not what the manifest states.
pub fn pin(request: &SourceRequest<'_>, with: &FetchContext) -> Result<Pinned, SourceError> {
    let pinned = check_stated_tree(request.source.pin(request, with)?, request)?;
    let pinned = git::lfs::note_pointers(lockfile::add_stated(pinned, request, with)?);
    if request.by_cargo { request.source.with_repository(pinned, None, request, with) } else { Ok(pinned) }
}

/// Checks that the tree is the one that the manifest states.
fn check_stated_tree(pinned: Pinned, request: &SourceRequest<'_>) -> Result<Pinned, SourceError> {
    let Some(expected) = request.source.stated_tree() else { return Ok(pinned) };
    let found = pinned.tree_hash();
    if found == expected {
        return Ok(pinned);
    }
    Err(SourceError::Tree { manifest: request.manifest.to_owned(), expected: expected.to_owned(), found })
}

/// Pins the sources of several projects in parallel. Nothing may be timed meanwhile.
pub fn pin_all(requests: &[SourceRequest<'_>], with: &FetchContext) -> Vec<Result<Pinned, SourceError>> {
    requests.par_iter().map(|request| pin(request, with)).collect()
}

/// Pins the source of a project as of one of its commits. Projects from git, and local ones in a repository,
/// have commits. The ignored files of `own`, the source in its present state, are added: a commit has none.
///
/// # Errors
/// If there is no such commit, or the project has none.
pub fn pin_revision(
    request: &SourceRequest<'_>,
    rev: &str,
    own: Option<&Pinned>,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let mut pinned = request.source.pin_revision(rev, request, with)?;
    if let Some(own) = own {
        pinned = local_revision::with_ignored(pinned, own, with)?;
    }
    if !request.by_cargo {
        return Ok(pinned);
    }
    let pinned = lockfile::add_to_revision(pinned, request, with)?;
    request.source.with_repository(pinned, Some(rev), request, with)
}

/// The last commits of a project, at most `count`, oldest first; the last of them is the pinned one. Projects
/// from git, and local ones in a repository, have commits.
///
/// # Errors
/// If it has none or they cannot be fetched, or if a local project has uncommitted changes.
pub fn commits(
    request: &SourceRequest<'_>,
    count: usize,
    with: &FetchContext,
) -> Result<Vec<String>, SourceError> {
    request.source.commits(count, request, with)
}

/// Loads a local tree that was pinned before from the cache alone, with its ignored files and, if it has
/// none, the lock file of the manifest: its origin may have changed or gone since. `None` if the tree is not
/// there or has changed.
///
/// # Errors
/// If the cache cannot be read, or the manifest has another lock file than the source.
pub fn load_pinned(
    request: &SourceRequest<'_>,
    pin: &Pin,
    ignored: Option<&IgnoredFiles>,
    with: &FetchContext,
) -> Result<Option<Pinned>, SourceError> {
    let Pin::Tree { sha256 } = pin else { return Ok(None) };
    let loaded = local_tree::load_pinned(sha256, ignored, &with.cache)?;
    loaded.map(|pinned| lockfile::add_stated(pinned, request, with)).transpose()
}
