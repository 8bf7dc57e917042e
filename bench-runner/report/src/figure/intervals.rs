//! Common parts of figures of ratios: rows of names, intervals and numbers on a logarithmic axis.

use bench_runner_core::compare::Verdict;
use plotters::coord::types::RangedCoordf64;
use plotters::element::PathElement;

use super::axis::NumberAxis;
use super::backend::units;
use super::chart::{ChartCanvas, ChartError, ChartFrame, area, draw, place, rows, stroke, x_axis};
use super::elements::{IntervalLook, IntervalMark};
use super::layout::FigureLayout;
use super::palette::{Ink, PointShape};
use super::scene::{Anchor, Label, Scene, Tooltip};
use super::widths;
use super::wording::{self, ColumnDigits};

/// Font size of the names.
pub(super) const NAME_SIZE: f64 = 12.0;
/// Font size of numbers and of what explains them.
pub(super) const SMALL: f64 = 11.0;
/// Maximum widths of the ratio, of its interval and of the change.
const NUMBER_ROOM: [f64; 3] = [62.0, 106.0, 62.0];
/// Height of the heads of columns, above the first row.
pub(super) const HEADS: f64 = 20.0;
/// Height of the numbers below an axis.
pub(super) const NUMBERS: f64 = 24.0;
/// Number of ticks of an axis.
const TICKS: usize = 6;

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

/// Lines of small text from `y` on; returns the position of the next line.
pub(super) fn small_print(scene: &mut Scene, layout: &FigureLayout, text: &str, y: f64) -> f64 {
    let lines = widths::lines(text, layout.room(), (SMALL, false), layout.lines.max(3));
    for (index, line) in lines.iter().enumerate() {
        let at = (layout.edge, y + index as f64 * 15.0);
        scene.text(Label::new(at, line, SMALL, Ink::Muted));
    }
    y + lines.len() as f64 * 15.0
}

/// An axis for these ratios.
pub(super) fn axis(range: (f64, f64)) -> NumberAxis {
    NumberAxis::ratios(range, TICKS)
}

/// Range of an axis: every estimate and margin, and intervals as far as the estimates stay distinguishable.
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

/// Marks of a row on the axis.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum RowMark {
    /// Lower end, estimate and upper end of a ratio.
    Ratio([f64; 3], IntervalLook),
    Nothing,
}

impl RowMark {
    fn element(self, axis: &NumberAxis, row: f64) -> Option<IntervalMark> {
        let Self::Ratio(values, look) = self else { return None };
        let [low, _, high] = values;
        let beyond = (!axis.contains(low), !axis.contains(high));
        let is_finite = values.iter().all(|value| value.is_finite());
        is_finite.then(|| IntervalMark { places: values.map(|value| (value, row)), look, beyond })
    }
}

/// Look of a ratio with a verdict; the shape alone is unambiguous. A result is darker than all around it.
pub(super) fn look(verdict: Option<Verdict>) -> IntervalLook {
    let (shape, ink, width, half) = match verdict {
        Some(Verdict::Faster) => (PointShape::Disc, Ink::Faster, 3.0, 5.5),
        Some(Verdict::Slower) => (PointShape::Diamond, Ink::Slower, 3.0, 5.5),
        Some(Verdict::Equivalent) => (PointShape::Square, Ink::Text, 2.6, 4.8),
        Some(Verdict::Undecided) => (PointShape::Frame, Ink::Text, 1.8, 4.5),
        Some(Verdict::NotJudged) => (PointShape::Frame, Ink::Muted, 1.5, 4.5),
        Some(Verdict::Invalid) => (PointShape::Cross, Ink::Muted, 1.5, 4.5),
        None => (PointShape::Frame, Ink::Muted, 1.5, 4.5),
    };
    IntervalLook::Point { shape, ink, width, half }
}

/// Meaning of the shapes of [`look`] that these verdicts have; empty without a verdict.
pub(super) fn shapes_sentence(verdicts: impl Iterator<Item = Verdict> + Clone) -> String {
    let shapes = [
        (Verdict::Faster, "circle"),
        (Verdict::Slower, "diamond"),
        (Verdict::Equivalent, "filled square"),
        (Verdict::Undecided, "open square"),
        (Verdict::NotJudged, "gray open square"),
        (Verdict::Invalid, "cross"),
    ];
    let occurring = shapes.into_iter().filter(|(verdict, _)| verdicts.clone().any(|other| other == *verdict));
    let parts: Vec<String> =
        occurring.map(|(verdict, shape)| format!("{shape} ({})", verdict.as_str())).collect();
    if parts.is_empty() { String::new() } else { format!(" Shapes: {}.", parts.join(", ")) }
}

/// Ink of a verdict in words.
pub(super) fn word_ink(look: IntervalLook) -> Ink {
    match look {
        IntervalLook::Point { ink, .. } => ink,
        IntervalLook::Bar { .. } => Ink::Muted,
    }
}

/// Look of what is not a result but its scale: the control, or several machines together.
pub(super) const REFERENCE: IntervalLook =
    IntervalLook::Bar { ink: Ink::Control, estimate: Ink::Muted, width: 4.0 };

/// The rows' part of the axis from `top` on: the margin as a band over all rows, grid, intervals. With `words`
/// the band begins above the rows, with its meaning in it.
pub(super) fn intervals(
    scene: &mut Scene,
    (axis, layout): (&NumberAxis, &FigureLayout),
    (margin, words): (f64, bool),
    marks: &[RowMark],
    top: f64,
) {
    let words = words && layout.text_on_axis();
    let bands = layout.bands(top, marks.len().max(1));
    let middle = draw(scene, |canvas| {
        let mut middle = 0.0;
        for ((top, bottom), rows_here) in bands {
            let rows_axis: RangedCoordf64 = rows(rows_here.len() as f64);
            let mut chart =
                ChartFrame::bare(layout.axis, (top, bottom)).chart(canvas, (axis.clone(), rows_axis))?;
            let (height, [low, high]) = (rows_here.len() as f64, around_one(margin));
            if words {
                margin_head(canvas, place(&chart, (low, 0.0)).0, place(&chart, (high, 0.0)).0, top)?;
            }
            chart.plotting_area().draw(&area((low, 0.0), (high, height), Ink::Margin))?;
            x_axis(&mut chart, true, "")?;
            let plot = chart.plotting_area();
            plot.draw(&PathElement::new([(1.0, 0.0), (1.0, height)], stroke(Ink::Control, 1.2)))?;
            let marks = marks.iter().skip(rows_here.start).take(rows_here.len());
            for (row, mark) in marks.enumerate() {
                if let Some(element) = mark.element(axis, row as f64 + 0.5) {
                    plot.draw(&element)?;
                }
            }
            middle = place(&chart, (1.0, 0.0)).0;
        }
        Ok(middle)
    });
    if words {
        let label = Label::new((0.0, top - HEADS / 2.0), margin_words(margin), SMALL, Ink::Muted);
        let half = label.width() / 2.0;
        let x = middle.clamp(layout.axis.0 + half, layout.axis.1 - half);
        scene.text(Label { place: (x, label.place.1), ..label }.anchored(Anchor::Middle));
    }
}

/// The part of the margin's band that has its words, above the rows.
fn margin_head(canvas: &ChartCanvas<'_>, left: f64, right: f64, bottom: f64) -> Result<(), ChartError> {
    let corner = |x: f64, y: f64| (units(x), units(y));
    canvas.draw(&area(corner(left, bottom - HEADS), corner(right, bottom), Ink::Margin))
}

/// Meaning of the margin's band.
pub(super) fn margin_words(margin: f64) -> String {
    format!("±{}: too small to matter", wording::share(margin))
}

/// Which side of the axis is which, and the heads of the columns; returns their lower end.
pub(super) fn heads(scene: &mut Scene, layout: &FigureLayout, top: f64) -> f64 {
    let ((left, right), y) = (layout.axis, top + HEADS / 2.0);
    scene.text(Label::new((left, y), "← takes less time", SMALL, Ink::Muted));
    scene.text(Label::new((right, y), "takes more time →", SMALL, Ink::Muted).anchored(Anchor::End));
    let y = if layout.text_on_axis() { y } else { y + HEADS };
    scene.text(Label::new((layout.verdict, y), "verdict", SMALL, Ink::Muted));
    for (end, text) in layout.numbers.into_iter().zip(["ratio", "95% interval", "change"]) {
        scene.text(Label::new((end, y), text, SMALL, Ink::Muted).anchored(Anchor::End));
    }
    y + HEADS / 2.0
}

/// The axis below the rows, with its numbers; returns its lower end.
pub(super) fn axis_below(scene: &mut Scene, axis: &NumberAxis, layout: &FigureLayout, bottom: f64) -> f64 {
    draw(scene, |canvas| {
        let frame = ChartFrame { below: NUMBERS, ..ChartFrame::bare(layout.axis, (bottom, bottom)) };
        x_axis(&mut frame.chart(canvas, (axis.clone(), rows(1.0)))?, false, "")
    });
    bottom + NUMBERS
}

/// Text that replaces a missing interval, in the row that begins at `top`.
pub(super) fn reason(scene: &mut Scene, layout: &FigureLayout, text: &str, top: f64) {
    let room = layout.numbers[2] - layout.words;
    let label = Label::new((layout.words, top + layout.text_at), text, SMALL, Ink::Muted).within(room);
    if layout.text_on_axis() {
        // Bands and lines behind small text would make it hard to read.
        let ends = (layout.words - 4.0, layout.words + label.width().min(room) + 4.0);
        scene.rect((ends.0, top), (ends.1, top + layout.row), Ink::Card);
    }
    scene.text(label);
}

/// A ratio, its interval and the change, each in its column.
pub(super) fn number_cells(
    scene: &mut Scene,
    (layout, digits): (&FigureLayout, ColumnDigits),
    [low, ratio, high]: [f64; 3],
    top: f64,
    ink: Ink,
) {
    let shown = digits.ratio(ratio, (low, high));
    let texts = [
        format!("{}×", shown.estimate),
        format!("{}–{}×", shown.low, shown.high),
        format!("{}%", digits.change(ratio)),
    ];
    let y = top + layout.text_at;
    for ((text, end), room) in texts.into_iter().zip(layout.numbers).zip(NUMBER_ROOM) {
        scene.text(Label::new((end, y), text, SMALL, ink).anchored(Anchor::End).within(room));
    }
}

/// Swatches with their meanings, one after another, from `y` on; returns the position of the next line.
pub(super) fn legend(scene: &mut Scene, layout: &FigureLayout, parts: &[(Ink, String)], y: f64) -> f64 {
    let (mut x, mut y) = (layout.edge, y);
    for (ink, text) in parts {
        let right = layout.width - layout.edge;
        let label = Label::new((0.0, y), text, SMALL, Ink::Muted);
        if layout.lines > 1 && x > layout.edge && x + 26.0 + label.width() > right {
            (x, y) = (layout.edge, y + 18.0);
        }
        let half = if *ink == Ink::Margin { 6.0 } else { 2.5 };
        scene.rect((x, y - half), (x + 20.0, y + half), *ink);
        let label = Label { place: (x + 26.0, y), ..label }.within(right - x - 26.0);
        x += 26.0 + label.width() + 16.0;
        scene.text(label);
    }
    y + 18.0
}
