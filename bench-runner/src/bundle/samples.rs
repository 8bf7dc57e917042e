//! One row of `samples.csv` ↔ one [`Sample`]. Rows are written in the order of [`BEFORE`], the axes, and [`AFTER`],
//! and read by the names of their columns.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, SystemTime};

use csv::StringRecord;

use crate::record::{
    BlockId, CacheUse, Cost, Disturbance, Outcome, Phase, Pin, Plan, Rebuilt, Role, Sample, TEXTS,
};

/// Columns before those of the axes.
const BEFORE: [&str; 8] = ["sample", "block", "session", "project", "pin", "workload", "variant", "role"];
/// Columns after those of the axes. New ones go to the end.
const AFTER: [&str; 27] = [
    "phase",
    "round",
    "position",
    "attempt",
    "edit",
    "status",
    "exit_code",
    "started_at",
    "wall_ns",
    "user_ns",
    "sys_ns",
    "max_rss_bytes",
    "units_rebuilt",
    "artifact_bytes",
    "peak_memory_bytes",
    "units_set",
    "predecessor",
    "load",
    "steal_ns",
    "io_pressure_ns",
    "memory_pressure_ns",
    "foreign_cpu_ns",
    "throttled",
    "stragglers",
    "cache_hits",
    "cache_misses",
    "cache_not_cacheable",
];

/// Keys of the axes that have a column of their own: `workload` and `project` have one anyway, whole texts have none.
pub(super) fn axis_columns(plan: &Plan) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for key in plan.blocks.iter().flat_map(|block| &block.axes) {
        let of_its_own = BEFORE.contains(&key.as_str()) || TEXTS.contains(&key.as_str());
        if !of_its_own && !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    keys
}

pub(super) fn header(axes: &[String]) -> Vec<String> {
    let fixed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    [fixed(&BEFORE), axes.to_vec(), fixed(&AFTER)].concat()
}

pub(super) fn row(sample: &Sample, axes: &[String]) -> Vec<String> {
    let cost = sample.outcome.cost();
    let nanos = |duration: Duration| duration.as_nanos().to_string();
    let exit_code = match &sample.outcome {
        Outcome::Built(_) => "0".to_owned(),
        Outcome::Failed { exit_code } => exit_code.map(|code| code.to_string()).unwrap_or_default(),
        Outcome::TimedOut | Outcome::NotStarted => String::new(),
    };
    let of_cost = |value: fn(&Cost) -> String| cost.map(value).unwrap_or_default();
    let of_cache = |count: fn(&CacheUse) -> u64| {
        sample.cache.as_ref().map(|cache| count(cache).to_string()).unwrap_or_default()
    };
    let disturbance = &sample.disturbance;
    let optional_nanos = |duration: Option<Duration>| duration.map(nanos).unwrap_or_default();
    let mut fields = vec![
        sample.number.to_string(),
        sample.block.to_string(),
        sample.session.to_string(),
        sample.project.clone(),
        sample.pin.to_string(),
        sample.workload.clone(),
        sample.variant.clone(),
        sample.role.as_str().to_owned(),
    ];
    fields.extend(axes.iter().map(|axis| sample.settings.get(axis).cloned().unwrap_or_default()));
    fields.extend([
        sample.phase.as_str().to_owned(),
        sample.round.to_string(),
        sample.position.to_string(),
        sample.attempt.to_string(),
        sample.edit.to_string(),
        sample.outcome.as_str().to_owned(),
        exit_code,
        humantime::format_rfc3339_micros(sample.started_at).to_string(),
        of_cost(|cost| cost.wall.as_nanos().to_string()),
        of_cost(|cost| cost.user.as_nanos().to_string()),
        of_cost(|cost| cost.sys.as_nanos().to_string()),
        of_cost(|cost| cost.max_rss.to_string()),
        sample.rebuilt.as_ref().map(|rebuilt| rebuilt.count.to_string()).unwrap_or_default(),
        sample.artifact_bytes.map(|bytes| bytes.to_string()).unwrap_or_default(),
        of_cost(|cost| cost.peak_memory.map(|bytes| bytes.to_string()).unwrap_or_default()),
        sample.rebuilt.as_ref().map(|rebuilt| rebuilt.set.clone()).unwrap_or_default(),
        sample.predecessor.clone().unwrap_or_default(),
        disturbance.load.map(|load| format!("{load:.2}")).unwrap_or_default(),
        optional_nanos(disturbance.steal),
        optional_nanos(disturbance.io_pressure),
        optional_nanos(disturbance.memory_pressure),
        optional_nanos(disturbance.foreign_cpu),
        disturbance.throttled.map(|events| events.to_string()).unwrap_or_default(),
        disturbance.stragglers.to_string(),
        of_cache(|cache| cache.hits),
        of_cache(|cache| cache.misses),
        of_cache(|cache| cache.not_cacheable),
    ]);
    fields
}

/// The columns of one file, by name.
pub(super) struct Columns {
    places: HashMap<String, usize>,
    axes: Vec<String>,
}

/// What is wrong with a field.
pub(super) struct FieldError {
    pub(super) column: String,
    pub(super) reason: String,
}

impl Columns {
    /// Reads the header. Columns that nobody knows are allowed; those of old must all be there.
    pub(super) fn of(header: &StringRecord, plan: &Plan) -> Result<Self, String> {
        let places: HashMap<String, usize> =
            header.iter().enumerate().map(|(at, name)| (name.to_owned(), at)).collect();
        let missing: Vec<&str> =
            BEFORE.iter().chain(&AFTER[..14]).copied().filter(|name| !places.contains_key(*name)).collect();
        if missing.is_empty() {
            Ok(Self { places, axes: axis_columns(plan) })
        } else {
            Err(missing.join(", "))
        }
    }

    pub(super) fn sample(&self, record: &StringRecord) -> Result<Sample, FieldError> {
        let row = Row { columns: self, record };
        let settings: BTreeMap<String, String> = self
            .axes
            .iter()
            .filter_map(|axis| Some((axis.clone(), row.text(axis).to_owned())).filter(|(_, v)| !v.is_empty()))
            .collect();
        let rebuilt = row
            .optional::<u32>("units_rebuilt")?
            .map(|count| Rebuilt { count, set: row.text("units_set").to_owned() });
        Ok(Sample {
            number: row.number("sample")?,
            block: BlockId::from(row.text("block").to_owned()),
            session: row.number("session")?,
            project: row.text("project").to_owned(),
            pin: row.parsed("pin", |text| text.parse::<Pin>().map_err(|error| error.to_string()))?,
            workload: row.text("workload").to_owned(),
            variant: row.text("variant").to_owned(),
            role: row.word("role", &[Role::Baseline, Role::Twin, Role::Variant], Role::as_str)?,
            settings,
            phase: row.word("phase", &[Phase::Warmup, Phase::Measured], Phase::as_str)?,
            round: row.number("round")?,
            position: row.number("position")?,
            attempt: row.number("attempt")?,
            edit: row.number("edit")?,
            predecessor: Some(row.text("predecessor").to_owned()).filter(|text| !text.is_empty()),
            started_at: row.parsed("started_at", |text| {
                humantime::parse_rfc3339(text).map_err(|error| error.to_string())
            })?,
            outcome: row.outcome()?,
            rebuilt,
            artifact_bytes: row.optional("artifact_bytes")?,
            disturbance: Disturbance {
                load: row.optional("load")?,
                steal: row.nanos("steal_ns")?,
                io_pressure: row.nanos("io_pressure_ns")?,
                memory_pressure: row.nanos("memory_pressure_ns")?,
                foreign_cpu: row.nanos("foreign_cpu_ns")?,
                throttled: row.optional("throttled")?,
                stragglers: row.optional("stragglers")?.unwrap_or(0),
            },
            cache: row.cache()?,
        })
    }
}

struct Row<'r> {
    columns: &'r Columns,
    record: &'r StringRecord,
}

impl<'r> Row<'r> {
    /// The field as it stands; empty where the column is not there.
    fn text(&self, column: &str) -> &'r str {
        self.columns.places.get(column).and_then(|at| self.record.get(*at)).unwrap_or_default()
    }

    fn parsed<T>(&self, column: &str, parse: impl Fn(&'r str) -> Result<T, String>) -> Result<T, FieldError> {
        parse(self.text(column)).map_err(|reason| FieldError { column: column.to_owned(), reason })
    }

    fn number<T: std::str::FromStr>(&self, column: &str) -> Result<T, FieldError> {
        self.parsed(column, |text| text.parse().map_err(|_| format!("`{text}` is not a number")))
    }

    fn optional<T: std::str::FromStr>(&self, column: &str) -> Result<Option<T>, FieldError> {
        if self.text(column).is_empty() { Ok(None) } else { self.number(column).map(Some) }
    }

    fn nanos(&self, column: &str) -> Result<Option<Duration>, FieldError> {
        Ok(self.optional::<u64>(column)?.map(Duration::from_nanos))
    }

    fn word<T: Copy>(&self, column: &str, all: &[T], name: fn(T) -> &'static str) -> Result<T, FieldError> {
        self.parsed(column, |text| {
            all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
                let names: Vec<&str> = all.iter().map(|value| name(*value)).collect();
                format!("`{text}` is none of {}", names.join(", "))
            })
        })
    }

    /// What a cache did, where all three columns say something.
    fn cache(&self) -> Result<Option<CacheUse>, FieldError> {
        let (hits, misses) = (self.optional("cache_hits")?, self.optional("cache_misses")?);
        let not_cacheable = self.optional("cache_not_cacheable")?;
        let all = hits.zip(misses).zip(not_cacheable);
        Ok(all.map(|((hits, misses), not_cacheable)| CacheUse { hits, misses, not_cacheable }))
    }

    fn outcome(&self) -> Result<Outcome, FieldError> {
        let required = |column: &str| self.number::<u64>(column).map(Duration::from_nanos);
        match self.text("status") {
            "ok" => Ok(Outcome::Built(Cost {
                wall: required("wall_ns")?,
                user: required("user_ns")?,
                sys: required("sys_ns")?,
                max_rss: self.number("max_rss_bytes")?,
                peak_memory: self.optional("peak_memory_bytes")?,
            })),
            "failed" => Ok(Outcome::Failed { exit_code: self.optional("exit_code")? }),
            "timed-out" => Ok(Outcome::TimedOut),
            "not-started" => Ok(Outcome::NotStarted),
            other => Err(FieldError {
                column: "status".into(),
                reason: format!("`{other}` is none of ok, failed, timed-out, not-started"),
            }),
        }
    }
}

/// UTC as files write it, whole seconds.
pub(super) fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}
