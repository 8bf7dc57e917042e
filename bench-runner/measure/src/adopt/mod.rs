//! Writes the settings of a variant into the user's own files: cargo's configuration, the manifest of the workspace, the
//! file that chooses a toolchain.
//!
//! [`plan_changes`] reads and shows, [`write_changes`] writes. A changed file keeps its comments and its formatting, has a
//! backup, and appears in one step. After writing, cargo is asked whether the settings are in force; if they are not, all
//! files are restored.

mod diff;
mod edit;
mod flags;
mod locate;
mod plan;
mod user_file;
mod verify;

use std::path::{Path, PathBuf};

use bench_runner_core::record::Refusal;
use toml::Value;

use crate::axes::{Settings, Situation};
use crate::build::{BuildTarget, CargoInvocation};
use flags::AddedFlags;
use user_file::{ReplacedFile, UserFile};
use verify::ExpectedUnits;

pub use plan::plan_changes;

/// Settings to write, and what is needed to ask the user's cargo about them.
#[derive(Debug, Clone, Copy)]
pub struct AdoptRequest<'a> {
    /// The settings, without the user's own configuration.
    pub settings: &'a Settings,
    pub situation: &'a Situation,
    /// Cargo as the user calls it: in the directory of the project, with the user's environment.
    pub cargo: &'a CargoInvocation,
    /// Arguments that choose packages and features, such as `--package x`.
    pub selection: &'a [String],
    /// Target that the user builds for.
    pub target: &'a BuildTarget,
    /// Cargo home for queries that call rustc: with the dependencies and the user's configuration, but not the user's own.
    pub cargo_home: &'a Path,
    /// Empty directory for such queries.
    pub scratch: &'a Path,
    /// True to change files whose present contents git could not give back.
    pub even_if_changed: bool,
}

/// Changes of the user's files, not made yet.
#[derive(Debug)]
pub struct PlannedChanges {
    /// Empty if everything is in force already.
    pub files: Vec<FileChange>,
    /// Settings that no file can contain, as sentences without a full stop.
    pub left_out: Vec<String>,
    /// Remarks on the lines, as sentences.
    pub remarks: Vec<String>,
    /// Values that cargo must report afterwards.
    values: Vec<KeyedValue>,
    flags: Option<AddedFlags>,
    toolchain: Option<PathBuf>,
    units: ExpectedUnits,
}

/// Change of one file.
#[derive(Debug)]
pub struct FileChange {
    pub path: PathBuf,
    /// The difference as a unified diff.
    pub diff: String,
    file: UserFile,
    text: String,
}

/// A key with the value that it gets.
#[derive(Debug, Clone, PartialEq)]
struct KeyedValue {
    key: Vec<String>,
    value: Value,
    /// True if it is in the manifest, false if it is in cargo's configuration.
    in_manifest: bool,
}

/// Files that have been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrittenChanges {
    /// Each file with its backup; `None` for a new file.
    pub files: Vec<(PathBuf, Option<PathBuf>)>,
    /// Reason why the units of the build could not be checked, if they could not. Cargo's configuration always is.
    pub unchecked: Option<String>,
}

impl PlannedChanges {
    /// The differences of all files.
    pub fn diff(&self) -> String {
        self.files.iter().map(|change| change.diff.as_str()).collect()
    }
}

/// Writes the changes, and asks cargo whether they are in force.
///
/// # Errors
/// If a file cannot be written, or a setting is not in force afterwards. All files are then as they were, unless the error
/// says that one could not be restored.
pub fn write_changes(
    changes: &PlannedChanges,
    request: &AdoptRequest<'_>,
) -> Result<WrittenChanges, Refusal> {
    let mut replaced: Vec<ReplacedFile> = Vec::new();
    for FileChange { file, text, .. } in &changes.files {
        match file.replace(text) {
            Ok(file) => replaced.push(file),
            Err(refusal) => return Err(restored(&replaced, refusal)),
        }
    }
    if changes.files.is_empty() {
        return Ok(WrittenChanges { files: Vec::new(), unchecked: None });
    }
    match verify::check(changes, request) {
        Ok(unchecked) => {
            let files = replaced.into_iter().map(|file| (file.path, file.backup)).collect();
            Ok(WrittenChanges { files, unchecked })
        }
        Err(refusal) => {
            let what = format!("the settings were written, but {}", refusal.what);
            Err(restored(&replaced, Refusal { what, ..refusal }))
        }
    }
}

/// Restores files. Returns the refusal with what became of them.
fn restored(replaced: &[ReplacedFile], refusal: Refusal) -> Refusal {
    let mut lost = Vec::new();
    for file in replaced.iter().rev() {
        if let Err(error) = file.restore() {
            let backup = match &file.backup {
                Some(backup) => format!(", its backup is {}", backup.display()),
                None => String::new(),
            };
            lost.push(format!("{} could not be restored ({error}){backup}", file.path.display()));
        }
    }
    let end = match (lost.is_empty(), replaced.is_empty()) {
        (true, true) => "nothing was changed".to_owned(),
        (true, false) => "all files are as they were before".to_owned(),
        (false, _) => lost.join("; "),
    };
    Refusal { what: format!("{}; {end}", refusal.what), ..refusal }
}

#[cfg(test)]
mod tests;
