//! A row of `samples.csv` → a [`Sample`].
//!
//! Runs have very many builds of few arms, and reports read many runs: column indices are looked up once per
//! file, and the values shared by the rows of an arm are read once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use csv::StringRecord;

use super::columns::{FieldReader, SampleColumn, axis_columns, columns};
use super::draft::{SampleDraft, TextInterner, blank};
use crate::record::{Plan, Sample};

/// Reader of the rows of one file, with the values shared by the rows read so far.
pub(in crate::bundle) struct SampleReader {
    /// Per-arm columns of the file, with their indices.
    per_arm: Vec<(&'static SampleColumn, usize, ReadArmField)>,
    /// Per-build columns of the file with their indices, in the order of the table.
    per_build: Vec<(&'static SampleColumn, usize, ReadBuildField)>,
    /// Axes of the file, with the indices of their columns.
    axes: Vec<(String, usize)>,
    /// Samples with only the values of an arm, by the arm's and axes' fields, each prefixed with its length.
    arms: HashMap<Vec<u8>, Sample>,
    /// Reusable buffer for a key of `arms`.
    key: Vec<u8>,
    texts: TextInterner,
}

type ReadArmField = fn(&mut Sample, &str) -> Result<(), String>;
type ReadBuildField = fn(&mut SampleDraft, &str, &mut TextInterner) -> Result<(), String>;

/// Problem with a field.
pub(in crate::bundle) struct FieldError {
    pub(in crate::bundle) column: &'static str,
    pub(in crate::bundle) reason: String,
}

impl SampleReader {
    /// Reads the header, which has the [required](super::required_columns) columns. Unknown columns are
    /// allowed.
    pub(in crate::bundle) fn of(header: &StringRecord, plan: &Plan) -> Self {
        // If several columns have the same name, the last one counts.
        let by_name: HashMap<&str, usize> = header.iter().enumerate().map(|(at, name)| (name, at)).collect();
        let (mut per_arm, mut per_build) = (Vec::new(), Vec::new());
        for column in columns() {
            let Some(index) = by_name.get(column.name).copied() else { continue };
            match column.read {
                FieldReader::PerArm(read) => per_arm.push((column, index, read)),
                FieldReader::PerBuild(read) => per_build.push((column, index, read)),
            }
        }
        let axes = axis_columns(plan).into_iter().filter_map(|axis| {
            let index = by_name.get(axis.as_str()).copied()?;
            Some((axis, index))
        });
        let axes = axes.collect();
        let (arms, key, texts) = (HashMap::new(), Vec::new(), TextInterner::default());
        Self { per_arm, per_build, axes, arms, key, texts }
    }

    pub(in crate::bundle) fn read_sample(&mut self, record: &StringRecord) -> Result<Sample, FieldError> {
        let mut draft = self.start_draft(record)?;
        for (column, index, read) in &self.per_build {
            read(&mut draft, field(record, *index), &mut self.texts)
                .map_err(|reason| FieldError { column: column.name, reason })?;
        }
        Ok(draft.finish())
    }

    /// Starts a sample with the values of its arm, which are parsed for the first row of the arm only.
    fn start_draft(&mut self, record: &StringRecord) -> Result<SampleDraft, FieldError> {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        let indices = self.per_arm.iter().map(|(_, index, _)| *index);
        for index in indices.chain(self.axes.iter().map(|(_, index)| *index)) {
            let field = field(record, index);
            key.extend((field.len() as u32).to_le_bytes());
            key.extend(field.as_bytes());
        }
        let known = self.arms.get(&key).map(SampleDraft::of);
        let draft = match known {
            Some(draft) => draft,
            None => {
                let arm = self.read_arm(record)?;
                let draft = SampleDraft::of(&arm);
                self.arms.insert(key.clone(), arm);
                draft
            }
        };
        self.key = key;
        Ok(draft)
    }

    fn read_arm(&self, record: &StringRecord) -> Result<Sample, FieldError> {
        let mut arm = blank();
        for (column, index, read) in &self.per_arm {
            read(&mut arm, field(record, *index))
                .map_err(|reason| FieldError { column: column.name, reason })?;
        }
        let value = |(axis, index): &(String, usize)| {
            let value = field(record, *index);
            (!value.is_empty()).then(|| (axis.clone(), value.to_owned()))
        };
        arm.settings = Arc::new(self.axes.iter().filter_map(value).collect::<BTreeMap<_, _>>());
        Ok(arm)
    }
}

/// Returns the field at an index; empty if the row is shorter.
fn field(record: &StringRecord, index: usize) -> &str {
    record.get(index).unwrap_or_default()
}
