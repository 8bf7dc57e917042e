//! Figure of one series over many runs: values with intervals, levels, changes, and what else changed then.

use bench_runner_core::history::{Event, HistoryPoint, HistoryRun, JudgedSeries, Quantity};
use bench_runner_core::stats::{ChangePoint, LEVEL, median};
use plotters::element::PathElement;

use super::axis::NumberAxis;
use super::backend::units;
use super::chart::{ChartFrame, draw, place, stroke, y_axis};
use super::elements::PointMark;
use super::palette::{Ink, PointShape};
use super::scene::{Anchor, EDGE, Label, Scene, ScenePosition, Tooltip, WIDTH};
use super::wording;

/// Upper and lower end of the plot.
const DOWN: (f64, f64) = (86.0, 246.0);
/// Left and right end of the plot.
const ACROSS: (f64, f64) = (84.0, WIDTH - EDGE);
/// Height of the scene.
const HEIGHT: f64 = 280.0;
/// Smallest span of an axis of times, as a share.
const LEAST_SPAN: f64 = 0.02;
/// Number of points above which they are drawn smaller.
const CROWDED: usize = 150;
/// Least distance of two dates below the plot.
const DATES_APART: f64 = 92.0;

/// How much of a series is drawn: all values of the newest days, and one for each stretch of older days.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HistoryDetail {
    /// Newest days whose values are all drawn.
    pub(crate) full_days: f64,
    /// Days that one older value stands for.
    pub(crate) older_days: f64,
}

impl HistoryDetail {
    /// From the most detailed to the least.
    pub(crate) const STEPS: [Self; 6] = [
        Self { full_days: 90.0, older_days: 7.0 },
        Self { full_days: 60.0, older_days: 7.0 },
        Self { full_days: 30.0, older_days: 7.0 },
        Self { full_days: 30.0, older_days: 14.0 },
        Self { full_days: 14.0, older_days: 28.0 },
        Self { full_days: 7.0, older_days: 84.0 },
    ];
}

/// One value that is drawn: of a run, or of several.
#[derive(Debug, Clone, PartialEq)]
struct Drawn {
    /// Place on the axis of time or commits.
    x: f64,
    /// Value, and the ends of its interval or range.
    ends: [f64; 3],
    invalid: bool,
    name: String,
    text: String,
}

/// Days since 1970 of a time such as `2026-03-14T02:00:00Z`; `None` for another text.
fn days(time: &str) -> Option<f64> {
    let since = humantime::parse_rfc3339(time).ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(since.as_secs_f64() / 86_400.0)
}

/// Number of values that are drawn of a series.
pub(crate) fn drawn_points(
    one: &JudgedSeries,
    (runs, by_commits): (&[&HistoryRun], bool),
    detail: HistoryDetail,
) -> usize {
    buckets(one, &times(one, runs, by_commits), detail, by_commits).len()
}

/// Places of the points: days, or their numbers if they are in the order of commits.
fn times(one: &JudgedSeries, runs: &[&HistoryRun], by_commits: bool) -> Vec<f64> {
    let days: Option<Vec<f64>> = one.series.runs.iter().map(|&run| days(&runs[run].started_at)).collect();
    let numbers = || (0..one.series.points.len()).map(|at| at as f64).collect();
    days.filter(|days| days.is_sorted() && !by_commits).unwrap_or_else(numbers)
}

/// Stretches of points that are drawn as one value each.
fn buckets(
    one: &JudgedSeries,
    times: &[f64],
    detail: HistoryDetail,
    by_commits: bool,
) -> Vec<std::ops::Range<usize>> {
    let newest = times.last().copied().unwrap_or(0.0);
    let stretch = |at: usize| {
        let age = newest - times[at];
        // A change of level is never within a stretch.
        let level = one
            .levels
            .as_ref()
            .map_or(0, |levels| levels.changes.iter().filter(|change| one.point_of(change.at) <= at).count());
        if age <= detail.full_days || by_commits {
            (at as i64, level)
        } else {
            (-1 - (age / detail.older_days) as i64, level)
        }
    };
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    for at in 0..times.len() {
        match found.last_mut() {
            Some(last) if stretch(last.start) == stretch(at) => last.end = at + 1,
            _ => found.push(at..at + 1),
        }
    }
    found
}

/// Scene of a series.
pub(super) fn scene(
    one: &JudgedSeries,
    (runs, by_commits): (&[&HistoryRun], bool),
    events: &[Event],
    title: &str,
    detail: HistoryDetail,
) -> Scene {
    let times = times(one, runs, by_commits);
    let drawn: Vec<Drawn> = buckets(one, &times, detail, by_commits)
        .into_iter()
        .map(|points| drawn(one, runs, events, &times, points))
        .collect();
    let mut scene = Scene::new(title, description(one));
    scene.heading(title, &subtitle(one));
    scene.height = HEIGHT;
    let (Some(first), Some(last)) = (times.first().copied(), times.last().copied()) else { return scene };
    let pad = if last > first { (last - first) * 0.02 } else { 0.5 };
    let x = NumberAxis::linear((first - pad, last + pad), 1);
    let y = value_axis(one, &drawn);
    let mut tooltips: Vec<Tooltip> = Vec::new();
    let mut marks: Vec<(ScenePosition, ChangePoint)> = Vec::new();
    let mut event_places: Vec<ScenePosition> = Vec::new();
    let mut dates: Vec<(f64, String)> = Vec::new();
    draw(&mut scene, |canvas| {
        let frame = ChartFrame { left: ACROSS.0 - EDGE, ..ChartFrame::bare(ACROSS, DOWN) };
        let mut chart = frame.chart(canvas, (x, y.clone()))?;
        y_axis(&mut chart)?;
        let plot = chart.plotting_area();
        for one in &drawn {
            let line = [(one.x, one.ends[0]), (one.x, one.ends[2])];
            plot.draw(&PathElement::new(line, stroke(Ink::Control, 1.4)))?;
        }
        for (from, to, level) in level_lines(one, &times) {
            plot.draw(&PathElement::new([(from, level), (to, level)], stroke(Ink::Text, 1.6)))?;
        }
        let half = if drawn.len() > CROWDED { 1.8 } else { 3.0 };
        for one in &drawn {
            let (shape, ink) =
                if one.invalid { (PointShape::Ring, Ink::Muted) } else { (PointShape::Disc, Ink::Arm(0)) };
            let at = (one.x, one.ends[1]);
            plot.draw(&PointMark { at, shape, half, ink })?;
            let at = place(&chart, at);
            tooltips.push(Tooltip { from: at, to: at, name: one.name.clone(), text: one.text.clone() });
        }
        for change in one.levels.iter().flat_map(|levels| &levels.changes) {
            let at = one.point_of(change.at);
            let between = if at > 0 { 0.5 * (times[at] + times[at - 1]) } else { times[at] };
            marks.push(((place(&chart, (between, y_middle(&drawn))).0, DOWN.0), *change));
        }
        for event in events {
            let x = place(&chart, (times[event.at], y_middle(&drawn))).0;
            if event_places.last().is_none_or(|last| last.0 < x) {
                event_places.push((x, DOWN.0 - 6.0));
                let at = (units(x), units(DOWN.0 - 6.0));
                canvas.draw(&PointMark { at, shape: PointShape::Down, half: 3.5, ink: Ink::Outlier })?;
            }
        }
        for (at, time) in times.iter().enumerate() {
            let x = place(&chart, (*time, y_middle(&drawn))).0;
            if dates.last().is_none_or(|last| x - last.0 >= DATES_APART) {
                dates.push((x, date(one, runs, at, by_commits)));
            }
        }
        Ok(())
    });
    for ((x, top), change) in &marks {
        let ink = if change.change.value > 0.0 { Ink::Slower } else { Ink::Faster };
        scene.line((*x, *top), (*x, DOWN.1), 1.2, ink);
        let text = format!("{:+.1}%", 100.0 * change.change.value.exp_m1()).replace('-', "−");
        let is_right = *x > ACROSS.1 - 60.0;
        let label = Label::new((x + if is_right { -5.0 } else { 5.0 }, top + 8.0), text, 11.0, ink).bold();
        scene.text(if is_right { label.anchored(Anchor::End) } else { label });
    }
    for (x, text) in dates {
        let anchor = if x > ACROSS.1 - DATES_APART / 2.0 { Anchor::End } else { Anchor::Middle };
        scene.text(Label::new((x, DOWN.1 + 16.0), text, 11.0, Ink::Muted).anchored(anchor));
    }
    scene.line((ACROSS.0, DOWN.1), (ACROSS.1, DOWN.1), 1.0, Ink::Muted);
    scene.tooltips = tooltips;
    scene
}

fn y_middle(drawn: &[Drawn]) -> f64 {
    drawn.first().map_or(1.0, |one| one.ends[1])
}

fn value_axis(one: &JudgedSeries, drawn: &[Drawn]) -> NumberAxis {
    let all = || drawn.iter().flat_map(|one| one.ends).filter(|value| value.is_finite() && *value > 0.0);
    match one.series.key.quantity {
        Quantity::Ratio => {
            let (low, high) =
                all().fold((1.0f64, 1.0f64), |(low, high), value| (low.min(value), high.max(value)));
            NumberAxis::ratios((low / 1.005, high * 1.005), 5)
        }
        Quantity::Seconds => NumberAxis::quantities(all(), LEAST_SPAN, 4),
    }
}

/// Begin, end and value of each level.
fn level_lines(one: &JudgedSeries, times: &[f64]) -> Vec<(f64, f64, f64)> {
    let Some(levels) = &one.levels else { return Vec::new() };
    let mut begins: Vec<usize> = vec![0];
    begins.extend(levels.changes.iter().map(|change| one.point_of(change.at)));
    let ends = begins.iter().skip(1).map(|begin| begin - 1).chain([times.len() - 1]);
    let lines = begins.iter().zip(ends).zip(&levels.levels);
    lines.map(|((begin, end), level)| (times[*begin], times[end], level.value.exp())).collect()
}

fn drawn(
    one: &JudgedSeries,
    runs: &[&HistoryRun],
    events: &[Event],
    times: &[f64],
    points: std::ops::Range<usize>,
) -> Drawn {
    let run = |at: usize| runs[one.series.runs[at]];
    let of = &one.series.points[points.clone()];
    let show = |value: f64| match one.series.key.quantity {
        Quantity::Ratio => format!("{value:.3}×"),
        Quantity::Seconds => format!("{value:.3} s"),
    };
    if let [point] = of {
        let at = points.start;
        let (low, high) = point.value.interval(LEVEL);
        let ends = [low, point.value.value, high].map(f64::exp);
        let here: Vec<&str> =
            events.iter().filter(|event| event.at == at).map(|event| event.fact.as_str()).collect();
        let changed = if here.is_empty() { String::new() } else { format!("; changed: {}", here.join(", ")) };
        let commit = point.commit.as_deref().and_then(|commit| commit.get(..10));
        let commit = commit.map(|commit| format!(", commit {commit}")).unwrap_or_default();
        let invalid = if point.invalid { ", invalid" } else { "" };
        let [low, middle, high] = ends.map(show);
        let text = format!("{middle} ({low} to {high}){invalid}{commit}{changed}");
        let name = run(at).started_at.get(..16).unwrap_or(&run(at).started_at).replace('T', " ");
        return Drawn { x: times[at], ends, invalid: point.invalid, name, text };
    }
    let values: Vec<f64> = of.iter().map(|point: &HistoryPoint| point.value.value.exp()).collect();
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let ends = [low, median(&values).unwrap_or(low), high];
    let [low, middle, high] = ends.map(show);
    let day = |at: usize| run(at).started_at.get(..10).unwrap_or_default().to_owned();
    let name = format!("{} to {}", day(points.start), day(points.end - 1));
    let text = format!("median {middle} of {} runs ({low} to {high})", of.len());
    let x = 0.5 * (times[points.start] + times[points.end - 1]);
    Drawn { x, ends, invalid: of.iter().all(|point| point.invalid), name, text }
}

/// Label below a point: its date, or its commit if the points are in the order of commits.
fn date(one: &JudgedSeries, runs: &[&HistoryRun], at: usize, by_commits: bool) -> String {
    let commit = one.series.points[at].commit.as_deref().and_then(|commit| commit.get(..10));
    match commit {
        Some(commit) if by_commits => commit.to_owned(),
        _ => runs[one.series.runs[at]].started_at.get(..10).unwrap_or_default().to_owned(),
    }
}

fn subtitle(one: &JudgedSeries) -> String {
    let count = wording::pluralize(one.series.points.len(), "value");
    let count = match one.series.key.quantity {
        Quantity::Ratio => count,
        Quantity::Seconds => format!("{count} in seconds"),
    };
    match &one.levels {
        None => format!("{count}, too few to be judged"),
        Some(levels) => {
            let changes = wording::pluralize(levels.changes.len(), "change");
            format!(
                "{count}, {changes} of level; a value scatters by {} about its level",
                wording::share(levels.noise)
            )
        }
    }
}

fn description(one: &JudgedSeries) -> String {
    let changes = one.levels.iter().flat_map(|levels| &levels.changes);
    let changes: Vec<String> =
        changes.map(|change| format!("{:+.1}%", 100.0 * change.change.value.exp_m1())).collect();
    let changes = if changes.is_empty() { "none".to_owned() } else { changes.join(", ") };
    format!("{}. Changes: {changes}.", subtitle(one))
}
