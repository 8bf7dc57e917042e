//! A run's directory: what is packed of it, and its removal.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::REMOVING;
use super::file::Archive;
use crate::bundle::error::BundleError;

/// Directory of files that can be made again; it is not packed.
const DERIVED: &str = "derived";

/// Files of a run below its directory, with their sizes and times.
pub(super) type RunListing = BTreeMap<String, (u64, SystemTime)>;

/// Lists the files of a run except those that can be made again. The outer error is that of the system, the inner one says
/// why the directory cannot be packed.
pub(super) fn list(run: &Path) -> Result<Result<RunListing, String>, BundleError> {
    let (mut listed, mut open) = (RunListing::new(), vec![run.to_owned()]);
    while let Some(directory) = open.pop() {
        let failed = |error| BundleError::io("read", &directory, error);
        for entry in fs::read_dir(&directory).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let path = entry.path();
            let below = path.strip_prefix(run).unwrap_or(&path);
            let Some(name) = below.to_str() else {
                return Ok(Err(format!("the name of its file `{}` is not UTF-8", below.display())));
            };
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                open.extend((name != DERIVED).then(|| path.clone()));
            } else if kind.is_file() {
                let metadata = entry.metadata().map_err(failed)?;
                listed.insert(name.to_owned(), (metadata.len(), metadata.modified().map_err(failed)?));
            } else {
                return Ok(Err(format!(
                    "`{name}` is a link or a special file, which an archive cannot hold"
                )));
            }
        }
    }
    Ok(Ok(listed))
}

/// The first file of a directory that an archive does not have with the same content.
pub(super) fn first_difference(
    directory: &Path,
    archive: &Archive,
    run: &str,
) -> Result<Option<String>, BundleError> {
    let listed = match list(directory)? {
        Ok(listed) => listed,
        Err(reason) => return Ok(Some(reason)),
    };
    for file in listed.keys() {
        let path = directory.join(file);
        let here = fs::read(&path).map_err(|error| BundleError::io("read", &path, error))?;
        if archive.read(run, file)?.as_ref() != Some(&here) {
            return Ok(Some(format!("`{file}` differs")));
        }
    }
    Ok(None)
}

/// Removes the directory of a run that is in an archive. It is renamed first, so a part of it is never taken for the run.
pub(super) fn remove(run: &Path) -> Result<(), BundleError> {
    let hidden = hidden(run);
    fs::rename(run, &hidden).map_err(|error| BundleError::io("remove", run, error))?;
    remove_hidden(&hidden)
}

pub(super) fn remove_hidden(hidden: &Path) -> Result<(), BundleError> {
    match fs::remove_dir_all(hidden) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(BundleError::io("remove", hidden, error))
        }
        _ => Ok(()),
    }
}

fn hidden(run: &Path) -> PathBuf {
    run.with_file_name(format!("{REMOVING}{}", run.file_name().unwrap_or_default().to_string_lossy()))
}
