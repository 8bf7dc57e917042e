//! Results of a run as text for a terminal.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Ratio};
use bench_runner_core::record::{Proof, ProofResult, Role, Skipped};

use super::table::{TableColumn, paragraph, sentence, table};
use super::{calibration, details, fidelity, pooled_projects};
use crate::figure::wording::{self, TimeUnit};

pub(super) const COLUMNS: [TableColumn; 7] = [
    TableColumn { heading: "variant", right: false },
    TableColumn { heading: "median", right: true },
    TableColumn { heading: "ratio", right: true },
    TableColumn { heading: "95% interval", right: true },
    TableColumn { heading: "change", right: true },
    TableColumn { heading: "verdict", right: false },
    TableColumn { heading: "n", right: true },
];

/// A table with details for each block of the comparison, then the variants that were left out. Lines are at
/// most about 100 columns wide and end with a line feed; there are no color codes.
pub fn text(comparison: &Comparison) -> String {
    let mut lines = vec![format!("{} on {}", comparison.scenario, comparison.machine)];
    if let Some(post_hoc) = &comparison.post_hoc {
        let words = format!("post hoc: compared with `{}`, chosen after the run", post_hoc.baseline);
        lines.push(words);
    }
    if comparison.blocks.is_empty() {
        lines.extend([String::new(), why_no_blocks(comparison).to_owned()]);
    }
    for one in &comparison.blocks {
        lines.push(String::new());
        lines.extend(block(one));
    }
    lines.extend(pooled_projects::lines(&comparison.pooled_projects));
    if comparison.blocks.iter().flat_map(|block| &block.arms).any(|arm| arm.ratio.is_some()) {
        lines.push(String::new());
        lines.extend(sentence(&wording::family_sentence(comparison)));
        lines.extend(
            sentence(&calibration::text(&comparison.calibration)).into_iter().filter(|l| !l.is_empty()),
        );
    }
    let left_out = comparison.post_hoc.iter().flat_map(|post_hoc| &post_hoc.left_out);
    lines.extend(skipped(&left_out.chain(&comparison.skipped).collect::<Vec<_>>()));
    lines.iter().map(|line| format!("{}\n", sanitize(line))).collect()
}

/// Reason why a comparison has no blocks.
pub(super) fn why_no_blocks(comparison: &Comparison) -> &'static str {
    if comparison.lacks_baseline() { "no block has that baseline" } else { "no block was measured" }
}

/// Replaces control characters, since names and messages come from files and compilers and must not control
/// the terminal.
pub(super) fn sanitize(line: &str) -> String {
    line.chars().map(|c| if is_control(c) { '\u{FFFD}' } else { c }).collect()
}

/// True for control characters and characters that change the direction of writing.
pub(super) fn is_control(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

fn block(block: &BlockResult) -> Vec<String> {
    let mut lines = vec![format!("{} ({})", block.title, wording::progress(block))];
    let unit = TimeUnit::for_block(block);
    let arms = block.arms.iter().enumerate().filter(|(_, arm)| has_row(arm));
    let rows: Vec<_> = arms.map(|(at, arm)| row(block, at, unit, arm)).collect();
    if rows.is_empty() {
        lines.push("  nothing was timed".to_owned());
    } else {
        lines.extend(table(&COLUMNS, &rows));
    }
    if !block.arms.is_empty() {
        lines.extend(paragraph("control: ", &wording::control_text(block)));
    }
    for line in fidelity::lines(&block.fidelity) {
        lines.extend(paragraph(
            if line.is_warning { "warning: fidelity: " } else { "fidelity: " },
            &line.text,
        ));
    }
    lines.extend(details::order(block));
    lines.extend((0..block.arms.len()).flat_map(|arm| details::arm_remarks(block, arm)));
    lines.extend(block.arms.iter().flat_map(|arm| details::costs(arm, block.margin)));
    lines.extend(block.arms.iter().flat_map(details::sessions));
    lines.extend(proofs(block));
    lines.extend(block.notes.iter().flat_map(|note| paragraph("note: ", note)));
    lines
}

/// False for the twin, which has its own line, and for arms without a time, which have a reason instead.
pub(super) fn has_row(arm: &ArmResult) -> bool {
    arm.role != Role::Twin && arm.wall().is_some()
}

pub(super) fn row(block: &BlockResult, at: usize, unit: TimeUnit, arm: &ArmResult) -> Vec<String> {
    let time = arm.wall().map(|wall| format!("{} {}", wording::time(&wall, unit).estimate, unit.symbol()));
    let count = arm.wall().map(|wall| wall.n.to_string());
    let [ratio, interval, change, verdict] = match (&arm.ratio, at == block.baseline) {
        (Some(ratio), _) => ratio_cells(ratio),
        (None, true) => ["", "", "", "baseline"].map(str::to_owned),
        (None, false) => ["", "", "", "–"].map(str::to_owned),
    };
    let name = wording::arm_name(arm);
    vec![name, time.unwrap_or_default(), ratio, interval, change, verdict, count.unwrap_or_default()]
}

fn ratio_cells(ratio: &Ratio) -> [String; 4] {
    let (shown, change) = (wording::ratio(ratio), wording::change(ratio));
    [
        format!("{}×", shown.estimate),
        format!("{} – {}", shown.low, shown.high),
        format!("{}%", change.estimate),
        ratio.verdict_text(),
    ]
}

/// Proofs of a block: a line for each distinct text in order, with the arms that it applies to.
fn proofs(block: &BlockResult) -> Vec<String> {
    let mut of_arm: Vec<(String, Vec<String>)> = Vec::new();
    for proof in block.proofs.iter().filter(|proof| is_news(proof, block)) {
        let arm = match proof.role {
            Role::Twin => format!("control ({} again)", proof.variant),
            Role::Baseline | Role::Variant => proof.variant.clone(),
        };
        let words = proof_text(proof);
        match of_arm.iter_mut().find(|(name, _)| *name == arm) {
            Some((_, all)) => all.push(words),
            None => of_arm.push((arm, vec![words])),
        }
    }
    let mut of_text: Vec<(String, Vec<String>)> = Vec::new();
    for (arm, words) in of_arm {
        let words = words.join("; ");
        match of_text.iter_mut().find(|(text, _)| *text == words) {
            Some((_, arms)) => arms.push(arm),
            None => of_text.push((words, vec![arm])),
        }
    }
    of_text.iter().flat_map(|(words, arms)| paragraph("", &format!("{}: {words}", arms.join(", ")))).collect()
}

/// True if a proof is news to the reader. A build that does what its workload demands is not, nor is a
/// command that gives no evidence of it. A failed proof is the reason why its arm was not timed, and is not
/// repeated if that reason names it.
fn is_news(proof: &Proof, block: &BlockResult) -> bool {
    let of_arm = |arm: &&ArmResult| arm.role == proof.role && arm.variant == proof.variant;
    let reason = block.arms.iter().find(of_arm).and_then(|arm| arm.not_timed.as_deref()).unwrap_or_default();
    match proof.result {
        ProofResult::Holds | ProofResult::NotProvable => proof.axis != "workload",
        ProofResult::Fails => !(reason.contains(&proof.axis) && reason.contains(&proof.found)),
        ProofResult::NotApplicable => true,
    }
}

fn proof_text(proof: &Proof) -> String {
    let Proof { axis, expected, found, result, .. } = proof;
    match result {
        ProofResult::Holds => format!("{axis} proven: {found}"),
        ProofResult::Fails => format!("{axis} not in force: expected {expected}, found {found}"),
        ProofResult::NotApplicable => {
            with_reason(format!("{axis} has no meaning under this workload"), found)
        }
        ProofResult::NotProvable => with_reason(format!("{axis} not provable"), found),
    }
}

fn with_reason(words: String, reason: &str) -> String {
    if reason.is_empty() { words } else { format!("{words}: {reason}") }
}

fn skipped(skipped: &[&Skipped]) -> Vec<String> {
    if skipped.is_empty() {
        return Vec::new();
    }
    let one = |skipped: &&Skipped| {
        let words = format!("{} in {}: {}", skipped.variant, skipped.block, skipped.reason);
        let help = skipped.help.iter().map(|help| format!("    help: {help}"));
        paragraph("", &words).into_iter().chain(help).collect::<Vec<_>>()
    };
    let heading = [String::new(), "left out:".to_owned()];
    heading.into_iter().chain(skipped.iter().flat_map(one)).collect()
}

#[cfg(test)]
mod tests;
