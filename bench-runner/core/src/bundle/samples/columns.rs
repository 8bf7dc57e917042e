//! The columns of `samples.csv`: name, first format, and how each field is written and read.
//!
//! A new column is one entry at the end of [`AFTER_AXES`]. Files without it remain readable.

use std::time::Duration;

use FieldReader::{PerArm, PerBuild};

use super::draft::{
    SampleDraft, TextInterner, assign, parse_nanos, parse_number, parse_number_or_0, parse_optional,
    parse_optional_nanos, parse_outcome, parse_pin, parse_time, parse_word, read_cost, read_exit_code,
    read_predecessor, read_units_rebuilt, read_units_set,
};
use crate::record::{BlockId, CacheUse, Cost, Outcome, Phase, Plan, Role, Sample, TEXT_SETTINGS};

/// A column with a fixed name.
pub(super) struct SampleColumn {
    pub(super) name: &'static str,
    pub(super) since: Since,
    /// Formats the field; empty if there is no value.
    pub(super) write: fn(&Sample) -> String,
    pub(super) read: FieldReader,
}

/// Oldest files that have a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Since {
    /// In every file; a file without it cannot be read.
    Start,
    /// Written in every format; early files of format 1 lack it.
    Format1,
    /// Written from format 2 on; files of format 2 may lack it.
    Format2,
}

/// Parser of a field; its error describes the problem.
#[derive(Clone, Copy)]
pub(super) enum FieldReader {
    /// The same for all rows of an arm: read once and shared.
    PerArm(fn(&mut Sample, &str) -> Result<(), String>),
    /// Different in each row.
    PerBuild(fn(&mut SampleDraft, &str, &mut TextInterner) -> Result<(), String>),
}

/// Columns before those of the axes.
pub(super) static BEFORE_AXES: [SampleColumn; 8] = [
    SampleColumn {
        name: "sample",
        since: Since::Start,
        write: |sample| sample.number.to_string(),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.number, parse_number(text))),
    },
    SampleColumn {
        name: "block",
        since: Since::Start,
        write: |sample| sample.block.to_string(),
        read: PerArm(|sample, text| assign(&mut sample.block, Ok(BlockId::from(text.to_owned())))),
    },
    SampleColumn {
        name: "session",
        since: Since::Start,
        write: |sample| sample.session.to_string(),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.session, parse_number(text))),
    },
    SampleColumn {
        name: "project",
        since: Since::Start,
        write: |sample| sample.project.to_string(),
        read: PerArm(|sample, text| assign(&mut sample.project, Ok(text.into()))),
    },
    SampleColumn {
        name: "pin",
        since: Since::Start,
        write: |sample| sample.pin.to_string(),
        read: PerArm(|sample, text| assign(&mut sample.pin, parse_pin(text))),
    },
    SampleColumn {
        name: "workload",
        since: Since::Start,
        write: |sample| sample.workload.to_string(),
        read: PerArm(|sample, text| assign(&mut sample.workload, Ok(text.into()))),
    },
    SampleColumn {
        name: "variant",
        since: Since::Start,
        write: |sample| sample.variant.to_string(),
        read: PerArm(|sample, text| assign(&mut sample.variant, Ok(text.into()))),
    },
    SampleColumn {
        name: "role",
        since: Since::Start,
        write: |sample| sample.role.as_str().to_owned(),
        read: PerArm(|sample, text| {
            assign(
                &mut sample.role,
                parse_word(text, &[Role::Baseline, Role::Twin, Role::Variant], Role::as_str),
            )
        }),
    },
];

/// Columns after those of the axes.
pub(super) static AFTER_AXES: [SampleColumn; 33] = [
    SampleColumn {
        name: "phase",
        since: Since::Start,
        write: |sample| sample.phase.as_str().to_owned(),
        read: PerBuild(|draft, text, _| {
            assign(
                &mut draft.sample.phase,
                parse_word(text, &[Phase::Warmup, Phase::Measured], Phase::as_str),
            )
        }),
    },
    SampleColumn {
        name: "round",
        since: Since::Start,
        write: |sample| sample.round.to_string(),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.round, parse_number(text))),
    },
    SampleColumn {
        name: "position",
        since: Since::Start,
        write: |sample| sample.position.to_string(),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.position, parse_number(text))),
    },
    SampleColumn {
        name: "attempt",
        since: Since::Start,
        write: |sample| sample.attempt.to_string(),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.attempt, parse_number(text))),
    },
    SampleColumn {
        name: "edit",
        since: Since::Start,
        write: |sample| sample.edit.to_string(),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.edit, parse_number(text))),
    },
    SampleColumn {
        name: "status",
        since: Since::Start,
        write: |sample| sample.outcome.as_str().to_owned(),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.outcome, parse_outcome(text))),
    },
    SampleColumn { name: "exit_code", since: Since::Start, write: exit_code, read: PerBuild(read_exit_code) },
    SampleColumn {
        name: "started_at",
        since: Since::Start,
        write: |sample| humantime::format_rfc3339_micros(sample.started_at).to_string(),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.started_at, parse_time(text))),
    },
    SampleColumn {
        name: "wall_ns",
        since: Since::Start,
        write: |sample| cost_field(sample, |cost| cost.wall.as_nanos().to_string()),
        read: PerBuild(|draft, text, _| read_cost(draft, |cost| assign(&mut cost.wall, parse_nanos(text)))),
    },
    SampleColumn {
        name: "user_ns",
        since: Since::Start,
        write: |sample| cost_field(sample, |cost| cost.user.as_nanos().to_string()),
        read: PerBuild(|draft, text, _| read_cost(draft, |cost| assign(&mut cost.user, parse_nanos(text)))),
    },
    SampleColumn {
        name: "sys_ns",
        since: Since::Start,
        write: |sample| cost_field(sample, |cost| cost.sys.as_nanos().to_string()),
        read: PerBuild(|draft, text, _| read_cost(draft, |cost| assign(&mut cost.sys, parse_nanos(text)))),
    },
    SampleColumn {
        name: "max_rss_bytes",
        since: Since::Start,
        write: |sample| cost_field(sample, |cost| cost.max_rss.to_string()),
        read: PerBuild(|draft, text, _| {
            read_cost(draft, |cost| assign(&mut cost.max_rss, parse_number(text)))
        }),
    },
    SampleColumn {
        name: "units_rebuilt",
        since: Since::Start,
        write: |sample| optional_field(sample.rebuilt.as_ref().map(|rebuilt| rebuilt.count)),
        read: PerBuild(read_units_rebuilt),
    },
    SampleColumn {
        name: "artifact_bytes",
        since: Since::Start,
        write: |sample| optional_field(sample.artifact_bytes),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.artifact_bytes, parse_optional(text))),
    },
    SampleColumn {
        name: "peak_memory_bytes",
        since: Since::Format1,
        write: |sample| cost_field(sample, |cost| optional_field(cost.peak_memory)),
        read: PerBuild(|draft, text, _| {
            read_cost(draft, |cost| assign(&mut cost.peak_memory, parse_optional(text)))
        }),
    },
    SampleColumn {
        name: "units_set",
        since: Since::Format1,
        write: |sample| optional_field(sample.rebuilt.as_ref().map(|rebuilt| &rebuilt.set)),
        read: PerBuild(read_units_set),
    },
    SampleColumn {
        name: "predecessor",
        since: Since::Format1,
        write: |sample| optional_field(sample.predecessor.as_ref()),
        read: PerBuild(read_predecessor),
    },
    SampleColumn {
        name: "load",
        since: Since::Format1,
        write: |sample| optional_field(sample.interference.load.map(|load| format!("{load:.2}"))),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.interference.load, parse_optional(text))),
    },
    SampleColumn {
        name: "steal_ns",
        since: Since::Format1,
        write: |sample| nanos_field(sample.interference.steal),
        read: PerBuild(|draft, text, _| {
            assign(&mut draft.sample.interference.steal, parse_optional_nanos(text))
        }),
    },
    SampleColumn {
        name: "io_pressure_ns",
        since: Since::Format1,
        write: |sample| nanos_field(sample.interference.io_pressure),
        read: PerBuild(|draft, text, _| {
            assign(&mut draft.sample.interference.io_pressure, parse_optional_nanos(text))
        }),
    },
    SampleColumn {
        name: "memory_pressure_ns",
        since: Since::Format1,
        write: |sample| nanos_field(sample.interference.memory_pressure),
        read: PerBuild(|draft, text, _| {
            assign(&mut draft.sample.interference.memory_pressure, parse_optional_nanos(text))
        }),
    },
    SampleColumn {
        name: "foreign_cpu_ns",
        since: Since::Format1,
        write: |sample| nanos_field(sample.interference.foreign_cpu),
        read: PerBuild(|draft, text, _| {
            assign(&mut draft.sample.interference.foreign_cpu, parse_optional_nanos(text))
        }),
    },
    SampleColumn {
        name: "throttled",
        since: Since::Format1,
        write: |sample| optional_field(sample.interference.throttled),
        read: PerBuild(|draft, text, _| {
            assign(&mut draft.sample.interference.throttled, parse_optional(text))
        }),
    },
    SampleColumn {
        name: "stragglers",
        since: Since::Format1,
        write: |sample| sample.interference.stragglers.to_string(),
        read: PerBuild(|draft, text, _| {
            assign(&mut draft.sample.interference.stragglers, parse_number_or_0(text))
        }),
    },
    SampleColumn {
        name: "cache_hits",
        since: Since::Format1,
        write: |sample| cache_field(sample, |cache| cache.hits),
        read: PerBuild(|draft, text, _| assign(&mut draft.cache.hits, parse_optional(text))),
    },
    SampleColumn {
        name: "cache_misses",
        since: Since::Format1,
        write: |sample| cache_field(sample, |cache| cache.misses),
        read: PerBuild(|draft, text, _| assign(&mut draft.cache.misses, parse_optional(text))),
    },
    SampleColumn {
        name: "cache_not_cacheable",
        since: Since::Format1,
        write: |sample| cache_field(sample, |cache| cache.not_cacheable),
        read: PerBuild(|draft, text, _| assign(&mut draft.cache.not_cacheable, parse_optional(text))),
    },
    SampleColumn {
        name: "visit",
        since: Since::Format2,
        write: |sample| optional_field(sample.visit),
        read: PerBuild(|draft, text, _| assign(&mut draft.sample.visit, parse_optional(text))),
    },
    SampleColumn {
        name: "minor_faults",
        since: Since::Format2,
        write: |sample| cost_field(sample, |cost| optional_field(cost.activity.minor_faults)),
        read: PerBuild(|draft, text, _| {
            read_cost(draft, |cost| assign(&mut cost.activity.minor_faults, parse_optional(text)))
        }),
    },
    SampleColumn {
        name: "major_faults",
        since: Since::Format2,
        write: |sample| cost_field(sample, |cost| optional_field(cost.activity.major_faults)),
        read: PerBuild(|draft, text, _| {
            read_cost(draft, |cost| assign(&mut cost.activity.major_faults, parse_optional(text)))
        }),
    },
    SampleColumn {
        name: "voluntary_switches",
        since: Since::Format2,
        write: |sample| cost_field(sample, |cost| optional_field(cost.activity.voluntary_switches)),
        read: PerBuild(|draft, text, _| {
            read_cost(draft, |cost| assign(&mut cost.activity.voluntary_switches, parse_optional(text)))
        }),
    },
    SampleColumn {
        name: "involuntary_switches",
        since: Since::Format2,
        write: |sample| cost_field(sample, |cost| optional_field(cost.activity.involuntary_switches)),
        read: PerBuild(|draft, text, _| {
            read_cost(draft, |cost| assign(&mut cost.activity.involuntary_switches, parse_optional(text)))
        }),
    },
    SampleColumn {
        name: "written_bytes",
        since: Since::Format2,
        write: |sample| cost_field(sample, |cost| optional_field(cost.activity.written_bytes)),
        read: PerBuild(|draft, text, _| {
            read_cost(draft, |cost| assign(&mut cost.activity.written_bytes, parse_optional(text)))
        }),
    },
];

/// All columns with fixed names, in order.
pub(super) fn columns() -> impl Iterator<Item = &'static SampleColumn> {
    BEFORE_AXES.iter().chain(&AFTER_AXES)
}

/// Keys of the axes that have their own column: `workload` and `project` already have a fixed column, whole
/// texts have none.
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

fn optional_field(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

fn nanos_field(duration: Option<Duration>) -> String {
    optional_field(duration.map(|duration| duration.as_nanos()))
}

fn cost_field(sample: &Sample, value: fn(&Cost) -> String) -> String {
    sample.outcome.cost().map(value).unwrap_or_default()
}

fn cache_field(sample: &Sample, count: fn(&CacheUse) -> u64) -> String {
    optional_field(sample.cache.as_ref().map(count))
}

fn exit_code(sample: &Sample) -> String {
    match &sample.outcome {
        Outcome::Built(_) => "0".to_owned(),
        Outcome::Failed { exit_code } => optional_field(exit_code.as_ref()),
        Outcome::TimedOut | Outcome::NotStarted => String::new(),
    }
}
