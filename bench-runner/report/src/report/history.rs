//! A history as text for a terminal, as JSON, as CSV and as a page.

mod changes;
mod documents;
mod marks;
mod page;

use std::collections::BTreeMap;

use bench_runner_core::compare::workload_phrase;
use bench_runner_core::history::{
    FALSE_DISCOVERIES, History, HistoryOrder, HistoryPoint, HistoryRun, JudgedSeries, Quantity, SeriesKey,
};
use bench_runner_core::stats::{ChangePoint, LEVEL, MIN_SERIES};
use bench_runner_core::tracking::{PlacedMarks, SeriesMark, place_marks};

pub use documents::{history_csv, history_json};
pub use page::history_page;

use changes::{changes, commit_of, compiler_of, percent};
use marks::{alarms_elsewhere, unresolved};

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
        if !rows.is_empty() {
            lines.extend(style.table(&COLUMNS, &rows));
        }
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
    if history.series.is_empty() {
        return "no series".to_owned();
    }
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

#[cfg(test)]
mod tests;
