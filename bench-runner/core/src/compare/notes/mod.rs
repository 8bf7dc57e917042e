//! Notes on a block for its readers, as whole sentences.

mod comparison;
mod reference;

use super::cells::Cells;
use super::judge::{BlockEstimates, JudgedBlock};
use super::policy::Policy;
use super::result::Offsets;
use crate::record::{Block, Plan, PlannedProject, Role};
use crate::stats::{EXPECTED_NOISE, Expectation, LEVEL, MIN_ROUNDS};
use comparison::comparison_notes;
use reference::reference_notes;

/// Larger numbers of rounds are not suggested.
const MOST_ROUNDS: usize = 1000;

pub(super) fn block_notes(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
    family: usize,
    policy: &Policy,
) -> Vec<String> {
    let mut notes = Vec::new();
    notes.extend(round_notes(cells, judged));
    notes.extend(reference_notes(cells, judged));
    for arm in 0..cells.block.arms.len() {
        notes.extend(failure_note(cells, arm));
        notes.extend(zero_time_note(cells, arm));
        notes.extend(given_up_note(cells, arm));
        if let Some(contrast) = cells.contrast(arm) {
            notes.extend(comparison_notes(cells, judged, contrast, family, policy));
        }
    }
    notes.extend(repeated_rounds_notes(cells, judged));
    notes.extend(widening_notes(judged));
    notes.extend(co_change_note(cells));
    notes.extend(cells.end.into_iter().flat_map(|end| end.notes.iter().cloned()));
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

/// Formats a fraction as a percentage: `1.5 %`.
fn percent(share: f64) -> String {
    let value = 100.0 * share;
    if value.abs() < 0.095 { format!("{value:.2} %") } else { format!("{value:.1} %") }
}

/// Formats a count with its noun: `1 round`, `2 rounds`.
pub fn pluralize(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
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
        "a verdict on a difference of {margin_shown} takes {rounds} if builds scatter by {scatter}, which is assumed"
    )
}

fn round_notes(cells: &Cells<'_>, judged: &JudgedBlock) -> Vec<String> {
    let mut notes = Vec::new();
    if cells.rounds.len() < MIN_ROUNDS {
        notes.push(format!(
            "The block has {}; a ratio needs at least {MIN_ROUNDS}, and {}.",
            pluralize(cells.rounds.len(), "complete round"),
            rounds_for_margin(cells, judged.margin)
        ));
    }
    if cells.cut_rounds > 0 {
        notes.push(format!("{} not complete and left out.", pluralize_with_verb(cells.cut_rounds, "round")));
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
        format!(
            "Of {name}, {builds} did not end well; no ratio contains {}.",
            if count == 1 { "it" } else { "them" }
        )
    })
}

/// Builds that are recorded with a wall time of 0, of which there is no logarithm.
fn zero_time_note(cells: &Cells<'_>, arm: usize) -> Option<String> {
    let count = cells.zero_time_builds(arm);
    (count > 0).then(|| {
        let builds = pluralize_with_verb(count, "build");
        format!(
            "Of {}, {builds} recorded with a wall time of 0; no ratio contains them.",
            cells.arm_name(arm)
        )
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
        "{} taken again and {} at the last attempt.",
        if count == 1 { "1 round was".to_owned() } else { format!("{count} rounds were") },
        if count == 1 { "counts" } else { "count" },
    )];
    let estimates = BlockEstimates::of(cells, &table, judged.stretch()).arms;
    for (arm, estimate) in estimates.into_iter().enumerate() {
        let Some(estimate) = estimate else { continue };
        let estimate = judged.with_offset(cells, arm, estimate);
        let (low, high) = estimate.interval(LEVEL);
        notes.push(format!(
            "With the first attempts in their place the ratio of {} is {} ({} to {}).",
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
            "Neighbouring rounds of an arm resemble each other (correlation {:.2}), so all standard errors are \
             multiplied by {:.2}.",
            serial.lag1,
            serial.stretch()
        ));
    }
    if let Some(Offsets::Calibrated { variance, twins, runs, .. }) = judged.offsets
        && variance > 0.0
    {
        notes.push(format!(
            "From {} of {} the offset between directories is estimated at {}, which may be chance; the standard \
             errors of all comparisons are widened for it.",
            pluralize(twins, "twin"),
            pluralize(runs, "run"),
            percent(variance.sqrt())
        ));
    }
    notes
}

/// Reports side effects of the settings of timed arms beyond what their axes are named for; they are part of
/// the comparison.
fn co_change_note(cells: &Cells<'_>) -> Option<String> {
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
    let one = matches!(&changes[..], [(_, settings)] if settings.len() == 1);
    let what = if one { "its name says" } else { "their names say" };
    let groups: Vec<String> =
        changes.iter().map(|(what, settings)| format!("{}: {what}", settings.join(", "))).collect();
    (!groups.is_empty()).then(|| format!("Besides what {what}: {}.", groups.join("; ")))
}

fn format_ratio(ratio: f64) -> String {
    if ratio < 1000.0 { format!("{ratio:.3}") } else { format!("{ratio:.0}") }
}
