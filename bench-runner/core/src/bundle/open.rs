//! Reading a bundle.

use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::earlier_twins;
use super::error::BundleError;
use super::files::{EARLIER, MANIFEST, PROOF_COLUMNS, PROOFS, SAMPLES};
use super::manifest::{Manifest, unknown_key};
use super::rows::{end_of_complete_rows, field, read_rows};
use super::run_files::{OpenedFile, RunFiles};
use super::samples::{self, SampleReader};
use crate::record::{BlockId, EarlierTwin, FORMAT_VERSION, Proof, ProofResult, Role, Sample};

/// Contents of the files of one run.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Path of the bundle: its directory, or its place in an archive.
    pub dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Samples in the order of the file.
    pub samples: Vec<Sample>,
    /// Proofs in the order of the file.
    pub proofs: Vec<Proof>,
    /// Twins of earlier runs on the same machine, as known when the run began; empty if the program that
    /// wrote the bundle did not record them.
    pub earlier: Vec<EarlierTwin>,
    /// Non-fatal problems found while reading, as sentences.
    pub remarks: Vec<String>,
}

/// Reads the run at `path`, which is a directory or in an archive. A truncated last row of the samples is skipped, with a
/// remark.
///
/// # Errors
///
/// If a file cannot be read, or if the run was thinned and has no samples.
pub fn open(path: &Path) -> Result<Bundle, BundleError> {
    RunFiles::find(path)?.open()
}

/// Reads only the manifest of the run at `path`, which is a directory or in an archive.
///
/// # Errors
///
/// If the manifest does not exist, is too new or is invalid.
pub fn read_manifest(path: &Path) -> Result<Manifest, BundleError> {
    RunFiles::find(path)?.read_manifest()
}

impl RunFiles {
    /// Reads the whole run, as [`open`] does.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or if the run was thinned and has no samples.
    pub fn open(&self) -> Result<Bundle, BundleError> {
        // A directory that disappears was packed into an archive by another process.
        read_bundle(self).or_else(|error| self.moved().map_or(Err(error), |moved| read_bundle(&moved)))
    }

    /// Reads only the manifest, as [`read_manifest`] does.
    ///
    /// # Errors
    ///
    /// If the manifest does not exist, is too new or is invalid.
    pub fn read_manifest(&self) -> Result<Manifest, BundleError> {
        parse_manifest(self).or_else(|error| self.moved().map_or(Err(error), |moved| parse_manifest(&moved)))
    }
}

fn read_bundle(files: &RunFiles) -> Result<Bundle, BundleError> {
    let manifest = parse_manifest(files)?;
    if let Some(thinned) = files.thinned()? {
        return Err(BundleError::Thinned { path: files.path().to_owned(), thinned_at: thinned.thinned_at });
    }
    let mut remarks = Vec::new();
    let samples = read_samples(files, &manifest, &mut remarks)?;
    let proofs = read_proofs(files, &mut remarks)?;
    let earlier = read_earlier_twins(files, &mut remarks)?;
    Ok(Bundle { dir: files.path().to_owned(), manifest, samples, proofs, earlier, remarks })
}

fn read_earlier_twins(files: &RunFiles, remarks: &mut Vec<String>) -> Result<Vec<EarlierTwin>, BundleError> {
    let path = files.path().join(EARLIER);
    match files.open_file(EARLIER)? {
        None => Ok(Vec::new()),
        Some(file) => earlier_twins::read(&path, complete_rows(file, &path, remarks)?),
    }
}

/// Describes an error in a manifest by its column. The message already begins with the line, so the position
/// that serde_json appends is removed.
fn describe_json_error(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "it ends in the middle: the file was cut short, so take another copy of the bundle"
            .to_owned();
    }
    let whole = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    format!("column {}: {}", error.column(), whole.strip_suffix(&place).unwrap_or(&whole))
}

fn parse_manifest(files: &RunFiles) -> Result<Manifest, BundleError> {
    let path = &files.path().join(MANIFEST);
    let bytes =
        files.read(MANIFEST)?.ok_or_else(|| BundleError::NotABundle { path: files.path().to_owned() })?;
    let text = String::from_utf8(bytes)
        .map_err(|error| BundleError::io("read", path, io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let malformed = |error: serde_json::Error| BundleError::Malformed {
        path: path.to_owned(),
        line: error.line() as u64,
        reason: describe_json_error(&error),
    };
    // The version is checked first: a manifest of a newer program must not fail with an error about an
    // unknown field.
    let raw: serde_json::Value = serde_json::from_str(&text).map_err(malformed)?;
    if let Some(found) = raw["format"].as_u64().filter(|found| *found > u64::from(FORMAT_VERSION)) {
        return Err(BundleError::TooNew { path: path.to_owned(), found, known: FORMAT_VERSION });
    }
    let manifest: Manifest = serde_json::from_str(&text).map_err(malformed)?;
    if manifest.format < 2 {
        reject_unknown_keys(path, &raw, &manifest)?;
    }
    // The names become directories of plots and of work trees: a foreign bundle must not write anywhere else.
    for name in [&manifest.run, &manifest.machine.directory] {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(plain) {
            let reason = format!(
                "`{}` is not a name of a run or a machine (letters, digits, `-`, `_`, `.`)",
                name.escape_debug()
            );
            return Err(BundleError::Malformed { path: path.to_owned(), line: 1, reason });
        }
    }
    Ok(manifest)
}

/// Rejects a manifest of format 1 with an unknown key; from format 2 on, unknown keys are ignored.
fn reject_unknown_keys(path: &Path, raw: &serde_json::Value, manifest: &Manifest) -> Result<(), BundleError> {
    let malformed = |reason| BundleError::Malformed { path: path.to_owned(), line: 1, reason };
    let known = serde_json::to_value(manifest).map_err(|error| malformed(error.to_string()))?;
    match unknown_key(raw, &known) {
        Some(key) => {
            Err(malformed(format!("unknown key `{key}`: a manifest of format 1 has none of this name")))
        }
        None => Ok(()),
    }
}

fn read_samples(
    files: &RunFiles,
    manifest: &Manifest,
    remarks: &mut Vec<String>,
) -> Result<Vec<Sample>, BundleError> {
    let mut reader = None;
    let required: Vec<&str> = samples::required_columns().collect();
    let path = &files.path().join(SAMPLES);
    read_rows(path, open_complete_rows(files, SAMPLES, remarks)?, &required, |header, record| {
        let reader: &mut SampleReader =
            reader.get_or_insert_with(|| SampleReader::of(header, &manifest.plan));
        reader.read_sample(record).map_err(|error| format!("column `{}`: {}", error.column, error.reason))
    })
}

/// Opens a file, limited to the complete rows that it has at this moment; a truncated row adds a remark.
fn open_complete_rows(
    files: &RunFiles,
    name: &str,
    remarks: &mut Vec<String>,
) -> Result<io::Take<OpenedFile>, BundleError> {
    let path = &files.path().join(name);
    let file = files.open_file(name)?;
    let file = file.ok_or_else(|| BundleError::io("read", path, io::ErrorKind::NotFound.into()))?;
    complete_rows(file, path, remarks)
}

fn complete_rows(
    mut file: OpenedFile,
    path: &Path,
    remarks: &mut Vec<String>,
) -> Result<io::Take<OpenedFile>, BundleError> {
    let failed = |error| BundleError::io("read", path, error);
    let (whole, cut_line) = complete_length(&mut file).map_err(failed)?;
    if let Some(line) = cut_line {
        remarks.push(format!("{}:{line}: the last row was cut short and is left out", path.display()));
    }
    file.rewind().map_err(failed)?;
    Ok(file.take(whole))
}

/// Returns the length of the complete rows in bytes and the line of a truncated row. The file is only
/// searched if it does not end with a newline.
fn complete_length(file: &mut OpenedFile) -> io::Result<(u64, Option<usize>)> {
    let length = file.seek(SeekFrom::End(0))?;
    if length == 0 {
        return Ok((0, None));
    }
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    if last == *b"\n" {
        return Ok((length, None));
    }
    file.rewind()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = end_of_complete_rows(&bytes);
    let line = bytes[..whole].iter().filter(|byte| **byte == b'\n').count() + 1;
    Ok((whole as u64, (whole < bytes.len()).then_some(line)))
}

fn parse_role(text: &str) -> Result<Role, String> {
    let known = [Role::Baseline, Role::Twin, Role::Variant].into_iter().find(|role| role.as_str() == text);
    known.ok_or_else(|| format!("column `role`: `{text}` is no role"))
}

fn read_proofs(files: &RunFiles, remarks: &mut Vec<String>) -> Result<Vec<Proof>, BundleError> {
    const RESULTS: [ProofResult; 4] =
        [ProofResult::Holds, ProofResult::Fails, ProofResult::NotApplicable, ProofResult::NotProvable];
    let path = &files.path().join(PROOFS);
    read_rows(path, open_complete_rows(files, PROOFS, remarks)?, &PROOF_COLUMNS, |header, record| {
        let field = |name: &str| field(header, record, name);
        let result = field("result")?;
        Ok(Proof {
            block: BlockId::from(field("block")?.to_owned()),
            role: parse_role(field("role")?)?,
            variant: field("variant")?.to_owned(),
            axis: field("axis")?.to_owned(),
            expected: field("expected")?.to_owned(),
            found: field("found")?.to_owned(),
            result: RESULTS
                .into_iter()
                .find(|known| known.as_str() == result)
                .ok_or_else(|| format!("column `result`: `{result}` is no result of a proof"))?,
        })
    })
}
