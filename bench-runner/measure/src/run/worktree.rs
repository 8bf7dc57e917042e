//! What builds write into the work tree, which all arms of a source share. After each build the tree is made again what
//! it was before. What the build has left there is removed, or kept apart for the arm and put back before its next build.
//!
//! Files are told apart by their metadata alone, so that looking at a tree brings nothing of it into memory.

mod entries;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, FileTimes, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use entries::{TreeEntry, TreeEntryKind, scan};

use super::RunError;
use super::notes::list_some;
use crate::host;

/// One work tree as it is without what builds have left in it.
pub(super) struct WorkTree {
    root: PathBuf,
    /// The tree that it was copied from.
    pristine: PathBuf,
    /// Where copies are of what differs from that.
    copies: PathBuf,
    /// Where what an arm has left is kept, by arm.
    kept: PathBuf,
    entries: BTreeMap<PathBuf, TreeEntry>,
    /// Files of which there are copies.
    copied: BTreeSet<PathBuf>,
    left: BTreeMap<String, KeptChanges>,
}

/// What becomes of what a build leaves in the work tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// It is removed: the next build starts from nothing.
    Nothing,
    /// It is kept apart for the arm's next build.
    ForTheArm,
}

/// What one build has done to the work tree: paths from its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TreeChanges {
    /// Files and directories that were not there; of a directory only itself.
    pub(super) new: Vec<PathBuf>,
    /// Files with other content, another time of change or other rights.
    pub(super) changed: Vec<PathBuf>,
    pub(super) deleted: Vec<PathBuf>,
    /// Directories in the place of files, and the other way round. They are undone whatever is kept.
    pub(super) replaced: Vec<PathBuf>,
}

impl TreeChanges {
    /// What was done as a predicate, if anything was. What git notes down for itself when it is asked is left out.
    pub(super) fn describe_changes(&self) -> Option<String> {
        let not_git = |path: &&PathBuf| !path.components().any(|part| part.as_os_str() == ".git");
        let changed = self.changed.iter().chain(&self.replaced).cloned().collect();
        let of = |verb: &str, paths: &Vec<PathBuf>| {
            let names: Vec<String> =
                paths.iter().filter(not_git).map(|path| path.display().to_string()).collect();
            (!names.is_empty()).then(|| format!("{verb} {}", list_some(&names, names.len())))
        };
        let done = [of("leave", &self.new), of("change", &changed), of("delete", &self.deleted)];
        let done: Vec<String> = done.into_iter().flatten().collect();
        let (last, before) = done.split_last()?;
        Some(if before.is_empty() { last.clone() } else { format!("{} and {last}", before.join(", ")) })
    }
}

/// What an arm has left, while it is kept apart.
#[derive(Debug, Clone, Default)]
pub(super) struct KeptChanges {
    traces: TreeChanges,
    /// Size and time of change that the changed and deleted files had in the tree.
    original_state: BTreeMap<PathBuf, (u64, SystemTime)>,
    /// Times of change of directories.
    directories: Vec<(PathBuf, SystemTime)>,
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> RunError {
    let path = path.to_owned();
    move |source| RunError::Io { action, path, source }
}

impl WorkTree {
    /// The work tree in `root`, copied from `pristine` a moment ago. Directories for copies are made below `beside`.
    pub(super) fn new(root: &Path, pristine: &Path, beside: &Path) -> Result<Self, RunError> {
        let mut tree = Self {
            root: root.to_owned(),
            pristine: pristine.to_owned(),
            copies: beside.join("copies"),
            kept: beside.join("kept"),
            entries: BTreeMap::new(),
            copied: BTreeSet::new(),
            left: BTreeMap::new(),
        };
        let found = tree.scan_all()?;
        // What was made for the work tree alone, such as a repository, has no other original.
        for (path, entry) in &found {
            if entry.kind == TreeEntryKind::File && !tree.pristine.join(path).is_file() {
                tree.copy(path)?;
            }
        }
        tree.entries = found;
        Ok(tree)
    }

    /// Takes the tree as it is now for what it has to be: the harness itself or a command of the project has changed it.
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

    /// Puts back what `arm` has left in its last build, as far as nothing else has changed the same files since.
    pub(super) fn enter(&mut self, arm: &str) -> Result<(), RunError> {
        let Some(left) = self.left.remove(arm) else { return Ok(()) };
        let kept = self.kept.join(arm);
        let original_state =
            |path: &PathBuf| self.entries.get(path).map(|entry| (entry.size, entry.modified));
        let same = |path: &&PathBuf| left.original_state.get(*path).copied() == original_state(path);
        for path in left.traces.changed.iter().chain(&left.traces.deleted).filter(same) {
            host::remove_tree(&self.root.join(path))?;
        }
        let free = |path: &&PathBuf| !self.entries.contains_key(*path) && self.has_parent(path);
        let back = left.traces.new.iter().filter(free).chain(left.traces.changed.iter().filter(same));
        for path in back {
            let from = kept.join(path);
            fs::rename(&from, self.root.join(path)).map_err(failed("put back", &from))?;
        }
        for (path, modified) in &left.directories {
            set_modified(&self.root.join(path), *modified)?;
        }
        Ok(host::remove_tree(&kept)?)
    }

    /// Makes the tree what it was before a build of `arm`, and says what the build has done to it.
    pub(super) fn leave(&mut self, arm: &str, keep: Keep) -> Result<TreeChanges, RunError> {
        let root = self.root.clone();
        let now = scan(&root, |dir| self.entries.contains_key(dir)).map_err(failed("read", &root))?;
        let mut left = KeptChanges::default();
        let mut refreshed = Vec::new();
        for (path, entry) in &now {
            match self.entries.get(path) {
                None => left.traces.new.push(path.clone()),
                Some(before) if entry.is_untouched(before) => {}
                Some(before) if self.has_same_content(path, before, entry)? => {
                    refreshed.push((path.clone(), entry.clone()));
                }
                Some(before)
                    if (before.kind == TreeEntryKind::Directory)
                        != (entry.kind == TreeEntryKind::Directory) =>
                {
                    left.traces.replaced.push(path.clone());
                }
                Some(_) => left.traces.changed.push(path.clone()),
            }
        }
        self.entries.extend(refreshed);
        let deleted = self.entries.keys().filter(|path| !now.contains_key(*path)).cloned();
        let replaced = left.traces.replaced.clone();
        let (with_it, deleted) = deleted.partition(|path| replaced.iter().any(|dir| path.starts_with(dir)));
        left.traces.deleted = deleted;
        let with_it: Vec<PathBuf> = with_it;
        left.traces.replaced.extend(with_it);
        for (path, entry) in now.iter().filter(|(_, entry)| entry.kind == TreeEntryKind::Directory) {
            if self.entries.get(path).is_some_and(|before| {
                before.kind == TreeEntryKind::Directory
                    && (before.modified, before.mode) != (entry.modified, entry.mode)
            }) {
                left.directories.push((path.clone(), entry.modified));
            }
        }
        match keep {
            Keep::ForTheArm => self.keep(arm, &left.traces)?,
            Keep::Nothing => {
                for path in left.traces.new.iter().chain(&left.traces.changed) {
                    host::remove_tree(&root.join(path))?;
                }
            }
        }
        let traces = left.traces.clone();
        for path in &traces.replaced {
            host::remove_tree(&root.join(path))?;
        }
        for path in traces.replaced.iter().chain(&traces.changed).chain(&traces.deleted) {
            let original_state = self.restore(path)?;
            left.original_state.insert(path.clone(), original_state);
        }
        self.restore_directories(&left)?;
        if keep == Keep::ForTheArm && (traces != TreeChanges::default() || !left.directories.is_empty()) {
            self.left.insert(arm.to_owned(), left);
        }
        Ok(traces)
    }

    /// Forgets what `arm` has left.
    pub(super) fn forget(&mut self, arm: &str) -> Result<(), RunError> {
        self.left.remove(arm);
        Ok(host::remove_tree(&self.kept.join(arm))?)
    }

    /// What `arm` has left, and the directory where it is.
    pub(super) fn left(&self, arm: &str) -> (Option<KeptChanges>, PathBuf) {
        (self.left.get(arm).cloned(), self.kept.join(arm))
    }

    /// Takes `left`, of which the files are in place, for what `arm` has left.
    pub(super) fn set_left(&mut self, arm: &str, left: Option<KeptChanges>) {
        self.left.remove(arm);
        self.left.extend(left.map(|left| (arm.to_owned(), left)));
    }

    fn scan_all(&self) -> Result<BTreeMap<PathBuf, TreeEntry>, RunError> {
        scan(&self.root, |_| true).map_err(failed("read", &self.root))
    }

    fn has_parent(&self, path: &Path) -> bool {
        self.root.join(path).parent().is_some_and(Path::is_dir)
    }

    /// Keeps a copy of a file of the tree as it is now.
    fn copy(&mut self, path: &Path) -> Result<(), RunError> {
        let (from, to) = (self.root.join(path), self.copies.join(path));
        make_parent(&to)?;
        host::remove_tree(&to)?;
        fs::copy(&from, &to).map_err(failed("copy", &from))?;
        self.copied.insert(path.to_owned());
        Ok(())
    }

    /// Where the content is that a file has to have.
    fn original(&self, path: &Path) -> PathBuf {
        let base = if self.copied.contains(path) { &self.copies } else { &self.pristine };
        base.join(path)
    }

    /// Whether a file that was touched is for any reader what it was before: a link to it elsewhere touches it too.
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

    /// Moves what a build has left to where it is kept.
    fn keep(&self, arm: &str, traces: &TreeChanges) -> Result<(), RunError> {
        let kept = self.kept.join(arm);
        host::remove_tree(&kept)?;
        for path in traces.new.iter().chain(&traces.changed) {
            let (from, to) = (self.root.join(path), kept.join(path));
            make_parent(&to)?;
            fs::rename(&from, &to).map_err(failed("move away", &from))?;
        }
        Ok(())
    }

    /// Makes one file or directory what it has to be, and gives its size and time of change.
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

    /// Gives the directories around what was moved or restored the times that they had.
    fn restore_directories(&self, left: &KeptChanges) -> Result<(), RunError> {
        let traces = &left.traces;
        let touched = traces.new.iter().chain(&traces.changed).chain(&traces.deleted).chain(&traces.replaced);
        let around: BTreeSet<&Path> = touched
            .filter_map(|path| path.parent())
            .chain(left.directories.iter().map(|(path, _)| path.as_path()))
            .collect();
        for path in around {
            if let Some(entry) = self.entries.get(path) {
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

/// Gives a file or a directory a time of change; one that is not there has none.
pub(super) fn set_modified(path: &Path, modified: SystemTime) -> Result<(), RunError> {
    let set = || File::open(path)?.set_times(FileTimes::new().set_modified(modified));
    match set() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result.map_err(failed("write", path)),
    }
}

#[cfg(test)]
mod tests;
