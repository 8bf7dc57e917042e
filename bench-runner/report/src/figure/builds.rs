//! Figure of one block: its builds in the order they were made, and each arm's median and interval on the same
//! axis.

use bench_runner_core::compare::{ArmResult, BlockResult, Point, Summary};
use plotters::element::PathElement;

use super::axis::NumberAxis;
use super::backend::units;
use super::chart::{ChartFrame, area, draw, place, rows, stroke, x_axis, y_axis};
use super::elements::{IntervalLook, IntervalMark, PointMark};
use super::labels::{self, DirectLabel};
use super::outliers::{LEAST_SPAN, can_be_drawn, exclamation_marks, longest_shown};
use super::palette::{Ink, PointShape};
use super::scene::{Anchor, EDGE, Label, Scene, ScenePosition, Tooltip, WIDTH};
use super::series::{self, Series};
use super::wording::{self, ColumnDigits, TimeUnit};

/// Upper end of the plot.
const TOP: f64 = 92.0;
/// Left and right end of the plot of the builds.
const PLOT: (f64, f64) = (76.0, 576.0);
/// Left and right end of the strip of medians.
const STRIP: (f64, f64) = (588.0, 676.0);
/// Left and right end of the labels.
const LABELS: (f64, f64) = (704.0, WIDTH - EDGE);
/// Minimum height of the plot.
const LEAST: f64 = 300.0;
/// Height of ticks and title below the plot.
const BELOW: f64 = 40.0;
/// Height of the part above the axis that has the builds beyond it.
const BEYOND: f64 = 26.0;
/// Height of the names of sessions.
const SESSIONS: f64 = 18.0;
/// Number of builds above which they are drawn smaller.
const CROWDED: usize = 400;
/// Width of a round from which rounds are shaded.
const SHADED_FROM: f64 = 6.0;

/// Scene of one block.
pub(crate) fn scene(block: &BlockResult) -> Scene {
    let any_failed = block.arms.iter().any(|arm| arm.failures > 0);
    let series = series::for_block(block, labels::name_room(LABELS.1 - LABELS.0, any_failed));
    let unit = TimeUnit::for_block(block);
    let mut scene = Scene::new(&block.title, description(block, unit));
    scene.heading(&block.title, &wording::progress(block));
    match Plot::new(&series, unit) {
        Some(plot) => plot.draw(&mut scene, &series),
        None => {
            let bottom = TOP + labels::height(series.len()).max(60.0);
            scene.text(Label::new((PLOT.0, TOP + 16.0), "no build to show", 13.0, Ink::Muted));
            arm_labels(&mut scene, &series, unit, (bottom, &[]));
            scene.height = bottom + 24.0;
        }
    }
    scene
}

fn description(block: &BlockResult, unit: TimeUnit) -> String {
    let arms = block.arms.iter().map(|arm| {
        let text = arm.wall().map_or_else(|| wording::why_no_ratio(arm), |wall| median(&wall, unit));
        format!("{} {text}", wording::arm_name(arm))
    });
    let arms: Vec<_> = arms.collect();
    let walls: Vec<_> = block.arms.iter().filter_map(|arm| arm.wall()).collect();
    let ends = series::around_median(walls.iter());
    format!("{}. Median wall time and {ends}: {}.", wording::progress(block), arms.join("; "))
}

fn median(wall: &Summary, unit: TimeUnit) -> String {
    let shown = wording::time(wall, unit);
    format!("{} {} ({}–{})", shown.estimate, unit.symbol(), shown.low, shown.high)
}

/// Tooltips with the index of the arm and the number of the build.
type KeyedTooltips = Vec<((usize, u32), Tooltip)>;

/// Titles and notes of the charts of a block's builds.
struct Charts {
    tooltips: KeyedTooltips,
    /// Horizontal positions of the boundaries of sessions.
    sessions: Vec<f64>,
    /// Vertical positions of the medians.
    medians: Vec<Option<f64>>,
}

/// The builds of a block and their axes.
struct Plot {
    points: Vec<Point>,
    unit: TimeUnit,
    x: NumberAxis,
    y: NumberAxis,
    longest: f64,
    /// Median of the baseline.
    median: Option<f64>,
    /// Upper end of the axis of times, and its lower end.
    down: (f64, f64),
    sessions: Vec<(f64, u32)>,
}

impl Plot {
    /// `None` without a build that can be drawn.
    fn new(series: &[Series<'_>], unit: TimeUnit) -> Option<Self> {
        let mut points: Vec<Point> =
            series.iter().flat_map(|s| &s.arm.points).filter(can_be_drawn).copied().collect();
        points.sort_by_key(|point| point.order);
        let (first, last) = (points.first()?.order + 1, points.last()?.order + 1);
        let pad = 0.5 + f64::from(last - first) * 0.015;
        let ends = (f64::from(first) - pad, f64::from(last) + pad);
        let x = NumberAxis::marked(ends, round_ticks(&points));
        let longest = longest_shown(&points);
        let sessions = boundaries(&points, |point| point.session);
        let named = if sessions.is_empty() { 0.0 } else { SESSIONS };
        let beyond = if points.iter().any(|point| point.wall > longest) { BEYOND } else { 0.0 };
        let top = TOP + named + beyond;
        let bottom = (TOP + labels::height(series.len())).max(top + LEAST);
        let shown = points.iter().map(|point| point.wall).filter(|wall| *wall <= longest);
        let wanted = ((bottom - top) / 50.0) as usize;
        let y = NumberAxis::quantities(shown.map(|wall| unit.convert(wall)), LEAST_SPAN, wanted);
        let median = series::baseline_median(series).map(|median| unit.convert(median));
        Some(Self { points, unit, x, y, longest, median, down: (top, bottom), sessions })
    }

    fn is_beyond(&self, point: &Point) -> bool {
        point.wall > self.longest
    }

    /// Upper end of the part that has builds, beyond the axis or not.
    fn top(&self) -> f64 {
        if self.points.iter().any(|point| self.is_beyond(point)) { self.down.0 - BEYOND } else { self.down.0 }
    }

    fn draw(&self, scene: &mut Scene, series: &[Series<'_>]) {
        scene.text(Label::new((EDGE, TOP - 14.0), self.axis_title(), 11.0, Ink::Muted));
        self.rounds(scene);
        let Charts { tooltips, sessions, medians } = self.charts(scene, series);
        self.session_names(scene, &sessions);
        let mut tooltips = tooltips;
        tooltips.extend(self.beyond(scene, series));
        // Arm by arm, each in the order of its builds.
        tooltips.sort_by_key(|(key, _)| *key);
        scene.tooltips.extend(tooltips.into_iter().map(|(_, tooltip)| tooltip));
        let walls: Vec<Summary> = series.iter().filter_map(|s| s.arm.wall()).collect();
        let heading = format!("median, {}", series::around_median(walls.iter()));
        scene.text(Label::new((STRIP.0, TOP - 14.0), heading, 11.0, Ink::Muted));
        arm_labels(scene, series, self.unit, (self.down.1, &medians));
        self.caption(scene);
    }

    fn axis_title(&self) -> String {
        format!("wall time; axis {}", self.y.extent_text(self.unit.symbol(), self.median))
    }

    /// Shades every other round.
    fn rounds(&self, scene: &mut Scene) {
        let starts = boundaries(&self.points, |point| point.round);
        let width = (PLOT.1 - PLOT.0) / (starts.len() + 1) as f64;
        if width < SHADED_FROM {
            return;
        }
        draw(scene, |canvas| {
            let frame = ChartFrame::bare(PLOT, (self.top(), self.down.1));
            let chart = frame.chart(canvas, (self.x.clone(), rows(1.0)))?;
            for (index, (start, _)) in starts.iter().enumerate().step_by(2) {
                let end = starts.get(index + 1).map_or(f64::MAX, |(end, _)| *end);
                chart.plotting_area().draw(&area((*start, 0.0), (end, 1.0), Ink::Round))?;
            }
            Ok(())
        });
    }

    /// Draws builds and medians.
    fn charts(&self, scene: &mut Scene, series: &[Series<'_>]) -> Charts {
        let half = if self.points.len() > CROWDED { 3.0 } else { 4.0 };
        draw(scene, |canvas| {
            let frame = ChartFrame { left: PLOT.0, below: BELOW, ..ChartFrame::bare(PLOT, self.down) };
            let mut chart = frame.chart(canvas, (self.x.clone(), self.y.clone()))?;
            y_axis(&mut chart)?;
            x_axis(&mut chart, false, "rounds, each with its builds in the order they were made")?;
            let plot = chart.plotting_area();
            let (mut tooltips, mut outliers) = (Vec::new(), Vec::new());
            // The baseline and its twin come first in a block, so the variants are drawn over them.
            for (arm, one) in series.iter().enumerate() {
                for point in one.arm.points.iter().filter(can_be_drawn).filter(|point| !self.is_beyond(point))
                {
                    let at = self.position(point);
                    plot.draw(&PointMark { at, shape: one.shape, half, ink: one.ink })?;
                    let (x, y) = place(&chart, at);
                    tooltips.push(((arm, point.order), self.tooltip(one, point, (x, y))));
                    if point.outlier {
                        outliers.push((x, y - half - 3.5));
                    }
                }
            }
            exclamation_marks(canvas, &outliers)?;
            let sessions = self.sessions.iter().map(|(at, _)| place(&chart, (*at, 0.0)).0).collect();
            let strip = ChartFrame::bare(STRIP, self.down);
            let columns = NumberAxis::linear((0.0, series.len() as f64), 1);
            let mut strip = strip.chart(canvas, (columns, self.y.clone()))?;
            y_axis(&mut strip)?;
            let mut medians = Vec::new();
            for (index, one) in series.iter().enumerate() {
                let wall = one.arm.wall();
                medians.push(match wall.and_then(|wall| self.interval(one, &wall, index as f64 + 0.5)) {
                    Some(mark) => {
                        strip.plotting_area().draw(&mark)?;
                        Some(place(&strip, mark.places[1]).1)
                    }
                    None => None,
                });
            }
            Ok(Charts { tooltips, sessions, medians })
        })
    }

    fn position(&self, point: &Point) -> (f64, f64) {
        (f64::from(point.order) + 1.0, self.unit.convert(point.wall))
    }

    /// An arm's median and interval in its column of the strip.
    fn interval(&self, one: &Series<'_>, wall: &Summary, column: f64) -> Option<IntervalMark> {
        let values = [wall.low, wall.median, wall.high].map(|wall| self.unit.convert(wall));
        let look = IntervalLook::Point { shape: one.shape, ink: one.ink, width: 1.6, half: 4.5 };
        let beyond = (!self.y.contains(values[0]), !self.y.contains(values[2]));
        let is_finite = values.iter().all(|value| value.is_finite());
        is_finite.then(|| IntervalMark { places: values.map(|value| (column, value)), look, beyond })
    }

    fn tooltip(&self, one: &Series<'_>, point: &Point, at: ScenePosition) -> Tooltip {
        let time = format!("{} {}", wording::seconds(point.wall, self.unit), self.unit.symbol());
        let outlier = if point.outlier { ", an outlier" } else { "" };
        let text = format!("{time}, round {}{outlier}", point.round);
        Tooltip { from: at, to: at, name: wording::arm_name(one.arm), text }
    }

    /// Outliers beyond the axis, each with its time if there is room.
    fn beyond(&self, scene: &mut Scene, series: &[Series<'_>]) -> KeyedTooltips {
        let mut marks: Vec<(usize, &Point)> = Vec::new();
        for (arm, one) in series.iter().enumerate() {
            let points = one.arm.points.iter().filter(can_be_drawn);
            marks.extend(points.filter(|point| self.is_beyond(point)).map(|point| (arm, point)));
        }
        if marks.is_empty() {
            return Vec::new();
        }
        marks.sort_by_key(|(_, point)| point.order);
        let middle = self.top() + BEYOND / 2.0 - 2.0;
        let places = draw(scene, |canvas| {
            let frame = ChartFrame::bare(PLOT, (self.top(), self.down.0));
            let chart = frame.chart(canvas, (self.x.clone(), rows(1.0)))?;
            let mut places = Vec::new();
            for (arm, point) in &marks {
                let one = &series[*arm];
                let x = place(&chart, (f64::from(point.order) + 1.0, 0.5)).0;
                let at = (units(x), units(middle + 4.0));
                canvas.draw(&PointMark { at, shape: one.shape, half: 4.0, ink: one.ink })?;
                let at = (units(x), units(middle - 6.0));
                canvas.draw(&PointMark { at, shape: PointShape::Up, half: 3.5, ink: Ink::Outlier })?;
                places.push(x);
            }
            let line = [(PLOT.0, self.down.0 - 2.0), (PLOT.1, self.down.0 - 2.0)];
            let line = line.map(|(x, y)| (units(x), units(y)));
            canvas.draw(&PathElement::new(line, stroke(Ink::Control, 1.0)))?;
            Ok(places)
        });
        let label = Label::new((PLOT.0 - 8.0, middle), "longer", 11.0, Ink::Muted).anchored(Anchor::End);
        scene.text(label);
        self.beyond_labels(scene, &marks, &places, middle);
        let tooltips = marks.iter().zip(places).map(|((arm, point), x)| {
            let tooltip = self.tooltip(&series[*arm], point, (x, middle + 4.0));
            let text = format!("{}, beyond the axis", tooltip.text);
            ((*arm, point.order), Tooltip { text, ..tooltip })
        });
        tooltips.collect()
    }

    /// Times of the outliers at `places`; one that would lie on its neighbor is left to its tooltip.
    fn beyond_labels(&self, scene: &mut Scene, marks: &[(usize, &Point)], places: &[f64], middle: f64) {
        let mut free_from = PLOT.0;
        for (index, ((_, point), x)) in marks.iter().zip(places).enumerate() {
            let time = format!("{} {}", wording::seconds(point.wall, self.unit), self.unit.symbol());
            let label = Label::new((x + 8.0, middle), time, 11.0, Ink::Text);
            let next = places.get(index + 1).map_or(PLOT.1, |next| next - 8.0);
            if x + 8.0 + label.width() <= next {
                free_from = x + 12.0 + label.width();
                scene.text(label);
            } else if x - 8.0 - label.width() >= free_from {
                scene.text(Label { place: (x - 8.0, middle), ..label }.anchored(Anchor::End));
                free_from = x + 8.0;
            } else {
                free_from = x + 8.0;
            }
        }
    }

    /// Lines between sessions, and their names where there is room.
    fn session_names(&self, scene: &mut Scene, places: &[f64]) {
        let Some(first) = self.points.first().filter(|_| !self.sessions.is_empty()) else { return };
        let numbers = self.sessions.iter().map(|(_, number)| *number);
        let starts: Vec<(f64, u32)> =
            std::iter::once((PLOT.0, first.session)).chain(places.iter().copied().zip(numbers)).collect();
        for (index, (start, number)) in starts.iter().enumerate() {
            let end = starts.get(index + 1).map_or(PLOT.1, |next| next.0);
            if index > 0 {
                scene.line((*start, TOP), (*start, self.down.1), 1.0, Ink::Muted);
            }
            let named = [format!("build directories {number}"), number.to_string()].into_iter();
            let labels = named.map(|text| Label::new((start + 5.0, TOP + 7.0), text, 10.0, Ink::Muted));
            // A label that does not fit is left out: the lines alone show where sessions end.
            if let Some(label) = labels.into_iter().find(|label| label.width() + 8.0 < end - start) {
                scene.text(label);
            }
        }
    }

    fn caption(&self, scene: &mut Scene) {
        let mut parts = vec!["Each mark is a build; every other round is shaded.".to_owned()];
        if self.points.iter().any(|point| point.outlier) {
            let beyond = self.points.iter().any(|point| self.is_beyond(point));
            let beyond = if beyond { " (▲: beyond the axis)" } else { "" };
            parts.push(format!("! marks an outlier{beyond}, which is kept."));
        }
        let y = self.down.1 + BELOW + 16.0;
        let text = Label::new((EDGE, y), parts.join(" "), 11.0, Ink::Muted);
        scene.text(text.within(WIDTH - 2.0 * EDGE));
        scene.height = y + 20.0;
    }
}

/// Most numbers of rounds on the axis.
const MOST_TICKS: usize = 12;

/// Middle and number of rounds, as many as the axis has room for.
fn round_ticks(points: &[Point]) -> Vec<(f64, String)> {
    let rounds: Vec<&[Point]> = points.chunk_by(|one, next| one.round == next.round).collect();
    let steps = [1, 2, 5].into_iter().cycle().zip(0..).map(|(step, at)| step * 10usize.pow(at / 3));
    let step = steps.take(18).find(|step| rounds.len() / step <= MOST_TICKS).unwrap_or(usize::MAX);
    let middle = |round: &[Point]| {
        let [first, last] = [0, round.len() - 1].map(|at| f64::from(round[at].order));
        (first + last) / 2.0 + 1.0
    };
    let is_marked = |round: &&&[Point]| (round[0].round as usize).is_multiple_of(step);
    rounds.iter().filter(is_marked).map(|round| (middle(round), round[0].round.to_string())).collect()
}

/// Boundaries between parts of the run: position between two builds, and number of the part that begins
/// there.
fn boundaries(points: &[Point], part: impl Fn(&Point) -> u32) -> Vec<(f64, u32)> {
    let between = |a: &Point, b: &Point| (f64::from(a.order) + f64::from(b.order)) / 2.0 + 1.0;
    let pairs = points.iter().zip(points.iter().skip(1));
    pairs.filter(|(a, b)| part(a) != part(b)).map(|(a, b)| (between(a, b), part(b))).collect()
}

/// Name, median and interval of each arm; they are also the legend.
fn arm_labels(
    scene: &mut Scene,
    series: &[Series<'_>],
    unit: TimeUnit,
    (bottom, medians): (f64, &[Option<f64>]),
) {
    if series.is_empty() {
        scene.text(Label::new((LABELS.0, TOP + 16.0), "nothing was planned", 13.0, Ink::Muted));
    }
    let walls: Vec<Summary> = series.iter().filter_map(|one| one.arm.wall()).collect();
    let digits = ColumnDigits::of_times(&walls, unit);
    let median = |wall: Summary| {
        let [median, low, high] = [wall.median, wall.low, wall.high].map(|wall| digits.time(wall, unit));
        format!("{median} {} ({low}–{high})", unit.symbol())
    };
    let value = |arm: &ArmResult| arm.wall().map_or_else(|| why_no_interval(arm), median);
    let places = medians.iter().copied().chain(std::iter::repeat(None));
    let labels: Vec<DirectLabel<'_>> = series
        .iter()
        .zip(places)
        .map(|(series, at)| DirectLabel { series, at, value: value(series.arm) })
        .collect();
    labels::direct_labels(scene, &labels, (STRIP.1, LABELS.0, LABELS.1), (TOP, bottom));
}

/// Reason why an arm has no interval, without the number of failures, which is elsewhere in its label.
fn why_no_interval(arm: &ArmResult) -> String {
    let only_failures = arm.not_timed.is_none() && arm.failures > 0;
    if only_failures { "no build succeeded".to_owned() } else { wording::why_no_ratio(arm) }
}
