//! A row of `samples.csv` → a [`Sample`].
//!
//! Runs have very many builds of few arms, and reports read many runs: places of columns are looked up once for a file,
//! and what the rows of an arm have in common is read once and shared.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use csv::StringRecord;

use super::{AFTER, BEFORE, axis_columns};
use crate::record::{
    BlockId, CacheUse, Cost, Disturbance, Outcome, Phase, Pin, Plan, Rebuilt, Role, Sample, Text,
};

/// The columns that are read, in the order of [`BEFORE`] and [`AFTER`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Sample,
    Block,
    Session,
    Project,
    Pin,
    Workload,
    Variant,
    Role,
    Phase,
    Round,
    Position,
    Attempt,
    Edit,
    Status,
    ExitCode,
    StartedAt,
    WallNs,
    UserNs,
    SysNs,
    MaxRssBytes,
    UnitsRebuilt,
    ArtifactBytes,
    PeakMemoryBytes,
    UnitsSet,
    Predecessor,
    Load,
    StealNs,
    IoPressureNs,
    MemoryPressureNs,
    ForeignCpuNs,
    Throttled,
    Stragglers,
    CacheHits,
    CacheMisses,
    CacheNotCacheable,
}

/// How many there are.
const COLUMNS: usize = BEFORE.len() + AFTER.len();

/// What the rows of one arm have in common.
const OF_ARM: [Column; 6] =
    [Column::Block, Column::Project, Column::Pin, Column::Workload, Column::Variant, Column::Role];

impl Column {
    fn name(self) -> &'static str {
        let at = self as usize;
        BEFORE.get(at).or_else(|| AFTER.get(at - BEFORE.len())).copied().unwrap_or_default()
    }
}

/// The columns of one file, and what its rows have had in common so far.
pub(in crate::bundle) struct Columns {
    /// Where each column stands; `None` where the file does not have it.
    places: [Option<usize>; COLUMNS],
    /// The axes that the file has, with their places.
    axes: Vec<(String, usize)>,
    /// By the fields of [`OF_ARM`] and of the axes, each with its length before it.
    arms: HashMap<Vec<u8>, OfArm>,
    /// For looking up one of them.
    key: Vec<u8>,
    /// Other texts that come again and again.
    texts: HashMap<Box<str>, Text>,
}

/// What all builds of an arm share.
#[derive(Clone)]
struct OfArm {
    block: BlockId,
    project: Text,
    pin: Arc<Pin>,
    workload: Text,
    variant: Text,
    role: Role,
    settings: Arc<BTreeMap<String, String>>,
}

/// What is wrong with a field.
pub(in crate::bundle) struct FieldError {
    pub(in crate::bundle) column: &'static str,
    pub(in crate::bundle) reason: String,
}

impl Columns {
    /// Reads the header. Columns that nobody knows are allowed; those of old must all be there.
    pub(in crate::bundle) fn of(header: &StringRecord, plan: &Plan) -> Result<Self, String> {
        // Of several columns of one name the last counts.
        let by_name: HashMap<&str, usize> = header.iter().enumerate().map(|(at, name)| (name, at)).collect();
        let all = || BEFORE.iter().chain(&AFTER);
        let old = all().take(BEFORE.len() + 14);
        let missing: Vec<&str> = old.copied().filter(|name| !by_name.contains_key(name)).collect();
        if !missing.is_empty() {
            return Err(missing.join(", "));
        }
        let mut places = [None; COLUMNS];
        for (place, name) in places.iter_mut().zip(all()) {
            *place = by_name.get(name).copied();
        }
        let axes = axis_columns(plan).into_iter().filter_map(|axis| {
            let place = by_name.get(axis.as_str()).copied()?;
            Some((axis, place))
        });
        let axes = axes.collect();
        Ok(Self { places, axes, arms: HashMap::new(), key: Vec::new(), texts: HashMap::new() })
    }

    pub(in crate::bundle) fn sample(&mut self, record: &StringRecord) -> Result<Sample, FieldError> {
        let OfArm { block, project, pin, workload, variant, role, settings } = self.of_arm(record)?;
        let rebuilt = self.rebuilt(record)?;
        let predecessor = self.row(record).text(Column::Predecessor);
        let predecessor = (!predecessor.is_empty()).then(|| self.shared(predecessor));
        let row = self.row(record);
        Ok(Sample {
            number: row.number(Column::Sample)?,
            block,
            session: row.number(Column::Session)?,
            project,
            pin,
            workload,
            variant,
            role,
            settings,
            phase: row.word(Column::Phase, &[Phase::Warmup, Phase::Measured], Phase::as_str)?,
            round: row.number(Column::Round)?,
            position: row.number(Column::Position)?,
            attempt: row.number(Column::Attempt)?,
            edit: row.number(Column::Edit)?,
            predecessor,
            started_at: row.parsed(Column::StartedAt, |text| {
                humantime::parse_rfc3339(text).map_err(|error| error.to_string())
            })?,
            outcome: row.outcome()?,
            rebuilt,
            artifact_bytes: row.optional(Column::ArtifactBytes)?,
            disturbance: row.disturbance()?,
            cache: row.cache()?,
        })
    }

    fn row<'c, 'r>(&'c self, record: &'r StringRecord) -> Row<'c, 'r> {
        Row { places: &self.places, record }
    }

    /// What the row has in common with others, read where it is the first of them.
    fn of_arm(&mut self, record: &StringRecord) -> Result<OfArm, FieldError> {
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        let row = self.row(record);
        let fixed = OF_ARM.iter().map(|column| row.text(*column));
        for field in fixed.chain(self.axes.iter().map(|(_, at)| record.get(*at).unwrap_or_default())) {
            key.extend((field.len() as u32).to_le_bytes());
            key.extend(field.as_bytes());
        }
        let known = self.arms.get(&key).cloned();
        let arm = match known {
            Some(arm) => arm,
            None => {
                let arm = self.read_arm(record)?;
                self.arms.insert(key.clone(), arm.clone());
                arm
            }
        };
        self.key = key;
        Ok(arm)
    }

    fn read_arm(&self, record: &StringRecord) -> Result<OfArm, FieldError> {
        let row = self.row(record);
        let value = |(axis, at): &(String, usize)| {
            let value = record.get(*at).unwrap_or_default();
            (!value.is_empty()).then(|| (axis.clone(), value.to_owned()))
        };
        Ok(OfArm {
            block: BlockId::from(row.text(Column::Block).to_owned()),
            project: row.text(Column::Project).into(),
            pin: row
                .parsed(Column::Pin, |text| text.parse::<Pin>().map_err(|error| error.to_string()))?
                .into(),
            workload: row.text(Column::Workload).into(),
            variant: row.text(Column::Variant).into(),
            role: row.word(Column::Role, &[Role::Baseline, Role::Twin, Role::Variant], Role::as_str)?,
            settings: Arc::new(self.axes.iter().filter_map(value).collect()),
        })
    }

    fn rebuilt(&mut self, record: &StringRecord) -> Result<Option<Rebuilt>, FieldError> {
        let row = self.row(record);
        let (count, set) = (row.optional::<u32>(Column::UnitsRebuilt)?, row.text(Column::UnitsSet));
        Ok(count.map(|count| Rebuilt { count, set: self.shared(set) }))
    }

    fn shared(&mut self, text: &str) -> Text {
        if let Some(known) = self.texts.get(text) {
            return known.clone();
        }
        let new = Text::from(text);
        // A file in which every row has another text gains nothing from this.
        if self.texts.len() < 10_000 {
            self.texts.insert(text.into(), new.clone());
        }
        new
    }
}

struct Row<'c, 'r> {
    places: &'c [Option<usize>; COLUMNS],
    record: &'r StringRecord,
}

impl<'r> Row<'_, 'r> {
    /// The field as it stands; empty where the column is not there.
    fn text(&self, column: Column) -> &'r str {
        self.places[column as usize].and_then(|at| self.record.get(at)).unwrap_or_default()
    }

    fn parsed<T>(
        &self,
        column: Column,
        parse: impl Fn(&'r str) -> Result<T, String>,
    ) -> Result<T, FieldError> {
        parse(self.text(column)).map_err(|reason| FieldError { column: column.name(), reason })
    }

    fn number<T: std::str::FromStr>(&self, column: Column) -> Result<T, FieldError> {
        self.parsed(column, |text| text.parse().map_err(|_| format!("`{text}` is not a number")))
    }

    fn optional<T: std::str::FromStr>(&self, column: Column) -> Result<Option<T>, FieldError> {
        if self.text(column).is_empty() { Ok(None) } else { self.number(column).map(Some) }
    }

    fn nanos(&self, column: Column) -> Result<Option<Duration>, FieldError> {
        Ok(self.optional::<u64>(column)?.map(Duration::from_nanos))
    }

    fn word<T: Copy>(&self, column: Column, all: &[T], name: fn(T) -> &'static str) -> Result<T, FieldError> {
        self.parsed(column, |text| {
            all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
                let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
                format!("`{text}` is none of {}", names.join(", "))
            })
        })
    }

    fn disturbance(&self) -> Result<Disturbance, FieldError> {
        Ok(Disturbance {
            load: self.optional(Column::Load)?,
            steal: self.nanos(Column::StealNs)?,
            io_pressure: self.nanos(Column::IoPressureNs)?,
            memory_pressure: self.nanos(Column::MemoryPressureNs)?,
            foreign_cpu: self.nanos(Column::ForeignCpuNs)?,
            throttled: self.optional(Column::Throttled)?,
            stragglers: self.optional(Column::Stragglers)?.unwrap_or(0),
        })
    }

    /// What a cache did, where all three columns say something.
    fn cache(&self) -> Result<Option<CacheUse>, FieldError> {
        let (hits, misses) = (self.optional(Column::CacheHits)?, self.optional(Column::CacheMisses)?);
        let not_cacheable = self.optional(Column::CacheNotCacheable)?;
        let all = hits.zip(misses).zip(not_cacheable);
        Ok(all.map(|((hits, misses), not_cacheable)| CacheUse { hits, misses, not_cacheable }))
    }

    fn outcome(&self) -> Result<Outcome, FieldError> {
        let required = |column: Column| self.number::<u64>(column).map(Duration::from_nanos);
        match self.text(Column::Status) {
            "ok" => Ok(Outcome::Built(Cost {
                wall: required(Column::WallNs)?,
                user: required(Column::UserNs)?,
                sys: required(Column::SysNs)?,
                max_rss: self.number(Column::MaxRssBytes)?,
                peak_memory: self.optional(Column::PeakMemoryBytes)?,
            })),
            "failed" => Ok(Outcome::Failed { exit_code: self.optional(Column::ExitCode)? }),
            "timed-out" => Ok(Outcome::TimedOut),
            "not-started" => Ok(Outcome::NotStarted),
            other => Err(FieldError {
                column: Column::Status.name(),
                reason: format!("`{other}` is none of ok, failed, timed-out, not-started"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_has_the_name_that_is_written() {
        let as_written = |column: Column| {
            let words = format!("{column:?}");
            let parts = words.char_indices().map(|(at, c)| match c.is_uppercase() && at > 0 {
                true => format!("_{}", c.to_ascii_lowercase()),
                false => c.to_ascii_lowercase().to_string(),
            });
            parts.collect::<String>()
        };
        use Column::*;
        let all = [
            Sample,
            Block,
            Session,
            Project,
            Pin,
            Workload,
            Variant,
            Role,
            Phase,
            Round,
            Position,
            Attempt,
            Edit,
            Status,
            ExitCode,
            StartedAt,
            WallNs,
            UserNs,
            SysNs,
            MaxRssBytes,
            UnitsRebuilt,
            ArtifactBytes,
            PeakMemoryBytes,
            UnitsSet,
            Predecessor,
            Load,
            StealNs,
            IoPressureNs,
            MemoryPressureNs,
            ForeignCpuNs,
            Throttled,
            Stragglers,
            CacheHits,
            CacheMisses,
            CacheNotCacheable,
        ];
        assert_eq!(all.len(), COLUMNS);
        for (at, column) in all.into_iter().enumerate() {
            assert_eq!((column as usize, column.name()), (at, as_written(column).as_str()));
        }
    }
}
