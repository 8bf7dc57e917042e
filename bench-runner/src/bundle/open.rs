//! Reading a bundle.

use std::fs;
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord};

use super::samples::Columns;
use super::{
    BundleError, EARLIER, MANIFEST, Manifest, PROOF_COLUMNS, PROOFS, SAMPLES, earlier, end_of_whole_rows,
};
use crate::record::{BlockId, EarlierTwin, FORMAT_VERSION, Proof, ProofResult, Role, Sample};

/// Everything that the files of one run say.
#[derive(Debug, Clone)]
pub struct Bundle {
    /// Where it is.
    pub dir: PathBuf,
    /// Its manifest.
    pub manifest: Manifest,
    /// Its samples, in the order of the file.
    pub samples: Vec<Sample>,
    /// Its proofs, in the order of the file.
    pub proofs: Vec<Proof>,
    /// Twins of earlier runs on the same machine, as they were known when the run began; none in a bundle of a program
    /// that did not keep them.
    pub earlier: Vec<EarlierTwin>,
    /// What was odd about the files and could be lived with, as sentences.
    pub remarks: Vec<String>,
}

/// Reads the bundle in `dir`. A last row of the samples that was cut short is left out and remarked upon.
pub fn open(dir: &Path) -> Result<Bundle, BundleError> {
    let manifest = read_manifest(dir)?;
    let mut remarks = Vec::new();
    let samples = samples(&dir.join(SAMPLES), &manifest, &mut remarks)?;
    let proofs = proofs(&dir.join(PROOFS), &mut remarks)?;
    let earlier = earlier_twins(&dir.join(EARLIER), &mut remarks)?;
    Ok(Bundle { dir: dir.to_owned(), manifest, samples, proofs, earlier, remarks })
}

fn earlier_twins(path: &Path, remarks: &mut Vec<String>) -> Result<Vec<EarlierTwin>, BundleError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    earlier::read(path, &whole_rows(path, remarks)?)
}

/// What is wrong with a manifest. The line stands before it, and serde_json has the place behind its words.
fn says(error: &serde_json::Error) -> String {
    if error.is_eof() {
        return "it ends in the middle: the file was cut short, so take another copy of the bundle"
            .to_owned();
    }
    let whole = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    format!("column {}: {}", error.column(), whole.strip_suffix(&place).unwrap_or(&whole))
}

/// Reads the manifest of the bundle in `dir` and nothing else of it.
///
/// # Errors
/// Where there is none, or it is too new or cannot be understood.
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
        reason: says(&error),
    };
    // The version comes first: what a newer program wrote must not fail on a field that is not known yet.
    let raw: serde_json::Value = serde_json::from_str(&text).map_err(malformed)?;
    if let Some(found) = raw["format"].as_u64().filter(|found| *found > u64::from(FORMAT_VERSION)) {
        return Err(BundleError::TooNew { path: path.to_owned(), found, known: FORMAT_VERSION });
    }
    let manifest: Manifest = serde_json::from_str(&text).map_err(malformed)?;
    // The name becomes a directory of plots and of work trees: one from elsewhere must not lead anywhere else.
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

fn samples(path: &Path, manifest: &Manifest, remarks: &mut Vec<String>) -> Result<Vec<Sample>, BundleError> {
    let text = whole_rows(path, remarks)?;
    let mut columns = None;
    read_rows(path, &text, &[], |header, record| {
        let columns: &mut Columns = match &mut columns {
            Some(columns) => columns,
            None => columns.insert(
                Columns::of(header, &manifest.plan).map_err(|missing| format!("no column for {missing}"))?,
            ),
        };
        columns.sample(record).map_err(|error| format!("column `{}`: {}", error.column, error.reason))
    })
}

/// The text of a file up to its last whole row; a row that was cut short is remarked upon.
fn whole_rows(path: &Path, remarks: &mut Vec<String>) -> Result<String, BundleError> {
    let mut text = fs::read_to_string(path).map_err(|error| BundleError::io("read", path, error))?;
    let whole = end_of_whole_rows(text.as_bytes());
    if whole < text.len() {
        let line = text[..whole].matches('\n').count() + 1;
        remarks.push(format!("{}:{line}: the last row was cut short and is left out", path.display()));
        text.truncate(whole);
    }
    Ok(text)
}

fn role(text: &str) -> Result<Role, String> {
    let known = [Role::Baseline, Role::Twin, Role::Variant].into_iter().find(|role| role.as_str() == text);
    known.ok_or_else(|| format!("column `role`: `{text}` is no role"))
}

fn proofs(path: &Path, remarks: &mut Vec<String>) -> Result<Vec<Proof>, BundleError> {
    let text = whole_rows(path, remarks)?;
    const RESULTS: [ProofResult; 4] =
        [ProofResult::Holds, ProofResult::Fails, ProofResult::NotApplicable, ProofResult::NotProvable];
    read_rows(path, &text, &PROOF_COLUMNS, |header, record| {
        let field = |name: &str| field(header, record, name);
        let result = field("result")?;
        Ok(Proof {
            block: BlockId::from(field("block")?.to_owned()),
            role: role(field("role")?)?,
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

/// The field of a row in the column of this name.
pub(super) fn field<'r>(
    header: &StringRecord,
    record: &'r StringRecord,
    name: &str,
) -> Result<&'r str, String> {
    let place = header.iter().position(|column| column == name);
    place.and_then(|at| record.get(at)).ok_or_else(|| format!("no column for {name}"))
}

/// Reads `text` as CSV with a header that has these columns, be there rows or not, and gives each row to `read`; what
/// is wrong is said with its line.
pub(super) fn read_rows<T>(
    path: &Path,
    text: &str,
    columns: &[&str],
    mut read: impl FnMut(&StringRecord, &StringRecord) -> Result<T, String>,
) -> Result<Vec<T>, BundleError> {
    let malformed =
        |line: u64, reason: String| BundleError::Malformed { path: path.to_owned(), line, reason };
    let of_csv =
        |error: csv::Error| malformed(error.position().map_or(0, csv::Position::line), error.to_string());
    let mut reader = ReaderBuilder::new().from_reader(text.as_bytes());
    let header = reader.headers().map_err(of_csv)?.clone();
    let missing: Vec<&str> =
        columns.iter().filter(|name| header.iter().all(|column| column != **name)).copied().collect();
    if !missing.is_empty() {
        return Err(malformed(1, format!("no column for {}", missing.join(", "))));
    }
    let mut rows = Vec::new();
    let mut record = StringRecord::new();
    while reader.read_record(&mut record).map_err(of_csv)? {
        let line = record.position().map_or(0, csv::Position::line);
        rows.push(read(&header, &record).map_err(|reason| malformed(line, reason))?);
    }
    Ok(rows)
}
