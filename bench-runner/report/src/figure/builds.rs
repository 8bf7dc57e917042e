//! Figure of one block: its builds in the order they were made, and each arm's median and interval.

use bench_runner_core::compare::{ArmResult, BlockResult, Point};
use bench_runner_core::record::Role;

use super::marks;
use super::palette::Ink;
use super::scale::Scale;
use super::scene::{Anchor, EDGE, Label, Scene, Tooltip, WIDTH};
use super::series::{self, Series};
use super::wording::{self, TimeUnit};

/// Upper end of both panels.
const TOP: f64 = 96.0;
/// Left and right end of the plot of the builds.
const PLOT: (f64, f64) = (84.0, 556.0);
/// Left and right end of the rows of the arms.
const ROWS: (f64, f64) = (590.0, WIDTH - EDGE);
/// Left and right end of the intervals in the rows.
const INTERVALS: (f64, f64) = (608.0, 752.0);
/// Height of one row.
const ROW: f64 = 39.0;
/// Minimum height of the panels.
const LEAST: f64 = 300.0;
/// Height of ticks, axis titles and the caption below the panels.
const BELOW: f64 = 70.0;
/// Number of builds above which they are drawn smaller.
const CROWDED: usize = 400;

/// Maximum width of a name.
const NAME_ROOM: f64 = ROWS.1 - INTERVALS.0;
/// Width reserved for the number of failed builds.
const FAILED_ROOM: f64 = 76.0;

/// Scene of one block.
pub(crate) fn scene(block: &BlockResult) -> Scene {
    let series = series::for_block(block, name_room(block));
    let unit = TimeUnit::for_block(block);
    let bottom = TOP + (series.len() as f64 * ROW).max(LEAST);
    let mut scene = Scene::new(&block.title, description(block, unit));
    scene.height = bottom + BELOW;
    scene.heading(&block.title, &wording::progress(block));
    builds(&mut scene, &series, unit, bottom);
    rows(&mut scene, &series, unit, bottom);
    caption(&mut scene, block);
    scene
}

/// Maximum width of a name, minus the room for the number of failed builds if an arm has any.
fn name_room(block: &BlockResult) -> f64 {
    let failed = block.arms.iter().any(|arm| arm.failures > 0);
    if failed { NAME_ROOM - FAILED_ROOM } else { NAME_ROOM }
}

fn description(block: &BlockResult, unit: TimeUnit) -> String {
    let arms = block.arms.iter().map(|arm| {
        let text = arm.wall().map_or_else(|| wording::why_no_ratio(arm), |wall| median(&wall, unit));
        format!("{} {text}", wording::arm_name(arm))
    });
    let arms: Vec<_> = arms.collect();
    let walls: Vec<_> = block.arms.iter().filter_map(|arm| arm.wall()).collect();
    let ends = wording::around_median(walls.iter());
    format!("{}. Median wall time and {ends}: {}.", wording::progress(block), arms.join("; "))
}

fn median(wall: &bench_runner_core::compare::Summary, unit: TimeUnit) -> String {
    let shown = wording::time(wall, unit);
    format!("{} {} [{}, {}]", shown.estimate, unit.symbol(), shown.low, shown.high)
}

/// The builds in the order they were made.
fn builds(scene: &mut Scene, series: &[Series<'_>], unit: TimeUnit, bottom: f64) {
    let mut points: Vec<Point> = series.iter().flat_map(|s| s.arm.points.iter().copied()).collect();
    points.retain(|point| point.wall.is_finite() && point.wall > 0.0);
    points.sort_by_key(|point| point.order);
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        let middle = ((PLOT.0 + PLOT.1) / 2.0, (TOP + bottom) / 2.0);
        scene.text(Label::new(middle, "no build to show", 13.0, Ink::Muted).anchored(Anchor::Middle));
        return;
    };
    let (first_order, last_order) = (f64::from(first.order) + 1.0, f64::from(last.order) + 1.0);
    let pad = 0.5 + (last_order - first_order) * 0.015;
    let x = Scale::linear((first_order - pad, last_order + pad), PLOT);
    let sessions = boundaries(&points, |point| point.session);
    let headroom = if sessions.is_empty() { 0.0 } else { 20.0 };
    let y = Scale::for_times(points.iter().map(|point| point.wall), (bottom, TOP + headroom));
    time_axis(scene, &y, unit, bottom);
    order_axis(scene, &x, bottom);
    round_lines(scene, &x, &points, bottom);
    session_lines(scene, &x, &sessions, first.session, bottom);
    let half = if points.len() > CROWDED { 3.0 } else { 4.0 };
    // The baseline and its twin come first in a block, so the variants are drawn over them.
    for one in series {
        for point in one.arm.points.iter().filter(|point| point.wall.is_finite() && point.wall > 0.0) {
            let place = (x.place(f64::from(point.order) + 1.0), y.place(point.wall));
            marks::shape(scene, one.shape, place, half, one.ink);
            let (name, text) = (wording::arm_name(one.arm), build_tooltip(point, unit));
            scene.tooltips.push(Tooltip { from: place, to: place, name, text });
            if point.outlier {
                marks::ring(scene, place, half + 3.5, 1.3, Ink::Outlier);
            }
        }
    }
}

fn build_tooltip(point: &Point, unit: TimeUnit) -> String {
    let (time, symbol, build) = (wording::seconds(point.wall, unit), unit.symbol(), point.order + 1);
    let outlier = if point.outlier { ", an outlier" } else { "" };
    format!("{time} {symbol}, round {}, build {build}{outlier}", point.round)
}

fn time_axis(scene: &mut Scene, y: &Scale, unit: TimeUnit, bottom: f64) {
    let kind = if y.is_log() { ", logarithmic" } else { "" };
    let title = format!("wall time, {}{kind}", unit.symbol());
    scene.text(Label::new((EDGE, TOP - 16.0), title, 11.0, Ink::Muted));
    let axis = y.in_units(|seconds| unit.convert(seconds));
    let ticks = axis.ticks(((bottom - TOP) / 50.0) as usize);
    for (tick, label) in ticks.iter().zip(axis.labels(&ticks)) {
        let at = axis.place(*tick);
        scene.line((PLOT.0, at), (PLOT.1, at), 1.0, Ink::Grid);
        let label = Label::new((PLOT.0 - 8.0, at), label, 11.0, Ink::Muted).anchored(Anchor::End);
        scene.text(label.within(PLOT.0 - 12.0));
    }
    scene.line((PLOT.0, bottom), (PLOT.1, bottom), 1.0, Ink::Muted);
}

fn order_axis(scene: &mut Scene, x: &Scale, bottom: f64) {
    for tick in x.ticks(8).into_iter().filter(|tick| tick.fract() == 0.0 && *tick >= 1.0) {
        let at = x.place(tick);
        scene.line((at, bottom), (at, bottom + 4.0), 1.0, Ink::Muted);
        let label = Label::new((at, bottom + 14.0), format!("{tick}"), 11.0, Ink::Muted);
        scene.text(label.anchored(Anchor::Middle));
    }
    let middle = ((PLOT.0 + PLOT.1) / 2.0, bottom + 31.0);
    let title = "build, in the order in which they were made";
    scene.text(Label::new(middle, title, 11.0, Ink::Muted).anchored(Anchor::Middle));
}

/// Boundaries between parts of the run: position between two builds, and number of the part that begins
/// there.
fn boundaries(points: &[Point], part: impl Fn(&Point) -> u32) -> Vec<(f64, u32)> {
    let between = |a: &Point, b: &Point| (f64::from(a.order) + f64::from(b.order)) / 2.0 + 1.0;
    let pairs = points.iter().zip(points.iter().skip(1));
    pairs.filter(|(a, b)| part(a) != part(b)).map(|(a, b)| (between(a, b), part(b))).collect()
}

fn round_lines(scene: &mut Scene, x: &Scale, points: &[Point], bottom: f64) {
    let places: Vec<f64> =
        boundaries(points, |point| point.round).into_iter().map(|(at, _)| x.place(at)).collect();
    // Lines that are closer than this would merge into a gray area.
    let crowded = places.windows(2).any(|pair| pair[1] - pair[0] < 6.0);
    for place in places.into_iter().filter(|_| !crowded) {
        scene.line((place, TOP), (place, bottom), 1.0, Ink::Grid);
    }
}

fn session_lines(scene: &mut Scene, x: &Scale, sessions: &[(f64, u32)], first: u32, bottom: f64) {
    if sessions.is_empty() {
        return;
    }
    let starts: Vec<(f64, u32)> =
        std::iter::once((PLOT.0, first)).chain(sessions.iter().map(|(at, n)| (x.place(*at), *n))).collect();
    for (index, (start, session)) in starts.iter().enumerate() {
        let end = starts.get(index + 1).map_or(PLOT.1, |next| next.0);
        if index > 0 {
            scene.dashed(*start, (TOP, bottom), 1.2, Ink::Muted);
        }
        let named = [format!("session {session}"), session.to_string()].into_iter();
        let labels = named.map(|text| Label::new((start + 5.0, TOP + 9.0), text, 10.0, Ink::Muted));
        // A label that does not fit is left out: the lines alone show where sessions end.
        if let Some(label) = labels.into_iter().find(|label| label.width() + 8.0 < end - start) {
            scene.text(label);
        }
    }
}

/// Each arm's median and interval; the rows are also the legend.
fn rows(scene: &mut Scene, series: &[Series<'_>], unit: TimeUnit, bottom: f64) {
    let walls: Vec<_> = series.iter().filter_map(|s| s.arm.wall()).collect();
    let heading = format!("median and {}", wording::around_median(walls.iter()));
    scene.text(Label::new((ROWS.0, TOP - 16.0), heading, 11.0, Ink::Muted));
    let x = Scale::for_times(walls.iter().flat_map(|wall| [wall.low, wall.median, wall.high]), INTERVALS);
    let baseline = series.iter().find(|s| s.arm.role == Role::Baseline).and_then(|s| s.arm.wall());
    if series.is_empty() {
        scene.text(Label::new((ROWS.0, (TOP + bottom) / 2.0), "nothing was planned", 13.0, Ink::Muted));
    }
    for (index, one) in series.iter().enumerate() {
        let top = TOP + index as f64 * ROW;
        if let (Some(wall), Some(_)) = (baseline, one.arm.wall()) {
            scene.line((x.place(wall.median), top + 20.0), (x.place(wall.median), top + ROW), 1.0, Ink::Grid);
        }
        row(scene, one, (&x, unit), top);
    }
}

fn row(scene: &mut Scene, one: &Series<'_>, (x, unit): (&Scale, TimeUnit), top: f64) {
    let (name_y, value_y) = (top + 12.0, top + 28.0);
    scene.line((ROWS.0, top), (ROWS.1, top), 1.0, Ink::Grid);
    if !one.arm.points.is_empty() {
        marks::shape(scene, one.shape, (ROWS.0 + 6.0, name_y), 4.5, one.ink);
    }
    if one.arm.failures > 0 {
        let failed = format!("{} failed", one.arm.failures);
        let label = Label::new((ROWS.1, name_y), failed, 11.0, Ink::Slower).anchored(Anchor::End);
        scene.text(label.within(FAILED_ROOM - 4.0));
    }
    scene.text(Label::new((INTERVALS.0, name_y), &one.name, series::NAME_SIZE, Ink::Text));
    let Some(wall) = one.arm.wall() else {
        let reason = Label::new((INTERVALS.0, value_y), why_no_interval(one.arm), 11.0, Ink::Muted);
        return scene.text(reason.within(NAME_ROOM));
    };
    let ends = (x.place(wall.low), x.place(wall.high));
    marks::bar(scene, ends, x.place(wall.median), value_y, one.ink);
    let value = Label::new((ROWS.1, value_y), median(&wall, unit), 11.0, Ink::Text).anchored(Anchor::End);
    scene.text(value.within(ROWS.1 - INTERVALS.1 - 10.0));
}

/// Reason why a row has no interval, without the number of failures, which is elsewhere in the row.
fn why_no_interval(arm: &ArmResult) -> String {
    let only_failures = arm.not_timed.is_none() && arm.failures > 0;
    if only_failures { "no build succeeded".to_owned() } else { wording::why_no_ratio(arm) }
}

fn caption(scene: &mut Scene, block: &BlockResult) {
    let mut points = block.arms.iter().flat_map(|arm| &arm.points).peekable();
    if points.peek().is_none() {
        return;
    }
    let mut parts = vec!["Each mark is one build; thin upright lines part the rounds."];
    if points.any(|point| point.outlier) {
        parts.push("A circle marks an outlier, which is kept.");
    }
    parts.push("Axes do not start at zero.");
    let place = (EDGE, scene.height - 18.0);
    scene.text(Label::new(place, parts.join(" "), 11.0, Ink::Muted).within(WIDTH - 2.0 * EDGE));
}
