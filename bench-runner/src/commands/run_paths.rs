//! Paths of runs on the command line.

use std::path::{Path, PathBuf};

use bench_runner_core::bundle::{BundleError, archived_runs, is_archive};
use bench_runner_core::compare::pluralize;

/// The runs that are named, with the path of an archive replaced by its runs, so that `results/*/*` names the same runs before
/// and after they are archived. Runs of such an archive that were thinned are left out with a note.
///
/// # Errors
/// If an archive cannot be read, or if all that is left is a thinned run.
pub(super) fn expand_archives(paths: &[PathBuf]) -> Result<Vec<PathBuf>, BundleError> {
    let (mut runs, mut thinned) = (Vec::new(), None);
    for path in paths {
        if is_archive(path) {
            thinned = thinned.or(add_runs(path, &mut runs)?);
        } else {
            runs.push(path.clone());
        }
    }
    match thinned.filter(|_| runs.is_empty()) {
        Some(error) => Err(error),
        None => Ok(runs),
    }
}

/// Adds the runs of an archive. Returns the refusal of the first one that was thinned.
fn add_runs(archive: &Path, runs: &mut Vec<PathBuf>) -> Result<Option<BundleError>, BundleError> {
    let (mut first, mut left_out) = (None, 0);
    for files in archived_runs(archive)? {
        let path = files.path().to_owned();
        match files.thinned()? {
            None => runs.push(path),
            Some(record) => {
                left_out += 1;
                first = first.or(Some(BundleError::Thinned { path, thinned_at: record.thinned_at }));
            }
        }
    }
    if let Some(error) = &first {
        errln!("note: {} left out; the first: {error}", pluralize(left_out, "thinned run"));
    }
    Ok(first)
}
