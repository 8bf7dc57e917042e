//! Trees in the cache: their paths, their contents, and their replacement.

use std::fs;
use std::path::{Path, PathBuf};

use bench_runner_core::record::IgnoredFiles;
use tempfile::TempDir;

use super::cache::CacheDir;
use super::error::SourceError;
use super::ignored_files;
use super::tree::{self, TreeFile, walk};

/// All files of a tree in the cache; `None` if the tree does not exist.
pub(super) fn contents(tree: &Path) -> Result<Option<Vec<TreeFile>>, SourceError> {
    if !tree.is_dir() {
        return Ok(None);
    }
    let found = walk::files(tree, &mut |_, _| Ok(true))?;
    tree::read(tree, found.files).map(Some)
}

/// Writes a tree of the cache again: in a scratch directory first, then moved to its place in one step.
pub(super) fn replace(
    tree: &Path,
    cache: &CacheDir,
    write: impl FnOnce(&Path) -> Result<(), SourceError>,
) -> Result<(), SourceError> {
    let scratch = scratch_dir(&cache.sources())?;
    let new = scratch.path().join("new");
    write(&new)?;
    move_into_place(&new, tree, scratch.path())
}

fn scratch_dir(dir: &Path) -> Result<TempDir, SourceError> {
    fs::create_dir_all(dir).map_err(SourceError::io("create", dir))?;
    let scratch = tempfile::Builder::new().prefix(".new-").tempdir_in(dir);
    scratch.map_err(SourceError::io("write to", dir))
}

fn move_into_place(new: &Path, tree: &Path, scratch: &Path) -> Result<(), SourceError> {
    if tree.exists() {
        // It is not what it should be; moved here, it is removed with the scratch directory.
        let old = scratch.join("old");
        fs::rename(tree, &old).map_err(SourceError::io("move away", tree))?;
    }
    match fs::rename(new, tree) {
        // Another process was faster with the same tree; its files are checked when they are used.
        Err(_) if tree.is_dir() => Ok(()),
        result => result.map_err(SourceError::io("write", tree)),
    }
}

/// Path of the tree with this hash.
pub(super) fn tree_path(sha256: &str, cache: &CacheDir) -> PathBuf {
    cache.sources().join(format!("tree-{}", &sha256[..sha256.len().min(12)]))
}

/// Path of the same tree with these ignored files.
pub(super) fn tree_path_with_ignored(place: &Path, ignored: Option<&IgnoredFiles>) -> PathBuf {
    let Some(hash) = ignored_files::hash(ignored) else { return place.to_owned() };
    let mut name = place.as_os_str().to_owned();
    // A plan may come from anywhere, and this becomes part of a path.
    let digits = hash.rsplit(':').next().unwrap_or(hash).chars().filter(char::is_ascii_hexdigit);
    let digits: String = digits.take(12).collect();
    name.push(format!("-{digits}"));
    name.into()
}
