//! Common parts of figures of intervals: rows of names, intervals and numbers on one logarithmic axis.

use bench_runner_core::compare::Verdict;

use super::layout::FigureLayout;
use super::marks;
use super::palette::{Ink, PointShape};
use super::scale::{self, Scale};
use super::scene::{Anchor, Label, Scene, Tooltip};
use super::widths;

/// Font size of the names.
pub(super) const NAME_SIZE: f64 = 12.0;
/// Maximum widths of the estimate and of its interval.
const NUMBER_ROOM: (f64, f64) = (72.0, 120.0);
/// Height of the ticks below the rows.
pub(super) const TICKS: f64 = 52.0;

/// Title and subtitle; returns their lower end.
pub(super) fn head(scene: &mut Scene, layout: &FigureLayout, title: &str, subtitle: &str) -> f64 {
    let mut y = 30.0;
    for line in widths::lines(title, layout.room(), (16.0, true), layout.lines) {
        scene.text(Label::new((layout.edge, y), line, 16.0, Ink::Text).bold());
        y += 20.0;
    }
    y += 3.0;
    for line in widths::lines(subtitle, layout.room(), (12.0, false), layout.lines) {
        scene.text(Label::new((layout.edge, y), line, 12.0, Ink::Muted));
        y += 16.0;
    }
    y + 5.0
}

/// Range of the axis: every estimate and margin, and intervals as far as the estimates stay distinguishable.
pub(super) fn range(estimates: impl Iterator<Item = f64>, ends: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = logs(estimates, (0.0, 0.0));
    let more = (0.6 * (high - low)).max(0.01);
    let (least, most) = logs(ends, (low, high));
    let (low, high) = (least.max(low - more), most.min(high + more));
    let pad = 0.04 * (high - low).max(0.02);
    ((low - pad).exp(), (high + pad).exp())
}

/// Both ends of a margin around 1.
pub(super) fn around_one(share: f64) -> [f64; 2] {
    [1.0 / (1.0 + share), 1.0 + share]
}

/// The smallest and largest logarithm of the usable values and of `range`.
fn logs(values: impl Iterator<Item = f64>, range: (f64, f64)) -> (f64, f64) {
    let usable = values.filter(|value| value.is_finite() && *value > 0.0);
    usable.fold(range, |(low, high), value| (low.min(value.ln()), high.max(value.ln())))
}

/// Tooltip area of a row, without text.
pub(super) fn row_tooltip(layout: &FigureLayout, top: f64) -> Tooltip {
    let (from, to) = ((layout.edge, top), (layout.width - layout.edge, top + layout.row));
    Tooltip { from, to, name: String::new(), text: String::new() }
}

/// Vertical lines at round ratios, and a stronger one at 1.
pub(super) fn grid(scene: &mut Scene, axis: &Scale, (top, bottom): (f64, f64)) {
    for tick in axis.ratio_ticks(6) {
        scene.line((axis.place(tick), top), (axis.place(tick), bottom), 1.0, Ink::Grid);
    }
    scene.line((axis.place(1.0), top), (axis.place(1.0), bottom), 1.4, Ink::Muted);
}

/// Text that replaces a missing interval, in the row that begins at `top`.
pub(super) fn reason(scene: &mut Scene, layout: &FigureLayout, text: &str, top: f64) {
    let room = layout.numbers.1 - layout.words;
    let label = Label::new((layout.words, top + layout.text_at), text, 11.0, Ink::Muted).within(room);
    if layout.text_on_axis() {
        // Bands and lines behind small text would make it hard to read.
        let ends = (layout.words - 4.0, layout.words + label.width().min(room) + 4.0);
        scene.rect((ends.0, top), (ends.1, top + layout.row), Ink::Card);
    }
    scene.text(label);
}

/// The estimate and its interval, each in its column.
pub(super) fn number_cells(
    scene: &mut Scene,
    layout: &FigureLayout,
    (estimate, interval): (String, String),
    top: f64,
    ink: Ink,
) {
    let (ends, rooms, y) = (layout.numbers, NUMBER_ROOM, top + layout.text_at);
    for (text, end, room) in [(estimate, ends.0, rooms.0), (interval, ends.1, rooms.1)] {
        scene.text(Label::new((end, y), text, 11.0, ink).anchored(Anchor::End).within(room));
    }
}

/// Shape and color of a verdict; the shape alone is unambiguous.
pub(super) fn look(verdict: Verdict) -> (PointShape, Ink) {
    match verdict {
        Verdict::Faster => (PointShape::Disc, Ink::Faster),
        Verdict::Slower => (PointShape::Diamond, Ink::Slower),
        Verdict::Equivalent => (PointShape::Square, Ink::Text),
        Verdict::Undecided => (PointShape::Frame, Ink::Muted),
        Verdict::Invalid => (PointShape::Cross, Ink::Muted),
    }
}

/// An interval on the axis, with an arrowhead at each end that is beyond the axis.
pub(super) fn interval(
    scene: &mut Scene,
    axis: &Scale,
    (low, estimate, high): (f64, f64, f64),
    y: f64,
    (form, ink): (PointShape, Ink),
) {
    if ![low, estimate, high].into_iter().all(f64::is_finite) {
        return;
    }
    let (left, right) = (axis.place(low), axis.place(high));
    scene.line((left, y), (right, y), 1.8, ink);
    for (end, place, to_right) in [(low, left, false), (high, right, true)] {
        if axis.contains(end) {
            scene.line((place, y - 4.0), (place, y + 4.0), 1.4, ink);
        } else {
            marks::arrowhead(scene, (place, y), to_right, ink);
        }
    }
    marks::shape(scene, form, (axis.place(estimate), y), 4.5, ink);
}

/// The axis below the rows, with its numbers.
pub(super) fn axis_labels(scene: &mut Scene, axis: &Scale, layout: &FigureLayout, bottom: f64) {
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

/// A shade in a legend.
#[derive(Debug, Clone, Copy)]
pub(super) enum Swatch {
    /// Equivalence margin.
    Margin,
    /// Noise floor.
    Noise,
}

/// Shades with their meanings, one after another, from `y` on; returns the position of the last line.
pub(super) fn legend(
    scene: &mut Scene,
    layout: &FigureLayout,
    parts: &[(Option<Swatch>, &str)],
    y: f64,
) -> f64 {
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
