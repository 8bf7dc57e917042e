//! Figure of a block of several runs: every ratio with its interval, machine by machine for each variant.

use super::axis::NumberAxis;
use super::elements::IntervalLook;
use super::intervals::{
    self, HEADS, NAME_SIZE, REFERENCE, RowMark, SMALL, around_one, axis_below, head, heads, legend, look,
    number_cells, reason, row_tooltip, small_print, word_ink,
};
use super::layout::FigureLayout;
use super::palette::Ink;
use super::scene::{Label, Scene, Tooltip};
use super::widths;
use super::wording::{self, ColumnDigits};
use crate::machines::{MachineCell, MachineRuns, MultiRunBlock, VariantRow, as_ratio};

/// Height of the name of a variant.
const HEADING: f64 = 24.0;
/// Blank space between variants.
const GAP: f64 = 8.0;
/// Blank space below the last line of the caption.
const BELOW: f64 = 14.0;

/// A line of the figure: a machine, or the machines of a type.
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
    /// Lower end, ratio and upper end.
    interval: [f64; 3],
    /// Verdict in one or two words, for the column.
    word: String,
    /// Verdict for the tooltip.
    tooltip: String,
    look: IntervalLook,
}

/// Scene of one block.
pub(crate) fn scene(machines: &[MachineRuns], block: &MultiRunBlock, layout: &FigureLayout) -> Scene {
    let rows: Vec<(&VariantRow, Vec<RatioLine>)> =
        block.rows.iter().map(|row| (row, lines(machines, block, row))).collect();
    let title = format!("{}: ratios with intervals by machine", block.title);
    let mut scene = Scene { width: layout.width, ..Scene::new(title, description(&rows)) };
    let subtitle = format!("wall time against {}, by variant and machine", block.baseline);
    let mut top = head(&mut scene, layout, &block.title, &subtitle);
    top = heads(&mut scene, layout, top);
    let axis = intervals::axis(range(&rows, block.margin));
    for (index, (row, lines)) in rows.iter().enumerate() {
        top = variant(&mut scene, (row, lines), (&axis, layout, block.margin), (top, index == 0)) + GAP;
    }
    top = axis_below(&mut scene, &axis, layout, top - GAP) + 12.0;
    let mut parts = Vec::new();
    if !layout.text_on_axis() {
        parts.push((Ink::Margin, intervals::margin_words(block.margin)));
    }
    if block.rows.iter().any(|row| !row.classes.is_empty()) {
        parts.push((Ink::Control, "all machines of a type together".to_owned()));
    }
    top = if parts.is_empty() { top } else { legend(&mut scene, layout, &parts, top) };
    scene.height =
        small_print(&mut scene, layout, "Bars are 95% intervals on a logarithmic axis.", top) + BELOW;
    scene
}

fn lines(machines: &[MachineRuns], block: &MultiRunBlock, row: &VariantRow) -> Vec<RatioLine> {
    let of_machine = |(cell, index): (&MachineCell, &usize)| {
        let machine = &machines[*index];
        let name = format!("{} · {}", machine.key, machine.name);
        match cell {
            MachineCell::Known(machine_ratio) => {
                let (ratio, (low, high)) = machine_ratio.ratio();
                let look = look(machine_ratio.verdict());
                let runs = match machine_ratio.runs.len() {
                    1 => String::new(),
                    several => format!(" · {several} runs"),
                };
                let (word, tooltip) = (machine_ratio.verdict_word(), machine_ratio.verdict_text());
                RatioLine {
                    name: name + &runs,
                    content: RatioLineContent::Ratio(RatioLabel {
                        interval: [low, ratio, high],
                        word,
                        tooltip,
                        look,
                    }),
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
        let (ratio, (low, high)) = as_ratio(&class.combined.mean);
        let word = "together".to_owned();
        let content = RatioLineContent::Ratio(RatioLabel {
            interval: [low, ratio, high],
            tooltip: word.clone(),
            word,
            look: REFERENCE,
        });
        RatioLine { name: format!("type {} · {} machines", class.class, class.machines), content }
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
        RatioLineContent::Ratio(RatioLabel { interval: [low, ratio, high], tooltip, .. }) => {
            format!("{tooltip}, {}", wording::interval_phrase(*ratio, (*low, *high)))
        }
        RatioLineContent::Nothing(reason) => reason.clone(),
    }
}

/// Lower end, ratio and upper end of every line that has them.
fn ratios(lines: &[RatioLine]) -> impl Iterator<Item = [f64; 3]> {
    lines.iter().filter_map(|line| match &line.content {
        RatioLineContent::Ratio(shown) => Some(shown.interval),
        RatioLineContent::Nothing(_) => None,
    })
}

fn range(rows: &[(&VariantRow, Vec<RatioLine>)], margin: f64) -> (f64, f64) {
    let ratios = || rows.iter().flat_map(|(_, lines)| ratios(lines));
    let estimates = ratios().map(|[_, ratio, _]| ratio).chain(around_one(margin));
    intervals::range(estimates, ratios().flat_map(|[low, _, high]| [low, high]))
}

/// Draws a variant from `top` on and returns its lower end; the first one says what the margin's band means.
fn variant(
    scene: &mut Scene,
    (row, lines): (&VariantRow, &[RatioLine]),
    (axis, layout, margin): (&NumberAxis, &FigureLayout, f64),
    (top, is_first): (f64, bool),
) -> f64 {
    let (left, right) = (layout.edge, layout.width - layout.edge);
    scene.line((left, top), (right, top), 1.0, Ink::Grid);
    let name = Label::new((left, top + 15.0), &row.variant, 13.0, Ink::Text).bold();
    scene.text(name.within(layout.room()));
    let rows_top = top + HEADING + if is_first && layout.text_on_axis() { HEADS } else { 2.0 };
    let mark = |line: &RatioLine| match &line.content {
        RatioLineContent::Ratio(shown) => RowMark::Ratio(shown.interval, shown.look),
        RatioLineContent::Nothing(_) => RowMark::Nothing,
    };
    let marks: Vec<RowMark> = lines.iter().map(mark).collect();
    intervals::intervals(scene, (axis, layout), (margin, is_first), &marks, rows_top);
    let full: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
    let names = widths::shorten_all(&full, layout.names.1 - layout.names.0, NAME_SIZE);
    let digits = ColumnDigits::of_ratios(ratios(lines).map(|[low, ratio, high]| (ratio, (low, high))));
    for (index, (line, name)) in lines.iter().zip(names).enumerate() {
        let top = rows_top + index as f64 * layout.row;
        scene.text(Label::new((layout.names.0, top + layout.name_at), name, NAME_SIZE, Ink::Text));
        match &line.content {
            RatioLineContent::Ratio(RatioLabel { interval, word, look, .. }) => {
                let place = (layout.verdict, top + layout.text_at);
                let room = layout.numbers[0] - layout.verdict - 50.0;
                scene.text(Label::new(place, word, SMALL, word_ink(*look)).within(room));
                number_cells(scene, (layout, digits), *interval, top, Ink::Text);
            }
            RatioLineContent::Nothing(why) => reason(scene, layout, why, top),
        }
        let (name, text) = (format!("{} on {}", row.variant, line.name), content_text(&line.content));
        scene.tooltips.push(Tooltip { name, text, ..row_tooltip(layout, top) });
    }
    rows_top + lines.len() as f64 * layout.row
}
