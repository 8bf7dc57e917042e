//! `archive.json`, the list of what was packed, and `RUN/thinned.json`, the list of what was dropped.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::bundle::error::BundleError;
use crate::bundle::manifest::ProgramEntry;
use crate::record::hex;

/// Name of the member that lists the others.
pub(super) const ARCHIVE: &str = "archive.json";

/// Name of the file of a run that says which of its files were dropped.
pub(in crate::bundle) const THINNED: &str = "thinned.json";

/// Version of both files.
const FORMAT: u32 = 1;

/// Contents of an archive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ArchiveContents {
    pub(super) format: u32,
    /// Files of each run.
    pub(super) runs: BTreeMap<String, ArchivedRun>,
}

/// A run as it was packed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct ArchivedRun {
    /// Time in UTC, RFC 3339.
    pub(super) archived_at: String,
    /// The program that packed it.
    pub(super) program: ProgramEntry,
    /// Its files that are in the archive.
    pub(super) files: Vec<ArchivedFile>,
}

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchivedFile {
    /// Path below the run's directory, with `/` between names.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// Hash of its content, 64 hex digits.
    pub sha256: String,
}

impl ArchivedFile {
    pub(super) fn of(file: &str, content: &[u8]) -> Self {
        let sha256 = hex(&Sha256::digest(content));
        Self { file: file.to_owned(), bytes: content.len() as u64, sha256 }
    }
}

impl Default for ArchiveContents {
    fn default() -> Self {
        Self { format: FORMAT, runs: BTreeMap::new() }
    }
}

impl ArchiveContents {
    pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, BundleError> {
        parse(path, bytes)
    }

    /// The text of the file.
    pub(super) fn text(&self) -> Result<Vec<u8>, BundleError> {
        to_json(self, ARCHIVE)
    }
}

/// Record of what `archive --thin` dropped from a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThinnedRun {
    /// Version of the file.
    pub format: u32,
    /// Time in UTC, RFC 3339.
    pub thinned_at: String,
    /// The program that dropped the files.
    pub program: ProgramEntry,
    /// The dropped files, as they were.
    pub dropped: Vec<ArchivedFile>,
    /// Names of the files that were made from them and are kept in their place.
    pub kept: Vec<String>,
}

impl ThinnedRun {
    pub(super) fn new(
        now: &str,
        program: &ProgramEntry,
        dropped: Vec<ArchivedFile>,
        kept: Vec<String>,
    ) -> Self {
        Self { format: FORMAT, thinned_at: now.to_owned(), program: program.clone(), dropped, kept }
    }

    pub(in crate::bundle) fn parse(path: &Path, bytes: &[u8]) -> Result<Self, BundleError> {
        parse(path, bytes)
    }

    pub(super) fn text(&self) -> Result<Vec<u8>, BundleError> {
        to_json(self, THINNED)
    }
}

fn to_json(value: &impl Serialize, name: &str) -> Result<Vec<u8>, BundleError> {
    let mut text =
        serde_json::to_vec_pretty(value).map_err(|error| BundleError::io("write", name, error.into()))?;
    text.push(b'\n');
    Ok(text)
}

/// Reads a file of either kind. The version is checked first, as in a manifest.
fn parse<T: for<'de> Deserialize<'de>>(path: &Path, bytes: &[u8]) -> Result<T, BundleError> {
    let malformed = |error: serde_json::Error| BundleError::Malformed {
        path: path.to_owned(),
        line: error.line() as u64,
        reason: error.to_string(),
    };
    let raw: serde_json::Value = serde_json::from_slice(bytes).map_err(malformed)?;
    if let Some(found) = raw["format"].as_u64().filter(|found| *found > u64::from(FORMAT)) {
        return Err(BundleError::TooNew { path: path.to_owned(), found, known: FORMAT });
    }
    serde_json::from_value(raw).map_err(malformed)
}
