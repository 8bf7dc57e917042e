//! Dropping the samples of runs that are in an archive.

use std::path::{Path, PathBuf};

use super::THINNED;
use super::contents::{ArchivedRun, ThinnedRun};
use super::draft::{ArchiveDraft, OldArchive};
use crate::bundle::error::BundleError;
use crate::bundle::files::SAMPLES;
use crate::bundle::manifest::ProgramEntry;

/// A run whose samples are to be dropped, and what is kept in their place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunToThin {
    /// Name of the run.
    pub run: String,
    /// Files that are made from the samples.
    pub kept: Vec<KeptFile>,
}

/// A file that is kept in place of samples.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptFile {
    /// Its name.
    pub name: &'static str,
    /// Its content.
    pub text: String,
}

/// Files that were dropped from the archive of one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThinnedMonth {
    /// The archive.
    pub archive: PathBuf,
    /// Names of the runs.
    pub runs: Vec<String>,
    /// Size of the files that were dropped.
    pub bytes_dropped: u64,
    /// Size of the archive now.
    pub archive_after: u64,
}

/// True for the files of a run that `archive --thin` drops.
pub fn is_dropped(file: &str) -> bool {
    file == SAMPLES || file.starts_with("logs/")
}

/// Drops the samples and logs of runs in an archive, adds the kept files, and records what was dropped. The caller holds the
/// [lock](super::ArchiveLock).
///
/// # Errors
///
/// If the archive is damaged, or the new one cannot be written. Nothing is dropped then.
pub fn thin(
    archive: &Path,
    runs: &[RunToThin],
    program: &ProgramEntry,
    now: &str,
) -> Result<ThinnedMonth, BundleError> {
    let missing = || BundleError::NotABundle { path: archive.to_owned() };
    let old = OldArchive::open(archive)?.ok_or_else(missing)?;
    let mut draft = ArchiveDraft::begin(archive)?;
    let mut bytes_dropped = 0;
    for name in old.archive.runs() {
        match runs.iter().find(|one| one.run == name) {
            None => draft.copy_run(&old, name)?,
            Some(one) => bytes_dropped += thin_run(&mut draft, &old, one, program, now)?,
        }
    }
    let archive_after = draft.finish()?;
    let runs = runs.iter().map(|one| one.run.clone()).collect();
    Ok(ThinnedMonth { archive: archive.to_owned(), runs, bytes_dropped, archive_after })
}

/// Writes a run without its samples. Returns the size of what was dropped.
fn thin_run(
    draft: &mut ArchiveDraft,
    old: &OldArchive,
    one: &RunToThin,
    program: &ProgramEntry,
    now: &str,
) -> Result<u64, BundleError> {
    let run = one.run.as_str();
    let files = old.archive.files(run).into_iter().flatten().map(|(file, _)| file.as_str());
    let (dropped, staying): (Vec<&str>, Vec<&str>) = files.partition(|file| is_dropped(file));
    let dropped = old.describe_all(run, &dropped)?;
    let mut files = staying.iter().map(|file| draft.copy(old, run, file)).collect::<Result<Vec<_>, _>>()?;
    for kept in &one.kept {
        files.push(draft.add(run, kept.name, kept.text.as_bytes())?);
    }
    let bytes = dropped.iter().map(|file| file.bytes).sum();
    let kept = one.kept.iter().map(|kept| kept.name.to_owned()).collect();
    let record = ThinnedRun::new(now, program, dropped, kept).text()?;
    files.push(draft.add(run, THINNED, &record)?);
    let known = old.contents.runs.get(run);
    let archived_at = known.map_or_else(|| now.to_owned(), |known| known.archived_at.clone());
    let packer = known.map_or_else(|| program.clone(), |known| known.program.clone());
    draft.describe_run(run, ArchivedRun { archived_at, program: packer, files });
    Ok(bytes)
}
