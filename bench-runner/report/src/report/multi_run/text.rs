//! Several runs side by side, as text for a terminal.

use super::sentences;
use crate::figure::wording;
use crate::machines::{MachineCell, MachineRuns, MultiRunBlock, SideBySide, VariantRow, as_ratio};
use crate::report::table::{TableColumn, paragraph, sentence, table};
use crate::report::text::sanitize;

const COLUMNS: [TableColumn; 6] = [
    TableColumn { heading: "variant", right: false },
    TableColumn { heading: "machine", right: false },
    TableColumn { heading: "ratio", right: true },
    TableColumn { heading: "95 % interval", right: true },
    TableColumn { heading: "verdict", right: false },
    TableColumn { heading: "runs", right: true },
];

/// The machines, their common blocks, differences in setup and refused blocks. Lines are at most about 100
/// columns wide and end with a line feed.
pub fn multi_run_text(together: &SideBySide) -> String {
    let mut lines = vec!["side by side".to_owned()];
    for machine in &together.machines {
        let runs = machine.runs.join(", ");
        lines.extend(paragraph(
            &format!("{}: ", machine.key),
            &format!("{}, {}; {runs}", machine.name, machine.summary),
        ));
    }
    for block in &together.blocks {
        lines.push(String::new());
        lines.extend(block_lines(together, block));
    }
    if together.blocks.is_empty() {
        lines
            .extend(sentence("No two runs have a block in common, so there is nothing to put side by side."));
    } else {
        lines.push(String::new());
        lines.extend(sentence(sentences::METHOD));
    }
    lines.extend(titled_list(
        "differs:",
        together.differences.iter().map(|one| sentences::difference_sentence(one, &together.machines)),
    ));
    let refused = together.refused.iter().map(|one| format!("{} of {}: {}", one.block, one.run, one.reason));
    lines.extend(titled_list("not put beside the others:", refused));
    lines.extend(titled_list("to be known:", together.remarks.iter().cloned()));
    lines.iter().map(|line| format!("{}\n", sanitize(line))).collect()
}

fn titled_list(heading: &str, items: impl Iterator<Item = String>) -> Vec<String> {
    let lines: Vec<String> = items.flat_map(|one| paragraph("", &one)).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    [String::new(), heading.to_owned()].into_iter().chain(lines).collect()
}

fn block_lines(together: &SideBySide, block: &MultiRunBlock) -> Vec<String> {
    let mut lines = vec![format!("{} (against {})", block.title, block.baseline)];
    let rows: Vec<Vec<String>> =
        block.rows.iter().flat_map(|row| rows(&together.machines, block, row)).collect();
    lines.extend(table(&COLUMNS, &rows));
    lines.extend(paragraph("", &sentences::block_sentences(together, block)));
    lines.extend(sentences::runs_sentences(together, block).iter().flat_map(|one| paragraph("", one)));
    lines
}

fn rows(machines: &[MachineRuns], block: &MultiRunBlock, row: &VariantRow) -> Vec<Vec<String>> {
    let mut name = row.variant.clone();
    let mut line = |machine: String, ratio: Option<(f64, (f64, f64))>, verdict: String, runs: String| {
        let shown = ratio.map(|(ratio, ends)| wording::interval(ratio, ends));
        let [estimate, ends] = shown.map_or_else(Default::default, |shown| {
            [format!("{}×", shown.estimate), format!("{} – {}", shown.low, shown.high)]
        });
        vec![std::mem::take(&mut name), machine, estimate, ends, verdict, runs]
    };
    let mut lines = Vec::new();
    for (cell, index) in row.cells.iter().zip(&block.machines) {
        let key = machines[*index].key.clone();
        lines.push(match cell {
            MachineCell::Known(one) => {
                line(key, Some(one.ratio()), one.verdict_text(), one.runs.len().to_string())
            }
            MachineCell::Baseline => {
                line(key, None, "the same thing as the baseline".to_owned(), String::new())
            }
            MachineCell::Nothing(reason) => line(key, None, shorten(reason), String::new()),
        });
    }
    for class in &row.classes {
        let (machine, count) = (format!("class {}", class.class), format!("{} machines", class.machines));
        lines.push(line(machine, Some(as_ratio(&class.combined.mean)), count, String::new()));
    }
    lines
}

/// A reason, shortened to fit into a cell.
fn shorten(reason: &str) -> String {
    const MOST: usize = 40;
    if reason.chars().count() <= MOST {
        return reason.to_owned();
    }
    reason.chars().take(MOST - 1).chain(['…']).collect()
}
