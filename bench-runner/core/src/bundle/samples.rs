//! One row of `samples.csv` ↔ one [`Sample`]. Rows are written in the order of [`BEFORE`], the axes, and [`AFTER`],
//! and read by the names of their columns.

use std::time::{Duration, SystemTime};

use crate::record::{Activity, CacheUse, Cost, Outcome, Plan, Sample, TEXT_SETTINGS};

mod read;

pub(super) use read::Columns;

/// Columns before those of the axes.
const BEFORE: [&str; 8] = ["sample", "block", "session", "project", "pin", "workload", "variant", "role"];
/// Columns after those of the axes. New ones go to the end.
const AFTER: [&str; 33] = [
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
    "visit",
    "minor_faults",
    "major_faults",
    "voluntary_switches",
    "involuntary_switches",
    "written_bytes",
];
/// How many of them a file of format 1 has.
const AFTER_IN_FORMAT_1: usize = 27;

/// The columns that a file has since there have been files. Those after them came later.
pub(super) fn required() -> impl Iterator<Item = &'static str> {
    BEFORE.into_iter().chain(AFTER.into_iter().take(14))
}

/// Keys of the axes that have a column of their own: `workload` and `project` have one anyway, whole texts have none.
pub(super) fn axis_columns(plan: &Plan) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for key in plan.blocks.iter().flat_map(|block| &block.axes) {
        let of_its_own = BEFORE.contains(&key.as_str()) || TEXT_SETTINGS.contains(&key.as_str());
        if !of_its_own && !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    keys
}

/// The columns after those of the axes that a file of this format has.
fn after(format: u32) -> usize {
    if format < 2 { AFTER_IN_FORMAT_1 } else { AFTER.len() }
}

pub(super) fn header(axes: &[String], format: u32) -> Vec<String> {
    let fixed = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    [fixed(&BEFORE), axes.to_vec(), fixed(&AFTER[..after(format)])].concat()
}

pub(super) fn row(sample: &Sample, axes: &[String], format: u32) -> Vec<String> {
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
    let activity = cost.and_then(|cost| cost.activity.as_ref());
    let of_activity = |count: fn(&Activity) -> u64| {
        activity.map(|activity| count(activity).to_string()).unwrap_or_default()
    };
    let disturbance = &sample.disturbance;
    let optional_nanos = |duration: Option<Duration>| duration.map(nanos).unwrap_or_default();
    let mut fields = vec![
        sample.number.to_string(),
        sample.block.to_string(),
        sample.session.to_string(),
        sample.project.to_string(),
        sample.pin.to_string(),
        sample.workload.to_string(),
        sample.variant.to_string(),
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
        sample.rebuilt.as_ref().map(|rebuilt| rebuilt.set.to_string()).unwrap_or_default(),
        sample.predecessor.as_ref().map(ToString::to_string).unwrap_or_default(),
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
        sample.visit.map(|visit| visit.to_string()).unwrap_or_default(),
        of_activity(|activity| activity.minor_faults),
        of_activity(|activity| activity.major_faults),
        of_activity(|activity| activity.voluntary_switches),
        of_activity(|activity| activity.involuntary_switches),
        of_activity(|activity| activity.written_bytes),
    ]);
    fields.truncate(BEFORE.len() + axes.len() + after(format));
    fields
}

/// UTC as files write it, whole seconds.
pub(super) fn timestamp(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}
