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
    Activity, BlockId, CacheUse, Cost, Disturbance, Outcome, Phase, Pin, Plan, Rebuilt, Role, Sample, Text,
};

/// How many columns have a name of their own.
const COLUMNS: usize = BEFORE.len() + AFTER.len();

/// A column, by its place among those of [`BEFORE`] and [`AFTER`].
#[derive(Debug, Clone, Copy)]
struct Column(usize);

impl Column {
    /// # Panics
    /// Where there is none of this name: in a constant, as [`column`] makes it, that does not compile.
    const fn named(name: &str) -> Self {
        let mut at = 0;
        while at < COLUMNS {
            if is_same(Self(at).name(), name) {
                return Self(at);
            }
            at += 1;
        }
        panic!("no column has this name")
    }

    const fn name(self) -> &'static str {
        if self.0 < BEFORE.len() { BEFORE[self.0] } else { AFTER[self.0 - BEFORE.len()] }
    }
}

/// `==`, which does not work in constants.
const fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

/// The column of this name, looked up while the program is compiled.
macro_rules! column {
    ($name:literal) => {
        const { Column::named($name) }
    };
}

/// What the rows of one arm have in common.
const OF_ARM: [Column; 6] = [
    column!("block"),
    column!("project"),
    column!("pin"),
    column!("workload"),
    column!("variant"),
    column!("role"),
];

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
    /// Reads the header, which has the [`required`](super::required) columns. Others that nobody knows are allowed.
    pub(in crate::bundle) fn of(header: &StringRecord, plan: &Plan) -> Self {
        // Of several columns of one name the last counts.
        let by_name: HashMap<&str, usize> = header.iter().enumerate().map(|(at, name)| (name, at)).collect();
        let mut places = [None; COLUMNS];
        for (place, name) in places.iter_mut().zip(BEFORE.iter().chain(&AFTER)) {
            *place = by_name.get(*name).copied();
        }
        let axes = axis_columns(plan).into_iter().filter_map(|axis| {
            let place = by_name.get(axis.as_str()).copied()?;
            Some((axis, place))
        });
        let axes = axes.collect();
        Self { places, axes, arms: HashMap::new(), key: Vec::new(), texts: HashMap::new() }
    }

    pub(in crate::bundle) fn sample(&mut self, record: &StringRecord) -> Result<Sample, FieldError> {
        let OfArm { block, project, pin, workload, variant, role, settings } = self.of_arm(record)?;
        let rebuilt = self.rebuilt(record)?;
        let predecessor = self.row(record).text(column!("predecessor"));
        let predecessor = (!predecessor.is_empty()).then(|| self.shared(predecessor));
        let row = self.row(record);
        Ok(Sample {
            number: row.number(column!("sample"))?,
            block,
            session: row.number(column!("session"))?,
            project,
            pin,
            workload,
            variant,
            role,
            settings,
            phase: row.word(column!("phase"), &[Phase::Warmup, Phase::Measured], Phase::as_str)?,
            round: row.number(column!("round"))?,
            position: row.number(column!("position"))?,
            attempt: row.number(column!("attempt"))?,
            visit: row.optional(column!("visit"))?,
            edit: row.number(column!("edit"))?,
            predecessor,
            started_at: row.parsed(column!("started_at"), |text| {
                humantime::parse_rfc3339(text).map_err(|error| error.to_string())
            })?,
            outcome: row.outcome()?,
            rebuilt,
            artifact_bytes: row.optional(column!("artifact_bytes"))?,
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
            block: BlockId::from(row.text(column!("block")).to_owned()),
            project: row.text(column!("project")).into(),
            pin: row
                .parsed(column!("pin"), |text| text.parse::<Pin>().map_err(|error| error.to_string()))?
                .into(),
            workload: row.text(column!("workload")).into(),
            variant: row.text(column!("variant")).into(),
            role: row.word(column!("role"), &[Role::Baseline, Role::Twin, Role::Variant], Role::as_str)?,
            settings: Arc::new(self.axes.iter().filter_map(value).collect()),
        })
    }

    fn rebuilt(&mut self, record: &StringRecord) -> Result<Option<Rebuilt>, FieldError> {
        let row = self.row(record);
        let (count, set) = (row.optional::<u32>(column!("units_rebuilt"))?, row.text(column!("units_set")));
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
        self.places[column.0].and_then(|at| self.record.get(at)).unwrap_or_default()
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
            load: self.optional(column!("load"))?,
            steal: self.nanos(column!("steal_ns"))?,
            io_pressure: self.nanos(column!("io_pressure_ns"))?,
            memory_pressure: self.nanos(column!("memory_pressure_ns"))?,
            foreign_cpu: self.nanos(column!("foreign_cpu_ns"))?,
            throttled: self.optional(column!("throttled"))?,
            stragglers: self.optional(column!("stragglers"))?.unwrap_or(0),
        })
    }

    /// What a cache did, where all three columns say something.
    fn cache(&self) -> Result<Option<CacheUse>, FieldError> {
        let (hits, misses) = (self.optional(column!("cache_hits"))?, self.optional(column!("cache_misses"))?);
        let not_cacheable = self.optional(column!("cache_not_cacheable"))?;
        let all = hits.zip(misses).zip(not_cacheable);
        Ok(all.map(|((hits, misses), not_cacheable)| CacheUse { hits, misses, not_cacheable }))
    }

    /// What the kernel counted, if all five columns have a value.
    fn activity(&self) -> Result<Option<Activity>, FieldError> {
        let counts = [
            self.optional(column!("minor_faults"))?,
            self.optional(column!("major_faults"))?,
            self.optional(column!("voluntary_switches"))?,
            self.optional(column!("involuntary_switches"))?,
            self.optional(column!("written_bytes"))?,
        ];
        Ok(match counts {
            [Some(minor), Some(major), Some(voluntary), Some(involuntary), Some(written)] => Some(Activity {
                minor_faults: minor,
                major_faults: major,
                voluntary_switches: voluntary,
                involuntary_switches: involuntary,
                written_bytes: written,
            }),
            _ => None,
        })
    }

    fn outcome(&self) -> Result<Outcome, FieldError> {
        let required = |column: Column| self.number::<u64>(column).map(Duration::from_nanos);
        match self.text(column!("status")) {
            "ok" => Ok(Outcome::Built(Cost {
                wall: required(column!("wall_ns"))?,
                user: required(column!("user_ns"))?,
                sys: required(column!("sys_ns"))?,
                max_rss: self.number(column!("max_rss_bytes"))?,
                peak_memory: self.optional(column!("peak_memory_bytes"))?,
                activity: self.activity()?,
            })),
            "failed" => Ok(Outcome::Failed { exit_code: self.optional(column!("exit_code"))? }),
            "timed-out" => Ok(Outcome::TimedOut),
            "not-started" => Ok(Outcome::NotStarted),
            other => Err(FieldError {
                column: column!("status").name(),
                reason: format!("`{other}` is none of ok, failed, timed-out, not-started"),
            }),
        }
    }
}
