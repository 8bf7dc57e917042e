//! Metadata of the files and directories of a tree, for finding changes.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Metadata of one file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeEntry {
    pub(super) kind: TreeEntryKind,
    pub(super) mode: u32,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
    /// Time of the last change by any operation; for directories also by operations on their entries.
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

    /// True if it is unchanged since `before`. Changes in a directory show in its entries.
    pub(super) fn is_untouched(&self, before: &Self) -> bool {
        match (&self.kind, &before.kind) {
            (TreeEntryKind::Directory, TreeEntryKind::Directory) => true,
            (TreeEntryKind::Link(to), TreeEntryKind::Link(from)) => to == from,
            _ => self == before,
        }
    }
}

/// The entries below `root`. A directory is listed without its contents if `enter` returns false or if it
/// cannot be read.
pub(super) fn scan(root: &Path, enter: impl Fn(&Path) -> bool) -> io::Result<BTreeMap<PathBuf, TreeEntry>> {
    let mut found = BTreeMap::new();
    found.insert(PathBuf::new(), TreeEntry::of(root, &fs::symlink_metadata(root)?)?);
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
            if seen.kind == TreeEntryKind::Directory && enter(&path) && !is_git_object_store(&path) {
                waiting.push(path.clone());
            }
            found.insert(path, seen);
        }
    }
    Ok(found)
}

/// True if a directory is git's object store: its entries are many, never change, and do not affect builds.
fn is_git_object_store(path: &Path) -> bool {
    path.ends_with(".git/objects")
}
