//! The figure of a run: every ratio with its interval, block by block, on one logarithmic axis.

use super::marks;
use super::palette::{Ink, Shape};
use super::scale::{self, Scale};
use super::scene::{Anchor, EDGE, Label, Scene, Tip, WIDTH};
use super::widths;
use super::wording::{self, TimeUnit};
use crate::compare::{ArmResult, BlockResult, Comparison, Ratio, TwinResult, Verdict};
use crate::record::Role;

/// Where names begin and how far they may go.
pub(super) const NAMES: (f64, f64) = (36.0, 264.0);
/// Font size of the names.
pub(super) const NAME_SIZE: f64 = 12.0;
/// Where the axis begins and ends.
pub(super) const AXIS: (f64, f64) = (276.0, 636.0);
/// Where the verdict stands.
pub(super) const VERDICT: f64 = 652.0;
/// Where the estimate and its interval end.
const NUMBERS: (f64, f64) = (808.0, WIDTH - EDGE);
/// What the estimate and its interval may take.
const NUMBER_ROOM: (f64, f64) = (72.0, 120.0);
/// Upper end of the first block.
const TOP: f64 = 74.0;
/// Height of the heading of a block.
const HEADING: f64 = 46.0;
/// Height of one row.
pub(super) const ROW: f64 = 26.0;
/// Blank between blocks.
const GAP: f64 = 12.0;
/// What ticks and the caption take below the blocks.
pub(super) const BELOW: f64 = 104.0;
/// From this change on, a factor reads better than per cent.
const AS_FACTOR: f64 = 3.0;

/// The scene of one run.
pub(crate) fn scene(comparison: &Comparison) -> Scene {
    let title = format!("{}: wall time against the baseline", comparison.scenario);
    let mut scene = Scene::new(&title, description(comparison));
    let room = WIDTH - 2.0 * EDGE;
    scene.text(Label::new((EDGE, 30.0), &title, 16.0, Ink::Text).bold().within(room));
    scene.text(Label::new((EDGE, 53.0), &comparison.machine, 12.0, Ink::Muted).within(room));
    if comparison.blocks.is_empty() {
        scene.text(Label::new((EDGE, 92.0), "no block was measured", 13.0, Ink::Muted));
        scene.height = 124.0;
        return scene;
    }
    let axis = Scale::log(range(&comparison.blocks), AXIS);
    let mut top = TOP;
    for one in &comparison.blocks {
        top = block(&mut scene, one, &axis, top) + GAP;
    }
    let bottom = top - GAP;
    scene.height = bottom + BELOW;
    axis_labels(&mut scene, &axis, bottom);
    caption(&mut scene, comparison, bottom + 52.0);
    scene
}

fn description(comparison: &Comparison) -> String {
    let mut says = Vec::new();
    for block in &comparison.blocks {
        let rows = block.arms.iter().filter(|arm| arm.role == Role::Variant).map(|arm| match &arm.ratio {
            Some(ratio) => {
                let (estimate, interval) = numbers(ratio);
                format!("{} {}, {estimate} {interval}", arm.variant, ratio.verdict.as_str())
            }
            None => format!("{} {}", arm.variant, wording::without_ratio(arm)),
        });
        let rows: Vec<_> = rows.collect();
        says.push(format!("{}: {}.", block.title, rows.join("; ")));
    }
    if says.is_empty() { "No block was measured.".to_owned() } else { says.join(" ") }
}

/// What the axis shows: every estimate, every margin, and of the intervals as much as leaves the estimates apart.
fn range(blocks: &[BlockResult]) -> (f64, f64) {
    let ratios = || blocks.iter().flat_map(|b| &b.arms).filter_map(|arm| arm.ratio);
    let twins = || blocks.iter().filter_map(|b| b.twin);
    let estimates = ratios().map(|r| r.ratio).chain(twins().map(|t| t.ratio));
    let margins = blocks.iter().flat_map(|b| [1.0 + b.margin, 1.0 / (1.0 + b.margin)]);
    let (low, high) = logs(estimates.chain(margins), (0.0, 0.0));
    let more = (0.6 * (high - low)).max(0.01);
    let ends =
        ratios().flat_map(|r| [r.low, r.high]).chain(twins().flat_map(|t| [ends_of(&t).0, ends_of(&t).1]));
    let (least, most) = logs(ends, (low, high));
    let (low, high) = (least.max(low - more), most.min(high + more));
    let pad = 0.04 * (high - low).max(0.02);
    ((low - pad).exp(), (high + pad).exp())
}

/// The smallest and largest logarithm of the usable values and of `range`.
pub(super) fn logs(values: impl Iterator<Item = f64>, range: (f64, f64)) -> (f64, f64) {
    let usable = values.filter(|value| value.is_finite() && *value > 0.0);
    usable.fold(range, |(low, high), value| (low.min(value.ln()), high.max(value.ln())))
}

/// The twin's interval.
fn ends_of(twin: &TwinResult) -> (f64, f64) {
    (twin.ratio / (1.0 + twin.half_width), twin.ratio * (1.0 + twin.half_width))
}

/// Draws a block from `top` on and returns where it ends.
fn block(scene: &mut Scene, block: &BlockResult, axis: &Scale, top: f64) -> f64 {
    let arms: Vec<_> = block.arms.iter().filter(|arm| arm.role != Role::Baseline).collect();
    let rows_top = top + HEADING;
    let bottom = rows_top + arms.len().max(1) as f64 * ROW;
    heading(scene, block, top);
    bands(scene, block, axis, (rows_top, bottom));
    for tick in axis.ratio_ticks(6) {
        scene.line((axis.place(tick), rows_top), (axis.place(tick), bottom), 1.0, Ink::Grid);
    }
    scene.line((axis.place(1.0), rows_top), (axis.place(1.0), bottom), 1.4, Ink::Muted);
    if arms.is_empty() {
        reason(scene, "nothing to compare", rows_top + ROW / 2.0);
    }
    let full: Vec<_> = arms.iter().map(|arm| row_name(arm)).collect();
    let names = widths::shorten_all(&full, NAMES.1 - NAMES.0, NAME_SIZE);
    for (index, (arm, name)) in arms.into_iter().zip(names).enumerate() {
        let y = rows_top + (index as f64 + 0.5) * ROW;
        let ink = if arm.ratio.is_some() { Ink::Text } else { Ink::Muted };
        scene.text(Label::new((NAMES.0, y), name, NAME_SIZE, ink));
        if let Some(text) = told(block, arm) {
            let (from, to) = ((EDGE, y - ROW / 2.0), (WIDTH - EDGE, y + ROW / 2.0));
            scene.tips.push(Tip { from, to, name: wording::arm_name(arm), text });
        }
        match (&arm.ratio, &block.twin) {
            (Some(ratio), _) => row(scene, ratio, axis, y),
            (None, Some(twin)) if arm.role == Role::Twin => twin_row(scene, twin, axis, y),
            (None, _) => reason(scene, &wording::without_ratio(arm), y),
        }
    }
    bottom
}

/// What is told of an arm in full; `None` where its row says all there is.
fn told(block: &BlockResult, arm: &ArmResult) -> Option<String> {
    let ratio = arm.ratio.as_ref()?;
    let (factor, change) = (wording::ratio(ratio), wording::change(ratio));
    let unit = TimeUnit::of_block(block);
    let median =
        arm.wall.map(|wall| format!(", median {} {}", wording::time(&wall, unit).estimate, unit.symbol()));
    Some(format!(
        "{}, {}× [{}, {}], {} %, {}{}, {} after correction",
        ratio.verdict.as_str(),
        factor.estimate,
        factor.low,
        factor.high,
        change.estimate,
        wording::counted(ratio.rounds, "round"),
        median.unwrap_or_default(),
        wording::p_value(ratio.p_holm),
    ))
}

/// The name of an arm, and how many of its builds failed where nothing else in its row says so.
fn row_name(arm: &ArmResult) -> String {
    let name = wording::arm_name(arm);
    let silent = arm.failures > 0 && (arm.ratio.is_some() || arm.role == Role::Twin);
    if silent { format!("{name} · {} failed", arm.failures) } else { name }
}

fn heading(scene: &mut Scene, block: &BlockResult, top: f64) {
    let room = WIDTH - 2.0 * EDGE;
    scene.line((EDGE, top), (WIDTH - EDGE, top), 1.0, Ink::Grid);
    scene.text(Label::new((EDGE, top + 15.0), &block.title, 13.0, Ink::Text).bold().within(room));
    let mut parts = Vec::new();
    if let Some(baseline) = block.arms.iter().find(|arm| arm.role == Role::Baseline) {
        let unit = TimeUnit::of_block(block);
        let time =
            baseline.wall.map(|wall| format!(" {} {}", wording::time(&wall, unit).estimate, unit.symbol()));
        let name = widths::shorten(&wording::arm_name(baseline), 330.0, 11.0, false);
        parts.push(format!("baseline {name}{}", time.unwrap_or_default()));
    }
    parts.push(wording::counted(block.rounds as usize, "round"));
    parts.push(format!("margin ±{}", wording::share(block.margin)));
    parts.push(match &block.twin {
        Some(_) if wording::is_invalid(block) => "the twin differs: the block shows nothing".to_owned(),
        Some(twin) => format!("noise floor ±{}", wording::share(twin.half_width)),
        None => "no noise floor".to_owned(),
    });
    scene.text(Label::new((EDGE, top + 33.0), parts.join(" · "), 11.0, Ink::Muted).within(room));
}

/// The margin of relevance as an area, and what the twin could not have shown as strokes over it.
fn bands(scene: &mut Scene, block: &BlockResult, axis: &Scale, (top, bottom): (f64, f64)) {
    let around_one = |share: f64| (axis.place(1.0 / (1.0 + share)), axis.place(1.0 + share));
    let (left, right) = around_one(block.margin);
    scene.rect((left, top), (right, bottom), Ink::Margin);
    if let Some(twin) = &block.twin {
        let (left, right) = around_one(twin.half_width);
        scene.hatch((left, top), (right, bottom), Ink::Noise);
        for edge in [left, right] {
            scene.line((edge, top), (edge, bottom), 1.0, Ink::Noise);
        }
    }
}

/// Words in place of an interval.
pub(super) fn reason(scene: &mut Scene, text: &str, y: f64) {
    let room = NUMBERS.1 - AXIS.0;
    let label = Label::new((AXIS.0 + 4.0, y), text, 11.0, Ink::Muted).within(room - 4.0);
    // Bands and lines behind small words would make them hard to read.
    scene.rect((AXIS.0, y - ROW / 2.0), (AXIS.0 + label.width().min(room) + 8.0, y + ROW / 2.0), Ink::Card);
    scene.text(label);
}

fn row(scene: &mut Scene, ratio: &Ratio, axis: &Scale, y: f64) {
    let (form, ink) = look(ratio.verdict);
    interval(scene, axis, (ratio.low, ratio.ratio, ratio.high), y, (form, ink));
    scene.text(Label::new((VERDICT, y), ratio.verdict.as_str(), 12.0, ink).bold());
    let (estimate, interval) = numbers(ratio);
    number_cells(scene, estimate, interval, y, Ink::Text);
}

/// The estimate and its interval, each in its column.
pub(super) fn number_cells(scene: &mut Scene, estimate: String, interval: String, y: f64, ink: Ink) {
    for (text, end, room) in [(estimate, NUMBERS.0, NUMBER_ROOM.0), (interval, NUMBERS.1, NUMBER_ROOM.1)] {
        scene.text(Label::new((end, y), text, 11.0, ink).anchored(Anchor::End).within(room));
    }
}

fn twin_row(scene: &mut Scene, twin: &TwinResult, axis: &Scale, y: f64) {
    let (low, high) = ends_of(twin);
    interval(scene, axis, (low, twin.ratio, high), y, (Shape::Ring, Ink::Muted));
    scene.text(Label::new((VERDICT, y), "control", 12.0, Ink::Muted));
    let (change, half_width) = wording::twin_change(twin);
    number_cells(scene, format!("{change} %"), format!("± {half_width} %"), y, Ink::Muted);
}

/// Shape and colour both say the verdict.
pub(super) fn look(verdict: Verdict) -> (Shape, Ink) {
    match verdict {
        Verdict::Faster => (Shape::Disc, Ink::Faster),
        Verdict::Slower => (Shape::Diamond, Ink::Slower),
        Verdict::Equivalent => (Shape::Square, Ink::Text),
        Verdict::Undecided => (Shape::Frame, Ink::Muted),
        Verdict::Invalid => (Shape::Cross, Ink::Muted),
    }
}

/// An interval on the axis, with an arrowhead at each end that lies beyond it.
pub(super) fn interval(
    scene: &mut Scene,
    axis: &Scale,
    (low, estimate, high): (f64, f64, f64),
    y: f64,
    (form, ink): (Shape, Ink),
) {
    if ![low, estimate, high].into_iter().all(f64::is_finite) {
        return;
    }
    let (left, right) = (axis.place(low), axis.place(high));
    scene.line((left, y), (right, y), 1.8, ink);
    for (end, place, to_right) in [(low, left, false), (high, right, true)] {
        if axis.holds(end) {
            scene.line((place, y - 4.0), (place, y + 4.0), 1.4, ink);
        } else {
            marks::arrowhead(scene, (place, y), to_right, ink);
        }
    }
    marks::shape(scene, form, (axis.place(estimate), y), 4.5, ink);
}

/// The change and its interval, as per cent or as a factor.
fn numbers(ratio: &Ratio) -> (String, String) {
    let (shown, sign) =
        if ratio.ratio >= AS_FACTOR { (wording::ratio(ratio), "×") } else { (wording::change(ratio), " %") };
    (format!("{}{sign}", shown.estimate), format!("[{}, {}]", shown.low, shown.high))
}

pub(super) fn axis_labels(scene: &mut Scene, axis: &Scale, bottom: f64) {
    scene.line((AXIS.0, bottom), (AXIS.1, bottom), 1.0, Ink::Muted);
    let ticks = axis.ratio_ticks(6);
    let labels = if axis.is_wide() {
        axis.labels(&ticks).into_iter().map(|number| format!("{number}×")).collect()
    } else {
        percent_labels(&ticks)
    };
    for (tick, label) in ticks.iter().zip(labels) {
        let at = axis.place(*tick);
        scene.line((at, bottom), (at, bottom + 4.0), 1.0, Ink::Muted);
        scene.text(Label::new((at, bottom + 14.0), label, 11.0, Ink::Muted).anchored(Anchor::Middle));
    }
    let y = bottom + 31.0;
    scene.text(Label::new((AXIS.0, y), "← less time", 11.0, Ink::Muted));
    scene.text(Label::new((AXIS.1, y), "more time →", 11.0, Ink::Muted).anchored(Anchor::End));
}

fn percent_labels(ticks: &[f64]) -> Vec<String> {
    let changes: Vec<f64> = ticks.iter().map(|tick| (tick - 1.0) * 100.0).collect();
    let signed = |number: String| match number.strip_prefix('-') {
        Some(digits) if digits.bytes().all(|b| matches!(b, b'0' | b'.')) => digits.to_owned(),
        Some(digits) => format!("−{digits}"),
        None if number.bytes().all(|b| matches!(b, b'0' | b'.')) => number,
        None => format!("+{number}"),
    };
    scale::numbers(&changes).into_iter().map(|number| format!("{} %", signed(number))).collect()
}

fn caption(scene: &mut Scene, comparison: &Comparison, top: f64) {
    let (first, second) = (top + 4.0, top + 24.0);
    scene.rect((EDGE, first - 6.0), (EDGE + 20.0, first + 6.0), Ink::Margin);
    let margin = Label::new((EDGE + 26.0, first), "margin of relevance", 11.0, Ink::Muted);
    let x = EDGE + 26.0 + margin.width() + 16.0;
    scene.text(margin);
    scene.hatch((x, first - 6.0), (x + 20.0, first + 6.0), Ink::Noise);
    let floor =
        Label::new((x + 26.0, first), "noise floor: what the twin could not have shown", 11.0, Ink::Muted);
    let x = x + 26.0 + floor.width() + 16.0;
    scene.text(floor);
    let bars = Label::new((x, first), "bars: plain 95 % intervals, logarithmic axis", 11.0, Ink::Muted);
    scene.text(bars.within(WIDTH - EDGE - x));
    let mut says = wording::family(comparison);
    if !comparison.skipped.is_empty() {
        let names: Vec<_> = comparison.skipped.iter().map(|skipped| skipped.variant.as_str()).collect();
        says.push_str(&format!(" Left out here: {}.", names.join(", ")));
    }
    scene.text(Label::new((EDGE, second), says, 11.0, Ink::Muted).within(WIDTH - 2.0 * EDGE));
}
