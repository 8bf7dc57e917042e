//! Figure of a block of several runs: every ratio with its interval, machine by machine for each variant.

use super::intervals::{
    self, NAME_SIZE, Swatch, TICKS, around_one, axis_labels, grid, head, interval, legend, look,
    number_cells, reason, row_tooltip,
};
use super::layout::FigureLayout;
use super::palette::{Ink, PointShape};
use super::scale::Scale;
use super::scene::{Label, Scene, Tooltip};
use super::widths;
use super::wording;
use crate::machines::{MachineCell, MachineRuns, MultiRunBlock, VariantRow, as_ratio};

/// Height of the name of a variant.
const HEADING: f64 = 28.0;
/// Blank space between variants.
const GAP: f64 = 8.0;
/// Blank space below the last line of the legend.
const BELOW: f64 = 28.0;

/// A line of the figure: a machine or a class.
struct RatioLine {
    name: String,
    content: RatioLineContent,
}

enum RatioLineContent {
    Ratio(RatioLabel),
    /// No ratio, with the reason.
    Nothing(String),
}

/// A ratio in a line.
struct RatioLabel {
    ratio: f64,
    ends: (f64, f64),
    /// Verdict in one or two words, or `class`, for the column.
    word: String,
    /// Verdict for the tooltip.
    tooltip: String,
    form: (PointShape, Ink),
}

/// Scene of one block.
pub(crate) fn scene(machines: &[MachineRuns], block: &MultiRunBlock, layout: &FigureLayout) -> Scene {
    let rows: Vec<(&VariantRow, Vec<RatioLine>)> =
        block.rows.iter().map(|row| (row, lines(machines, block, row))).collect();
    let title = format!("{}: ratios with intervals by machine", block.title);
    let mut scene = Scene { width: layout.width, ..Scene::new(title, description(&rows)) };
    let subtitle = format!("wall time against {}, by variant and machine", block.baseline);
    let mut top = head(&mut scene, layout, &block.title, &subtitle);
    let axis = Scale::log(range(&rows, block.margin), layout.axis);
    for (row, lines) in &rows {
        top = variant(&mut scene, (row, lines), (&axis, layout, block.margin), top) + GAP;
    }
    let bottom = top - GAP;
    axis_labels(&mut scene, &axis, layout, bottom);
    let parts = [
        (Some(Swatch::Margin), "margin of relevance"),
        (None, "bars: plain 95 % intervals, logarithmic axis"),
        (None, "rings: machines of a class together"),
    ];
    scene.height = legend(&mut scene, layout, &parts, bottom + TICKS + 4.0) + BELOW;
    scene
}

fn lines(machines: &[MachineRuns], block: &MultiRunBlock, row: &VariantRow) -> Vec<RatioLine> {
    let of_machine = |(cell, index): (&MachineCell, &usize)| {
        let machine = &machines[*index];
        let name = format!("{} · {}", machine.key, machine.name);
        match cell {
            MachineCell::Known(machine_ratio) => {
                let (ratio, ends) = machine_ratio.ratio();
                let form = machine_ratio.verdict().map_or((PointShape::Frame, Ink::Muted), look);
                let runs = match machine_ratio.runs.len() {
                    1 => String::new(),
                    several => format!(" · {several} runs"),
                };
                let (word, tooltip) = (machine_ratio.verdict_word(), machine_ratio.verdict_text());
                RatioLine {
                    name: name + &runs,
                    content: RatioLineContent::Ratio(RatioLabel { ratio, ends, word, tooltip, form }),
                }
            }
            MachineCell::Baseline => RatioLine {
                name,
                content: RatioLineContent::Nothing("the same thing as the baseline".to_owned()),
            },
            MachineCell::Nothing(reason) => {
                RatioLine { name, content: RatioLineContent::Nothing(reason.clone()) }
            }
        }
    };
    let of_class = |class: &crate::machines::ClassRatio| {
        let (ratio, ends) = as_ratio(&class.combined.mean);
        let (word, form) = ("class".to_owned(), (PointShape::Ring, Ink::Muted));
        let content = RatioLineContent::Ratio(RatioLabel { ratio, ends, tooltip: word.clone(), word, form });
        RatioLine { name: format!("class {} · {} machines", class.class, class.machines), content }
    };
    let of_machines = row.cells.iter().zip(&block.machines).map(of_machine);
    of_machines.chain(row.classes.iter().map(of_class)).collect()
}

fn description(rows: &[(&VariantRow, Vec<RatioLine>)]) -> String {
    let line = |line: &RatioLine| format!("{} {}", line.name, content_text(&line.content));
    let one = |(row, lines): &(&VariantRow, Vec<RatioLine>)| {
        format!("{}: {}.", row.variant, lines.iter().map(line).collect::<Vec<_>>().join("; "))
    };
    rows.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn content_text(content: &RatioLineContent) -> String {
    match content {
        RatioLineContent::Ratio(RatioLabel { ratio, ends, tooltip, .. }) => {
            let shown = wording::interval(*ratio, *ends);
            format!("{tooltip}, {}× [{}, {}]", shown.estimate, shown.low, shown.high)
        }
        RatioLineContent::Nothing(reason) => reason.clone(),
    }
}

fn range(rows: &[(&VariantRow, Vec<RatioLine>)], margin: f64) -> (f64, f64) {
    let ratios = || {
        rows.iter().flat_map(|(_, lines)| lines).filter_map(|line| match &line.content {
            RatioLineContent::Ratio(shown) => Some((shown.ratio, shown.ends)),
            RatioLineContent::Nothing(_) => None,
        })
    };
    let estimates = ratios().map(|(ratio, _)| ratio).chain(around_one(margin));
    intervals::range(estimates, ratios().flat_map(|(_, (low, high))| [low, high]))
}

/// Draws a variant from `top` on and returns its lower end.
fn variant(
    scene: &mut Scene,
    (row, lines): (&VariantRow, &[RatioLine]),
    (axis, layout, margin): (&Scale, &FigureLayout, f64),
    top: f64,
) -> f64 {
    let (left, right) = (layout.edge, layout.width - layout.edge);
    scene.line((left, top), (right, top), 1.0, Ink::Grid);
    let name = Label::new((left, top + 15.0), &row.variant, 13.0, Ink::Text).bold();
    scene.text(name.within(layout.room()));
    let rows_top = top + HEADING;
    for band in layout.bands(rows_top, lines.len()) {
        let [least, most] = around_one(margin).map(|ratio| axis.place(ratio));
        scene.rect((least, band.0), (most, band.1), Ink::Margin);
        grid(scene, axis, band);
    }
    let full: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
    let names = widths::shorten_all(&full, layout.names.1 - layout.names.0, NAME_SIZE);
    for (index, (line, name)) in lines.iter().zip(names).enumerate() {
        let top = rows_top + index as f64 * layout.row;
        scene.text(Label::new((layout.names.0, top + layout.name_at), name, NAME_SIZE, Ink::Text));
        match &line.content {
            RatioLineContent::Ratio(RatioLabel { ratio, ends: (low, high), word, form, .. }) => {
                interval(scene, axis, (*low, *ratio, *high), top + layout.interval_at, *form);
                let place = (layout.verdict, top + layout.text_at);
                scene.text(Label::new(place, word, 12.0, form.1).within(96.0));
                let shown = wording::interval(*ratio, (*low, *high));
                let shown = (format!("{}×", shown.estimate), format!("[{}, {}]", shown.low, shown.high));
                number_cells(scene, layout, shown, top, Ink::Text);
            }
            RatioLineContent::Nothing(why) => reason(scene, layout, why, top),
        }
        let (name, text) = (format!("{} on {}", row.variant, line.name), content_text(&line.content));
        scene.tooltips.push(Tooltip { name, text, ..row_tooltip(layout, top) });
    }
    rows_top + lines.len() as f64 * layout.row
}
