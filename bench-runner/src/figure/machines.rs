//! The figure of a block of several runs: every ratio with its interval, machine by machine for each variant.

use super::forest::{AXIS, BELOW, NAME_SIZE, NAMES, ROW, VERDICT};
use super::forest::{axis_labels, interval, logs, look, number_cells, reason};
use super::palette::{Ink, Shape};
use super::scale::Scale;
use super::scene::{EDGE, Label, Scene, Tip, WIDTH};
use super::widths;
use super::wording;
use crate::machines::{BlockTogether, Cell, Machine, Row, as_ratio};

/// Upper end of the first variant.
const TOP: f64 = 74.0;
/// Height of the name of a variant.
const HEADING: f64 = 28.0;
/// Blank between variants.
const GAP: f64 = 8.0;

/// A line of the figure.
struct Line {
    name: String,
    says: Says,
}

enum Says {
    /// There is one.
    Ratio(Shown),
    /// Why there is none.
    Nothing(String),
}

/// A ratio as a line shows it.
struct Shown {
    ratio: f64,
    ends: (f64, f64),
    /// What it is, for the column.
    word: String,
    /// The same for whoever asks.
    told: String,
    form: (Shape, Ink),
}

/// The scene of one block.
pub(crate) fn scene(machines: &[Machine], block: &BlockTogether) -> Scene {
    let rows: Vec<(&Row, Vec<Line>)> =
        block.rows.iter().map(|row| (row, lines(machines, block, row))).collect();
    let mut scene =
        Scene::new(format!("{}: ratios with intervals by machine", block.title), description(&rows));
    let explains = format!("wall time against {}, by variant and machine", block.baseline);
    scene.heading(&block.title, &explains);
    let axis = Scale::log(range(&rows, block.margin), AXIS);
    let mut top = TOP;
    for (row, lines) in &rows {
        top = variant(&mut scene, (row, lines), (&axis, block.margin), top) + GAP;
    }
    let bottom = top - GAP;
    scene.height = bottom + BELOW - 20.0;
    axis_labels(&mut scene, &axis, bottom);
    let y = bottom + 56.0;
    scene.rect((EDGE, y - 6.0), (EDGE + 20.0, y + 6.0), Ink::Margin);
    let says = "margin of relevance · bars: plain 95 % intervals, logarithmic axis · rings: machines of a class together";
    scene.text(Label::new((EDGE + 26.0, y), says, 11.0, Ink::Muted).within(WIDTH - 2.0 * EDGE - 26.0));
    scene
}

fn lines(machines: &[Machine], block: &BlockTogether, row: &Row) -> Vec<Line> {
    let of_machine = |(cell, place): (&Cell, &usize)| {
        let machine = &machines[*place];
        let name = format!("{} · {}", machine.key, machine.name);
        match cell {
            Cell::Known(standing) => {
                let (ratio, ends) = standing.ratio();
                let form = standing.verdict().map_or((Shape::Frame, Ink::Muted), look);
                let runs = match standing.runs.len() {
                    1 => String::new(),
                    several => format!(" · {several} runs"),
                };
                let (word, told) = (standing.verdict_word(), standing.verdict_text());
                Line { name: name + &runs, says: Says::Ratio(Shown { ratio, ends, word, told, form }) }
            }
            Cell::Baseline => Line { name, says: Says::Nothing("the same thing as the baseline".to_owned()) },
            Cell::Nothing(reason) => Line { name, says: Says::Nothing(reason.clone()) },
        }
    };
    let of_class = |class: &crate::machines::OfClassRatio| {
        let (ratio, ends) = as_ratio(&class.combined.known);
        let (word, form) = ("class".to_owned(), (Shape::Ring, Ink::Muted));
        let says = Says::Ratio(Shown { ratio, ends, told: word.clone(), word, form });
        Line { name: format!("class {} · {} machines", class.class, class.machines), says }
    };
    let of_machines = row.cells.iter().zip(&block.machines).map(of_machine);
    of_machines.chain(row.classes.iter().map(of_class)).collect()
}

fn description(rows: &[(&Row, Vec<Line>)]) -> String {
    let line = |line: &Line| format!("{} {}", line.name, told(&line.says));
    let one = |(row, lines): &(&Row, Vec<Line>)| {
        format!("{}: {}.", row.variant, lines.iter().map(line).collect::<Vec<_>>().join("; "))
    };
    rows.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn told(says: &Says) -> String {
    match says {
        Says::Ratio(Shown { ratio, ends, told, .. }) => {
            let shown = wording::interval(*ratio, *ends);
            format!("{told}, {}× [{}, {}]", shown.estimate, shown.low, shown.high)
        }
        Says::Nothing(reason) => reason.clone(),
    }
}

/// What the axis shows: every estimate, the margin, and of the intervals as much as leaves the estimates apart.
fn range(rows: &[(&Row, Vec<Line>)], margin: f64) -> (f64, f64) {
    let ratios = || {
        rows.iter().flat_map(|(_, lines)| lines).filter_map(|line| match &line.says {
            Says::Ratio(shown) => Some((shown.ratio, shown.ends)),
            Says::Nothing(_) => None,
        })
    };
    let estimates = ratios().map(|(ratio, _)| ratio).chain([1.0 + margin, 1.0 / (1.0 + margin)]);
    let (low, high) = logs(estimates, (0.0, 0.0));
    let more = (0.6 * (high - low)).max(0.01);
    let (least, most) = logs(ratios().flat_map(|(_, (low, high))| [low, high]), (low, high));
    let (low, high) = (least.max(low - more), most.min(high + more));
    let pad = 0.04 * (high - low).max(0.02);
    ((low - pad).exp(), (high + pad).exp())
}

/// Draws a variant from `top` on and returns where it ends.
fn variant(scene: &mut Scene, (row, lines): (&Row, &[Line]), (axis, margin): (&Scale, f64), top: f64) -> f64 {
    let room = WIDTH - 2.0 * EDGE;
    scene.line((EDGE, top), (WIDTH - EDGE, top), 1.0, Ink::Grid);
    scene.text(Label::new((EDGE, top + 15.0), &row.variant, 13.0, Ink::Text).bold().within(room));
    let rows_top = top + HEADING;
    let bottom = rows_top + lines.len() as f64 * ROW;
    scene.rect((axis.place(1.0 / (1.0 + margin)), rows_top), (axis.place(1.0 + margin), bottom), Ink::Margin);
    for tick in axis.ratio_ticks(6) {
        scene.line((axis.place(tick), rows_top), (axis.place(tick), bottom), 1.0, Ink::Grid);
    }
    scene.line((axis.place(1.0), rows_top), (axis.place(1.0), bottom), 1.4, Ink::Muted);
    let full: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
    let names = widths::shorten_all(&full, NAMES.1 - NAMES.0, NAME_SIZE);
    for (index, (line, name)) in lines.iter().zip(names).enumerate() {
        let y = rows_top + (index as f64 + 0.5) * ROW;
        scene.text(Label::new((NAMES.0, y), name, NAME_SIZE, Ink::Text));
        match &line.says {
            Says::Ratio(Shown { ratio, ends: (low, high), word, form, .. }) => {
                interval(scene, axis, (*low, *ratio, *high), y, *form);
                scene.text(Label::new((VERDICT, y), word, 12.0, form.1).within(96.0));
                let shown = wording::interval(*ratio, (*low, *high));
                let ends = format!("[{}, {}]", shown.low, shown.high);
                number_cells(scene, format!("{}×", shown.estimate), ends, y, Ink::Text);
            }
            Says::Nothing(why) => reason(scene, why, y),
        }
        let (name, text) = (format!("{} on {}", row.variant, line.name), told(&line.says));
        scene.tips.push(Tip { from: (EDGE, y - ROW / 2.0), to: (WIDTH - EDGE, y + ROW / 2.0), name, text });
    }
    bottom
}
