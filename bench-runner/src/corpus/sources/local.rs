//! A tree of the user's: listed, hashed, and copied into the cache, so that it stays as it was pinned.

use std::fs;
use std::path::{Path, PathBuf};

use crate::record::Pin;

use super::git::{self, GitTree};
use super::walk::{self, Found};
use super::{Cache, Pinned, SourceError, Sources, TreeFile, tree};

/// Pins the tree in `path`.
pub(super) fn pin(path: &Path, with: &Sources) -> Result<Pinned, SourceError> {
    let root = path.canonicalize().map_err(SourceError::io("find", path))?;
    let excluded = with.exclude.iter().map(PathBuf::as_path).chain([with.cache.root()]);
    let excluded: Vec<PathBuf> = excluded.filter_map(|dir| dir.canonicalize().ok()).collect();
    let (files, notes) = list(&root, &excluded)?;
    if files.is_empty() {
        return Err(SourceError::Unfit {
            path: root,
            reason: "there is no file in it".into(),
            help: "give the directory of the project".into(),
        });
    }
    let files = tree::read(&root, files)?;
    let sha256 = tree::hash(&files);
    let tree = place(&sha256, &with.cache);
    if contents(&tree)?.as_deref() != Some(files.as_slice()) {
        replace(&tree, &with.cache, |into| tree::copy(&root, &files, into))?;
    }
    Ok(Pinned { pin: Pin::Tree { sha256 }, tree, files, notes })
}

/// The tree of this hash from the cache, where it is there and unchanged.
pub(super) fn recall(sha256: &str, cache: &Cache) -> Result<Option<Pinned>, SourceError> {
    let tree = place(sha256, cache);
    let files = contents(&tree)?.filter(|files| tree::hash(files) == sha256);
    let pin = Pin::Tree { sha256: sha256.to_owned() };
    Ok(files.map(|files| Pinned { pin, tree, files, notes: Vec::new() }))
}

/// All files of a tree in the cache, where it is there.
pub(super) fn contents(tree: &Path) -> Result<Option<Vec<TreeFile>>, SourceError> {
    if !tree.is_dir() {
        return Ok(None);
    }
    let found = walk::files(tree, |_, _| Ok(true))?;
    tree::read(tree, found.files).map(Some)
}

/// Makes a tree of the cache anew: written beside its place, then moved there in one step.
pub(super) fn replace(
    tree: &Path,
    cache: &Cache,
    write: impl FnOnce(&Path) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let dir = cache.sources();
    fs::create_dir_all(&dir).map_err(SourceError::io("create", &dir))?;
    let scratch = tempfile::Builder::new().prefix(".new-").tempdir_in(&dir);
    let scratch = scratch.map_err(SourceError::io("write to", &dir))?;
    let new = scratch.path().join("new");
    write(&new)?;
    if tree.exists() {
        // It is not what it should be; out of the way it goes with the scratch directory.
        let old = scratch.path().join("old");
        fs::rename(tree, &old).map_err(SourceError::io("move away", tree))?;
    }
    match fs::rename(&new, tree) {
        // Another process was faster with the same tree; its files are checked when they are used.
        Err(_) if tree.is_dir() => Ok(()),
        result => result.map_err(SourceError::io("write", tree)),
    }
}

fn place(sha256: &str, cache: &Cache) -> PathBuf {
    cache.sources().join(format!("tree-{}", &sha256[..sha256.len().min(12)]))
}

/// The files of a user's tree and what is worth knowing about it.
fn list(root: &Path, excluded: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>), SourceError> {
    let (git, mut notes) = match git::open(root) {
        Ok(Some(git)) => (Some(git), Vec::new()),
        Ok(None) => (None, Vec::new()),
        Err(reason) => (None, vec![format!("git's ignore rules were not used: {reason}")]),
    };
    let is_excluded = |path: &Path| excluded.contains(&root.join(path));
    let found = match &git {
        Some(git) => list_git(root, git, is_excluded)?,
        None => walk::files(root, |path, is_dir| {
            Ok(!(walk::is_by_product(root, path, is_dir) || is_dir && is_excluded(path)))
        })?,
    };
    notes.extend(git.iter().flat_map(GitTree::notes));
    notes.extend(found.special.iter().map(|path| format!("left out, not a file: {}", path.display())));
    Ok((found.files, notes))
}

fn list_git(root: &Path, git: &GitTree, is_excluded: impl Fn(&Path) -> bool) -> Result<Found, SourceError> {
    let mut found = walk::files(root, |path, is_dir| {
        if !is_dir && git.tracked.contains(path) {
            return Ok(true);
        }
        if walk::is_by_product(root, path, is_dir) || (is_dir && is_excluded(path)) {
            return Ok(false);
        }
        // Builds are `--locked`, so the lock file belongs to the source also where git does not have it.
        if !is_dir && path.file_name().is_some_and(|name| name == "Cargo.lock") {
            return Ok(true);
        }
        Ok(!git.ignores(root, path)?)
    })?;
    // A tracked file in an ignored directory is part of the project all the same.
    let listed: std::collections::BTreeSet<PathBuf> = found.files.iter().cloned().collect();
    for path in &git.tracked {
        let is_file = || fs::symlink_metadata(root.join(path)).is_ok_and(|m| m.is_file() || m.is_symlink());
        if !listed.contains(path) && !path.ancestors().any(&is_excluded) && is_file() {
            found.files.push(path.clone());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
