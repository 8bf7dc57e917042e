//! A history as text for a terminal, as JSON and as CSV.

mod changes;
mod marks;
mod page;

use std::collections::BTreeMap;

use bench_runner_core::compare::workload_phrase;
use bench_runner_core::history::{
    Event, FALSE_DISCOVERIES, History, HistoryOrder, HistoryPoint, HistoryRun, JudgedSeries, Quantity,
    SeriesKey, events,
};
use bench_runner_core::stats::{ChangePoint, LEVEL, MIN_SERIES};
use bench_runner_core::tracking::{MarkAtPoint, PlacedMarks, SeriesMark, place_marks};
use serde_json::{Value, json as object};

pub use page::history_page;

use changes::{changes, commit_of, compiler_of, percent};
use marks::{alarms_elsewhere, mark_json, unresolved};

use super::csv::csv_text;
use super::table::{TableColumn, TextStyle};
use crate::figure::wording;

/// Columns of the table of a machine.
const COLUMNS: [TableColumn; 5] = [
    TableColumn { heading: "series", right: false },
    TableColumn { heading: "runs", right: true },
    TableColumn { heading: "course", right: false },
    TableColumn { heading: "latest", right: true },
    TableColumn { heading: "last change", right: false },
];

/// Newest values that a sparkline has.
const SPARKS: usize = 24;

/// A judged history with the runs behind it.
#[derive(Debug, Clone, Copy)]
pub struct HistoryReport<'h> {
    /// The history.
    pub history: &'h History,
    /// The runs that the series refer to.
    pub runs: &'h [&'h HistoryRun],
    /// Alarms and accepted levels of the machines' logs.
    pub marks: &'h [SeriesMark],
    /// Order of the values.
    pub order: HistoryOrder,
}

impl<'h> HistoryReport<'h> {
    fn run(&self, one: &JudgedSeries, at: usize) -> &'h HistoryRun {
        self.runs[one.series.runs[at]]
    }

    /// The marks, each at its value.
    fn placed_marks(&self) -> PlacedMarks<'h> {
        place_marks(self.marks, self.history.series.iter().map(|one| &one.series), self.runs)
    }

    /// Series by machine, in order.
    fn machines(&self) -> BTreeMap<&'h str, Vec<&'h JudgedSeries>> {
        let mut machines: BTreeMap<&str, Vec<&JudgedSeries>> = BTreeMap::new();
        for one in &self.history.series {
            machines.entry(&one.series.key.machine).or_default().push(one);
        }
        machines
    }
}

/// The history for a terminal; lines end with a line feed.
pub fn history_text(report: &HistoryReport<'_>, style: TextStyle) -> String {
    let mut lines = Vec::new();
    let marks = report.placed_marks();
    for (machine, series) in report.machines() {
        lines.extend(style.sentence(machine));
        let (shown, single): (Vec<&JudgedSeries>, Vec<&JudgedSeries>) =
            series.iter().copied().partition(|one| one.series.points.len() > 1);
        let rows: Vec<Vec<String>> = shown.iter().map(|one| row(report, one, style)).collect();
        lines.extend(style.table(&COLUMNS, &rows));
        lines.extend(single_runs(single.len()).iter().flat_map(|text| style.paragraph("", text)));
        let marked = series.iter().flat_map(|one| marks.of(&one.series.key));
        let alarms = unresolved(marked.map(|(_, mark)| *mark));
        let others = marks.others.iter().copied().filter(|mark| mark.machine == machine);
        let alarms = alarms.into_iter().chain(alarms_elsewhere(others));
        lines.extend(alarms.flat_map(|alarm| style.paragraph("", &alarm)));
        for one in &series {
            lines.extend(toolchains(one).iter().flat_map(|values| style.paragraph("", values)));
        }
        for one in series {
            lines.extend(changes(report, one).iter().flat_map(|change| style.paragraph("", change)));
        }
        lines.push(String::new());
    }
    lines.extend(style.hanging("judged: ", &scope(report.history)));
    style.text(&lines)
}

/// Number of series with a single run, as a sentence; `None` if there are none.
fn single_runs(count: usize) -> Option<String> {
    let has = if count == 1 { "has" } else { "have" };
    (count > 0).then(|| format!("{count} series {has} a single run so far, which is not a history yet"))
}

fn scope(history: &History) -> String {
    let short = history.too_short;
    if history.judged == 0 {
        return format!("none of {short} series: each has fewer than {MIN_SERIES} runs");
    }
    let changed = history.series.iter().filter(|one| !changes_of(one).is_empty()).count();
    let mut text = format!("{} series, of which {changed} changed", history.judged);
    if short > 0 {
        text.push_str(&format!("; {short} with fewer than {MIN_SERIES} runs are too short to be judged"));
    }
    if changed > 0 {
        let share = wording::share(FALSE_DISCOVERIES);
        text.push_str(&format!(
            "; of the series that changed, at most {share} are expected to have done so by chance, if values scatter independently"
        ));
    }
    text
}

fn changes_of(one: &JudgedSeries) -> &[ChangePoint] {
    one.levels.as_ref().map(|levels| levels.changes.as_slice()).unwrap_or_default()
}

/// Name of a series for readers.
fn name(key: &SeriesKey) -> String {
    let workload = workload_phrase(&key.workload, None);
    let metric = if key.metric == "wall" { String::new() } else { format!(", {}", key.metric) };
    let fixed =
        if key.fixed.is_empty() { String::new() } else { format!(" ({})", short_commits(&key.fixed)) };
    let baseline = short_commits(&key.baseline);
    match key.quantity {
        Quantity::Ratio => {
            format!("{}: {workload}: {} against {baseline}{metric}{fixed}", key.project, key.variant)
        }
        Quantity::Seconds => format!("{}: {workload}: time of {baseline}{fixed}", key.project),
    }
}

/// Shortens full ids of commits and trees.
fn short_commits(text: &str) -> String {
    let is_long =
        |word: &str| matches!(word.len(), 40 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let words = text.split_inclusive(|c: char| !c.is_ascii_alphanumeric());
    words
        .map(|word| {
            let core = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if is_long(core) { format!("{}{}", &core[..10], &word[core.len()..]) } else { word.to_owned() }
        })
        .collect()
}

fn row(report: &HistoryReport<'_>, one: &JudgedSeries, style: TextStyle) -> Vec<String> {
    let points = &one.series.points;
    let latest = points.last().map(|point| shown(&one.series.key, point)).unwrap_or_default();
    let last = match (changes_of(one).last(), &one.levels) {
        (Some(change), _) => {
            let at = one.point_of(change.at);
            match (commit_of(one, at), compiler_of(one, at)) {
                (Some(commit), _) => format!("{} at {commit}", percent(change)),
                (None, Some(compiler)) => format!("{} with {compiler}", percent(change)),
                (None, None) => format!("{} on {}", percent(change), day(report.run(one, at))),
            }
        }
        (None, Some(_)) => "none".to_owned(),
        (None, None) => "too few runs".to_owned(),
    };
    vec![name(&one.series.key), points.len().to_string(), sparkline(points, style.ascii), latest, last]
}

/// A value for readers: a ratio or seconds.
fn shown(key: &SeriesKey, point: &HistoryPoint) -> String {
    match key.quantity {
        Quantity::Ratio => {
            let (low, high) = point.value.interval(LEVEL);
            format!("{}×", wording::interval(point.value.value.exp(), (low.exp(), high.exp())).estimate)
        }
        Quantity::Seconds => format!("{:.3} s", point.value.value.exp()),
    }
}

/// The values of a series of toolchains, which are few, each with its compiler.
fn toolchains(one: &JudgedSeries) -> Option<String> {
    let key = &one.series.key;
    let value = |(at, point): (usize, &HistoryPoint)| {
        let invalid = if point.invalid { " (invalid)" } else { "" };
        Some(format!("{}: {}{invalid}", compiler_of(one, at)?, shown(key, point)))
    };
    let values: Vec<String> = one.series.points.iter().enumerate().filter_map(value).collect();
    let is_ratio = key.quantity == Quantity::Ratio && !values.is_empty();
    is_ratio.then(|| format!("{}: {}", name(key), values.join("; ")))
}

/// Date of a run.
fn day(run: &HistoryRun) -> &str {
    run.started_at.get(..10).unwrap_or(&run.started_at)
}

/// The newest values as small bars, from the lowest to the highest of them.
fn sparkline(points: &[HistoryPoint], ascii: bool) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let newest: Vec<f64> =
        points[points.len().saturating_sub(SPARKS)..].iter().map(|point| point.value.value).collect();
    let low = newest.iter().copied().fold(f64::INFINITY, f64::min);
    let high = newest.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bar = |value: &f64| {
        let height = if high > low { (value - low) / (high - low) } else { 0.5 };
        let step = (height * 7.0).round() as usize;
        if ascii { char::from_digit(step as u32 + 1, 10).unwrap_or('?') } else { BARS[step.min(7)] }
    };
    newest.iter().map(bar).collect()
}

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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bench_runner_core::history::{TimeSeries, judge};
    use bench_runner_core::stats::UncertainValue;
    use expect_test::expect;

    use super::*;

    fn runs() -> Vec<HistoryRun> {
        let run = |at: usize| HistoryRun {
            run: format!("run-{at:02}"),
            machine: "machine-a".into(),
            started_at: format!("2026-03-{:02}T02:00:00Z", at + 1),
            origin: None,
            facts: Arc::new(
                [("rustc".to_owned(), if at < 12 { "1.94.0" } else { "1.95.0" }.to_owned())].into(),
            ),
        };
        (0..20).map(run).collect()
    }

    fn series(quantity: Quantity, count: usize) -> TimeSeries {
        let key = SeriesKey {
            machine: "machine-a".into(),
            project: "hexyl".into(),
            workload: "clean".into(),
            variant: "main".into(),
            baseline: "anchor".into(),
            fixed: String::new(),
            metric: "wall".into(),
            quantity,
        };
        // A fixed pattern in place of noise.
        let wave = |at: usize| 0.01 * ((at * at * 7 % 11) as f64 / 5.0 - 1.0);
        let point = |at: usize| {
            let level = if at >= 12 { 0.08 } else { 0.0 };
            let value = UncertainValue { value: level + wave(at), se: 0.006, df: 9.0 };
            HistoryPoint {
                commit: None,
                compiler: None,
                value,
                median: Some(2.5),
                rounds: 10,
                invalid: at == 3,
            }
        };
        TimeSeries { key, runs: (0..count).collect(), points: (0..count).map(point).collect() }
    }

    #[test]
    fn a_change_is_said_with_what_changed_then() {
        let runs = runs();
        let history = judge(vec![series(Quantity::Ratio, 20), series(Quantity::Seconds, 4)]);
        let refs: Vec<&HistoryRun> = runs.iter().collect();
        let report = HistoryReport { history: &history, runs: &refs, marks: &[], order: HistoryOrder::Time };
        expect![[r#"
            machine-a
              series                                  runs  course                 latest  last change
              hexyl: full build: main against anchor    20  ▁▂▂▂▁▂▂▁▂▂▂▁█▇█▇██▇█   1.090×  +8.6% on 2026-03-13
              hexyl: full build: time of anchor          4  ▁▇▆█                  1.006 s  too few runs
              changed: hexyl: full build: main against anchor: +8.6% (+7.9 to +9.4%) with run-12; then
                changed: rustc (1.94.0 → 1.95.0)

            judged: 1 series, of which 1 changed; 1 with fewer than 6 runs are too short to be judged; of the
              series that changed, at most 5% are expected to have done so by chance, if values scatter
              independently
        "#]]
        .assert_eq(&history_text(&report, TextStyle::default()));
        let ascii = history_text(&report, TextStyle { ascii: true, ..TextStyle::default() });
        assert!(ascii.is_ascii(), "{ascii}");
        let document = history_json(&report);
        assert_eq!(document["series"][0]["changes"][0]["run"], "run-12");
        assert_eq!(document["series"][0]["points"].as_array().unwrap().len(), 20);
        assert_eq!(document["series"][0]["events"][0]["fact"], "rustc");
        let csv = history_csv(&report).unwrap();
        assert_eq!(csv.lines().count(), 25);
    }
}
