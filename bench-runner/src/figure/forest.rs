//! The figure of a run: every ratio with its interval, block by block, on one logarithmic axis.

use super::layout::Layout;
use super::marks;
use super::palette::{Ink, Shape};
use super::scale::{self, Scale};
use super::scene::{Anchor, Label, Scene, Tip};
use super::widths;
use super::wording::{self, TimeUnit};
use crate::compare::{ArmResult, BlockResult, Comparison, Ratio, TwinResult, Verdict};
use crate::record::Role;

/// Font size of the names.
pub(super) const NAME_SIZE: f64 = 12.0;
/// What the estimate and its interval may take.
const NUMBER_ROOM: (f64, f64) = (72.0, 120.0);
/// What ticks take below the rows.
pub(super) const TICKS: f64 = 52.0;
/// What lies below the last line of the caption.
const BELOW: f64 = 28.0;
/// Blank between blocks.
const GAP: f64 = 12.0;
/// From this change on, a factor reads better than per cent.
const AS_FACTOR: f64 = 3.0;

/// The scene of one run.
pub(crate) fn scene(comparison: &Comparison, layout: &Layout) -> Scene {
    let title = format!("{}: wall time against the baseline", comparison.scenario);
    let mut scene = Scene { width: layout.width, ..Scene::new(&title, description(comparison)) };
    let mut top = head(&mut scene, layout, &title, &comparison.machine);
    if comparison.blocks.is_empty() {
        scene.text(Label::new((layout.edge, top + 18.0), "no block was measured", 13.0, Ink::Muted));
        scene.height = top + 50.0;
        return scene;
    }
    let axis = Scale::log(range(&comparison.blocks), layout.axis);
    for one in &comparison.blocks {
        top = block(&mut scene, one, (&axis, layout), top) + GAP;
    }
    let bottom = top - GAP;
    axis_labels(&mut scene, &axis, layout, bottom);
    scene.height = caption(&mut scene, comparison, layout, bottom + TICKS) + BELOW;
    scene
}

/// A title and what explains it; returns where they end.
pub(super) fn head(scene: &mut Scene, layout: &Layout, title: &str, explains: &str) -> f64 {
    let mut y = 30.0;
    for line in widths::lines(title, layout.room(), (16.0, true), layout.lines) {
        scene.text(Label::new((layout.edge, y), line, 16.0, Ink::Text).bold());
        y += 20.0;
    }
    y += 3.0;
    for line in widths::lines(explains, layout.room(), (12.0, false), layout.lines) {
        scene.text(Label::new((layout.edge, y), line, 12.0, Ink::Muted));
        y += 16.0;
    }
    y + 5.0
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
fn block(scene: &mut Scene, block: &BlockResult, (axis, layout): (&Scale, &Layout), top: f64) -> f64 {
    let arms: Vec<_> = block.arms.iter().filter(|arm| arm.role != Role::Baseline).collect();
    let rows_top = heading(scene, block, layout, top);
    let rows = arms.len().max(1);
    for band in layout.bands(rows_top, rows) {
        shading(scene, block, axis, band);
        grid(scene, axis, band);
    }
    if arms.is_empty() {
        reason(scene, layout, "nothing to compare", rows_top);
    }
    let full: Vec<_> = arms.iter().map(|arm| row_name(arm)).collect();
    let names = widths::shorten_all(&full, layout.names.1 - layout.names.0, NAME_SIZE);
    for (index, (arm, name)) in arms.into_iter().zip(names).enumerate() {
        let top = rows_top + index as f64 * layout.row;
        let ink = if arm.ratio.is_some() { Ink::Text } else { Ink::Muted };
        scene.text(Label::new((layout.names.0, top + layout.name_at), name, NAME_SIZE, ink));
        if let Some(text) = told(block, arm) {
            scene.tips.push(Tip { name: wording::arm_name(arm), text, ..row_tip(layout, top) });
        }
        match (&arm.ratio, &block.twin) {
            (Some(ratio), _) => row(scene, ratio, (axis, layout), top),
            (None, Some(twin)) if arm.role == Role::Twin => twin_row(scene, twin, (axis, layout), top),
            (None, _) => reason(scene, layout, &wording::without_ratio(arm), top),
        }
    }
    rows_top + rows as f64 * layout.row
}

/// A row as the part that something is told of.
pub(super) fn row_tip(layout: &Layout, top: f64) -> Tip {
    let (from, to) = ((layout.edge, top), (layout.width - layout.edge, top + layout.row));
    Tip { from, to, name: String::new(), text: String::new() }
}

/// Upright lines at round ratios, and a stronger one at 1.
pub(super) fn grid(scene: &mut Scene, axis: &Scale, (top, bottom): (f64, f64)) {
    for tick in axis.ratio_ticks(6) {
        scene.line((axis.place(tick), top), (axis.place(tick), bottom), 1.0, Ink::Grid);
    }
    scene.line((axis.place(1.0), top), (axis.place(1.0), bottom), 1.4, Ink::Muted);
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

/// Says what a block is, and returns where its rows begin.
fn heading(scene: &mut Scene, block: &BlockResult, layout: &Layout, top: f64) -> f64 {
    let (left, right) = (layout.edge, layout.width - layout.edge);
    scene.line((left, top), (right, top), 1.0, Ink::Grid);
    let title = Label::new((left, top + 15.0), &block.title, 13.0, Ink::Text).bold();
    scene.text(title.within(layout.room()));
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
    let mut y = top + 33.0;
    for line in widths::lines(&parts.join(" · "), layout.room(), (11.0, false), layout.lines) {
        scene.text(Label::new((left, y), line, 11.0, Ink::Muted));
        y += 15.0;
    }
    y - 2.0
}

/// The margin of relevance as an area, and what the twin could not have shown as strokes over it.
fn shading(scene: &mut Scene, block: &BlockResult, axis: &Scale, (top, bottom): (f64, f64)) {
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

/// Words in place of an interval, in the row that begins at `top`.
pub(super) fn reason(scene: &mut Scene, layout: &Layout, text: &str, top: f64) {
    let room = layout.numbers.1 - layout.words;
    let label = Label::new((layout.words, top + layout.says_at), text, 11.0, Ink::Muted).within(room);
    if layout.says_on_axis() {
        // Bands and lines behind small words would make them hard to read.
        let ends = (layout.words - 4.0, layout.words + label.width().min(room) + 4.0);
        scene.rect((ends.0, top), (ends.1, top + layout.row), Ink::Card);
    }
    scene.text(label);
}

fn row(scene: &mut Scene, ratio: &Ratio, (axis, layout): (&Scale, &Layout), top: f64) {
    let (form, ink) = look(ratio.verdict);
    let at = top + layout.interval_at;
    interval(scene, axis, (ratio.low, ratio.ratio, ratio.high), at, (form, ink));
    let verdict = Label::new((layout.verdict, top + layout.says_at), ratio.verdict.as_str(), 12.0, ink);
    scene.text(verdict.bold());
    number_cells(scene, layout, numbers(ratio), top, Ink::Text);
}

/// The estimate and its interval, each in its column.
pub(super) fn number_cells(
    scene: &mut Scene,
    layout: &Layout,
    (estimate, interval): (String, String),
    top: f64,
    ink: Ink,
) {
    let (ends, rooms, y) = (layout.numbers, NUMBER_ROOM, top + layout.says_at);
    for (text, end, room) in [(estimate, ends.0, rooms.0), (interval, ends.1, rooms.1)] {
        scene.text(Label::new((end, y), text, 11.0, ink).anchored(Anchor::End).within(room));
    }
}

fn twin_row(scene: &mut Scene, twin: &TwinResult, (axis, layout): (&Scale, &Layout), top: f64) {
    let (low, high) = ends_of(twin);
    let at = top + layout.interval_at;
    interval(scene, axis, (low, twin.ratio, high), at, (Shape::Ring, Ink::Muted));
    scene.text(Label::new((layout.verdict, top + layout.says_at), "control", 12.0, Ink::Muted));
    let (change, half_width) = wording::twin_change(twin);
    let shown = (format!("{change} %"), format!("± {half_width} %"));
    number_cells(scene, layout, shown, top, Ink::Muted);
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

/// The axis below the rows, with its numbers.
pub(super) fn axis_labels(scene: &mut Scene, axis: &Scale, layout: &Layout, bottom: f64) {
    let (left, right) = layout.axis;
    scene.line((left, bottom), (right, bottom), 1.0, Ink::Muted);
    let ticks = axis.ratio_ticks(6);
    let labels = if axis.is_wide() {
        axis.labels(&ticks).into_iter().map(|number| format!("{number}×")).collect()
    } else {
        percent_labels(&ticks)
    };
    for (tick, label) in ticks.iter().zip(labels) {
        let at = axis.place(*tick);
        scene.line((at, bottom), (at, bottom + 4.0), 1.0, Ink::Muted);
        let label = Label::new((at, bottom + 14.0), label, 11.0, Ink::Muted).anchored(Anchor::Middle);
        scene.text(label);
    }
    let y = bottom + 31.0;
    scene.text(Label::new((left, y), "← less time", 11.0, Ink::Muted));
    scene.text(Label::new((right, y), "more time →", 11.0, Ink::Muted).anchored(Anchor::End));
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

/// What shades and bars stand for, and what is corrected for; returns where the last line stands.
fn caption(scene: &mut Scene, comparison: &Comparison, layout: &Layout, top: f64) -> f64 {
    let legend = [
        (Some(Swatch::Margin), "margin of relevance"),
        (Some(Swatch::Noise), "noise floor: what the twin could not have shown"),
        (None, "bars: plain 95 % intervals, logarithmic axis"),
    ];
    let mut y = self::legend(scene, layout, &legend, top + 4.0) + 20.0;
    let mut says = wording::family(comparison);
    if !comparison.skipped.is_empty() {
        let names: Vec<_> = comparison.skipped.iter().map(|skipped| skipped.variant.as_str()).collect();
        says.push_str(&format!(" Left out here: {}.", names.join(", ")));
    }
    for line in widths::lines(&says, layout.room(), (11.0, false), layout.lines) {
        scene.text(Label::new((layout.edge, y), line, 11.0, Ink::Muted));
        y += 15.0;
    }
    y - 15.0
}

/// A shade that a legend explains.
#[derive(Debug, Clone, Copy)]
pub(super) enum Swatch {
    /// The margin of relevance.
    Margin,
    /// The noise floor.
    Noise,
}

/// Shades with what they stand for, one after another, from `y` on; returns where the last line stands.
pub(super) fn legend(scene: &mut Scene, layout: &Layout, parts: &[(Option<Swatch>, &str)], y: f64) -> f64 {
    let (mut x, mut y) = (layout.edge, y);
    for (swatch, text) in parts {
        let lead = if swatch.is_some() { 26.0 } else { 0.0 };
        let right = layout.width - layout.edge;
        let label = Label::new((0.0, y), *text, 11.0, Ink::Muted);
        if layout.lines > 1 && x > layout.edge && x + lead + label.width() > right {
            (x, y) = (layout.edge, y + 18.0);
        }
        let (from, to) = ((x, y - 6.0), (x + 20.0, y + 6.0));
        match swatch {
            Some(Swatch::Margin) => scene.rect(from, to, Ink::Margin),
            Some(Swatch::Noise) => scene.hatch(from, to, Ink::Noise),
            None => {}
        }
        let label = Label { place: (x + lead, y), ..label }.within(right - x - lead);
        x += lead + label.width() + 16.0;
        scene.text(label);
    }
    y
}
