//! Changes by builds in the work tree, which all arms of a source share. After each build the tree is
//! restored to its state before. The changes are discarded, or kept for the arm and put back before its next
//! build.
//!
//! A scan compares files by metadata alone, so that it does not load their contents into memory. A file is
//! only read if it was touched without any other visible change.

mod entries;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use entries::{TreeEntry, TreeEntryKind, scan};

use super::RunError;
use super::notes::list_some;
use crate::host;

/// One work tree in its state without changes by builds.
pub(super) struct WorkTree {
    root: PathBuf,
    /// The tree that it was copied from.
    pristine: PathBuf,
    /// Directory with copies of files that differ from `pristine`.
    copies: PathBuf,
    /// Directory with the kept changes, by arm.
    kept: PathBuf,
    entries: BTreeMap<PathBuf, TreeEntry>,
    /// Files that have copies.
    copied: BTreeSet<PathBuf>,
    left: HashMap<String, KeptChanges>,
}

/// Policy for the changes by a build in the work tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// They are discarded: the next build starts from nothing.
    Nothing,
    /// They are kept for the arm's next build.
    ForTheArm,
}

/// Changes by one build in the work tree: paths relative to its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TreeChanges {
    /// New files and directories; a new directory without its contents.
    pub(super) new: Vec<PathBuf>,
    /// Files with other contents, another modification time or other permissions.
    pub(super) changed: Vec<PathBuf>,
    pub(super) deleted: Vec<PathBuf>,
    /// Directories in place of files, and the reverse. They are always undone.
    pub(super) replaced: Vec<PathBuf>,
}

impl TreeChanges {
    /// The changes as a predicate, if there are any. Git's own bookkeeping is omitted.
    pub(super) fn describe_changes(&self) -> Option<String> {
        let not_git = |path: &&PathBuf| !path.components().any(|part| part.as_os_str() == ".git");
        let changed = self.changed.iter().chain(&self.replaced).cloned().collect();
        let of = |verb: &str, paths: &Vec<PathBuf>| {
            let names: Vec<String> =
                paths.iter().filter(not_git).map(|path| path.display().to_string()).collect();
            (!names.is_empty()).then(|| format!("{verb} {}", list_some(&names, names.len())))
        };
        let parts = [of("leave", &self.new), of("change", &changed), of("delete", &self.deleted)];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        let (last, before) = parts.split_last()?;
        Some(if before.is_empty() { last.clone() } else { format!("{} and {last}", before.join(", ")) })
    }
}

/// The changes by an arm while they are kept.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptChanges {
    changes: TreeChanges,
    /// Size and modification time of changed and deleted files, as they are in the tree without the changes.
    original_state: HashMap<PathBuf, (u64, SystemTime)>,
    /// Modification times of directories.
    directories: Vec<(PathBuf, SystemTime)>,
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RunError {
    let path = path.to_owned();
    move |source| RunError::Io { action, path, source }
}

impl WorkTree {
    /// The work tree in `root`, just copied from `pristine`. Directories for copies are created below
    /// `side_dir`.
    pub(super) fn new(root: &Path, pristine: &Path, side_dir: &Path) -> Result<Self, RunError> {
        let mut tree = Self {
            root: root.to_owned(),
            pristine: pristine.to_owned(),
            copies: side_dir.join("copies"),
            kept: side_dir.join("kept"),
            entries: BTreeMap::new(),
            copied: BTreeSet::new(),
            left: HashMap::new(),
        };
        let found = tree.scan_all()?;
        // Files created for the work tree only, such as a repository, have no other original.
        for (path, entry) in &found {
            if entry.kind == TreeEntryKind::File && !tree.pristine.join(path).is_file() {
                tree.copy(path)?;
            }
        }
        tree.entries = found;
        Ok(tree)
    }

    /// Accepts the current contents of the tree as its state without builds, after the harness or a command
    /// of the project has changed it.
    pub(super) fn accept_current(&mut self) -> Result<(), RunError> {
        let found = self.scan_all()?;
        for (path, entry) in &found {
            let untouched = self.entries.get(path).is_some_and(|before| entry.is_untouched(before));
            if entry.kind == TreeEntryKind::File && !untouched {
                self.copy(path)?;
            }
        }
        self.entries = found;
        Ok(())
    }

    /// Puts back the changes by the last build of `arm`, except in files that have been changed since.
    pub(super) fn enter(&mut self, arm: &str) -> Result<(), RunError> {
        let Some(left) = self.left.remove(arm) else { return Ok(()) };
        let kept = self.kept.join(arm);
        let original_state =
            |path: &PathBuf| self.entries.get(path).map(|entry| (entry.size, entry.modified));
        let same = |path: &&PathBuf| left.original_state.get(*path).copied() == original_state(path);
        for path in left.changes.changed.iter().chain(&left.changes.deleted).filter(same) {
            host::remove_tree(&self.root.join(path))?;
        }
        let free = |path: &&PathBuf| !self.entries.contains_key(*path) && self.has_parent(path);
        let back = left.changes.new.iter().filter(free).chain(left.changes.changed.iter().filter(same));
        for path in back {
            let from = kept.join(path);
            fs::rename(&from, self.root.join(path)).map_err(failed("put back", &from))?;
        }
        for (path, modified) in &left.directories {
            set_modified(&self.root.join(path), *modified)?;
        }
        Ok(host::remove_tree(&kept)?)
    }

    /// Restores the tree to its state before a build of `arm`. Returns the changes by the build.
    pub(super) fn leave(&mut self, arm: &str, keep: Keep) -> Result<TreeChanges, RunError> {
        let root = self.root.clone();
        let now = scan(&root, |dir| self.entries.contains_key(dir)).map_err(failed("read", &root))?;
        let mut left = KeptChanges::default();
        let mut refreshed = Vec::new();
        for (path, entry) in &now {
            match self.entries.get(path) {
                None => left.changes.new.push(path.clone()),
                Some(before) if entry.is_untouched(before) => {}
                Some(before) if self.has_same_content(path, before, entry)? => {
                    refreshed.push((path.clone(), entry.clone()));
                }
                Some(before)
                    if (before.kind == TreeEntryKind::Directory)
                        != (entry.kind == TreeEntryKind::Directory) =>
                {
                    left.changes.replaced.push(path.clone());
                }
                Some(_) => left.changes.changed.push(path.clone()),
            }
        }
        self.entries.extend(refreshed);
        let deleted = self.entries.keys().filter(|path| !now.contains_key(*path)).cloned();
        let replaced = left.changes.replaced.clone();
        let (with_it, deleted) = deleted.partition(|path| replaced.iter().any(|dir| path.starts_with(dir)));
        left.changes.deleted = deleted;
        let with_it: Vec<PathBuf> = with_it;
        left.changes.replaced.extend(with_it);
        for (path, entry) in now.iter().filter(|(_, entry)| entry.kind == TreeEntryKind::Directory) {
            if self.entries.get(path).is_some_and(|before| {
                before.kind == TreeEntryKind::Directory
                    && (before.modified, before.mode) != (entry.modified, entry.mode)
            }) {
                left.directories.push((path.clone(), entry.modified));
            }
        }
        match keep {
            Keep::ForTheArm => self.keep(arm, &left.changes)?,
            Keep::Nothing => {
                for path in left.changes.new.iter().chain(&left.changes.changed) {
                    host::remove_tree(&root.join(path))?;
                }
            }
        }
        let changes = left.changes.clone();
        for path in &changes.replaced {
            host::remove_tree(&root.join(path))?;
        }
        for path in changes.replaced.iter().chain(&changes.changed).chain(&changes.deleted) {
            let original_state = self.restore(path)?;
            left.original_state.insert(path.clone(), original_state);
        }
        self.restore_directories(&left)?;
        if keep == Keep::ForTheArm && (changes != TreeChanges::default() || !left.directories.is_empty()) {
            self.left.insert(arm.to_owned(), left);
        }
        Ok(changes)
    }

    /// Discards the kept changes of `arm`.
    pub(super) fn forget(&mut self, arm: &str) -> Result<(), RunError> {
        self.left.remove(arm);
        Ok(host::remove_tree(&self.kept.join(arm))?)
    }

    /// The kept changes of `arm`, and the directory of their files.
    pub(super) fn kept_changes(&self, arm: &str) -> (Option<KeptChanges>, PathBuf) {
        (self.left.get(arm).cloned(), self.kept.join(arm))
    }

    /// Sets the kept changes of `arm`, whose files are already in place.
    pub(super) fn set_kept_changes(&mut self, arm: &str, left: Option<KeptChanges>) {
        self.left.remove(arm);
        self.left.extend(left.map(|left| (arm.to_owned(), left)));
    }

    fn scan_all(&self) -> Result<BTreeMap<PathBuf, TreeEntry>, RunError> {
        scan(&self.root, |_| true).map_err(failed("read", &self.root))
    }

    fn has_parent(&self, path: &Path) -> bool {
        self.root.join(path).parent().is_some_and(Path::is_dir)
    }

    /// Copies the current contents of a file of the tree.
    fn copy(&mut self, path: &Path) -> Result<(), RunError> {
        let (from, to) = (self.root.join(path), self.copies.join(path));
        make_parent(&to)?;
        host::remove_tree(&to)?;
        fs::copy(&from, &to).map_err(failed("copy", &from))?;
        self.copied.insert(path.to_owned());
        Ok(())
    }

    /// Path of the original contents of a file.
    fn original(&self, path: &Path) -> PathBuf {
        let base = if self.copied.contains(path) { &self.copies } else { &self.pristine };
        base.join(path)
    }

    /// True if a touched file is the same as before to any reader: creating a hard link to it touches it too.
    fn has_same_content(&self, path: &Path, before: &TreeEntry, now: &TreeEntry) -> Result<bool, RunError> {
        let alike = now.kind == TreeEntryKind::File
            && (&before.kind, before.mode, before.size, before.modified)
                == (&now.kind, now.mode, now.size, now.modified);
        if !alike {
            return Ok(false);
        }
        let (own, original) = (self.root.join(path), self.original(path));
        let read = |path: &Path| fs::read(path).map_err(failed("read", path));
        Ok(read(&own)? == read(&original)?)
    }

    /// Moves the changes by a build to the directory for kept changes.
    fn keep(&self, arm: &str, changes: &TreeChanges) -> Result<(), RunError> {
        let kept = self.kept.join(arm);
        host::remove_tree(&kept)?;
        for path in changes.new.iter().chain(&changes.changed) {
            let (from, to) = (self.root.join(path), kept.join(path));
            make_parent(&to)?;
            fs::rename(&from, &to).map_err(failed("move away", &from))?;
        }
        Ok(())
    }

    /// Restores one file or directory. Returns its size and modification time.
    fn restore(&mut self, path: &Path) -> Result<(u64, SystemTime), RunError> {
        let Some(before) = self.entries.get(path).cloned() else { return Ok((0, SystemTime::UNIX_EPOCH)) };
        let (full, original) = (self.root.join(path), self.original(path));
        make_parent(&full)?;
        match &before.kind {
            TreeEntryKind::Directory => fs::create_dir_all(&full).map_err(failed("make", &full))?,
            TreeEntryKind::Link(to) => {
                host::remove_tree(&full)?;
                symlink(to, &full).map_err(failed("make", &full))?;
            }
            TreeEntryKind::File => {
                host::remove_tree(&full)?;
                fs::copy(&original, &full).map(drop).map_err(failed("copy", &original))?;
            }
            TreeEntryKind::Other => {}
        }
        if before.kind == TreeEntryKind::File {
            set_modified(&full, before.modified)?;
            let rights = Permissions::from_mode(before.mode);
            fs::set_permissions(&full, rights).map_err(failed("write", &full))?;
        }
        if before.kind != TreeEntryKind::Directory
            && let Ok(metadata) = fs::symlink_metadata(&full)
        {
            let entry = TreeEntry::of(&full, &metadata).map_err(failed("read", &full))?;
            self.entries.insert(path.to_owned(), entry);
        }
        Ok((before.size, before.modified))
    }

    /// Restores the modification times of directories around moved or restored files.
    fn restore_directories(&self, left: &KeptChanges) -> Result<(), RunError> {
        let changes = &left.changes;
        let touched =
            changes.new.iter().chain(&changes.changed).chain(&changes.deleted).chain(&changes.replaced);
        let around: BTreeSet<PathBuf> = touched
            .filter_map(|path| path.parent())
            .chain(left.directories.iter().map(|(path, _)| path.as_path()))
            .map(Path::to_path_buf)
            .collect();
        for path in around {
            if let Some(entry) = self.entries.get(&path) {
                let full = self.root.join(path);
                let rights = Permissions::from_mode(entry.mode);
                fs::set_permissions(&full, rights).map_err(failed("write", &full))?;
                set_modified(&full, entry.modified)?;
            }
        }
        Ok(())
    }
}

fn make_parent(path: &Path) -> Result<(), RunError> {
    let parent = path.parent().unwrap_or(path);
    fs::create_dir_all(parent).map_err(failed("make", parent))
}

/// Sets the modification time of a file or directory; does nothing if it is missing.
pub(super) fn set_modified(path: &Path, modified: SystemTime) -> Result<(), RunError> {
    let set = || File::open(path)?.set_times(FileTimes::new().set_modified(modified));
    match set() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(failed("write", path)),
    }
}

#[cfg(test)]
mod tests;
