//! Paths of runs on the command line.

use std::path::{Path, PathBuf};

use bench_runner_core::bundle::{BundleError, archived_runs, is_archive};
use bench_runner_core::compare::pluralize;

use crate::flows::{self, FlowError};

/// The runs that are named. Everything that `results/*/*` matches besides runs is allowed: an archive stands for its runs, so the
/// pattern names the same runs before and after they are archived; logs of `track` are passed over; the stages of a search are left
/// out with a note, since only its last one may decide anything. A search that is named itself stands for that stage. Runs of an
/// archive that were thinned are left out with a note.
///
/// # Errors
/// If an archive or a search cannot be read, if a search has no confirmation, or if no run is left.
pub(super) fn named_runs(paths: &[PathBuf]) -> Result<Vec<PathBuf>, FlowError> {
    let (mut runs, mut thinned, mut has_search) = (Vec::new(), None, false);
    for path in paths {
        match () {
            () if is_archive(path) => thinned = thinned.or(add_runs(path, &mut runs)?),
            () if path.is_file() && flows::tracking_of(path).is_some() => {}
            () if flows::is_search(path) => runs.push(flows::confirmation_of(path)?),
            () if flows::is_part_of_search(path) => has_search = true,
            () => runs.push(path.clone()),
        }
    }
    if has_search {
        errln!(
            "note: searches are left out; name one, results/search-…, for its confirmation, or a run of it for another stage"
        );
    }
    match (thinned, paths.first()) {
        (Some(error), _) if runs.is_empty() => Err(error.into()),
        (None, Some(first)) if runs.is_empty() => Err(BundleError::NotABundle { path: first.clone() }.into()),
        _ => Ok(runs),
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

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_pattern_over_a_results_directory_names_its_runs() {
        let dir = tempfile::tempdir().unwrap();
        let make = |path: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        };
        let files = ["m/run/manifest.json", "m/track-nightly.jsonl", "search-1/search.json"];
        files.into_iter().chain(["search-1/m/stage/manifest.json"]).for_each(make);
        let paths = |names: &[&str]| names.iter().map(|name| dir.path().join(name)).collect::<Vec<_>>();
        let all = paths(&["m/run", "m/track-nightly.jsonl", "search-1/m", "search-1/search.json"]);
        assert_eq!(named_runs(&all).unwrap(), paths(&["m/run"]));
        // A run of a search that is named is one.
        assert_eq!(named_runs(&paths(&["search-1/m/stage"])).unwrap(), paths(&["search-1/m/stage"]));
        assert!(named_runs(&paths(&["search-1/m"])).is_err(), "nothing is left");
        // A search without a confirmation has no result; as part of a pattern it hides no other run.
        fs::write(dir.path().join("search-1/search.json"), "{").unwrap();
        let message = named_runs(&paths(&["search-1"])).unwrap_err().to_string();
        assert!(message.contains("search.json"), "{message}");
        // What is called like a log, and is a directory, may be a run.
        assert_eq!(named_runs(&paths(&["m/track-x.jsonl"])).unwrap(), paths(&["m/track-x.jsonl"]));
    }
}
