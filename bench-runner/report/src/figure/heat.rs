//! Heat map of a block of several runs: variants by machines, with ratio and verdict in every cell.

use std::ops::Range;

use bench_runner_core::compare::Verdict;
use plotters::coord::types::RangedCoordf64;
use plotters::element::Rectangle;

use super::backend::unsigned_units;
use super::chart::{ChartFrame, area, draw, place, rows as row_axis, stroke};
use super::palette::Ink;
use super::scene::{Anchor, EDGE, Label, Scene, ScenePosition, Tooltip, WIDTH};
use super::widths;
use super::wording;
use crate::machines::{MachineCell, MachineRatio, MachineRuns, MultiRunBlock, VariantRow};

/// Left and right end of the names.
const NAMES: (f64, f64) = (EDGE, 224.0);
/// Font size of the names.
const NAME_SIZE: f64 = 12.0;
/// Left end of the cells and limit of their right end.
const CELLS: (f64, f64) = (236.0, WIDTH - EDGE);
/// Maximum number of machines side by side, and maximum width of a cell.
const MOST: usize = 7;
const WIDEST: f64 = 124.0;
/// Upper end of the first table.
const TOP: f64 = 74.0;
/// Height of the headings of a table.
const HEADING: f64 = 26.0;
/// Height of a row.
const ROW: f64 = 44.0;
/// Blank space around a cell.
const CELL_GAP: f64 = 1.5;
/// Height of a line of text below the tables.
const LINE: f64 = 18.0;

/// Scene of one block.
pub(crate) fn scene(machines: &[MachineRuns], block: &MultiRunBlock) -> Scene {
    let mut scene = Scene::new(format!("{}: ratios by machine", block.title), description(machines, block));
    let subtitle =
        format!("wall time against {}; ±{} = no difference", block.baseline, wording::share(block.margin));
    scene.heading(&block.title, &subtitle);
    let names: Vec<String> = block.rows.iter().map(|row| row.variant.clone()).collect();
    let names = widths::shorten_all(&names, NAMES.1 - NAMES.0, NAME_SIZE);
    let mut top = TOP;
    for first in (0..block.machines.len()).step_by(MOST) {
        let columns = first..(first + MOST).min(block.machines.len());
        top = table(&mut scene, (machines, block), &names, columns, top) + 16.0;
    }
    top = scale(&mut scene, top) + 8.0;
    for index in &block.machines {
        let machine = &machines[*index];
        let text = format!("{}: {}, {}", machine.key, machine.name, machine.summary);
        let room = WIDTH - 2.0 * EDGE;
        scene.text(Label::new((EDGE, top + LINE / 2.0), text, 11.0, Ink::Muted).within(room));
        top += LINE;
    }
    scene.height = top + 12.0;
    scene
}

fn description(machines: &[MachineRuns], block: &MultiRunBlock) -> String {
    let row_text = |row: &VariantRow| {
        let cells = row.cells.iter().zip(&block.machines);
        let cells: Vec<String> =
            cells.map(|(cell, index)| format!("{}: {}", machines[*index].name, cell_text(cell))).collect();
        format!("{}: {}.", row.variant, cells.join("; "))
    };
    block.rows.iter().map(row_text).collect::<Vec<_>>().join(" ")
}

/// Text of a cell.
fn cell_text(cell: &MachineCell) -> String {
    match cell {
        MachineCell::Known(machine_ratio) => {
            let (ratio, interval) = machine_ratio.ratio();
            let runs = match machine_ratio.runs.len() {
                1 => String::new(),
                several => format!(", over {several} runs"),
            };
            let verdict = machine_ratio.verdict_text();
            format!("{verdict}, {}{runs}", wording::interval_phrase(ratio, interval))
        }
        MachineCell::Baseline => "there it is the same thing as the baseline".to_owned(),
        MachineCell::Nothing(reason) => reason.clone(),
    }
}

/// Draws the block's machines with the indices `columns`, and returns the lower end of the table.
fn table(
    scene: &mut Scene,
    (machines, block): (&[MachineRuns], &MultiRunBlock),
    names: &[String],
    columns: Range<usize>,
    top: f64,
) -> f64 {
    let width = ((CELLS.1 - CELLS.0) / columns.len().max(1) as f64).min(WIDEST);
    let (rows_top, count) = (top + HEADING, block.rows.len());
    let bottom = rows_top + count as f64 * ROW;
    let across = (CELLS.0, CELLS.0 + columns.len() as f64 * width);
    let inks: Vec<Vec<Ink>> =
        block.rows.iter().map(|row| row.cells[columns.clone()].iter().map(cell_ink).collect()).collect();
    let corners = cells(scene, &inks, (across, (rows_top, bottom)));
    for (column, at) in columns.clone().enumerate() {
        let x = CELLS.0 + (column as f64 + 0.5) * width;
        let key = &machines[block.machines[at]].key;
        let label = Label::new((x, top + HEADING / 2.0), key, 13.0, Ink::Text).bold();
        scene.text(label.anchored(Anchor::Middle));
    }
    for (index, (row, name)) in block.rows.iter().zip(names).enumerate() {
        let middle = rows_top + (index as f64 + 0.5) * ROW;
        scene.text(Label::new((NAMES.0, middle), name, NAME_SIZE, Ink::Text));
        for (column, at) in columns.clone().enumerate() {
            let (from, to) = corners[index][column];
            texts(scene, &row.cells[at], (from, to));
            let machine = &machines[block.machines[at]];
            let (name, text) = (format!("{} on {}", row.variant, machine.name), cell_text(&row.cells[at]));
            scene.tooltips.push(Tooltip { from, to, name, text });
        }
    }
    bottom
}

/// Corners of a cell.
type CellCorners = (ScenePosition, ScenePosition);

/// Draws cells of these inks, row by row, and returns their corners.
fn cells(
    scene: &mut Scene,
    inks: &[Vec<Ink>],
    (across, down): ((f64, f64), (f64, f64)),
) -> Vec<Vec<CellCorners>> {
    let columns = inks.first().map_or(0, Vec::len);
    draw(scene, |canvas| {
        let x = RangedCoordf64::from(0.0..columns as f64);
        let chart = ChartFrame::bare(across, down).chart(canvas, (x, row_axis(inks.len() as f64)))?;
        let mut corners = Vec::new();
        for (row, inks) in inks.iter().enumerate() {
            let mut of_row = Vec::new();
            for (column, ink) in inks.iter().enumerate() {
                let (from, to) = ((column as f64, row as f64), (column as f64 + 1.0, row as f64 + 1.0));
                let gap = unsigned_units(CELL_GAP);
                let mut cell = match ink {
                    Ink::Card => Rectangle::new([from, to], stroke(Ink::Grid, 1.0)),
                    ink => area(from, to, *ink),
                };
                cell.set_margin(gap, gap, gap, gap);
                chart.plotting_area().draw(&cell)?;
                let ((x0, y0), (x1, y1)) = (place(&chart, from), place(&chart, to));
                of_row.push(((x0 + CELL_GAP, y0 + CELL_GAP), (x1 - CELL_GAP, y1 - CELL_GAP)));
            }
            corners.push(of_row);
        }
        Ok(corners)
    })
}

fn cell_ink(cell: &MachineCell) -> Ink {
    match cell {
        MachineCell::Known(machine_ratio) => Ink::Heat(level(machine_ratio)),
        MachineCell::Baseline => Ink::Heat(0),
        MachineCell::Nothing(_) => Ink::Card,
    }
}

/// Ratio and verdict in a cell.
fn texts(scene: &mut Scene, cell: &MachineCell, ((x0, y0), (x1, y1)): CellCorners) {
    let [number, verdict] = match cell {
        MachineCell::Known(machine_ratio) => {
            let (ratio, interval) = machine_ratio.ratio();
            let number = format!("{}×", wording::interval(ratio, interval).estimate);
            [number, machine_ratio.verdict_word()]
        }
        MachineCell::Baseline => ["=".to_owned(), "the baseline".to_owned()],
        MachineCell::Nothing(_) => ["–".to_owned(), "no result".to_owned()],
    };
    let (x, middle, room) = ((x0 + x1) / 2.0, (y0 + y1) / 2.0, x1 - x0 - 8.0);
    let number = Label::new((x, middle - 8.5), number, 13.0, Ink::Text).bold().within(room);
    scene.text(number.anchored(Anchor::Middle));
    let verdict = Label::new((x, middle + 9.0), verdict, 11.0, Ink::Text).within(room);
    scene.text(verdict.anchored(Anchor::Middle));
}

/// Limits of the color steps, as factors.
const STEPS: [f64; 3] = [1.1, 1.25, 2.0];
/// Factor below which, and above whose reciprocal, a cell has no color.
const FAINT: f64 = 1.02;

/// Color step of a ratio: pale unless every run shows the same difference.
fn level(machine_ratio: &MachineRatio) -> i8 {
    let log = machine_ratio.combined.mean.value;
    if !log.is_finite() || log.abs() < FAINT.ln() {
        return 0;
    }
    let steps = 1 + STEPS.iter().filter(|step| log.abs() >= step.ln()).count() as i8;
    let is_clear = matches!(machine_ratio.verdict(), Some(Verdict::Faster | Verdict::Slower));
    let steps = if is_clear { steps } else { 1 };
    if log < 0.0 { -steps } else { steps }
}

/// Legend of the color steps; returns its lower end.
fn scale(scene: &mut Scene, top: f64) -> f64 {
    let label = Label::new((EDGE, top + 8.0), "less time", 11.0, Ink::Muted);
    let mut x = EDGE + label.width() + 8.0;
    scene.text(label);
    for ink in Ink::heats() {
        scene.rect((x, top), (x + 22.0, top + 16.0), ink);
        x += 24.0;
    }
    let limits: Vec<String> = STEPS.iter().map(|step| format!("{step}×")).collect();
    let text = format!(
        "more time · steps at {FAINT}×, {} and their reciprocals; pale where not every run shows a difference",
        limits.join(", ")
    );
    scene.text(Label::new((x + 6.0, top + 8.0), text, 11.0, Ink::Muted).within(WIDTH - EDGE - x - 6.0));
    top + 16.0
}
