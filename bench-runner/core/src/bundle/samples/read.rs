//! A row of `samples.csv` → a [`Sample`].
//!
//! Runs have very many builds of few arms, and reports read many runs: places of columns are looked up once for a file,
//! and what the rows of an arm have in common is read once and shared.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use csv::StringRecord;

use super::columns::{FieldReader, SampleColumn, axis_columns, columns};
use super::draft::{SampleDraft, TextInterner, blank};
use crate::record::{Plan, Sample};

/// The columns of one file, and what its rows have had in common so far.
pub(in crate::bundle) struct SampleReader {
    /// The columns that the file has and that belong to an arm, with their places.
    of_arm: Vec<(&'static SampleColumn, usize, ReadArmField)>,
    /// Those that belong to a build, in the order of the table.
    of_build: Vec<(&'static SampleColumn, usize, ReadBuildField)>,
    /// The axes that the file has, with their places.
    axes: Vec<(String, usize)>,
    /// By the fields of the arm and of the axes, each with its length before it: a sample with nothing else.
    arms: HashMap<Vec<u8>, Sample>,
    /// For looking up one of them.
    key: Vec<u8>,
    texts: TextInterner,
}

type ReadArmField = fn(&mut Sample, &str) -> Result<(), String>;
type ReadBuildField = fn(&mut SampleDraft, &str, &mut TextInterner) -> Result<(), String>;

/// What is wrong with a field.
pub(in crate::bundle) struct FieldError {
    pub(in crate::bundle) column: &'static str,
    pub(in crate::bundle) reason: String,
}

impl SampleReader {
    /// Reads the header, which has the [`required`](super::required) columns. Others that nobody knows are allowed.
    pub(in crate::bundle) fn of(header: &StringRecord, plan: &Plan) -> Self {
        // Of several columns of one name the last counts.
        let by_name: HashMap<&str, usize> = header.iter().enumerate().map(|(at, name)| (name, at)).collect();
        let (mut of_arm, mut of_build) = (Vec::new(), Vec::new());
        for column in columns() {
            let Some(place) = by_name.get(column.name).copied() else { continue };
            match column.read {
                FieldReader::PerArm(read) => of_arm.push((column, place, read)),
                FieldReader::PerBuild(read) => of_build.push((column, place, read)),
            }
        }
        let axes = axis_columns(plan).into_iter().filter_map(|axis| {
            let place = by_name.get(axis.as_str()).copied()?;
            Some((axis, place))
        });
        let axes = axes.collect();
        let (arms, key, texts) = (HashMap::new(), Vec::new(), TextInterner::default());
        Self { of_arm, of_build, axes, arms, key, texts }
    }

    pub(in crate::bundle) fn read_sample(&mut self, record: &StringRecord) -> Result<Sample, FieldError> {
        let mut draft = self.draft(record)?;
        for (column, place, read) in &self.of_build {
            read(&mut draft, field(record, *place), &mut self.texts)
                .map_err(|reason| FieldError { column: column.name, reason })?;
        }
        Ok(draft.finish())
    }

    /// What the row has in common with others, read where it is the first of them.
    fn draft(&mut self, record: &StringRecord) -> Result<SampleDraft, FieldError> {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        let places = self.of_arm.iter().map(|(_, place, _)| *place);
        for place in places.chain(self.axes.iter().map(|(_, place)| *place)) {
            let field = field(record, place);
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
        for (column, place, read) in &self.of_arm {
            read(&mut arm, field(record, *place))
                .map_err(|reason| FieldError { column: column.name, reason })?;
        }
        let value = |(axis, place): &(String, usize)| {
            let value = field(record, *place);
            (!value.is_empty()).then(|| (axis.clone(), value.to_owned()))
        };
        arm.settings = Arc::new(self.axes.iter().filter_map(value).collect::<BTreeMap<_, _>>());
        Ok(arm)
    }
}

/// The field at a place; empty where the row ends before it.
fn field(record: &StringRecord, place: usize) -> &str {
    record.get(place).unwrap_or_default()
}
