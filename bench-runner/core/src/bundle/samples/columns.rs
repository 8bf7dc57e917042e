//! The columns of `samples.csv`: for each its name, since when files have it, how it is written and how it is read.
//!
//! A new column is one entry at the end of [`AFTER_AXES`]. Files that lack it are read all the same.

use std::time::Duration;

use Read::{OfArm, OfBuild};

use super::draft::{
    Draft, Texts, cost, nanos, number, number_or_0, optional, optional_nanos, outcome, pin, put,
    read_exit_code, read_predecessor, read_units_rebuilt, read_units_set, time, word,
};
use crate::record::{BlockId, CacheUse, Cost, Outcome, Phase, Plan, Role, Sample, TEXT_SETTINGS};

/// A column with a name of its own.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) since: Since,
    /// The field; empty if there is nothing to say.
    pub(super) write: fn(&Sample) -> String,
    pub(super) read: Read,
}

/// Since when files have a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Since {
    /// Every file has it; without it a file cannot be read.
    Start,
    /// It is written in every format, and early files of format 1 lack it.
    Format1,
    /// It is written from format 2 on, and files of format 2 may lack it.
    Format2,
}

/// How a field is read; the error says what is wrong with it.
#[derive(Clone, Copy)]
pub(super) enum Read {
    /// All rows of an arm have the same, which is read once and shared.
    OfArm(fn(&mut Sample, &str) -> Result<(), String>),
    /// Each row has its own.
    OfBuild(fn(&mut Draft, &str, &mut Texts) -> Result<(), String>),
}

/// Columns before those of the axes.
pub(super) static BEFORE_AXES: [Column; 8] = [
    Column {
        name: "sample",
        since: Since::Start,
        write: |sample| sample.number.to_string(),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.number, number(text))),
    },
    Column {
        name: "block",
        since: Since::Start,
        write: |sample| sample.block.to_string(),
        read: OfArm(|sample, text| put(&mut sample.block, Ok(BlockId::from(text.to_owned())))),
    },
    Column {
        name: "session",
        since: Since::Start,
        write: |sample| sample.session.to_string(),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.session, number(text))),
    },
    Column {
        name: "project",
        since: Since::Start,
        write: |sample| sample.project.to_string(),
        read: OfArm(|sample, text| put(&mut sample.project, Ok(text.into()))),
    },
    Column {
        name: "pin",
        since: Since::Start,
        write: |sample| sample.pin.to_string(),
        read: OfArm(|sample, text| put(&mut sample.pin, pin(text))),
    },
    Column {
        name: "workload",
        since: Since::Start,
        write: |sample| sample.workload.to_string(),
        read: OfArm(|sample, text| put(&mut sample.workload, Ok(text.into()))),
    },
    Column {
        name: "variant",
        since: Since::Start,
        write: |sample| sample.variant.to_string(),
        read: OfArm(|sample, text| put(&mut sample.variant, Ok(text.into()))),
    },
    Column {
        name: "role",
        since: Since::Start,
        write: |sample| sample.role.as_str().to_owned(),
        read: OfArm(|sample, text| {
            put(&mut sample.role, word(text, &[Role::Baseline, Role::Twin, Role::Variant], Role::as_str))
        }),
    },
];

/// Columns after those of the axes.
pub(super) static AFTER_AXES: [Column; 33] = [
    Column {
        name: "phase",
        since: Since::Start,
        write: |sample| sample.phase.as_str().to_owned(),
        read: OfBuild(|draft, text, _| {
            put(&mut draft.sample.phase, word(text, &[Phase::Warmup, Phase::Measured], Phase::as_str))
        }),
    },
    Column {
        name: "round",
        since: Since::Start,
        write: |sample| sample.round.to_string(),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.round, number(text))),
    },
    Column {
        name: "position",
        since: Since::Start,
        write: |sample| sample.position.to_string(),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.position, number(text))),
    },
    Column {
        name: "attempt",
        since: Since::Start,
        write: |sample| sample.attempt.to_string(),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.attempt, number(text))),
    },
    Column {
        name: "edit",
        since: Since::Start,
        write: |sample| sample.edit.to_string(),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.edit, number(text))),
    },
    Column {
        name: "status",
        since: Since::Start,
        write: |sample| sample.outcome.as_str().to_owned(),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.outcome, outcome(text))),
    },
    Column { name: "exit_code", since: Since::Start, write: exit_code, read: OfBuild(read_exit_code) },
    Column {
        name: "started_at",
        since: Since::Start,
        write: |sample| humantime::format_rfc3339_micros(sample.started_at).to_string(),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.started_at, time(text))),
    },
    Column {
        name: "wall_ns",
        since: Since::Start,
        write: |sample| of_cost(sample, |cost| cost.wall.as_nanos().to_string()),
        read: OfBuild(|draft, text, _| cost(draft, |cost| put(&mut cost.wall, nanos(text)))),
    },
    Column {
        name: "user_ns",
        since: Since::Start,
        write: |sample| of_cost(sample, |cost| cost.user.as_nanos().to_string()),
        read: OfBuild(|draft, text, _| cost(draft, |cost| put(&mut cost.user, nanos(text)))),
    },
    Column {
        name: "sys_ns",
        since: Since::Start,
        write: |sample| of_cost(sample, |cost| cost.sys.as_nanos().to_string()),
        read: OfBuild(|draft, text, _| cost(draft, |cost| put(&mut cost.sys, nanos(text)))),
    },
    Column {
        name: "max_rss_bytes",
        since: Since::Start,
        write: |sample| of_cost(sample, |cost| cost.max_rss.to_string()),
        read: OfBuild(|draft, text, _| cost(draft, |cost| put(&mut cost.max_rss, number(text)))),
    },
    Column {
        name: "units_rebuilt",
        since: Since::Start,
        write: |sample| shown(sample.rebuilt.as_ref().map(|rebuilt| rebuilt.count)),
        read: OfBuild(read_units_rebuilt),
    },
    Column {
        name: "artifact_bytes",
        since: Since::Start,
        write: |sample| shown(sample.artifact_bytes),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.artifact_bytes, optional(text))),
    },
    Column {
        name: "peak_memory_bytes",
        since: Since::Format1,
        write: |sample| of_cost(sample, |cost| shown(cost.peak_memory)),
        read: OfBuild(|draft, text, _| cost(draft, |cost| put(&mut cost.peak_memory, optional(text)))),
    },
    Column {
        name: "units_set",
        since: Since::Format1,
        write: |sample| shown(sample.rebuilt.as_ref().map(|rebuilt| &rebuilt.set)),
        read: OfBuild(read_units_set),
    },
    Column {
        name: "predecessor",
        since: Since::Format1,
        write: |sample| shown(sample.predecessor.as_ref()),
        read: OfBuild(read_predecessor),
    },
    Column {
        name: "load",
        since: Since::Format1,
        write: |sample| shown(sample.interference.load.map(|load| format!("{load:.2}"))),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.interference.load, optional(text))),
    },
    Column {
        name: "steal_ns",
        since: Since::Format1,
        write: |sample| shown_nanos(sample.interference.steal),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.interference.steal, optional_nanos(text))),
    },
    Column {
        name: "io_pressure_ns",
        since: Since::Format1,
        write: |sample| shown_nanos(sample.interference.io_pressure),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.interference.io_pressure, optional_nanos(text))),
    },
    Column {
        name: "memory_pressure_ns",
        since: Since::Format1,
        write: |sample| shown_nanos(sample.interference.memory_pressure),
        read: OfBuild(|draft, text, _| {
            put(&mut draft.sample.interference.memory_pressure, optional_nanos(text))
        }),
    },
    Column {
        name: "foreign_cpu_ns",
        since: Since::Format1,
        write: |sample| shown_nanos(sample.interference.foreign_cpu),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.interference.foreign_cpu, optional_nanos(text))),
    },
    Column {
        name: "throttled",
        since: Since::Format1,
        write: |sample| shown(sample.interference.throttled),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.interference.throttled, optional(text))),
    },
    Column {
        name: "stragglers",
        since: Since::Format1,
        write: |sample| sample.interference.stragglers.to_string(),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.interference.stragglers, number_or_0(text))),
    },
    Column {
        name: "cache_hits",
        since: Since::Format1,
        write: |sample| of_cache(sample, |cache| cache.hits),
        read: OfBuild(|draft, text, _| put(&mut draft.cache.hits, optional(text))),
    },
    Column {
        name: "cache_misses",
        since: Since::Format1,
        write: |sample| of_cache(sample, |cache| cache.misses),
        read: OfBuild(|draft, text, _| put(&mut draft.cache.misses, optional(text))),
    },
    Column {
        name: "cache_not_cacheable",
        since: Since::Format1,
        write: |sample| of_cache(sample, |cache| cache.not_cacheable),
        read: OfBuild(|draft, text, _| put(&mut draft.cache.not_cacheable, optional(text))),
    },
    Column {
        name: "visit",
        since: Since::Format2,
        write: |sample| shown(sample.visit),
        read: OfBuild(|draft, text, _| put(&mut draft.sample.visit, optional(text))),
    },
    Column {
        name: "minor_faults",
        since: Since::Format2,
        write: |sample| of_cost(sample, |cost| shown(cost.activity.minor_faults)),
        read: OfBuild(|draft, text, _| {
            cost(draft, |cost| put(&mut cost.activity.minor_faults, optional(text)))
        }),
    },
    Column {
        name: "major_faults",
        since: Since::Format2,
        write: |sample| of_cost(sample, |cost| shown(cost.activity.major_faults)),
        read: OfBuild(|draft, text, _| {
            cost(draft, |cost| put(&mut cost.activity.major_faults, optional(text)))
        }),
    },
    Column {
        name: "voluntary_switches",
        since: Since::Format2,
        write: |sample| of_cost(sample, |cost| shown(cost.activity.voluntary_switches)),
        read: OfBuild(|draft, text, _| {
            cost(draft, |cost| put(&mut cost.activity.voluntary_switches, optional(text)))
        }),
    },
    Column {
        name: "involuntary_switches",
        since: Since::Format2,
        write: |sample| of_cost(sample, |cost| shown(cost.activity.involuntary_switches)),
        read: OfBuild(|draft, text, _| {
            cost(draft, |cost| put(&mut cost.activity.involuntary_switches, optional(text)))
        }),
    },
    Column {
        name: "written_bytes",
        since: Since::Format2,
        write: |sample| of_cost(sample, |cost| shown(cost.activity.written_bytes)),
        read: OfBuild(|draft, text, _| {
            cost(draft, |cost| put(&mut cost.activity.written_bytes, optional(text)))
        }),
    },
];

/// All columns with a name of their own, in their order.
pub(super) fn columns() -> impl Iterator<Item = &'static Column> {
    BEFORE_AXES.iter().chain(&AFTER_AXES)
}

/// Keys of the axes that have a column of their own: `workload` and `project` have one anyway, whole texts have none.
pub(in crate::bundle) fn axis_columns(plan: &Plan) -> Vec<String> {
    let has_column = |key: &str| BEFORE_AXES.iter().any(|column| column.name == key);
    let mut keys: Vec<String> = Vec::new();
    for key in plan.blocks.iter().flat_map(|block| &block.axes) {
        if !has_column(key) && !TEXT_SETTINGS.contains(&key.as_str()) && !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    keys
}

fn shown(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn shown_nanos(duration: Option<Duration>) -> String {
    shown(duration.map(|duration| duration.as_nanos()))
}

fn of_cost(sample: &Sample, value: fn(&Cost) -> String) -> String {
    sample.outcome.cost().map(value).unwrap_or_default()
}

fn of_cache(sample: &Sample, count: fn(&CacheUse) -> u64) -> String {
    shown(sample.cache.as_ref().map(count))
}

fn exit_code(sample: &Sample) -> String {
    match &sample.outcome {
        Outcome::Built(_) => "0".to_owned(),
        Outcome::Failed { exit_code } => shown(exit_code.as_ref()),
        Outcome::TimedOut | Outcome::NotStarted => String::new(),
    }
}
