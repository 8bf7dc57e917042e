//! Figure of one series over many runs: values with intervals, levels, changes, what else changed then, and above the plot
//! alarms and accepted levels.

mod labels;
mod lanes;

use std::ops::Range;

use bench_runner_core::history::{Event, HistoryOrder, HistoryPoint, HistoryRun, JudgedSeries, Quantity};
use bench_runner_core::stats::{ChangePoint, LEVEL, MIN_SERIES, median};
use plotters::element::PathElement;

use super::axis::NumberAxis;
use super::backend::units;
use super::chart::{Chart, ChartCanvas, ChartError, ChartFrame, draw, place, stroke, y_axis};
use super::elements::PointMark;
use super::palette::{Ink, PointShape};
use super::scene::{EDGE, Scene, Tooltip, WIDTH};
use super::wording;
use lanes::MarkLanes;

pub(crate) use lanes::{HistoryMark, HistoryMarkKind};

/// Upper and lower end of the plot, without marks above it.
const DOWN: (f64, f64) = (86.0, 246.0);
/// Left and right end of the plot.
const ACROSS: (f64, f64) = (84.0, WIDTH - EDGE);
/// Height of the scene, without marks.
const HEIGHT: f64 = 280.0;
/// Smallest span of an axis of times, as a share.
const LEAST_SPAN: f64 = 0.02;
/// Height of the sizes of changes, above the values.
const CHANGES: f64 = 18.0;
/// Number of points above which they are drawn smaller.
const CROWDED: usize = 150;

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

/// Days since 1970 of the starts of runs; `None` for a start that is not a time.
pub(crate) fn days_of(runs: &[&HistoryRun]) -> Vec<Option<f64>> {
    runs.iter().map(|run| days(&run.started_at)).collect()
}

/// A series that can be drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DrawableSeries<'h> {
    pub(crate) one: &'h JudgedSeries,
    runs: &'h [&'h HistoryRun],
    order: HistoryOrder,
    /// Places of the points: days, or their numbers if they are in another order.
    times: Vec<f64>,
}

/// Positions in a chart, for what is drawn around it.
struct ChartPositions {
    tooltips: Vec<Tooltip>,
    /// Of each point, from the left.
    across: Vec<f64>,
}

impl<'h> DrawableSeries<'h> {
    /// With `days` of the runs.
    pub(crate) fn new(
        one: &'h JudgedSeries,
        (runs, days, order): (&'h [&'h HistoryRun], &[Option<f64>], HistoryOrder),
    ) -> Self {
        let times: Option<Vec<f64>> = one.series.runs.iter().map(|&run| days[run]).collect();
        let numbers = || (0..one.series.points.len()).map(|at| at as f64).collect();
        let is_in_time = |times: &Vec<f64>| times.is_sorted() && order == HistoryOrder::Time;
        let times = times.filter(is_in_time).unwrap_or_else(numbers);
        Self { one, runs, order, times }
    }

    /// Number of values that are drawn.
    pub(crate) fn values(&self, detail: HistoryDetail) -> usize {
        self.stretches(detail).len()
    }

    /// Stretches of points that are drawn as one value each.
    fn stretches(&self, detail: HistoryDetail) -> Vec<Range<usize>> {
        let newest = self.times.last().copied().unwrap_or(0.0);
        let changes: Vec<usize> = self.changes().map(|change| self.one.point_of(change.at)).collect();
        let mut found: Vec<Range<usize>> = Vec::new();
        let mut before = None;
        for (at, time) in self.times.iter().enumerate() {
            let age = newest - time;
            // A change of level is never within a stretch.
            let level = changes.iter().filter(|change| **change <= at).count();
            let single = age <= detail.full_days || self.order != HistoryOrder::Time;
            let stretch = if single { at as i64 } else { -1 - (age / detail.older_days) as i64 };
            match found.last_mut() {
                Some(last) if before == Some((stretch, level)) => last.end = at + 1,
                _ => found.push(at..at + 1),
            }
            before = Some((stretch, level));
        }
        found
    }

    fn changes(&self) -> impl Iterator<Item = &'h ChangePoint> {
        self.one.levels.iter().flat_map(|levels| &levels.changes)
    }

    /// Scene of the series.
    pub(super) fn scene(
        &self,
        (events, marks): (&[Event], &[HistoryMark]),
        title: &str,
        detail: HistoryDetail,
    ) -> Scene {
        let stretches = self.stretches(detail).into_iter();
        let drawn: Vec<Drawn> = stretches.map(|points| self.drawn(events, points)).collect();
        let mut scene = Scene::new(title, description(self.one, marks));
        let lanes = MarkLanes::new(marks);
        let strip = if self.changes().next().is_some() { CHANGES } else { 0.0 };
        let down = (DOWN.0 + lanes.height(), DOWN.1 + lanes.height() + strip);
        scene.heading(title, &subtitle(self.one));
        scene.height = HEIGHT + lanes.height() + strip;
        if drawn.is_empty() {
            return scene;
        }
        let ChartPositions { mut tooltips, across } =
            draw(&mut scene, |canvas| self.draw_chart(canvas, (down, strip), &drawn, events));
        self.draw_changes(&mut scene, &across, down);
        self.draw_places(&mut scene, &across, down.1);
        tooltips.extend(lanes.draw(&mut scene, |at| across[at], |at| self.moment(at)));
        // From the left to the right, the point of a night first.
        tooltips.sort_by(|one, other| one.from.0.total_cmp(&other.from.0));
        scene.tooltips = tooltips;
        scene
    }

    fn draw_chart(
        &self,
        canvas: &ChartCanvas<'_>,
        ((top, bottom), strip): ((f64, f64), f64),
        drawn: &[Drawn],
        events: &[Event],
    ) -> Result<ChartPositions, ChartError> {
        let frame = ChartFrame { left: ACROSS.0 - EDGE, ..ChartFrame::bare(ACROSS, (top + strip, bottom)) };
        let mut chart = frame.chart(canvas, (self.time_axis(), value_axis(self.one, drawn)))?;
        y_axis(&mut chart)?;
        let tooltips = self.draw_values(&chart, drawn)?;
        let x = |time: &f64| place(&chart, (*time, y_middle(drawn))).0;
        let across: Vec<f64> = self.times.iter().map(x).collect();
        draw_events(canvas, top, events.iter().map(|event| across[event.at]))?;
        Ok(ChartPositions { tooltips, across })
    }

    fn time_axis(&self) -> NumberAxis {
        let (first, last) = (self.times[0], self.times[self.times.len() - 1]);
        let pad = if last > first { (last - first) * 0.02 } else { 0.5 };
        NumberAxis::linear((first - pad, last + pad), 1)
    }

    /// Draws intervals, levels and points, and returns the tooltips of the points.
    fn draw_values(
        &self,
        chart: &Chart<'_, NumberAxis, NumberAxis>,
        drawn: &[Drawn],
    ) -> Result<Vec<Tooltip>, ChartError> {
        let plot = chart.plotting_area();
        for one in drawn {
            let line = [(one.x, one.ends[0]), (one.x, one.ends[2])];
            plot.draw(&PathElement::new(line, stroke(Ink::Control, 1.4)))?;
        }
        for (from, to, level) in level_lines(self.one, &self.times) {
            plot.draw(&PathElement::new([(from, level), (to, level)], stroke(Ink::Text, 1.6)))?;
        }
        let half = if drawn.len() > CROWDED { 1.8 } else { 3.0 };
        let mut tooltips = Vec::with_capacity(drawn.len());
        for one in drawn {
            let (shape, ink) =
                if one.invalid { (PointShape::Ring, Ink::Muted) } else { (PointShape::Disc, Ink::Arm(0)) };
            let at = (one.x, one.ends[1]);
            plot.draw(&PointMark { at, shape, half, ink })?;
            let at = place(chart, at);
            tooltips.push(Tooltip { from: at, to: at, name: one.name.clone(), text: one.text.clone() });
        }
        Ok(tooltips)
    }

    fn run(&self, at: usize) -> &'h HistoryRun {
        self.runs[self.one.series.runs[at]]
    }

    fn drawn(&self, events: &[Event], points: Range<usize>) -> Drawn {
        match &self.one.series.points[points.clone()] {
            [point] => self.drawn_point(events, points.start, point),
            several => self.drawn_stretch(points, several),
        }
    }

    fn drawn_point(&self, events: &[Event], at: usize, point: &HistoryPoint) -> Drawn {
        let (low, high) = point.value.interval(LEVEL);
        let ends = [low, point.value.value, high].map(f64::exp);
        let here: Vec<&str> =
            events.iter().filter(|event| event.at == at).map(|event| event.fact.as_str()).collect();
        let changed = if here.is_empty() { String::new() } else { format!("; changed: {}", here.join(", ")) };
        let commit = point.commit.as_deref().and_then(|commit| commit.get(..10));
        let commit = commit.map(|commit| format!(", commit {commit}")).unwrap_or_default();
        let compiler = point.compiler.as_ref().map(|compiler| format!(", {compiler}")).unwrap_or_default();
        let invalid = if point.invalid { ", invalid" } else { "" };
        let [low, middle, high] = ends.map(|value| self.shown(value));
        let text = format!("{middle} ({low} to {high}){invalid}{commit}{compiler}{changed}");
        Drawn { x: self.times[at], ends, invalid: point.invalid, name: self.moment(at), text }
    }

    fn drawn_stretch(&self, points: Range<usize>, of: &[HistoryPoint]) -> Drawn {
        let values: Vec<f64> = of.iter().map(|point| point.value.value.exp()).collect();
        let low = values.iter().copied().fold(f64::INFINITY, f64::min);
        let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let ends = [low, median(&values).unwrap_or(low), high];
        let [low, middle, high] = ends.map(|value| self.shown(value));
        let name = format!("{} to {}", self.day(points.start), self.day(points.end - 1));
        let text = format!("median {middle} of {} runs ({low} to {high})", of.len());
        let x = 0.5 * (self.times[points.start] + self.times[points.end - 1]);
        Drawn { x, ends, invalid: of.iter().all(|point| point.invalid), name, text }
    }

    /// A value for readers.
    fn shown(&self, value: f64) -> String {
        match self.one.series.key.quantity {
            Quantity::Ratio => format!("{value:.3}×"),
            Quantity::Seconds => format!("{value:.3} s"),
        }
    }

    /// Day and time of a point's run.
    fn moment(&self, at: usize) -> String {
        let started_at = &self.run(at).started_at;
        started_at.get(..16).unwrap_or(started_at).replace('T', " ")
    }

    /// Day of a point's run.
    fn day(&self, at: usize) -> &'h str {
        self.run(at).started_at.get(..10).unwrap_or_default()
    }
}

/// Draws a triangle above the plot at each event, from left to right; of several at one place, one.
fn draw_events(
    canvas: &ChartCanvas<'_>,
    top: f64,
    places: impl Iterator<Item = f64>,
) -> Result<(), ChartError> {
    let mut last = f64::NEG_INFINITY;
    for x in places {
        if last < x {
            last = x;
            let at = (units(x), units(top - 6.0));
            canvas.draw(&PointMark { at, shape: PointShape::Down, half: 3.5, ink: Ink::Outlier })?;
        }
    }
    Ok(())
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

fn subtitle(one: &JudgedSeries) -> String {
    let count = wording::pluralize(one.series.points.len(), "value");
    let count = match one.series.key.quantity {
        Quantity::Ratio => count,
        Quantity::Seconds => format!("{count} in seconds"),
    };
    match &one.levels {
        None => format!("{count}, too few to be judged (at least {MIN_SERIES} are needed)"),
        Some(levels) => {
            let changes = match levels.changes.len() {
                0 => "no change".to_owned(),
                count => wording::pluralize(count, "change"),
            };
            format!(
                "{count}, {changes} of level; a value scatters by {} about its level",
                wording::share(levels.noise)
            )
        }
    }
}

fn description(one: &JudgedSeries, marks: &[HistoryMark]) -> String {
    let changes = one.levels.iter().flat_map(|levels| &levels.changes);
    let changes: Vec<String> =
        changes.map(|change| format!("{:+.1}%", 100.0 * change.change.value.exp_m1())).collect();
    let changes = if changes.is_empty() { "none".to_owned() } else { changes.join(", ") };
    let marks: String = marks.iter().map(|mark| format!(" {}.", wording::capitalized(&mark.text))).collect();
    format!("{}. Changes: {changes}.{marks}", subtitle(one))
}
