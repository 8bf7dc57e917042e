//! Reading a bundle.

use std::fs::{self, File};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::earlier_twins;
use super::error::BundleError;
use super::files::{EARLIER, MANIFEST, PROOF_COLUMNS, PROOFS, SAMPLES};
use super::manifest::{Manifest, unknown_key};
use super::rows::{end_of_complete_rows, field, read_rows};
use super::samples::{self, SampleReader};
use crate::record::{BlockId, EarlierTwin, FORMAT_VERSION, Proof, ProofResult, Role, Sample};

/// Contents of the files of one run.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Directory of the bundle.
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

/// Reads the bundle in `dir`. A truncated last row of the samples is skipped, with a remark.
pub fn open(dir: &Path) -> Result<Bundle, BundleError> {
    let manifest = read_manifest(dir)?;
    let mut remarks = Vec::new();
    let samples = read_samples(&dir.join(SAMPLES), &manifest, &mut remarks)?;
    let proofs = read_proofs(&dir.join(PROOFS), &mut remarks)?;
    let earlier = read_earlier_twins(&dir.join(EARLIER), &mut remarks)?;
    Ok(Bundle { dir: dir.to_owned(), manifest, samples, proofs, earlier, remarks })
}

fn read_earlier_twins(path: &Path, remarks: &mut Vec<String>) -> Result<Vec<EarlierTwin>, BundleError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    earlier_twins::read(path, open_complete_rows(path, remarks)?)
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

/// Reads only the manifest of the bundle in `dir`.
///
/// # Errors
///
/// If the manifest does not exist, is too new or is invalid.
pub fn read_manifest(dir: &Path) -> Result<Manifest, BundleError> {
    let path = &dir.join(MANIFEST);
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
            BundleError::NotABundle { path: dir.to_owned() }
        }
        _ => BundleError::io("read", path, error),
    })?;
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
    path: &Path,
    manifest: &Manifest,
    remarks: &mut Vec<String>,
) -> Result<Vec<Sample>, BundleError> {
    let mut reader = None;
    let required: Vec<&str> = samples::required_columns().collect();
    read_rows(path, open_complete_rows(path, remarks)?, &required, |header, record| {
        let reader: &mut SampleReader =
            reader.get_or_insert_with(|| SampleReader::of(header, &manifest.plan));
        reader.read_sample(record).map_err(|error| format!("column `{}`: {}", error.column, error.reason))
    })
}

/// Opens a file, limited to the complete rows that it has at this moment; a truncated row adds a remark.
fn open_complete_rows(path: &Path, remarks: &mut Vec<String>) -> Result<io::Take<File>, BundleError> {
    let failed = |error| BundleError::io("read", path, error);
    let mut file = File::open(path).map_err(failed)?;
    let (whole, cut_line) = complete_length(&mut file).map_err(failed)?;
    if let Some(line) = cut_line {
        remarks.push(format!("{}:{line}: the last row was cut short and is left out", path.display()));
    }
    file.rewind().map_err(failed)?;
    Ok(file.take(whole))
}

/// Returns the length of the complete rows in bytes and the line of a truncated row. The file is only
/// searched if it does not end with a newline.
fn complete_length(file: &mut File) -> io::Result<(u64, Option<usize>)> {
    let length = file.metadata()?.len();
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

fn read_proofs(path: &Path, remarks: &mut Vec<String>) -> Result<Vec<Proof>, BundleError> {
    const RESULTS: [ProofResult; 4] =
        [ProofResult::Holds, ProofResult::Fails, ProofResult::NotApplicable, ProofResult::NotProvable];
    read_rows(path, open_complete_rows(path, remarks)?, &PROOF_COLUMNS, |header, record| {
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
