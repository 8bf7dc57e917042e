//! Bare repositories in the cache, one for each address, filled by the user's own git and read by libgit2.
//!
//! A commit is fetched if it is requested and not there: alone, if the server supports single commits, or
//! else with everything that the server has. Nothing is filtered, so the objects are complete. A repository
//! that cannot be read is replaced by a new one, once.
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

/// The reason why something could not be read from a repository.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// The repository is damaged; fetching it again may help. The unreadable part, as text.
    Damaged(String),
    /// It is sound, and its contents are refused.
    Refused(SourceError),
}

/// Calls `read` with the commit `rev` of the repository at `url`, which is fetched if it is not there; `read`
/// may be called twice.
///
/// No other process fetches into or replaces the repository meanwhile. `read` must not wait for other
/// threads: one of them may be waiting for the same repository.
pub(crate) fn with_commit<T>(
    url: &str,
    rev: &str,
    with: &FetchContext,
    read: impl FnMut(&Repository, &Commit<'_>) -> Result<T, StoreError>,
) -> Result<T, SourceError> {
    with_history(&FetchRequest { url, rev, depth: 1 }, with, read)
}

/// The repository at `url`, with the commit `rev` and its first-parent history of at least `deepen_to`
/// commits, including `rev`, or all if there are fewer.
///
/// # Errors
/// If they cannot be fetched.
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
    mut read: impl FnMut(&Repository, &Commit<'_>) -> Result<T, StoreError>,
) -> Result<T, SourceError> {
    let dir = with.cache.repositories();
    fs::create_dir_all(&dir).map_err(SourceError::io("create", &dir))?;
    let store = repository_dir(wanted.url, &with.cache);
    let _lock = lock::acquire(&store)?;
    let unread = match try_read(&store, wanted, &mut read) {
        Ok(found) => return Ok(found),
        Err(CommitReadError::Refused(error)) => return Err(error),
        Err(error) => error,
    };
    if with.offline {
        return Err(offline(unread, &store, wanted));
    }
    // Existing objects stay; if git cannot continue from them, a new repository shows whether they were to
    // blame.
    if matches!(unread, CommitReadError::NoCommit | CommitReadError::HistoryTooShort { .. })
        && fetch::into(&store, wanted).is_ok()
    {
        note_end(&store, wanted);
        match try_read(&store, wanted, &mut read) {
            Ok(found) => return Ok(found),
            Err(CommitReadError::Refused(error)) => return Err(error),
            Err(CommitReadError::NoCommit) => return Err(fetch::no_such_commit(wanted)),
            Err(
                CommitReadError::NoStore
                | CommitReadError::HistoryTooShort { .. }
                | CommitReadError::Damaged(_),
            ) => {}
        }
    }
    replace(&store, wanted, &mut read)
}

/// The error if the missing part must not be fetched.
fn offline(unread: CommitReadError, store: &Path, wanted: &FetchRequest<'_>) -> SourceError {
    let FetchRequest { url, rev, depth } = wanted;
    let what = match unread {
        CommitReadError::Refused(error) => return error,
        CommitReadError::Damaged(reason) => return damaged(store, reason),
        CommitReadError::NoStore | CommitReadError::NoCommit => format!("the commit {rev} of {url}"),
        CommitReadError::HistoryTooShort { there } => {
            format!("the history of {url} before the last {there} of {depth} commits up to {rev}")
        }
    };
    SourceError::Offline { what, help: "`bench-runner run` without `--offline` fetches it".into() }
}

/// Fetches into a new repository, which replaces the one in `store` when everything was read from it.
fn replace<T>(
    store: &Path,
    wanted: &FetchRequest<'_>,
    read: &mut impl FnMut(&Repository, &Commit<'_>) -> Result<T, StoreError>,
) -> Result<T, SourceError> {
    let dir = store.parent().unwrap_or(Path::new("."));
    let scratch = tempfile::Builder::new().prefix(".new-").tempdir_in(dir);
    let scratch = scratch.map_err(SourceError::io("write to", dir))?;
    let new = scratch.path().join("new");
    fetch::into(&new, wanted)?;
    note_end(&new, wanted);
    let found = try_read(&new, wanted, read).map_err(|unread| match unread {
        CommitReadError::Refused(error) => error,
        CommitReadError::Damaged(reason) => damaged(store, reason),
        CommitReadError::NoStore => damaged(store, "git made no repository".to_owned()),
        CommitReadError::HistoryTooShort { .. } => {
            damaged(store, "a part of its history is missing".to_owned())
        }
        CommitReadError::NoCommit => fetch::no_such_commit(wanted),
    });
    // A refused commit is kept too, so that it is not fetched again.
    if found.is_ok() || matches!(found, Err(SourceError::Commit { .. })) {
        if store.exists() {
            let old = scratch.path().join("old");
            fs::rename(store, &old).map_err(SourceError::io("move away", store))?;
        }
        fs::rename(&new, store).map_err(SourceError::io("write", store))?;
    }
    found
}

/// The reason why a commit cannot be read.
enum CommitReadError {
    NoStore,
    NoCommit,
    /// The commit is there, with too little of its history: this many commits in total.
    HistoryTooShort {
        there: usize,
    },
    Damaged(String),
    Refused(SourceError),
}

fn unsound(error: git2::Error) -> CommitReadError {
    CommitReadError::Damaged(error.message().to_owned())
}

/// Reads the commit, if as much of its history is there as requested, or all of it.
fn try_read<T>(
    store: &Path,
    wanted: &FetchRequest<'_>,
    read: &mut impl FnMut(&Repository, &Commit<'_>) -> Result<T, StoreError>,
) -> Result<T, CommitReadError> {
    if !store.exists() {
        return Err(CommitReadError::NoStore);
    }
    let repo = Repository::open_bare(store).map_err(unsound)?;
    let commit = Oid::from_str(wanted.rev).and_then(|id| repo.find_commit(id));
    let commit = commit.map_err(|error| match error.code() {
        // The fetch that brought the commit left a reference to it.
        ErrorCode::NotFound if repo.find_reference(&fetch::pin_ref(wanted.rev)).is_err() => {
            CommitReadError::NoCommit
        }
        _ => unsound(error),
    })?;
    let back = history::first_parents(&repo, commit.id(), wanted.depth).map_err(unsound)?;
    let ends = |last: &Oid| repo.find_reference(&end_ref(*last)).is_ok();
    if back.cut && !back.commits.last().is_some_and(ends) {
        return Err(CommitReadError::HistoryTooShort { there: back.commits.len() });
    }
    read(&repo, &commit).map_err(|unread| match unread {
        StoreError::Damaged(reason) => CommitReadError::Damaged(reason),
        StoreError::Refused(error) => CommitReadError::Refused(error),
    })
}

/// The reference for a commit whose parents the server does not have either.
fn end_ref(commit: Oid) -> String {
    format!("refs/ends/{commit}")
}

/// Records where history ends right after a fetch that asked for more of it: there it ends at its origin,
/// too.
fn note_end(store: &Path, wanted: &FetchRequest<'_>) {
    let Ok(repo) = Repository::open_bare(store) else { return };
    let back = Oid::from_str(wanted.rev).and_then(|id| history::first_parents(&repo, id, wanted.depth));
    let Ok(history::FirstParents { commits, cut: true }) = back else { return };
    if let Some(last) = commits.last().filter(|last| is_cut_at(&repo, **last)) {
        // If it cannot be written, readers find history missing.
        let _ = repo.reference(&end_ref(*last), *last, true, "");
    }
}

/// True if git cut history at this commit; otherwise a missing parent is damage.
fn is_cut_at(repo: &Repository, commit: Oid) -> bool {
    let cuts = fs::read_to_string(repo.path().join("shallow")).unwrap_or_default();
    cuts.lines().any(|line| line.trim() == commit.to_string())
}

fn damaged(store: &Path, reason: String) -> SourceError {
    let help = "run once without `--offline`, which fetches it again; what is fetched damaged is damaged where it comes from";
    SourceError::Damaged { store: store.to_owned(), reason, help }
}

/// Directory of the repository of an address: a readable name and a hash for uniqueness.
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
