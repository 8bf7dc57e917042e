//! A small repository for the copy of a project whose build script asks git.
//!
//! A copy is not a work tree of git. If a build would ask git, a repository is made for the copy: the commit
//! with its files, those before it as far as the user's own repository has them, and the tags that lead to
//! them. Objects are copied, so that the repository does not depend on the user's, to which nothing is
//! written. It is stored next to the tree in the cache, is not part of the tree's hash, and is checked out
//! with it.
//!
//! `asks_git` finds the code that asks git; `index` writes the index of a work tree.

mod asks_git;
mod index;
mod objects;

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::Repository;

use crate::corpus::sources::cache::CacheDir;
use crate::corpus::sources::cached_tree;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::store;
use crate::corpus::sources::git::users_repository;
use crate::corpus::sources::git::worktree;
use crate::corpus::sources::pinned::Pinned;
use crate::corpus::sources::tree::walk;
use objects::BuildRepository;

/// The repository itself, in the directory next to a tree.
const GIT_DIR: &str = "git";
/// File with its path in a copy.
const GIT_PLACE_FILE: &str = "at";
/// File with the key of its contents.
const KEY_FILE: &str = "made-from";

/// The state of the user's repository that a build sees.
#[derive(Clone, Copy)]
enum CommitView<'a> {
    /// As it is checked out there, with later changes.
    CheckedOut,
    /// This commit, without changes.
    Commit(&'a str),
}

/// The source with a repository for its build, if the build asks git; `path` is the user's own directory, in
/// its checked out state, or as of `rev`.
pub(crate) fn for_directory(
    mut pinned: Pinned,
    path: &Path,
    rev: Option<&str>,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let beside = repository_dir(&pinned.tree);
    let Some(asks) = asks_git::find(&pinned) else { return Ok(pinned) };
    let note =
        match take_from_user(&pinned, path, rev.map_or(CommitView::CheckedOut, CommitView::Commit), with)? {
            Ok(made) => format!("{asks} asks git, and finds a repository with {made}"),
            Err(reason) => {
                remove(&beside)?;
                format!("{asks} asks git, and the copy is no repository: {reason}")
            }
        };
    pinned.notes.push(note);
    Ok(pinned)
}

/// The work tree of the repository that the project in `root` is a part of, if the project asks git and its
/// copy does not begin there.
pub(crate) fn needs_work_tree(pinned: &Pinned, root: &Path) -> Option<PathBuf> {
    let work_tree = worktree::work_tree(root).ok().flatten()?;
    let below = root.strip_prefix(&work_tree).ok()?;
    (!pinned.root.ends_with(below) && asks_git::find(pinned).is_some()).then_some(work_tree)
}

/// The same as [`for_directory`] for a commit of a repository in the cache. Even if more of its history is
/// there, it gets only that commit and no tags: otherwise the build would depend on earlier fetches.
pub(crate) fn for_commit(
    mut pinned: Pinned,
    url: &str,
    rev: &str,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let Some(asks) = asks_git::find(&pinned) else { return Ok(pinned) };
    let repository = store::repository(url, rev, 1, with)?;
    let made = objects::single(&repository, rev)
        .map(|made| store_beside(&pinned, Path::new(""), &made, &repository, &with.cache));
    let note = match made {
        Ok(put) => {
            put?;
            format!("{asks} asks git, and finds a repository with this one commit and no tags")
        }
        Err(error) => {
            remove(&repository_dir(&pinned.tree))?;
            format!("{asks} asks git, and the copy is no repository: {}", error.message())
        }
    };
    pinned.notes.push(note);
    Ok(pinned)
}

/// Makes the repository from the user's. Returns a description of it, or the reason why there is none.
fn take_from_user(
    pinned: &Pinned,
    path: &Path,
    shown: CommitView<'_>,
    with: &FetchContext,
) -> Result<Result<String, String>, SourceError> {
    let root = path.canonicalize().map_err(SourceError::io("find", path))?;
    let head = match shown {
        CommitView::CheckedOut => match worktree::open(&root) {
            Ok(tree) => tree.and_then(|tree| tree.head),
            Err(reason) => return Ok(Err(reason)),
        },
        CommitView::Commit(rev) => Some(rev.to_owned()),
    };
    let Some(head) = head else {
        return Ok(Err("neither is the project in one with a commit".to_owned()));
    };
    let users = match users_repository::open(&root, &head, with) {
        Ok(users) => users,
        Err(unread) => return Ok(Err(unread.reason())),
    };
    let work_tree = users.work_tree.as_ref();
    let Some((workdir, below)) =
        work_tree.and_then(|dir| Some((dir, root.strip_prefix(dir).ok()?.to_owned())))
    else {
        return Ok(Err("the project is not in the work tree of its repository".to_owned()));
    };
    let repository = &users.repository;
    if !pinned.root.ends_with(&below) {
        return Ok(Err(format!(
            "the project is `{}` of one, and only that is copied; give the root of the repository instead",
            below.display()
        )));
    }
    let at: PathBuf = pinned
        .root
        .components()
        .take(pinned.root.components().count() - below.components().count())
        .collect();
    let made = match shown {
        _ if users.in_cache => objects::single(repository, &head),
        CommitView::CheckedOut => objects::checked_out(repository),
        CommitView::Commit(rev) => objects::with_history(repository, rev),
    };
    let mut made = match made {
        Ok(made) => made,
        Err(error) => return Ok(Err(error.message().to_owned())),
    };
    made.abbreviated = objects::abbreviated(workdir, made.head);
    store_beside(pinned, &at, &made, repository, &with.cache)?;
    let alone = if users.in_cache { "; libgit2 cannot read the history of the user's own" } else { "" };
    Ok(Ok(format!("{made}{alone}")))
}

/// Writes the repository next to the tree, unless it exists already.
fn store_beside(
    pinned: &Pinned,
    at: &Path,
    made: &BuildRepository,
    repository: &Repository,
    cache: &CacheDir,
) -> Result<(), SourceError> {
    let beside = repository_dir(&pinned.tree);
    let exclude = exclude(pinned, at);
    let key = format!("{}{}\n", made.key(), bench_runner_core::record::short_hash(&exclude));
    if fs::read_to_string(beside.join(KEY_FILE)).is_ok_and(|present| present == key) {
        return Ok(());
    }
    cached_tree::replace(&beside, cache, |into| {
        let git = into.join(GIT_DIR);
        fs::create_dir_all(&git).map_err(SourceError::io("create", &git))?;
        let failed = |error: git2::Error| SourceError::Damaged {
            store: repository.path().to_owned(),
            reason: error.message().to_owned(),
            help: "`git fsck` there says more",
        };
        objects::write(made, &exclude, repository, &git)?.map_err(failed)?;
        index::write(&made.entries, &git.join(index::NAME)).map_err(failed)?;
        for (name, bytes) in [(GIT_PLACE_FILE, at.as_os_str().as_bytes()), (KEY_FILE, key.as_bytes())] {
            let file = into.join(name);
            fs::write(&file, bytes).map_err(SourceError::io("write", &file))?;
        }
        Ok(())
    })
}

/// git's ignore rules for the copy: files that complete a source, and files that were copied although the
/// user's own rules ignore them, which may not be in the project.
fn exclude(pinned: &Pinned, at: &Path) -> String {
    let mut rules = "/.bench-runner-project\nCargo.lock\n/target\n".to_owned();
    let project = pinned.root.strip_prefix(at).ok().and_then(Path::to_str).filter(|path| !path.is_empty());
    rules.extend(project.map(|path| format!("/{path}/target\n")));
    for name in pinned.ignored.iter().flat_map(|ignored| &ignored.files) {
        let slash = if name.ends_with('/') { "/" } else { "" };
        let Some(path) = Path::new(name).strip_prefix(at).ok().and_then(Path::to_str) else { continue };
        let path = path.trim_end_matches('/');
        let escaped = path.replace('\\', "\\\\").replace('*', "\\*").replace('?', "\\?").replace('[', "\\[");
        rules.push_str(&format!("/{}{slash}\n", escaped.replace(' ', "\\ ")));
    }
    rules
}

/// Puts the repository of a source into a copy of it, if it has one. Files that are there already with the
/// same content keep their time: a build script may check it.
pub(crate) fn check_out(pinned: &Pinned, copy: &Path) -> Result<(), SourceError> {
    let beside = repository_dir(&pinned.tree);
    let from = beside.join(GIT_DIR);
    if !from.is_dir() {
        return Ok(());
    }
    let at = fs::read(beside.join(GIT_PLACE_FILE)).map_err(SourceError::io("read", &beside))?;
    let work_tree = copy.join(std::ffi::OsStr::from_bytes(&at));
    let git = work_tree.join(".git");
    for file in walk::files(&from, &mut |path, _| Ok(path != Path::new(index::NAME)))?.files {
        let (from, to) = (from.join(&file), git.join(&file));
        let text = fs::read(&from).map_err(SourceError::io("read", &from))?;
        if fs::read(&to).is_ok_and(|present| present == text) {
            continue;
        }
        let parent = to.parent().unwrap_or(&git);
        fs::create_dir_all(parent).map_err(SourceError::io("create", parent))?;
        fs::write(&to, text).map_err(SourceError::io("write", &to))?;
    }
    for dir in ["refs/heads", "refs/tags", "objects/info"].map(|dir| git.join(dir)) {
        fs::create_dir_all(&dir).map_err(SourceError::io("create", &dir))?;
    }
    index::check_out(&from.join(index::NAME), &work_tree).map_err(|error| SourceError::Damaged {
        store: git,
        reason: error.message().to_owned(),
        help: "run again; the cache has what is needed",
    })
}

/// Directory of the repository of a tree.
fn repository_dir(tree: &Path) -> PathBuf {
    let mut name = tree.as_os_str().to_owned();
    name.push(".repository");
    name.into()
}

/// Removes the repository that an earlier run made, if there is one.
fn remove(beside: &Path) -> Result<(), SourceError> {
    match fs::remove_dir_all(beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(SourceError::Io { doing: "remove", path: beside.to_owned(), error })
        }
        _ => Ok(()),
    }
}
