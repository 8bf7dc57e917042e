//! Runs of nights → the series of a tracking file, each with what its log says of it.

use std::collections::{BTreeMap, HashMap};

use bench_runner_core::history::{Quantity, RunSeries, TimeSeries, collect};
use bench_runner_core::stats::UncertainValue;
use bench_runner_core::tracking::{JoinedAnchor, SeriesId, SeriesLife, TrackLog, is_anchor, join_anchors};

/// A followed series: its valid values in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NightSeries {
    pub(crate) id: SeriesId,
    /// Name of its anchor.
    pub(crate) anchor: String,
    pub(crate) values: Vec<UncertainValue>,
    /// Name of the run of each value.
    pub(crate) runs: Vec<String>,
    pub(crate) life: SeriesLife,
}

/// The series of a log, from all runs of its machine, and those that the newest night has joined to an earlier anchor.
pub(crate) fn night_series(
    runs: &[RunSeries],
    log: &TrackLog,
    metrics: &[String],
) -> (Vec<NightSeries>, Vec<JoinedAnchor>) {
    // In the order of the log: a clock that was wrong must not keep a night from being the newest.
    let nights: HashMap<&str, usize> =
        log.nights.iter().enumerate().map(|(at, (_, night))| (night.run.as_str(), at)).collect();
    let mut runs: Vec<RunSeries> =
        runs.iter().filter(|one| nights.contains_key(one.run.run.as_str())).cloned().collect();
    runs.sort_by_key(|one| nights.get(one.run.run.as_str()).copied());
    let (series, joined) = join_anchors(collect(&runs));
    let mut newest: BTreeMap<SeriesId, TimeSeries> = BTreeMap::new();
    for one in series {
        let is_followed = one.key.quantity == Quantity::Ratio
            && !is_anchor(&one.key.variant)
            && metrics.contains(&one.key.metric);
        let id = SeriesId::from(&one.key);
        // An anchor that was replaced without enough nights together has left a series that has ended.
        let is_newer = newest.get(&id).is_none_or(|other| other.runs.last() < one.runs.last());
        if is_followed && is_newer {
            newest.insert(id, one);
        }
    }
    let series = newest.values().map(|one| of_series(one, &runs, log, &joined)).collect();
    // Said once, in the first night with the new anchor.
    let joined = joined.into_iter().filter(|one| one.from + 1 == runs.len()).collect();
    (series, joined)
}

fn of_series(
    series: &TimeSeries,
    runs: &[RunSeries],
    log: &TrackLog,
    joined: &[JoinedAnchor],
) -> NightSeries {
    let id = SeriesId::from(&series.key);
    let valid = || series.runs.iter().zip(&series.points).filter(|(_, point)| !point.invalid);
    // A series can go on over several anchors.
    let joins = joined.iter().filter(|one| SeriesId::from(&one.key) == id);
    let joins = joins.map(|one| (valid().filter(|(run, _)| **run < one.from).count(), one.ratio.se));
    let joins: Vec<(usize, f64)> = joins.collect();
    let (runs, values): (Vec<String>, Vec<UncertainValue>) =
        valid().map(|(run, point)| (runs[*run].run.run.clone(), point.value)).unzip();
    let place = |run: &str| runs.iter().rposition(|known| known == run);
    let alarm = log.unresolved(&id);
    let life = SeriesLife {
        accepted: log.blessed.get(&id).and_then(|blessing| place(&blessing.run)).unwrap_or(0),
        alarmed: alarm.and_then(|alarm| place(&alarm.suspicion.run)),
        alarm_level: alarm.and_then(|alarm| alarm.level_after(&series.key.baseline)),
        dismissed: log.dismissed.get(&id).and_then(|run| place(run)),
        joins,
    };
    NightSeries { id, anchor: series.key.baseline.clone(), values, runs, life }
}
