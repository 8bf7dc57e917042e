//! Directories of runs → the archive of their month.

use std::fs;
use std::path::{Path, PathBuf};

use super::contents::ArchivedRun;
use super::directory::{self, RunListing};
use super::draft::{ArchiveDraft, OldArchive};
use super::{is_run_name, path_of};
use crate::bundle::error::BundleError;
use crate::bundle::manifest::ProgramEntry;

/// Runs that were packed into the archive of one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedMonth {
    /// The archive.
    pub archive: PathBuf,
    /// Names of the runs that are in it now and were not before.
    pub runs: Vec<String>,
    /// Size of their files.
    pub bytes: u64,
    /// Size of the archive before; 0 if it is new.
    pub archive_before: u64,
    /// Size of the archive now.
    pub archive_after: u64,
    /// Runs that were not packed, or whose directory is still there.
    pub staying: Vec<UnpackableRun>,
}

/// A run whose directory stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnpackableRun {
    /// Its directory.
    pub run: PathBuf,
    /// Reason, as a clause.
    pub reason: String,
}

/// Size of the files of a run that would be packed, or the reason why it cannot be packed.
///
/// # Errors
///
/// If the directory cannot be read.
pub fn run_size(run: &Path) -> Result<Result<u64, String>, BundleError> {
    let name = run.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    if !is_run_name(name) {
        return Ok(Err("its name is not one of a run (letters, digits, `-`, `_`, `.`)".to_owned()));
    }
    if run.is_symlink() {
        return Ok(Err("it is a link".to_owned()));
    }
    Ok(directory::list(run)?.map(|listed| listed.values().map(|(bytes, _)| bytes).sum()))
}

/// Packs directories of runs into the archive of a month, and removes them. `runs` are names of directories of `machine`; the
/// caller holds the [lock](super::ArchiveLock).
///
/// The new archive has what the old one had. It is written beside it, read back and compared with the files, and put in its
/// place; then the directories are removed. A directory whose files have changed meanwhile stays.
///
/// # Errors
///
/// If the old archive is damaged, or a file cannot be read or written. Nothing is removed then.
pub fn pack(
    machine: &Path,
    month: &str,
    runs: &[String],
    program: &ProgramEntry,
    now: &str,
) -> Result<PackedMonth, BundleError> {
    let path = path_of(machine, month);
    let old = OldArchive::open(&path)?;
    let (mut packable, mut staying) = (Vec::new(), Vec::new());
    for name in runs {
        let run = machine.join(name);
        let is_in = old.as_ref().is_some_and(|old| old.archive.files(name).is_some());
        match directory::list(&run)? {
            _ if is_in => {
                let reason = format!("{} has a run of this name with other files", path.display());
                staying.push(UnpackableRun { run, reason });
            }
            Ok(listed) => packable.push((name, run, listed)),
            Err(reason) => staying.push(UnpackableRun { run, reason }),
        }
    }
    let archive_before = if old.is_some() { size(&path)? } else { 0 };
    if packable.is_empty() {
        let archive_after = archive_before;
        return Ok(PackedMonth {
            archive: path,
            runs: Vec::new(),
            bytes: 0,
            archive_before,
            archive_after,
            staying,
        });
    }
    let mut draft = ArchiveDraft::begin(&path)?;
    if let Some(old) = &old {
        old.archive.runs().try_for_each(|run| draft.copy_run(old, run))?;
    }
    for (name, run, listed) in &packable {
        add_run(&mut draft, name, run, listed, program, now)?;
    }
    let archive_after = draft.finish()?;
    let bytes = packable.iter().flat_map(|(_, _, listed)| listed.values()).map(|(bytes, _)| bytes).sum();
    let names = packable.iter().map(|(name, ..)| (*name).clone()).collect();
    for (_, run, listed) in packable {
        if let Err(reason) = remove_if_unchanged(&run, &listed) {
            staying.push(UnpackableRun { run, reason });
        }
    }
    Ok(PackedMonth { archive: path, runs: names, bytes, archive_before, archive_after, staying })
}

fn add_run(
    draft: &mut ArchiveDraft,
    name: &str,
    run: &Path,
    listed: &RunListing,
    program: &ProgramEntry,
    now: &str,
) -> Result<(), BundleError> {
    let add = |file: &String| {
        let path = run.join(file);
        let content = fs::read(&path).map_err(|error| BundleError::io("read", &path, error))?;
        draft.add(name, file, &content)
    };
    let files = listed.keys().map(add).collect::<Result<Vec<_>, _>>()?;
    draft.describe_run(name, ArchivedRun { archived_at: now.to_owned(), program: program.clone(), files });
    Ok(())
}

/// Removes a packed directory; the error is the reason why it stays.
fn remove_if_unchanged(run: &Path, packed: &RunListing) -> Result<(), String> {
    match directory::list(run) {
        Ok(Ok(now)) if now == *packed => directory::remove(run).map_err(|error| error.to_string()),
        Ok(_) => Err("it is in the archive, but its files have changed meanwhile".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn size(path: &Path) -> Result<u64, BundleError> {
    Ok(fs::metadata(path).map_err(|error| BundleError::io("read", path, error))?.len())
}
