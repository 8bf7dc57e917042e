//! The files and directories of a tree by their metadata, to find out what has changed.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is known of one file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeEntry {
    pub(super) kind: TreeEntryKind,
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
    /// Changed by anything that is done to it; a directory's by whatever is done in it too.
    changed: (i64, i64),
    inode: u64,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TreeEntryKind {
    File,
    Directory,
    Link(PathBuf),
    Other,
}

impl TreeEntry {
    pub(super) fn of(path: &Path, metadata: &Metadata) -> io::Result<Self> {
        let file_type = metadata.file_type();
        let kind = if file_type.is_dir() {
            TreeEntryKind::Directory
        } else if file_type.is_symlink() {
            TreeEntryKind::Link(fs::read_link(path)?)
        } else if file_type.is_file() {
            TreeEntryKind::File
        } else {
            TreeEntryKind::Other
        };
        let size = if kind == TreeEntryKind::File { metadata.len() } else { 0 };
        let modified = metadata.modified()?;
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        Ok(Self { kind, mode: metadata.mode() & 0o7777, size, modified, changed, inode: metadata.ino() })
    }

    /// Whether nothing was done to it since it was `before`. What was done in a directory shows in what is in it.
    pub(super) fn is_untouched(&self, before: &Self) -> bool {
        match (&self.kind, &before.kind) {
            (TreeEntryKind::Directory, TreeEntryKind::Directory) => true,
            (TreeEntryKind::Link(to), TreeEntryKind::Link(from)) => to == from,
            _ => self == before,
        }
    }
}

/// The entries below `root`. A directory for which `enter` does not hold is listed and not entered, and neither is one
/// that cannot be read.
pub(super) fn scan(root: &Path, enter: impl Fn(&Path) -> bool) -> io::Result<BTreeMap<PathBuf, TreeEntry>> {
    let mut found = BTreeMap::from([(PathBuf::new(), TreeEntry::of(root, &fs::symlink_metadata(root)?)?)]);
    let mut waiting = vec![PathBuf::new()];
    while let Some(dir) = waiting.pop() {
        let listed = match fs::read_dir(root.join(&dir)) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => continue,
            listed => listed?,
        };
        for entry in listed {
            let entry = entry?;
            let path = dir.join(entry.file_name());
            let seen = TreeEntry::of(&entry.path(), &entry.metadata()?)?;
            if seen.kind == TreeEntryKind::Directory && enter(&path) && !is_store_of_git(&path) {
                waiting.push(path.clone());
            }
            found.insert(path, seen);
        }
    }
    Ok(found)
}

/// Whether a directory is where git keeps objects: they are many, never change, and decide nothing by being there.
fn is_store_of_git(path: &Path) -> bool {
    path.ends_with(".git/objects")
}
