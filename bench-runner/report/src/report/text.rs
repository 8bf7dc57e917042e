//! Results of a run as text for a terminal: a table for each comparison, then the definitions that its reader
//! needs. The answer is in [`answer_text`](super::answer_text).

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Verdict};
use bench_runner_core::record::{Role, Skipped};

use super::captions::captions;
use super::table::{TableColumn, TextStyle};
use super::{calibration, details, effects, fidelity, pooled_projects, proofs};
use crate::figure::wording::{self, ColumnDigits, TimeUnit};

pub(super) const COLUMNS: [TableColumn; 9] = [
    TableColumn { heading: "variant", right: false },
    TableColumn { heading: "median", right: true },
    TableColumn { heading: "ratio", right: true },
    TableColumn { heading: "95% interval", right: true },
    TableColumn { heading: "change", right: true },
    TableColumn { heading: "verdict", right: false },
    TableColumn { heading: "rounds", right: false },
    TableColumn { heading: "proof", right: false },
    TableColumn { heading: "builds", right: true },
];

/// A table for each comparison, ratios across projects, and what the columns mean. Lines end with a line feed;
/// there are no color codes.
pub fn text(comparison: &Comparison, style: TextStyle) -> String {
    let mut lines = style.sentence(&format!("{} on {}", comparison.scenario, comparison.machine));
    if let Some(post_hoc) = &comparison.post_hoc {
        let words = format!("post hoc: compared with `{}`, chosen after the run", post_hoc.baseline);
        lines.extend(style.sentence(&words));
    }
    if comparison.blocks.is_empty() {
        lines.extend([String::new(), why_no_blocks(comparison).to_owned()]);
    }
    for one in &comparison.blocks {
        lines.push(String::new());
        lines.extend(block(one, style));
    }
    lines.extend(pooled_projects::lines(&comparison.pooled_projects, style));
    let captions = captions(comparison);
    if !captions.is_empty() {
        lines.push(String::new());
        lines.extend(captions.iter().flat_map(|(word, text)| style.hanging(&format!("{word}: "), text)));
    }
    if style.verbose {
        let of_directories = calibration::text(&comparison.calibration);
        if !of_directories.is_empty() {
            lines.extend(style.hanging("directories: ", &of_directories));
        }
        lines.extend(skipped(comparison, style));
    }
    style.text(&lines)
}

/// The skipped variants, each with its reason and what helps.
fn skipped(comparison: &Comparison, style: TextStyle) -> Vec<String> {
    let of_post_hoc = comparison.post_hoc.iter().flat_map(|post_hoc| &post_hoc.left_out);
    let one = |skipped: &Skipped| {
        let words = format!("{} in {}: {}", skipped.variant, skipped.block, skipped.reason);
        let help = skipped.help.iter().flat_map(|help| style.paragraph("  help: ", help));
        style.paragraph("", &words).into_iter().chain(help).collect::<Vec<_>>()
    };
    let lines: Vec<String> = of_post_hoc.chain(&comparison.skipped).flat_map(one).collect();
    let heading = (!lines.is_empty()).then(|| [String::new(), "skipped:".to_owned()]);
    heading.into_iter().flatten().chain(lines).collect()
}

/// Reason why a comparison has no blocks.
pub(super) fn why_no_blocks(comparison: &Comparison) -> &'static str {
    if comparison.lacks_baseline() { "no comparison has that baseline" } else { "nothing was measured" }
}

fn block(block: &BlockResult, style: TextStyle) -> Vec<String> {
    let mut lines = style.sentence(&format!("{} ({})", block.title, wording::progress(block)));
    let rows = rows(block);
    if rows.is_empty() {
        lines.push("  nothing was timed".to_owned());
    } else {
        lines.extend(style.table(&COLUMNS, &rows));
    }
    if !block.arms.is_empty() {
        lines.extend(style.paragraph("control: ", &wording::control_text(block)));
    }
    for line in fidelity::lines(&block.fidelity) {
        let lead = if line.is_warning { "warning: " } else { "compared with your own build: " };
        lines.extend(style.paragraph(lead, &line.text));
    }
    lines.extend((0..block.arms.len()).flat_map(|arm| details::missing_result(block, arm, style)));
    lines.extend(proofs::lines(block, style));
    lines.extend(block.warnings.iter().flat_map(|note| style.paragraph("note: ", note)));
    lines.extend(effects::lines(block, style));
    if style.verbose {
        lines.extend(details::order(block, style));
        lines.extend(block.arms.iter().flat_map(|arm| details::ratio_of_means(arm, style)));
        lines.extend(block.arms.iter().flat_map(|arm| details::costs(arm, block.margin, style)));
        lines.extend(block.arms.iter().flat_map(|arm| details::sessions(arm, style)));
        let others = block.notes.iter().filter(|note| !block.warnings.contains(note));
        lines.extend(others.flat_map(|note| style.paragraph("note: ", note)));
    }
    lines
}

/// Rows of the table of a block: the arms with a time, since others have a reason below the table.
pub(super) fn rows(block: &BlockResult) -> Vec<Vec<String>> {
    let unit = TimeUnit::for_block(block);
    let arms: Vec<(usize, &ArmResult)> =
        block.arms.iter().enumerate().filter(|(_, arm)| arm.wall().is_some()).collect();
    let times = ColumnDigits::of_medians(block, unit);
    let ratios = ColumnDigits::of_block(block);
    let row = |(at, arm): &(usize, &ArmResult)| {
        let wall = arm.wall();
        let time = wall.map(|wall| format!("{} {}", times.time(wall.median, unit), unit.symbol()));
        let word = |word: &str| ["", "", "", word].map(str::to_owned);
        let [ratio, interval, change, verdict] = match (&arm.ratio, arm.role, block.twin) {
            (Some(ratio), ..) => {
                let numbers = (ratio.ratio, (ratio.low, ratio.high));
                ratio_cells(ratios, numbers, ratio.verdict.as_str())
            }
            (None, ..) if *at == block.baseline => word("baseline"),
            (None, Role::Twin, Some(twin)) => ratio_cells(ratios, (twin.ratio, twin.ends()), "control"),
            (None, Role::Twin, None) => word("control"),
            (None, ..) => word("no result"),
        };
        vec![
            wording::arm_name(arm),
            time.unwrap_or_default(),
            ratio,
            interval,
            change,
            verdict,
            few_rounds(arm),
            proofs::word(block, arm).to_owned(),
            wall.map(|wall| wall.n.to_string()).unwrap_or_default(),
        ]
    };
    arms.iter().map(row).collect()
}

fn ratio_cells(digits: ColumnDigits, (ratio, ends): (f64, (f64, f64)), word: &str) -> [String; 4] {
    let shown = digits.ratio(ratio, ends);
    [
        format!("{}×", shown.estimate),
        format!("{}–{}×", shown.low, shown.high),
        format!("{}%", digits.change(ratio)),
        word.to_owned(),
    ]
}

/// The rounds behind a verdict, such as `4, min. 6`, if they are fewer than the minimum.
fn few_rounds(arm: &ArmResult) -> String {
    let few = arm.ratio.filter(|ratio| ratio.verdict != Verdict::Invalid && ratio.few_rounds().is_some());
    few.map(|ratio| format!("{}, min. {}", ratio.rounds, ratio.wanted_rounds)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
