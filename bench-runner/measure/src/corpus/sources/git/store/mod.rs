//! Bare repositories in the cache, one for each address, filled by the user's own git and read by libgit2.
//!
//! A commit is fetched when it is asked for and not there: alone, where the server gives single commits, and with all
//! that the server has, where it does not. Nothing is filtered, so what is there is whole. A repository that cannot be
//! read is replaced by a new one, once.
//!
//! Knows nothing of manifests and work trees.

mod fetch;
mod lock;

use std::fs;
use std::path::{Path, PathBuf};

use bench_runner_core::record::short_hash;
use git2::{Commit, ErrorCode, Oid, Repository};

use crate::corpus::sources::cache::CacheDir;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::history;
use fetch::FetchRequest;

/// Why something could not be read from a repository.
#[derive(Debug)]
pub(crate) enum StoreReadError {
    /// The repository is damaged; fetching it again may help. What cannot be read, as text.
    Damaged(String),
    /// It is sound, and what was read is refused.
    Refused(SourceError),
}

/// The commit `rev` of the repository at `url`, fetched where it is not there; `read` gets it, maybe twice.
///
/// No other process fetches into or replaces the repository meanwhile. `read` must not wait for other threads: one of
/// them may be waiting for the same repository.
pub(crate) fn with_commit<T>(
    url: &str,
    rev: &str,
    with: &FetchContext,
    read: impl FnMut(&Repository, &Commit<'_>) -> Result<T, StoreReadError>,
) -> Result<T, SourceError> {
    with_history(&FetchRequest { url, rev, depth: 1 }, with, read)
}

/// The repository at `url`, with the commit `rev` and its first-parent history so far back that `deepen_to`
/// commits are there, that one counted, or all there are.
///
/// # Errors
/// If they cannot be had.
pub fn repository(
    url: &str,
    rev: &str,
    deepen_to: usize,
    with: &FetchContext,
) -> Result<Repository, SourceError> {
    let wanted = FetchRequest { url, rev, depth: deepen_to.max(1) };
    with_history(&wanted, with, |_, _| Ok(()))?;
    let store = repository_dir(wanted.url, &with.cache);
    Repository::open_bare(&store).map_err(|error| damaged(&store, error.message().to_owned()))
}

fn with_history<T>(
    wanted: &FetchRequest<'_>,
    with: &FetchContext,
    mut read: impl FnMut(&Repository, &Commit<'_>) -> Result<T, StoreReadError>,
) -> Result<T, SourceError> {
    let dir = with.cache.repositories();
    fs::create_dir_all(&dir).map_err(SourceError::io("create", &dir))?;
    let store = repository_dir(wanted.url, &with.cache);
    let _lock = lock::take(&store)?;
    let missing = match try_read(&store, wanted, &mut read) {
        Ok(found) => return Ok(found),
        Err(MissingCommit::Refused(error)) => return Err(error),
        Err(missing) => missing,
    };
    if with.offline {
        return Err(offline(missing, &store, wanted));
    }
    // What is there stays; where git cannot go on from it, a new repository shows whether it was to blame.
    if matches!(missing, MissingCommit::Commit | MissingCommit::History { .. })
        && fetch::into(&store, wanted).is_ok()
    {
        note_end(&store, wanted);
        match try_read(&store, wanted, &mut read) {
            Ok(found) => return Ok(found),
            Err(MissingCommit::Refused(error)) => return Err(error),
            Err(MissingCommit::Commit) => return Err(fetch::no_such_commit(wanted)),
            Err(MissingCommit::Store | MissingCommit::History { .. } | MissingCommit::Damaged(_)) => {}
        }
    }
    replace(&store, wanted, &mut read)
}

/// The error where what is missing may not be fetched.
fn offline(missing: MissingCommit, store: &Path, wanted: &FetchRequest<'_>) -> SourceError {
    let FetchRequest { url, rev, depth } = wanted;
    let what = match missing {
        MissingCommit::Refused(error) => return error,
        MissingCommit::Damaged(reason) => return damaged(store, reason),
        MissingCommit::Store | MissingCommit::Commit => format!("the commit {rev} of {url}"),
        MissingCommit::History { there } => {
            format!("the history of {url} before the last {there} of {depth} commits up to {rev}")
        }
    };
    SourceError::Offline { what, help: "`bench-runner run` without `--offline` fetches it".into() }
}

/// Fetches into a new repository, which takes the place of the one in `store` when everything was read from it.
fn replace<T>(
    store: &Path,
    wanted: &FetchRequest<'_>,
    read: &mut impl FnMut(&Repository, &Commit<'_>) -> Result<T, StoreReadError>,
) -> Result<T, SourceError> {
    let dir = store.parent().unwrap_or(Path::new("."));
    let scratch = tempfile::Builder::new().prefix(".new-").tempdir_in(dir);
    let scratch = scratch.map_err(SourceError::io("write to", dir))?;
    let new = scratch.path().join("new");
    fetch::into(&new, wanted)?;
    note_end(&new, wanted);
    let found = try_read(&new, wanted, read).map_err(|missing| match missing {
        MissingCommit::Refused(error) => error,
        MissingCommit::Damaged(reason) => damaged(store, reason),
        MissingCommit::Store => damaged(store, "git made no repository".to_owned()),
        MissingCommit::History { .. } => damaged(store, "a part of its history is missing".to_owned()),
        MissingCommit::Commit => fetch::no_such_commit(wanted),
    });
    // A commit that is refused need not be fetched again to be refused again.
    if found.is_ok() || matches!(found, Err(SourceError::Commit { .. })) {
        if store.exists() {
            let old = scratch.path().join("old");
            fs::rename(store, &old).map_err(SourceError::io("move away", store))?;
        }
        fs::rename(&new, store).map_err(SourceError::io("write", store))?;
    }
    found
}

/// What keeps a commit from being read.
enum MissingCommit {
    Store,
    Commit,
    /// The commit is there, and of those before it too few: so many in all.
    History {
        there: usize,
    },
    Damaged(String),
    Refused(SourceError),
}

fn unsound(error: git2::Error) -> MissingCommit {
    MissingCommit::Damaged(error.message().to_owned())
}

/// Reads the commit, where as much of its history is there as is wanted, or as there is.
fn try_read<T>(
    store: &Path,
    wanted: &FetchRequest<'_>,
    read: &mut impl FnMut(&Repository, &Commit<'_>) -> Result<T, StoreReadError>,
) -> Result<T, MissingCommit> {
    if !store.exists() {
        return Err(MissingCommit::Store);
    }
    let repo = Repository::open_bare(store).map_err(unsound)?;
    let commit = Oid::from_str(wanted.rev).and_then(|id| repo.find_commit(id));
    let commit = commit.map_err(|error| match error.code() {
        // A name for it is left by the fetch that brought it.
        ErrorCode::NotFound if repo.find_reference(&fetch::pin_ref(wanted.rev)).is_err() => {
            MissingCommit::Commit
        }
        _ => unsound(error),
    })?;
    let back = history::first_parents(&repo, commit.id(), wanted.depth).map_err(unsound)?;
    let ends = |last: &Oid| repo.find_reference(&end_ref(*last)).is_ok();
    if back.cut && !back.commits.last().is_some_and(ends) {
        return Err(MissingCommit::History { there: back.commits.len() });
    }
    read(&repo, &commit).map_err(|unread| match unread {
        StoreReadError::Damaged(reason) => MissingCommit::Damaged(reason),
        StoreReadError::Refused(error) => MissingCommit::Refused(error),
    })
}

/// The name of a commit whose parents the server does not have either.
fn end_ref(commit: Oid) -> String {
    format!("refs/ends/{commit}")
}

/// Remembers where history ends right after a fetch that asked for more of it: there it ends where it comes from.
fn note_end(store: &Path, wanted: &FetchRequest<'_>) {
    let Ok(repo) = Repository::open_bare(store) else { return };
    let back = Oid::from_str(wanted.rev).and_then(|id| history::first_parents(&repo, id, wanted.depth));
    let Ok(history::FirstParents { commits, cut: true }) = back else { return };
    if let Some(last) = commits.last().filter(|last| is_cut_at(&repo, **last)) {
        // Where it cannot be written, whoever reads it finds history missing.
        let _ = repo.reference(&end_ref(*last), *last, true, "");
    }
}

/// True if git cut history at this commit; where it did not and a parent is missing, that is damage.
fn is_cut_at(repo: &Repository, commit: Oid) -> bool {
    let cuts = fs::read_to_string(repo.path().join("shallow")).unwrap_or_default();
    cuts.lines().any(|line| line.trim() == commit.to_string())
}

fn damaged(store: &Path, reason: String) -> SourceError {
    let help = "run once without `--offline`, which fetches it again; what is fetched damaged is damaged where it comes from";
    SourceError::Damaged { store: store.to_owned(), reason, help }
}

/// Where the repository of an address lies: a name to read and a hash to tell apart.
fn repository_dir(url: &str, cache: &CacheDir) -> PathBuf {
    let url = url.trim_end_matches('/');
    let last = url.rsplit(['/', ':']).next().unwrap_or_default().trim_end_matches(".git");
    let fitting = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' };
    let slug: String = last.chars().map(fitting).take(32).collect();
    cache.repositories().join(format!("{}-{}", slug.trim_start_matches('.'), short_hash(url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_below_the_cache_and_tells_addresses_apart() {
        let cache = CacheDir::at(Path::new("/cache")).unwrap();
        let name = |url: &str| {
            let place = repository_dir(url, &cache);
            assert_eq!(place.parent(), Some(Path::new("/cache/git")), "{url}");
            place.file_name().unwrap().to_str().unwrap().to_owned()
        };
        assert!(name("https://host/owner/ripgrep.git").starts_with("ripgrep-"));
        assert!(name("git@host:name").starts_with("name-"));
        assert_eq!(name("https://host/a/b/"), name("https://host/a/b"));
        assert_ne!(name("https://host/a/b"), name("https://host/c/b"));
        for hostile in ["https://host/..", "https://host/$(touch x)<b>", "https://host/."] {
            let name = name(hostile);
            assert!(!name.starts_with('.') && !name.contains(['$', '<', '/']), "{name}");
        }
    }
}
