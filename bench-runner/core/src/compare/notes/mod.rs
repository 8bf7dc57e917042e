//! Notes on a block for its readers, as whole sentences.

mod comparison;
mod reference;

use super::cells::Cells;
use super::judge::{BlockEstimates, JudgedBlock};
use super::needed::{MOST_ROUNDS, rounds_needed};
use super::policy::Policy;
use super::result::Offsets;
use crate::record::{Block, Plan, PlannedProject, Role};
use crate::stats::{EXPECTED_NOISE, Expectation, LEVEL, MIN_ROUNDS};
use comparison::comparison_notes;
use reference::reference_notes;

/// A note on a block, as a whole sentence.
pub(super) struct BlockNote {
    pub(super) text: String,
    /// True if a reader of the verdicts must see it.
    pub(super) is_warning: bool,
}

impl BlockNote {
    fn warning(text: String) -> Self {
        Self { text, is_warning: true }
    }

    fn detail(text: String) -> Self {
        Self { text, is_warning: false }
    }
}

pub(super) fn block_notes(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
    family: usize,
    policy: &Policy,
) -> Vec<BlockNote> {
    let mut notes = Vec::new();
    notes.extend(round_notes(cells, judged).into_iter().map(BlockNote::warning));
    notes.extend(reference_notes(cells, judged).into_iter().map(BlockNote::warning));
    for arm in 0..cells.block.arms.len() {
        let of_builds = [failure_note(cells, arm), zero_time_note(cells, arm), given_up_note(cells, arm)];
        notes.extend(of_builds.into_iter().flatten().map(BlockNote::warning));
        if let Some(contrast) = cells.contrast(arm) {
            let needed = rounds_needed(cells, judged, arm, family, policy);
            notes.extend(comparison_notes(cells, judged, contrast, family, needed));
        }
    }
    let details = repeated_rounds_notes(cells, judged).into_iter().chain(widening_notes(judged));
    notes.extend(details.chain(co_change_notes(cells)).map(BlockNote::detail));
    notes.extend(cells.end.into_iter().flat_map(|end| end.notes.iter().cloned()).map(BlockNote::warning));
    notes
}

/// Notes on the sources of a block that concern its builds. Those that only describe a source, such as its
/// commit, are in the plan.
pub(super) fn source_notes(plan: &Plan, block: &Block) -> Vec<String> {
    const DESCRIBING: [&str; 3] = ["HEAD is ", "its own ", "nothing has been committed"];
    let built = |project: &&PlannedProject| block.arms.iter().any(|arm| arm.variant.project == project.name);
    let relevant = |note: &&String| !DESCRIBING.iter().any(|start| note.starts_with(start));
    let projects = plan.projects.iter().filter(built);
    projects
        .flat_map(|project| {
            project
                .notes
                .iter()
                .filter(relevant)
                .map(move |note| format!("The source of {}: {note}.", project.name))
        })
        .collect()
}

/// Formats a fraction as a percentage: `1.5%`.
fn percent(share: f64) -> String {
    let value = 100.0 * share;
    if value.abs() < 0.095 { format!("{value:.2}%") } else { format!("{value:.1}%") }
}

/// Formats a count with its noun: `1 round`, `2 rounds`.
pub fn pluralize(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{} {what}s", with_separators(&count.to_string())) }
}

/// The digits of a whole number in groups of three: `12,345`. Other texts stay as they are.
pub fn with_separators(number: &str) -> String {
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return number.to_owned();
    }
    let groups = number.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

/// Number of rounds that a verdict on a difference of the margin probably needs, before any scatter is known.
fn rounds_for_margin(cells: &Cells<'_>, margin: f64) -> String {
    let (scatter, margin_shown) = (percent(EXPECTED_NOISE), percent(margin));
    let expected = Expectation { noise: EXPECTED_NOISE, offset: 0.0, shape: cells.shape() };
    let rounds = match expected.rounds_for(0.5 * margin, MOST_ROUNDS) {
        Some(rounds) => format!("about {rounds} rounds"),
        None => format!("more than {MOST_ROUNDS} rounds"),
    };
    format!(
        "a verdict on a difference of {margin_shown} needs {rounds} if build times vary by {scatter}, which is assumed"
    )
}

fn round_notes(cells: &Cells<'_>, judged: &JudgedBlock) -> Vec<String> {
    let mut notes = Vec::new();
    if cells.rounds.len() < MIN_ROUNDS {
        notes.push(format!(
            "This comparison has {}; a ratio needs at least {MIN_ROUNDS}, and {}.",
            pluralize(cells.rounds.len(), "complete round"),
            rounds_for_margin(cells, judged.margin)
        ));
    }
    if cells.cut_rounds > 0 {
        notes.push(format!("{} incomplete and left out.", pluralize_with_verb(cells.cut_rounds, "round")));
    }
    notes
}

fn pluralize_with_verb(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what} is") } else { format!("{count} {what}s are") }
}

fn failure_note(cells: &Cells<'_>, arm: usize) -> Option<String> {
    let count = cells.failed_builds(arm);
    (count > 0).then(|| {
        let name = cells.arm_name(arm);
        let builds = pluralize(count, "measured build");
        format!("{builds} of {name} failed; no ratio contains {}.", if count == 1 { "it" } else { "them" })
    })
}

/// Builds that are recorded with a wall time of 0, of which there is no logarithm.
fn zero_time_note(cells: &Cells<'_>, arm: usize) -> Option<String> {
    let count = cells.zero_time_builds(arm);
    let (were, them) = if count == 1 { ("was", "it") } else { ("were", "them") };
    (count > 0).then(|| {
        let (builds, name) = (pluralize(count, "build"), cells.arm_name(arm));
        format!("{builds} of {name} {were} recorded with a wall time of 0; no ratio contains {them}.")
    })
}

/// Reason for giving up an arm that was timed. The notes on the reference cover the twin.
fn given_up_note(cells: &Cells<'_>, arm: usize) -> Option<String> {
    if cells.not_timed[arm].is_some() || cells.block.arms[arm].role == Role::Twin {
        return None;
    }
    cells
        .recorded_reason(arm)
        .map(|reason| format!("Building {} was given up: {reason}.", cells.arm_name(arm)))
}

/// Repeated rounds count at their last attempt; the result with the first attempts is reported too.
fn repeated_rounds_notes(cells: &Cells<'_>, judged: &JudgedBlock) -> Vec<String> {
    let (table, count) = cells.first_attempts();
    if count == 0 {
        return Vec::new();
    }
    let mut notes = vec![format!(
        "{} repeated and {} at the last attempt.",
        if count == 1 { "1 round was".to_owned() } else { format!("{count} rounds were") },
        if count == 1 { "counts" } else { "count" },
    )];
    let estimates = BlockEstimates::of(cells, &table, judged.stretch()).arms;
    for (arm, estimate) in estimates.into_iter().enumerate() {
        let Some(estimate) = estimate else { continue };
        let estimate = judged.with_offset(cells, arm, estimate);
        let (low, high) = estimate.interval(LEVEL);
        notes.push(format!(
            "With the first attempts instead, the ratio of {} is {} ({} to {}).",
            cells.arm_name(arm),
            format_ratio(estimate.ratio()),
            format_ratio(low),
            format_ratio(high),
        ));
    }
    notes
}

/// Reports why the standard errors were widened.
fn widening_notes(judged: &JudgedBlock) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(serial) = judged.serial {
        notes.push(format!(
            "Neighboring rounds resemble each other (correlation {:.2}), so all standard errors are multiplied by \
             {:.2}.",
            serial.lag1,
            serial.stretch()
        ));
    }
    if let Some(Offsets::Calibrated { variance, twins, runs, .. }) = judged.offsets
        && variance > 0.0
    {
        notes.push(format!(
            "Builds in one target directory are faster than in another, by about {} (measured by {} of {}); the \
             intervals of all comparisons are wide enough for it.",
            percent(variance.sqrt()),
            pluralize(twins, "control"),
            pluralize(runs, "run"),
        ));
    }
    notes
}

/// Reports side effects of the settings of timed arms beyond what their axes are named for; they are part of
/// the comparison.
fn co_change_notes(cells: &Cells<'_>) -> Vec<String> {
    // Grouped by change, so that a change common to several settings is reported once.
    let mut changes: Vec<(&str, Vec<&str>)> = Vec::new();
    for (arm, _) in cells.block.arms.iter().zip(&cells.not_timed).filter(|(_, why)| why.is_none()) {
        for change in &arm.co_changes {
            let (setting, what) = change.split_once(": ").unwrap_or((&arm.variant.name, change));
            match changes.iter_mut().find(|(known, _)| *known == what) {
                Some((_, settings)) if settings.contains(&setting) => {}
                Some((_, settings)) => settings.push(setting),
                None => changes.push((what, vec![setting])),
            }
        }
    }
    changes
        .iter()
        .map(|(what, settings)| format!("Side effect of {}: {what}.", settings.join(", ")))
        .collect()
}

fn format_ratio(ratio: f64) -> String {
    if ratio < 1000.0 { format!("{ratio:.3}") } else { format!("{ratio:.0}") }
}
