//! A history as JSON and as CSV.

use bench_runner_core::history::{
    Event, FALSE_DISCOVERIES, HistoryPoint, JudgedSeries, Quantity, SeriesKey, events,
};
use bench_runner_core::stats::{ChangePoint, LEVEL};
use bench_runner_core::tracking::{MarkAtPoint, SeriesMark};
use serde_json::{Value, json as object};

use super::super::csv::csv_text;
use super::marks::mark_json;
use super::{HistoryReport, changes_of};

/// The history as one document, with every point.
pub fn history_json(report: &HistoryReport<'_>) -> Value {
    let history = report.history;
    let marks = report.placed_marks();
    let other = |mark: &&SeriesMark| {
        let mut document = mark_json(mark, None);
        document["machine"] = mark.machine.as_str().into();
        document["series"] = object!(mark.series);
        document
    };
    object!({
        "judged": history.judged, "too_short": history.too_short, "level": history.level,
        "false_discoveries": FALSE_DISCOVERIES,
        "series": history.series.iter().map(|one| series_json(report, one, marks.of(&one.series.key))).collect::<Vec<_>>(),
        "other_marks": marks.others.iter().map(other).collect::<Vec<_>>(),
    })
}

fn series_json(report: &HistoryReport<'_>, one: &JudgedSeries, marks: &[MarkAtPoint<'_>]) -> Value {
    let key = &one.series.key;
    let point = |(at, point): (usize, &HistoryPoint)| {
        let (low, high) = point.value.interval(LEVEL);
        let run = report.run(one, at);
        object!({
            "run": run.run, "started_at": run.started_at, "commit": point.commit, "compiler": point.compiler,
            "value": point.value.value.exp(), "low": low.exp(), "high": high.exp(),
            "median": point.median, "rounds": point.rounds, "invalid": point.invalid,
        })
    };
    let change = |change: &ChangePoint| {
        let (low, high) = change.change.interval(LEVEL);
        let run = |at: usize| report.run(one, one.point_of(at)).run.clone();
        object!({
            "run": run(change.at), "between": [run(change.between.0), run(change.between.1)],
            "ratio": change.change.value.exp(), "ratio_low": low.exp(), "ratio_high": high.exp(), "p": change.p,
        })
    };
    let event = |event: Event| {
        let run = &report.run(one, event.at).run;
        object!({ "run": run, "fact": event.fact, "before": event.before, "after": event.after })
    };
    let levels = one.levels.as_ref();
    object!({
        "machine": key.machine, "project": key.project, "workload": key.workload, "variant": key.variant, "fixed": key.fixed,
        "baseline": key.baseline, "metric": key.metric, "quantity": quantity(key),
        "points": one.series.points.iter().enumerate().map(point).collect::<Vec<_>>(),
        "p": levels.map(|levels| levels.p), "noise": levels.map(|levels| levels.noise),
        "serial": levels.and_then(|levels| levels.serial),
        "levels": levels.map(|levels| levels.levels.iter().map(|level| level.value.exp()).collect::<Vec<_>>()),
        "changes": changes_of(one).iter().map(change).collect::<Vec<_>>(),
        "events": events(&one.series, report.runs).into_iter().map(event).collect::<Vec<_>>(),
        "marks": marks.iter().map(|(at, mark)| mark_json(mark, Some(&report.run(one, *at).run))).collect::<Vec<_>>(),
    })
}

fn quantity(key: &SeriesKey) -> &'static str {
    match key.quantity {
        Quantity::Ratio => "ratio",
        Quantity::Seconds => "seconds",
    }
}

const CSV_COLUMNS: [&str; 20] = [
    "machine",
    "project",
    "workload",
    "variant",
    "baseline",
    "fixed",
    "metric",
    "quantity",
    "run",
    "started_at",
    "commit",
    "compiler",
    "compiler_date",
    "value",
    "low",
    "high",
    "median",
    "rounds",
    "invalid",
    "level",
];

/// All points as CSV; `level` is the level of the series at the point, in the unit of `value`, if it is long enough to have one.
pub fn history_csv(report: &HistoryReport<'_>) -> Result<String, csv::Error> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for one in &report.history.series {
        let key = &one.series.key;
        for (at, point) in one.series.points.iter().enumerate() {
            let (low, high) = point.value.interval(LEVEL);
            let run = report.run(one, at);
            let compiler = point.compiler.as_ref();
            let optional = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
            rows.push(vec![
                key.machine.clone(),
                key.project.clone(),
                key.workload.clone(),
                key.variant.clone(),
                key.baseline.clone(),
                key.fixed.clone(),
                key.metric.clone(),
                quantity(key).to_owned(),
                run.run.clone(),
                run.started_at.clone(),
                point.commit.as_deref().unwrap_or_default().to_owned(),
                compiler.map(|compiler| compiler.release.clone()).unwrap_or_default(),
                compiler.and_then(|compiler| compiler.date.clone()).unwrap_or_default(),
                point.value.value.exp().to_string(),
                low.exp().to_string(),
                high.exp().to_string(),
                optional(point.median),
                point.rounds.to_string(),
                point.invalid.to_string(),
                optional(level_at(one, at)),
            ]);
        }
    }
    csv_text(&CSV_COLUMNS, rows)
}

/// Level of a series at a point.
fn level_at(one: &JudgedSeries, at: usize) -> Option<f64> {
    let levels = one.levels.as_ref()?;
    let passed = levels.changes.iter().filter(|change| one.point_of(change.at) <= at).count();
    levels.levels.get(passed).map(|level| level.value.exp())
}
