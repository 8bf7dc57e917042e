//! Results of a run as text for a terminal: a table for each comparison, then the definitions that its reader
//! needs. The answer is in [`answer_text`](super::answer_text).

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Ratio, Verdict};
use bench_runner_core::record::{Role, Skipped};

use super::table::{TableColumn, TextStyle};
use super::{calibration, details, fidelity, pooled_projects, proofs};
use crate::figure::wording::{self, ColumnDigits, TimeUnit};

pub(super) const COLUMNS: [TableColumn; 8] = [
    TableColumn { heading: "variant", right: false },
    TableColumn { heading: "median", right: true },
    TableColumn { heading: "ratio", right: true },
    TableColumn { heading: "95% interval", right: true },
    TableColumn { heading: "change", right: true },
    TableColumn { heading: "verdict", right: false },
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
    let explained = explanations(comparison);
    if !explained.is_empty() {
        lines.push(String::new());
        lines.extend(explained.iter().flat_map(|(lead, text)| style.hanging(lead, text)));
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

/// Captions of the tables, each a lead and a text: ratio, verdicts, builds.
pub(super) fn explanations(comparison: &Comparison) -> Vec<(&'static str, String)> {
    let with_ratio: Vec<&BlockResult> =
        comparison.blocks.iter().filter(|block| block.arms.iter().any(|arm| arm.ratio.is_some())).collect();
    let mut all = Vec::new();
    if let Some(first) = with_ratio.first() {
        all.push(("ratio: ", format!("{}; below 1× takes less time.", ratio_captions(&with_ratio))));
        let margin = wording::share(first.margin);
        all.push((
            "verdicts: ",
            format!(
                "faster, slower: by more than chance explains; equivalent: differs by less than ±{margin}, the smallest \
                 difference that matters (--margin); undecided: neither was shown. {}",
                wording::family_sentence(comparison)
            ),
        ));
    }
    let builds = builds_text(&comparison.blocks);
    all.extend((!builds.is_empty()).then_some(("builds: ", builds)));
    all
}

/// Captions of the ratios, without the word `ratio`. If they differ, the longer one explains both.
fn ratio_captions(blocks: &[&BlockResult]) -> String {
    let captions = blocks.iter().map(|block| wording::ratio_caption(block));
    let caption = captions.max_by_key(|caption| caption.len()).unwrap_or_default();
    caption.strip_prefix("ratio: ").unwrap_or(caption).to_owned()
}

/// Profiles and edits of the builds.
fn builds_text(blocks: &[BlockResult]) -> String {
    let mut edits: Vec<&str> = Vec::new();
    for edit in blocks.iter().flat_map(|block| &block.setup.edits) {
        if !edits.contains(&edit.as_str()) {
            edits.push(edit);
        }
    }
    let profiles = wording::profiles(blocks);
    let profiles = (!profiles.is_empty()).then(|| format!("{profiles}."));
    let edits = (!edits.is_empty()).then(|| {
        let edits = edits.join("; ");
        format!("Before each round of a rebuild, every variant gets the same new edit: {edits}.")
    });
    profiles.into_iter().chain(edits).collect::<Vec<_>>().join(" ")
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

/// False for the control, which has its own line, and for arms without a time, which have a reason instead.
fn has_row(arm: &ArmResult) -> bool {
    arm.role != Role::Twin && arm.wall().is_some()
}

/// Rows of the table of a block.
pub(super) fn rows(block: &BlockResult) -> Vec<Vec<String>> {
    let unit = TimeUnit::for_block(block);
    let arms: Vec<(usize, &ArmResult)> =
        block.arms.iter().enumerate().filter(|(_, arm)| has_row(arm)).collect();
    let walls: Vec<_> = arms.iter().filter_map(|(_, arm)| arm.wall()).collect();
    let times = ColumnDigits::of_times(&walls, unit);
    let ratios = arms.iter().filter_map(|(_, arm)| arm.ratio);
    let ratios = ColumnDigits::of_ratios(ratios.map(|ratio| (ratio.ratio, (ratio.low, ratio.high))));
    let row = |(at, arm): &(usize, &ArmResult)| {
        let wall = arm.wall();
        let time = wall.map(|wall| format!("{} {}", times.time(wall.median, unit), unit.symbol()));
        let [ratio, interval, change, verdict] = match (&arm.ratio, *at == block.baseline) {
            (Some(ratio), _) => ratio_cells(ratio, ratios),
            (None, true) => ["", "", "", "baseline"].map(str::to_owned),
            (None, false) => ["", "", "", "no result"].map(str::to_owned),
        };
        let builds = wall.map(|wall| wall.n.to_string()).unwrap_or_default();
        let proof = proofs::word(block, arm).to_owned();
        vec![
            wording::arm_name(arm),
            time.unwrap_or_default(),
            ratio,
            interval,
            change,
            verdict,
            proof,
            builds,
        ]
    };
    arms.iter().map(row).collect()
}

fn ratio_cells(ratio: &Ratio, digits: ColumnDigits) -> [String; 4] {
    let shown = digits.ratio(ratio.ratio, (ratio.low, ratio.high));
    let verdict = match (ratio.verdict, ratio.few_rounds()) {
        (verdict, Some(few)) if verdict != Verdict::Invalid => format!("{}, only {few}", verdict.as_str()),
        (verdict, _) => verdict.as_str().to_owned(),
    };
    [
        format!("{}×", shown.estimate),
        format!("{}–{}×", shown.low, shown.high),
        format!("{}%", digits.change(ratio.ratio)),
        verdict,
    ]
}

#[cfg(test)]
mod tests;
