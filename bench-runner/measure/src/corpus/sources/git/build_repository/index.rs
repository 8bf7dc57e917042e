//! The index of a checked out work tree, which decides which of its files git considers unchanged.
//!
//! git compares the times and sizes of files with those in the index, and reads a file only if they differ.
//! Here a file is unchanged if it is unchanged in the user's own work tree, whatever git filters apply there,
//! and files that were not copied do not count as deleted.

use std::collections::HashSet;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use git2::{Index, IndexEntry, IndexTime, Oid, Repository, Status, StatusOptions};

/// File name in a repository.
pub(crate) const NAME: &str = "index";

/// Bit of an entry that git does not look at; here, until the file is checked out, it marks the file as
/// unchanged.
const UNCHANGED: u16 = 1 << 15;
/// Bit of an entry that has extended flags.
const EXTENDED: u16 = 1 << 14;
/// Extended flag of an entry whose file need not be in the work tree, and is not.
const NOT_COPIED: u16 = 1 << 14;

/// A file that git tracks.
pub(crate) struct TrackedFile {
    path: Vec<u8>,
    mode: u32,
    id: Oid,
    /// Stage in a conflict.
    stage: u16,
    unchanged: bool,
}

impl fmt::Display for TrackedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, mode, id, stage, unchanged } = self;
        write!(f, "{path:?} {mode:o} {id} {stage} {unchanged}")
    }
}

fn entry(entry: &IndexEntry, unchanged: bool) -> TrackedFile {
    let stage = entry.flags & (3 << 12);
    TrackedFile { path: entry.path.clone(), mode: entry.mode, id: entry.id, stage, unchanged }
}

/// The files of a commit, all of them unchanged.
pub(crate) fn files_of_commit(repository: &Repository, commit: Oid) -> Result<Vec<TrackedFile>, git2::Error> {
    let mut index = Index::new()?;
    index.read_tree(&repository.find_commit(commit)?.tree()?)?;
    Ok(index.iter().map(|found| entry(&found, true)).collect())
}

/// The files in the user's index; those that the user has not changed since are marked as unchanged.
pub(crate) fn files_of_user(repository: &Repository) -> Result<Vec<TrackedFile>, git2::Error> {
    let mut options = StatusOptions::new();
    options.include_untracked(false).exclude_submodules(true);
    let since = Status::WT_MODIFIED | Status::WT_DELETED | Status::WT_TYPECHANGE | Status::CONFLICTED;
    let statuses = repository.statuses(Some(&mut options))?;
    let changed: HashSet<Vec<u8>> = statuses
        .iter()
        .filter(|found| found.status().intersects(since))
        .map(|found| found.path_bytes().to_vec())
        .collect();
    let index = repository.index()?;
    Ok(index.iter().map(|found| entry(&found, !changed.contains(&found.path))).collect())
}

/// Writes the entries to `file`, each with its mark.
pub(crate) fn write(entries: &[TrackedFile], file: &Path) -> Result<(), git2::Error> {
    // As it belongs to no repository, it does not ask for the files' contents.
    let mut index = Index::open(file)?;
    for TrackedFile { path, mode, id, stage, unchanged } in entries {
        let flags = stage | if *unchanged { UNCHANGED } else { 0 };
        index.add(&IndexEntry {
            ctime: IndexTime::new(0, 0),
            mtime: IndexTime::new(0, 0),
            dev: 0,
            ino: 0,
            mode: *mode,
            uid: 0,
            gid: 0,
            file_size: 0,
            id: *id,
            flags,
            flags_extended: 0,
            path: path.clone(),
        })?;
    }
    index.write()
}

/// Writes the index of `work_tree`, made from the one in `file`, with the times and sizes of its files.
pub(crate) fn check_out(file: &Path, work_tree: &Path) -> Result<(), git2::Error> {
    let made = Index::open(file)?;
    let to = work_tree.join(".git").join(NAME);
    let _ = fs::remove_file(&to);
    let mut index = Index::open(&to)?;
    for mut entry in made.iter() {
        if entry.flags & UNCHANGED != 0 {
            entry.flags &= !UNCHANGED;
            let path = work_tree.join(std::ffi::OsStr::from_bytes(&entry.path));
            match fs::symlink_metadata(&path) {
                Ok(found) if !found.is_dir() => stamp(&mut entry, &found),
                Ok(_) => {}
                Err(_) => {
                    entry.flags |= EXTENDED;
                    entry.flags_extended |= NOT_COPIED;
                }
            }
        }
        index.add(&entry)?;
    }
    index.write()
}

/// Stores the lower 32 bits of each number, as an index does; git does not compare more of them.
#[expect(clippy::cast_possible_truncation, reason = "git cuts them off in the same way")]
fn stamp(entry: &mut IndexEntry, found: &fs::Metadata) {
    entry.ctime = IndexTime::new(found.ctime() as i32, found.ctime_nsec() as u32);
    entry.mtime = IndexTime::new(found.mtime() as i32, found.mtime_nsec() as u32);
    entry.dev = found.dev() as u32;
    entry.ino = found.ino() as u32;
    entry.uid = found.uid();
    entry.gid = found.gid();
    entry.file_size = found.len() as u32;
}
