//! A tree of the user: listed, hashed, and copied into the cache, so that it stays as it was pinned.

pub(crate) mod by_products;
pub(crate) mod ignored;
mod symlinks;

use std::collections::{BTreeSet, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use bench_runner_core::record::{IgnoredFiles, Pin};
use sha2::{Digest, Sha256};

use crate::corpus::sources::cache::CacheDir;
use crate::corpus::sources::cached_tree;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::{SourceError, too_large};
use crate::corpus::sources::git::worktree::{self, GitTree, IgnoredPath};
use crate::corpus::sources::ignored_files;
use crate::corpus::sources::path_deps::{LOOKUP_FILES, OutsideFiles};
use crate::corpus::sources::pinned::Pinned;
use crate::corpus::sources::tree;
use crate::corpus::sources::tree::FileKind;
use crate::corpus::sources::tree::TreeFile;
use crate::corpus::sources::tree::walk;
use by_products::ByProducts;
use ignored::ChosenFiles;

/// The file at the top of a copy with the path of the project in it, unless that is the top itself.
const PROJECT_PATH_FILE: &str = ".bench-runner-project";

/// Most attempts to read a tree that changes while it is copied.
const TRIES: usize = 3;

/// A tree of the user, and the rules for copying it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LocalTree<'a> {
    pub(crate) path: &'a Path,
    /// Paths below it that are left out.
    pub(crate) exclude: &'a [PathBuf],
    /// The ignored files to copy.
    pub(crate) ignored: TakeIgnored<'a>,
    /// Most bytes that it may have, with the files from outside of it.
    pub(crate) limit: u64,
}

/// The files that are copied although git ignores them. The paths are those of the manifest's `include`,
/// which are copied whatever their size.
#[derive(Debug, Clone, Copy)]
pub(crate) enum TakeIgnored<'a> {
    /// Nothing.
    Nothing,
    /// Only these.
    Only(&'a [PathBuf]),
    /// These, the files that cargo and rustup read, and small files.
    SmallAnd(&'a [PathBuf]),
}

/// Pins a tree, with the files that it needs from outside of its directory; see
/// [`path_deps`](super::path_deps).
///
/// A tree that changes while it is read is read again, a few times.
pub(crate) fn pin(
    wanted: &LocalTree<'_>,
    outside: &OutsideFiles,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let root = wanted.path.canonicalize().map_err(SourceError::io("find", wanted.path))?;
    refuse_root_and_home(&root)?;
    let mut tries = 1;
    loop {
        match pin_once(&root, wanted, outside, with) {
            Err(SourceError::Changed { .. }) if tries < TRIES => tries += 1,
            result => return result,
        }
    }
}

fn pin_once(
    root: &Path,
    wanted: &LocalTree<'_>,
    outside: &OutsideFiles,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let base = outside.base(root);
    let kept_out = with.exclude.iter().map(PathBuf::as_path).chain([with.cache.root()]);
    let mut never: Vec<PathBuf> = kept_out.filter_map(|dir| dir.canonicalize().ok()).collect();
    never.extend(wanted.exclude.iter().map(|path| root.join(path)));
    let dirs: Vec<&Path> = [root].into_iter().chain(outside.dirs.iter().map(PathBuf::as_path)).collect();
    let mut made = ByProducts::new(dirs.clone(), &never, &outside.builds);
    let (mut paths, mut candidates, mut notes) = (BTreeSet::new(), Vec::new(), outside.notes.clone());
    let below = |path: &Path| path.strip_prefix(&base).unwrap_or(path).to_path_buf();
    for dir in &dirs {
        let ListedDir { files, ignored, notes: said } = list(dir, &mut made)?;
        paths.extend(files.iter().map(|file| below(file)));
        candidates.extend(ignored);
        if *dir == root {
            notes.extend(said);
        } else {
            notes.push(format!("brought along: {}", dir.display()));
        }
    }
    resolve_link_to_configuration(root, &base, &mut paths, &mut candidates);
    for exact in &outside.exact {
        let new = list_exact(exact, &made)?.into_iter().filter(|file| paths.insert(below(file)));
        if new.count() > 0 {
            notes.push(format!("brought along: {}", exact.display()));
        }
    }
    if paths.is_empty() {
        return Err(SourceError::Unfit {
            path: root.to_path_buf(),
            reason: "there is no file in it".into(),
            help: "give the directory of the project".into(),
        });
    }
    for file in outside.files.keys() {
        notes.push(format!("brought along: {}", file.display()));
        paths.insert(below(file));
    }
    let chosen = match wanted.ignored {
        TakeIgnored::Nothing => ChosenFiles::default(),
        TakeIgnored::Only(include) => {
            choose_ignored(root, &base, include, &[], &paths, candidates, &mut made)?
        }
        TakeIgnored::SmallAnd(include) => {
            choose_ignored(root, &base, include, &LOOKUP_FILES, &paths, candidates, &mut made)?
        }
    };
    let all = paths.iter().chain(chosen.files.iter().map(|file| &file.path));
    check_size(root, &base, all, wanted.limit)?;
    let mut files = tree::read(&base, paths.into_iter().collect())?;
    let others = outside.dirs.iter().chain(&outside.exact).map(PathBuf::as_path);
    let brought: Vec<&Path> = [root].into_iter().chain(others).collect();
    symlinks::resolve_links(&base, &brought, &mut files, &mut notes)?;
    notes.extend(chosen.notes.iter().cloned());
    let place_in = below(root);
    let place_in = if place_in == root { PathBuf::new() } else { place_in };
    store(&base, place_in, files, chosen, notes, with)
}

/// Replaces a link `.cargo` that leads out of the copied directories with the files that cargo reads there.
fn resolve_link_to_configuration(
    root: &Path,
    base: &Path,
    paths: &mut BTreeSet<PathBuf>,
    candidates: &mut Vec<IgnoredPath>,
) {
    let link = root.join(".cargo");
    let below = |path: &Path| path.strip_prefix(base).unwrap_or(path).to_path_buf();
    let leads_out = link.is_symlink() && link.canonicalize().is_ok_and(|end| !end.starts_with(base));
    if !leads_out || !link.is_dir() {
        return;
    }
    let files =
        ["config", "config.toml"].map(|name| link.join(name)).into_iter().filter(|file| file.is_file());
    if paths.remove(&below(&link)) {
        paths.extend(files.map(|file| below(&file)));
    } else if let Some(at) = candidates.iter().position(|ignored| ignored.path == link) {
        candidates.remove(at);
        candidates.extend(files.map(|path| IgnoredPath { path, is_dir: false }));
    }
}

/// Chooses the ignored files to copy: `include` and the `looked_for` files always, and small files if
/// `looked_for` is not empty.
fn choose_ignored(
    root: &Path,
    base: &Path,
    include: &[PathBuf],
    looked_for: &[&str],
    taken: &BTreeSet<PathBuf>,
    candidates: Vec<IgnoredPath>,
    made: &mut ByProducts<'_>,
) -> Result<ChosenFiles, SourceError> {
    let include: Vec<PathBuf> = include.iter().map(|path| root.join(path)).collect();
    let fixed: Vec<PathBuf> = looked_for.iter().map(|name| root.join(name)).collect();
    let small = !fixed.is_empty();
    let wanted = ignored::IgnoredFileRules { root, include: &include, fixed: &fixed, small, taken, base };
    let mut chosen = ignored::choose(candidates, &wanted, made)?;
    symlinks::resolve_ignored_links(base, taken, &mut chosen);
    Ok(chosen)
}

/// The file, or all files of the directory `exact`.
fn list_exact(exact: &Path, made: &ByProducts<'_>) -> Result<Vec<PathBuf>, SourceError> {
    if made.is_never(exact) {
        return Ok(Vec::new());
    }
    if !exact.is_dir() {
        return Ok(vec![exact.to_path_buf()]);
    }
    let found = walk::files(exact, &mut |path, _| Ok(!made.is_never(&exact.join(path))))?;
    Ok(found.files.into_iter().map(|file| exact.join(file)).collect())
}

/// Writes the files into the cache, with the path of the project among them.
fn store(
    base: &Path,
    place_in: PathBuf,
    files: Vec<TreeFile>,
    chosen: ChosenFiles,
    mut notes: Vec<String>,
    with: &FetchContext,
) -> Result<Pinned, SourceError> {
    let ours = |file: &TreeFile| file.path == Path::new(PROJECT_PATH_FILE);
    let mut on_disk: Vec<TreeFile> = files.into_iter().filter(|file| !ours(file)).collect();
    let mut files = on_disk.clone();
    let mark = (!place_in.as_os_str().is_empty()).then(|| place_in.as_os_str().as_bytes());
    if let Some(text) = mark {
        let kind = FileKind::Regular { executable: false, sha256: Sha256::digest(text).into() };
        files.push(TreeFile { path: PROJECT_PATH_FILE.into(), kind });
        tree::sort(&mut files);
    }
    let sha256 = tree::hash(&files);
    let ignored = chosen.record();
    if let Some(ignored) = ignored.as_ref().filter(|_| !chosen.files.is_empty()) {
        notes.push(ignored::brought_along_note(ignored, chosen.files.len()));
        on_disk.extend(chosen.files.iter().cloned());
        files.extend(chosen.files);
        tree::sort(&mut files);
    }
    let tree =
        cached_tree::tree_path_with_ignored(&cached_tree::tree_path(&sha256, &with.cache), ignored.as_ref());
    if cached_tree::contents(&tree)?.as_deref() != Some(files.as_slice()) {
        cached_tree::replace(&tree, &with.cache, |into| {
            tree::copy(base, &on_disk, into)?;
            if ignored.is_some() {
                ignored_files::keep_private(into)?;
            }
            let file = into.join(PROJECT_PATH_FILE);
            mark.map_or(Ok(()), |text| fs::write(&file, text)).map_err(SourceError::io("write", &file))
        })?;
    }
    Ok(Pinned { pin: Pin::Tree { sha256 }, tree, root: place_in, files, notes, ignored })
}

/// The tree of this hash from the cache, with its ignored files, if it is there and unchanged.
pub(crate) fn load_pinned(
    sha256: &str,
    ignored: Option<&IgnoredFiles>,
    cache: &CacheDir,
) -> Result<Option<Pinned>, SourceError> {
    let tree = cached_tree::tree_path_with_ignored(&cached_tree::tree_path(sha256, cache), ignored);
    let Some(files) = cached_tree::contents(&tree)? else { return Ok(None) };
    let mark = tree.join(PROJECT_PATH_FILE);
    let root = match files.iter().any(|file| file.path == Path::new(PROJECT_PATH_FILE)) {
        true => fs::read(&mark).map_err(SourceError::io("read", &mark))?,
        false => Vec::new(),
    };
    let root = PathBuf::from(OsStr::from_bytes(&root));
    let below = root.components().all(|part| matches!(part, Component::Normal(_)));
    let pin = Pin::Tree { sha256: sha256.to_owned() };
    let pinned = Pinned { pin, tree, root, files, notes: Vec::new(), ignored: ignored.cloned() };
    let came_along = ignored_files::hash_files(&pinned.ignored_files());
    let same =
        pinned.tree_hash() == sha256 && ignored_files::hash(ignored).is_none_or(|hash| hash == came_along);
    Ok((below && same).then_some(pinned))
}

/// Refuses directories that are only given by accident.
pub(crate) fn refuse_root_and_home(root: &Path) -> Result<(), SourceError> {
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

/// Checks that all files together have at most `limit` bytes.
fn check_size<'p>(
    root: &Path,
    base: &Path,
    paths: impl Iterator<Item = &'p PathBuf>,
    limit: u64,
) -> Result<(), SourceError> {
    let size = |path: &PathBuf| fs::symlink_metadata(base.join(path)).map_or(0, |metadata| metadata.len());
    if paths.map(size).fold(0, u64::saturating_add) <= limit {
        return Ok(());
    }
    Err(SourceError::Unfit {
        path: root.to_path_buf(),
        reason: too_large(limit),
        help: "leave out what no build needs, with `exclude` in the manifest's `source` or with git's ignore rules".into(),
    })
}

/// The files of a user's directory; paths are absolute.
#[derive(Default)]
struct ListedDir {
    files: Vec<PathBuf>,
    /// The paths that git ignores.
    ignored: Vec<IgnoredPath>,
    /// Notes for the user.
    notes: Vec<String>,
}

fn list(dir: &Path, made: &mut ByProducts<'_>) -> Result<ListedDir, SourceError> {
    match worktree::open(dir) {
        Ok(Some(git)) => list_git(dir, git, made),
        Ok(None) => list_all(dir, made),
        Err(reason) => {
            let mut listed = list_all(dir, made)?;
            listed.notes.insert(0, format!("git's ignore rules were not used: {reason}"));
            Ok(listed)
        }
    }
}

/// All files except by-products.
fn list_all(dir: &Path, made: &mut ByProducts<'_>) -> Result<ListedDir, SourceError> {
    let found = walk::files(dir, &mut |path, _| Ok(!made.has(&dir.join(path))))?;
    let files = found.files.into_iter().map(|file| dir.join(file)).collect();
    let notes = found.special.iter().map(|path| special_file_note(path)).collect();
    Ok(ListedDir { files, ignored: Vec::new(), notes })
}

fn special_file_note(path: &Path) -> String {
    format!("left out, not a file: {}", path.display())
}

/// The tracked files, and the untracked ones that are neither ignored nor by-products.
fn list_git(dir: &Path, git: GitTree, made: &mut ByProducts<'_>) -> Result<ListedDir, SourceError> {
    let mut listed = ListedDir::default();
    let mut is_made: HashSet<&Path> = HashSet::new();
    for path in git.untracked.iter().filter(|path| made.has(&dir.join(path))) {
        is_made.insert(path);
    }
    listed.notes = git.notes(|path| is_made.contains(path));
    for path in &git.tracked {
        let full = dir.join(path);
        match fs::symlink_metadata(&full) {
            _ if made.is_never(&full) => {}
            Ok(found) if found.is_file() || found.is_symlink() => listed.files.push(full),
            Ok(found) if !found.is_dir() => listed.notes.push(special_file_note(path)),
            // Deleted, or not checked out.
            _ => {}
        }
    }
    listed
        .files
        .extend(git.untracked.iter().filter(|path| !is_made.contains(path.as_path())).map(|p| dir.join(p)));
    for (within, reason) in git.unreadable {
        let full = dir.join(&within);
        listed.notes.push(format!("git's ignore rules were not used in {}: {reason}", full.display()));
        listed.files.extend(list_all(&full, made)?.files);
    }
    for IgnoredPath { path, is_dir } in git.ignored {
        let path = dir.join(path);
        // Builds are `--locked`, so the lock file belongs to the source even if git does not have it.
        if !is_dir && path.file_name().is_some_and(|name| name == "Cargo.lock") {
            if !made.has(&path) {
                listed.files.push(path);
            }
        } else {
            listed.ignored.push(IgnoredPath { path, is_dir });
        }
    }
    Ok(listed)
}

#[cfg(test)]
mod tests;
