//! Writing a bundle: the manifest atomically, samples row by row as builds end.

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::earlier_twins;
use super::error::BundleError;
use super::files::{MANIFEST, PROOF_COLUMNS, PROOFS, SAMPLES, UNIT_SETS};
use super::manifest::{Manifest, Status, keep_unknown_keys, unknown_key};
use super::rows::{end_of_complete_rows, replace_file, to_csv};
use super::run_files::RunFiles;
use super::samples::{axis_columns, header, row};
use crate::record::{EarlierTwin, Proof, Sample, short_hash};

/// Returns the name of a run: `<UTC start>-<scenario>-<6 hex>`.
pub fn run_id(started: SystemTime, scenario: &str, seed: u64) -> String {
    let stamp: String =
        timestamp(started).chars().filter(|character| !matches!(character, '-' | ':')).collect();
    let nanos = started.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let unique = short_hash(&format!("{nanos} {seed} {}", std::process::id()));
    format!("{stamp}-{}-{}", scenario.replace('+', "_"), &unique[..6])
}

/// The only writer of a bundle.
#[derive(Debug)]
pub struct BundleWriter {
    dir: PathBuf,
    manifest: Manifest,
    /// The manifest as read from the file, if it has unknown keys.
    found: Option<serde_json::Value>,
    axes: Vec<String>,
    samples: File,
    /// Unit sets and proofs that are already in the files.
    sets: HashSet<String>,
    proofs: HashSet<Vec<String>>,
}

impl BundleWriter {
    /// Creates the bundle's directory below `results`, with the twins of earlier runs, and writes the
    /// manifest last: a directory that was interrupted before that is not a bundle and cannot be resumed.
    pub fn create(results: &Path, manifest: Manifest, earlier: &[EarlierTwin]) -> Result<Self, BundleError> {
        let parent = results.join(&manifest.machine.directory);
        fs::create_dir_all(&parent).map_err(|error| BundleError::io("make", &parent, error))?;
        let dir = parent.join(&manifest.run);
        fs::create_dir(&dir).map_err(|error| BundleError::io("make", &dir, error))?;
        let axes = axis_columns(&manifest.plan);
        append(&dir.join(SAMPLES), &[header(&axes, manifest.format)])?;
        append(&dir.join(PROOFS), &[PROOF_COLUMNS.map(str::to_owned)])?;
        append(&dir.join(UNIT_SETS), &[["set", "unit"].map(str::to_owned)])?;
        earlier_twins::write(&dir, earlier)?;
        let samples = open_for_append(&dir.join(SAMPLES))?;
        let (sets, proofs) = (HashSet::new(), HashSet::new());
        let writer = Self { dir, manifest, found: None, axes, samples, sets, proofs };
        writer.save()?;
        Ok(writer)
    }

    /// Opens an incomplete bundle. Truncated rows are moved to `logs/`.
    pub fn reopen(dir: &Path, manifest: Manifest) -> Result<Self, BundleError> {
        let axes = axis_columns(&manifest.plan);
        let samples = open_for_append(&dir.join(SAMPLES))?;
        let (sets, proofs) = (HashSet::new(), HashSet::new());
        let found = manifest_with_unknown_keys(dir, &manifest)?;
        let mut writer = Self { dir: dir.to_owned(), manifest, found, axes, samples, sets, proofs };
        writer.check_columns()?;
        for name in [SAMPLES, PROOFS, UNIT_SETS] {
            writer.move_truncated_row(name)?;
        }
        writer.sets =
            writer.rows_of(UNIT_SETS)?.into_iter().filter_map(|row| row.into_iter().next()).collect();
        writer.proofs = writer.rows_of(PROOFS)?.into_iter().collect();
        writer.save()?;
        Ok(writer)
    }

    /// Checks that new rows have the columns of the file; others would make it unreadable.
    fn check_columns(&self) -> Result<(), BundleError> {
        let path = self.dir.join(SAMPLES);
        let failed = |error: csv::Error| BundleError::io("read", &path, std::io::Error::other(error));
        let mut reader = csv::Reader::from_path(&path).map_err(failed)?;
        if reader.headers().map_err(failed)?.iter().eq(header(&self.axes, self.manifest.format)) {
            return Ok(());
        }
        let reason = "its columns are those of another version of bench-runner; start a new run";
        Err(BundleError::io("go on with", &path, std::io::Error::other(reason)))
    }

    fn move_truncated_row(&mut self, name: &str) -> Result<(), BundleError> {
        let path = self.dir.join(name);
        let bytes = fs::read(&path).map_err(|error| BundleError::io("read", &path, error))?;
        let whole = end_of_complete_rows(&bytes);
        if whole == bytes.len() {
            return Ok(());
        }
        self.write_log(&format!("cut-row-of-{name}"), &String::from_utf8_lossy(&bytes[whole..]))?;
        let file = open_for_append(&path)?;
        file.set_len(whole as u64).map_err(|error| BundleError::io("shorten", &path, error))
    }

    fn rows_of(&self, name: &str) -> Result<Vec<Vec<String>>, BundleError> {
        let path = self.dir.join(name);
        let failed = |error: csv::Error| BundleError::io("read", &path, std::io::Error::other(error));
        let mut reader = csv::Reader::from_path(&path).map_err(failed)?;
        let rows = reader.records().map(|row| Ok(row?.iter().map(str::to_owned).collect()));
        rows.collect::<Result<_, csv::Error>>().map_err(failed)
    }

    /// Directory of the bundle.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The current manifest.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Changes the manifest and saves it.
    pub fn update(&mut self, change: impl FnOnce(&mut Manifest)) -> Result<(), BundleError> {
        change(&mut self.manifest);
        self.save()
    }

    /// Appends one sample, which is in the file when this returns.
    pub fn append_sample(&mut self, sample: &Sample) -> Result<(), BundleError> {
        let bytes = to_csv(&[row(sample, &self.axes, self.manifest.format)])
            .map_err(|e| BundleError::io("write", SAMPLES, e))?;
        let written = self.samples.write_all(&bytes).and_then(|()| self.samples.flush());
        written.map_err(|error| BundleError::io("write", self.dir.join(SAMPLES), error))
    }

    /// Appends proofs that are not in the file yet.
    pub fn append_proofs(&mut self, proofs: &[Proof]) -> Result<(), BundleError> {
        let rows: Vec<Vec<String>> = proofs
            .iter()
            .map(|proof| {
                vec![
                    proof.block.to_string(),
                    proof.variant.clone(),
                    proof.axis.clone(),
                    proof.expected.clone(),
                    proof.found.clone(),
                    proof.result.as_str().to_owned(),
                    proof.role.as_str().to_owned(),
                ]
            })
            .filter(|row| self.proofs.insert(row.clone()))
            .collect();
        append(&self.dir.join(PROOFS), &rows)
    }

    /// Appends the units of a set, unless the set is already in the file.
    pub fn append_unit_set(&mut self, set: &str, units: &[String]) -> Result<(), BundleError> {
        if !self.sets.insert(set.to_owned()) {
            return Ok(());
        }
        let rows: Vec<[String; 2]> = units.iter().map(|unit| [set.to_owned(), unit.clone()]).collect();
        append(&self.dir.join(UNIT_SETS), &rows)
    }

    /// Writes `text`, such as the output of a build, to `logs/<name>.log`.
    pub fn write_log(&mut self, name: &str, text: &str) -> Result<PathBuf, BundleError> {
        let dir = self.dir.join("logs");
        fs::create_dir_all(&dir).map_err(|error| BundleError::io("make", &dir, error))?;
        let safe = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        let path = dir.join(format!("{}.log", name.chars().map(safe).collect::<String>()));
        fs::write(&path, text).map_err(|error| BundleError::io("write", &path, error))?;
        Ok(path)
    }

    /// Marks the bundle as ended and returns its directory.
    pub fn finish(mut self, status: Status) -> Result<PathBuf, BundleError> {
        self.update(|manifest| {
            manifest.status = status;
            manifest.ended_at = Some(timestamp(SystemTime::now()));
        })?;
        Ok(self.dir)
    }

    fn save(&self) -> Result<(), BundleError> {
        let path = self.dir.join(MANIFEST);
        let failed = |error: serde_json::Error| BundleError::io("write", &path, error.into());
        let mut text = match &self.found {
            None => serde_json::to_vec_pretty(&self.manifest),
            Some(found) => {
                let mut ours = serde_json::to_value(&self.manifest).map_err(failed)?;
                keep_unknown_keys(found, &mut ours);
                serde_json::to_vec_pretty(&ours)
            }
        }
        .map_err(failed)?;
        text.push(b'\n');
        replace_file(&self.dir, MANIFEST, &text)
    }
}

/// Returns the manifest in `dir` if it has keys that are missing from `manifest`.
fn manifest_with_unknown_keys(
    dir: &Path,
    manifest: &Manifest,
) -> Result<Option<serde_json::Value>, BundleError> {
    let path = dir.join(MANIFEST);
    let text = fs::read_to_string(&path).map_err(|error| BundleError::io("read", &path, error))?;
    let failed = |error: serde_json::Error| BundleError::io("read", &path, error.into());
    let found: serde_json::Value = serde_json::from_str(&text).map_err(failed)?;
    let known = serde_json::to_value(manifest).map_err(failed)?;
    Ok(unknown_key(&found, &known).map(|_| found))
}

/// Writes `text` to the file `name` among those that can be made again from the files of the run at `path`.
pub fn write_derived(path: &Path, name: &str, text: &str) -> Result<PathBuf, BundleError> {
    let folder = RunFiles::find(path)?.derived();
    fs::create_dir_all(&folder).map_err(|error| BundleError::io("make", &folder, error))?;
    let path = folder.join(name);
    fs::write(&path, text).map_err(|error| BundleError::io("write", &path, error))?;
    Ok(path)
}

fn open_for_append(path: &Path) -> Result<File, BundleError> {
    OpenOptions::new().append(true).open(path).map_err(|error| BundleError::io("open", path, error))
}

/// Appends all rows in one write, so that a reader never sees rows of two writes mixed.
fn append<R: AsRef<[String]>>(path: &Path, new: &[R]) -> Result<(), BundleError> {
    let failed = |error| BundleError::io("write", path, error);
    let bytes = to_csv(new).map_err(failed)?;
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(failed)?;
    file.write_all(&bytes).map_err(failed)
}

/// Formats a time as UTC in whole seconds, as used in files.
fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}
