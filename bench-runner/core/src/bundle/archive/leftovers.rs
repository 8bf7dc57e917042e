//! Leftovers of an `archive` that was killed: an unfinished archive, directories of runs that were packed already.

use std::fs;
use std::path::{Path, PathBuf};

use super::directory;
use super::draft::sync_directory;
use super::file::Archive;
use super::{PART, REMOVING, month_of};
use crate::bundle::error::BundleError;
use crate::bundle::files::MANIFEST;

/// Leftovers that were found, as sentences.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ArchiveLeftovers {
    /// Those that were completed or removed.
    pub done: Vec<String>,
    /// Those that stay, because they are in no archive or differ from it.
    pub kept: Vec<String>,
}

/// Completes what an `archive` that was killed has begun in the directory of a machine: removes unfinished archives, and
/// directories whose run is in an archive with exactly the same files. The caller holds the [lock](super::ArchiveLock).
///
/// # Errors
///
/// If the directory cannot be read or something cannot be removed.
pub fn tidy(machine: &Path) -> Result<ArchiveLeftovers, BundleError> {
    let mut found = ArchiveLeftovers::default();
    let failed = |error| BundleError::io("read", machine, error);
    let entries = fs::read_dir(machine).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut paths: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths.iter().filter(|path| is_part(path)) {
        fs::remove_file(path).map_err(|error| BundleError::io("remove", path, error))?;
        found.done.push(format!("{}: removed: an interrupted `archive` has left it", path.display()));
    }
    for path in paths.iter().filter(|path| month_of(path).is_some() && path.is_file()) {
        // What lists the runs names archives that cannot be read.
        if let Ok(archive) = Archive::open(path) {
            tidy_directories(machine, &archive, &mut found)?;
        }
    }
    for path in paths.iter().filter(|path| is_hidden(path) && path.exists()) {
        found.kept.push(format!(
            "{}: an interrupted `archive` was removing this directory, but no archive has all of its files; \
             take `{REMOVING}` from its name to have the run back",
            path.display()
        ));
    }
    sync_directory(machine)?;
    Ok(found)
}

/// Removes the directories whose files are all in the archive.
fn tidy_directories(
    machine: &Path,
    archive: &Archive,
    found: &mut ArchiveLeftovers,
) -> Result<(), BundleError> {
    for run in archive.runs() {
        let hidden = machine.join(format!("{REMOVING}{run}"));
        if hidden.is_dir() && directory::first_difference(&hidden, archive, run)?.is_none() {
            directory::remove_hidden(&hidden)?;
            found.done.push(format!(
                "{}: removed: the run is in {}",
                hidden.display(),
                archive.path().display()
            ));
        }
        let plain = machine.join(run);
        if !plain.join(MANIFEST).exists() {
            continue;
        }
        let place = format!("{}: the run is also in {}", plain.display(), archive.path().display());
        match directory::first_difference(&plain, archive, run)? {
            None => {
                directory::remove(&plain)?;
                found.done.push(format!("{place}; the directory is removed"));
            }
            Some(difference) => {
                found
                    .kept
                    .push(format!("{place}, but {difference}; both stay, and the directory is what is read"));
            }
        }
    }
    Ok(())
}

fn is_part(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with(".archive-") && name.ends_with(PART)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.starts_with(REMOVING))
}
