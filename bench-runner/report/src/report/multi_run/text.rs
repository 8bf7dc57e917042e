//! Several runs side by side, as text for a terminal.

use super::sentences;
use crate::figure::wording::ColumnDigits;
use crate::machines::{MachineCell, MachineRuns, MultiRunBlock, SideBySide, VariantRow, as_ratio};
use crate::report::table::{TableColumn, TextStyle};

const COLUMNS: [TableColumn; 6] = [
    TableColumn { heading: "variant", right: false },
    TableColumn { heading: "machine", right: false },
    TableColumn { heading: "ratio", right: true },
    TableColumn { heading: "95% interval", right: true },
    TableColumn { heading: "verdict", right: false },
    TableColumn { heading: "runs", right: true },
];

/// The machines, their common comparisons, differences in setup, what was refused, and the answer: what the
/// machines agree on. Lines end with a line feed.
pub fn multi_run_text(together: &SideBySide, style: TextStyle) -> String {
    let mut lines = vec!["side by side".to_owned()];
    for machine in &together.machines {
        let runs = machine.runs.join(", ");
        let text = format!("{}, {}; {runs}", machine.name, machine.summary);
        lines.extend(style.paragraph(&format!("{}: ", machine.key), &text));
    }
    for block in &together.blocks {
        lines.push(String::new());
        lines.extend(block_lines(together, block, style));
    }
    lines.extend(titled_list(
        "differences between the machines or runs:",
        together.differences.iter().map(|one| sentences::difference_sentence(one, &together.machines)),
        style,
    ));
    let refused = together.refused.iter().map(|one| format!("{} of {}: {}", one.block, one.run, one.reason));
    lines.extend(titled_list("not compared:", refused, style));
    lines.extend(titled_list("notes:", together.remarks.iter().cloned(), style));
    lines.push(String::new());
    if together.blocks.is_empty() {
        lines.extend(
            style.sentence("No two runs have a comparison in common, so there is nothing to compare."),
        );
    } else {
        lines.extend(style.hanging("method: ", sentences::METHOD));
        lines.extend([String::new(), "answer".to_owned()]);
        let answer = |block| style.paragraph("", &sentences::block_sentences(together, block));
        lines.extend(together.blocks.iter().flat_map(answer));
    }
    style.text(&lines)
}

fn titled_list(heading: &str, items: impl Iterator<Item = String>, style: TextStyle) -> Vec<String> {
    let lines: Vec<String> = items.flat_map(|one| style.paragraph("", &one)).collect();
    if lines.is_empty() {
        return Vec::new();
    }
    [String::new(), heading.to_owned()].into_iter().chain(lines).collect()
}

fn block_lines(together: &SideBySide, block: &MultiRunBlock, style: TextStyle) -> Vec<String> {
    let mut lines = style.sentence(&format!("{} (compared with {})", block.title, block.baseline));
    let known = block.rows.iter().flat_map(|row| &row.cells).filter_map(|cell| match cell {
        MachineCell::Known(one) => Some(one.ratio()),
        MachineCell::Baseline | MachineCell::Nothing(_) => None,
    });
    let means = block.rows.iter().flat_map(|row| &row.classes).map(|class| as_ratio(&class.combined.mean));
    let digits = ColumnDigits::of_ratios(known.chain(means));
    let rows: Vec<Vec<String>> =
        block.rows.iter().flat_map(|row| rows(&together.machines, block, row, digits)).collect();
    lines.extend(style.table(&COLUMNS, &rows));
    lines.extend(sentences::runs_sentences(together, block).iter().flat_map(|one| style.paragraph("", one)));
    lines
}

fn rows(
    machines: &[MachineRuns],
    block: &MultiRunBlock,
    row: &VariantRow,
    digits: ColumnDigits,
) -> Vec<Vec<String>> {
    let line = |machine: String, ratio: Option<(f64, (f64, f64))>, verdict: String, runs: String| {
        let shown = ratio.map(|(ratio, ends)| digits.ratio(ratio, ends));
        let [estimate, ends] = shown.map_or_else(Default::default, |shown| {
            [format!("{}×", shown.estimate), format!("{}–{}×", shown.low, shown.high)]
        });
        vec![row.variant.clone(), machine, estimate, ends, verdict, runs]
    };
    let mut lines = Vec::new();
    for (cell, index) in row.cells.iter().zip(&block.machines) {
        let key = machines[*index].key.clone();
        lines.push(match cell {
            MachineCell::Known(one) => {
                line(key, Some(one.ratio()), one.verdict_text(), one.runs.len().to_string())
            }
            MachineCell::Baseline => line(key, None, "identical to the baseline".to_owned(), String::new()),
            MachineCell::Nothing(reason) => line(key, None, reason.clone(), String::new()),
        });
    }
    for class in &row.classes {
        let (machine, count) = (format!("type {}", class.class), format!("{} machines", class.machines));
        lines.push(line(machine, Some(as_ratio(&class.combined.mean)), count, String::new()));
    }
    lines
}
