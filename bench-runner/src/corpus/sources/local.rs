//! A tree of the user's: listed, hashed, and copied into the cache, so that it stays as it was pinned.

mod links;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::record::Pin;

use super::git::{self, GitTree};
use super::outside::Outside;
use super::walk::{self, Found};
use super::{Cache, FileKind, Pinned, SourceError, Sources, TreeFile, tree};

/// The file at the top of a copy that says where the project lies in it, where that is not the top itself.
const PLACE: &str = ".bench-runner-project";

/// A tree of the user's, and what of it counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tree<'a> {
    /// Its directory.
    pub(super) path: &'a Path,
    /// What below it is left out.
    pub(super) exclude: &'a [PathBuf],
    /// The most bytes that it may hold, with what is brought along.
    pub(super) limit: u64,
}

/// Pins a tree, with what it needs from outside of its directory; see [`outside`](super::outside).
pub(super) fn pin(wanted: &Tree<'_>, outside: &Outside, with: &Sources) -> Result<Pinned, SourceError> {
    let root = wanted.path.canonicalize().map_err(SourceError::io("find", wanted.path))?;
    not_everything(&root)?;
    let kept_out = with.exclude.iter().map(PathBuf::as_path).chain([with.cache.root()]);
    let mut left_out: Vec<PathBuf> = kept_out.filter_map(|dir| dir.canonicalize().ok()).collect();
    left_out.extend(wanted.exclude.iter().map(|path| root.join(path)));
    let base = outside.base(&root);
    let mut paths = BTreeSet::new();
    let mut notes = outside.notes.clone();
    for dir in [&root].into_iter().chain(&outside.dirs) {
        let (files, said) = list(dir, &left_out)?;
        let below = dir.strip_prefix(&base).unwrap_or(dir);
        paths.extend(files.into_iter().map(|file| below.join(file)));
        if *dir == root {
            notes.extend(said);
        } else {
            notes.push(format!("brought along: {}", dir.display()));
        }
    }
    for exact in &outside.exact {
        let new =
            take_exactly(exact, &base, &left_out)?.into_iter().filter(|file| paths.insert(file.clone()));
        if new.count() > 0 {
            notes.push(format!("brought along: {}", exact.display()));
        }
    }
    if paths.is_empty() {
        return Err(SourceError::Unfit {
            path: root,
            reason: "there is no file in it".into(),
            help: "give the directory of the project".into(),
        });
    }
    for file in outside.files.keys() {
        notes.push(format!("brought along: {}", file.display()));
        paths.insert(file.strip_prefix(&base).unwrap_or(file).to_path_buf());
    }
    check_size(&root, &base, &paths, wanted.limit)?;
    let mut files = tree::read(&base, paths.into_iter().collect())?;
    let others = outside.dirs.iter().chain(&outside.exact).map(PathBuf::as_path);
    let brought: Vec<&Path> = [root.as_path()].into_iter().chain(others).collect();
    links::bring(&base, &brought, &mut files, &mut notes)?;
    let place_in = root.strip_prefix(&base).unwrap_or(Path::new("")).to_path_buf();
    keep(&base, place_in, files, notes, with)
}

/// The file, or all files of the directory `exact`, without those in `left_out`; from `base`.
fn take_exactly(exact: &Path, base: &Path, left_out: &[PathBuf]) -> Result<Vec<PathBuf>, SourceError> {
    let below = exact.strip_prefix(base).unwrap_or(exact);
    if exact.ancestors().any(|dir| left_out.iter().any(|out| out == dir)) {
        return Ok(Vec::new());
    }
    if !exact.is_dir() {
        return Ok(vec![below.to_path_buf()]);
    }
    let found = walk::files(exact, |path, _| Ok(!left_out.contains(&exact.join(path))))?;
    Ok(found.files.into_iter().map(|file| below.join(file)).collect())
}

/// Puts the files into the cache, and says where the project lies among them.
fn keep(
    base: &Path,
    place_in: PathBuf,
    files: Vec<TreeFile>,
    notes: Vec<String>,
    with: &Sources,
) -> Result<Pinned, SourceError> {
    let on_disk: Vec<TreeFile> = files.into_iter().filter(|file| file.path != Path::new(PLACE)).collect();
    let mut files = on_disk.clone();
    let mark = (!place_in.as_os_str().is_empty()).then(|| place_in.as_os_str().as_bytes());
    if let Some(text) = mark {
        let kind = FileKind::Regular { executable: false, sha256: Sha256::digest(text).into() };
        files.push(TreeFile { path: PLACE.into(), kind });
        tree::sort(&mut files);
    }
    let sha256 = tree::hash(&files);
    let tree = place(&sha256, &with.cache);
    if contents(&tree)?.as_deref() != Some(files.as_slice()) {
        replace(&tree, &with.cache, |into| {
            tree::copy(base, &on_disk, into)?;
            let file = into.join(PLACE);
            mark.map_or(Ok(()), |text| fs::write(&file, text)).map_err(SourceError::io("write", &file))
        })?;
    }
    Ok(Pinned { pin: Pin::Tree { sha256 }, tree, root: place_in, files, notes })
}

/// The tree of this hash from the cache, where it is there and unchanged.
pub(super) fn recall(sha256: &str, cache: &Cache) -> Result<Option<Pinned>, SourceError> {
    let tree = place(sha256, cache);
    let Some(files) = contents(&tree)?.filter(|files| tree::hash(files) == sha256) else { return Ok(None) };
    let mark = tree.join(PLACE);
    let root = match files.iter().any(|file| file.path == Path::new(PLACE)) {
        true => fs::read(&mark).map_err(SourceError::io("read", &mark))?,
        false => Vec::new(),
    };
    let root = PathBuf::from(OsStr::from_bytes(&root));
    let below = root.components().all(|part| matches!(part, Component::Normal(_)));
    let pin = Pin::Tree { sha256: sha256.to_owned() };
    Ok(below.then_some(Pinned { pin, tree, root, files, notes: Vec::new() }))
}

/// A directory that is given by accident.
fn not_everything(root: &Path) -> Result<(), SourceError> {
    let home = std::env::var_os("HOME").map(PathBuf::from).and_then(|home| home.canonicalize().ok());
    let reason = match root.parent() {
        None => "it is the root of all files",
        Some(_) if home.as_deref() == Some(root) => "it is your home directory",
        Some(_) => return Ok(()),
    };
    Err(SourceError::Unfit {
        path: root.to_path_buf(),
        reason: reason.into(),
        help: "give the directory of the project".into(),
    })
}

/// All of it together must not hold more than `limit` bytes.
fn check_size(root: &Path, base: &Path, paths: &BTreeSet<PathBuf>, limit: u64) -> Result<(), SourceError> {
    let size = |path: &PathBuf| fs::symlink_metadata(base.join(path)).map_or(0, |metadata| metadata.len());
    if paths.iter().map(size).fold(0, u64::saturating_add) <= limit {
        return Ok(());
    }
    Err(SourceError::Unfit {
        path: root.to_path_buf(),
        reason: super::too_much(limit),
        help: "leave out what no build needs, with `exclude` in the manifest's `source` or with git's ignore rules".into(),
    })
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

/// Where the tree of this hash lies.
pub(super) fn place(sha256: &str, cache: &Cache) -> PathBuf {
    cache.sources().join(format!("tree-{}", &sha256[..sha256.len().min(12)]))
}

/// The files of a user's tree, without those in `left_out`, and what is worth knowing about it.
fn list(root: &Path, left_out: &[PathBuf]) -> Result<(Vec<PathBuf>, Vec<String>), SourceError> {
    let (git, mut notes) = match git::open(root) {
        Ok(Some(git)) => (Some(git), Vec::new()),
        Ok(None) => (None, Vec::new()),
        Err(reason) => (None, vec![format!("git's ignore rules were not used: {reason}")]),
    };
    let is_left_out = |path: &Path| left_out.contains(&root.join(path));
    let found = match &git {
        Some(git) => list_git(root, git, is_left_out)?,
        None => walk::files(root, |path, is_dir| {
            Ok(!(walk::is_by_product(root, path, is_dir) || is_left_out(path)))
        })?,
    };
    notes.extend(git.iter().flat_map(GitTree::notes));
    notes.extend(found.special.iter().map(|path| format!("left out, not a file: {}", path.display())));
    Ok((found.files, notes))
}

fn list_git(root: &Path, git: &GitTree, is_left_out: impl Fn(&Path) -> bool) -> Result<Found, SourceError> {
    let mut found = walk::files(root, |path, is_dir| {
        if is_left_out(path) {
            return Ok(false);
        }
        if !is_dir && git.tracked.contains(path) {
            return Ok(true);
        }
        if walk::is_by_product(root, path, is_dir) {
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
        if !listed.contains(path) && !path.ancestors().any(&is_left_out) && is_file() {
            found.files.push(path.clone());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
