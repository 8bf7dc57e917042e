//! Lists the files of a directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::corpus::sources::error::SourceError;

/// More files than any project has: a walk that finds more was started in the wrong place.
const MOST_FILES: usize = 1_000_000;

/// The files found by a walk.
#[derive(Debug, Default)]
pub(crate) struct WalkedTree {
    /// Files and links, by their paths from the root.
    pub(crate) files: Vec<PathBuf>,
    /// Paths that are neither a file nor a link nor a directory.
    pub(crate) special: Vec<PathBuf>,
}

/// The files below `root` for which, and for whose directories, `keep` returns true; it gets the path from
/// the root and whether it is a directory. Links are not followed.
pub(crate) fn files(
    root: &Path,
    keep: &mut dyn FnMut(&Path, bool) -> Result<bool, SourceError>,
) -> Result<WalkedTree, SourceError> {
    let mut found = WalkedTree::default();
    let mut left = vec![PathBuf::new()];
    while let Some(dir) = left.pop() {
        let full = root.join(&dir);
        for entry in fs::read_dir(&full).map_err(SourceError::io("read", &full))? {
            let entry = entry.map_err(SourceError::io("read", &full))?;
            let kind = entry.file_type().map_err(SourceError::io("read", &entry.path()))?;
            let path = dir.join(entry.file_name());
            if !keep(&path, kind.is_dir())? {
                continue;
            }
            if kind.is_dir() {
                left.push(path);
            } else if found.files.len() >= MOST_FILES {
                return Err(SourceError::Unfit {
                    path: root.to_path_buf(),
                    reason: format!("there are more than {MOST_FILES} files in it"),
                    help: "give the directory of the project, or leave out what no build needs".into(),
                });
            } else if kind.is_file() || kind.is_symlink() {
                found.files.push(path);
            } else {
                found.special.push(path);
            }
        }
    }
    Ok(found)
}
