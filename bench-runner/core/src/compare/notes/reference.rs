//! Notes on the baseline and its twin.

use super::super::cells::Cells;
use super::super::judge::JudgedBlock;
use super::super::result::Invalid;
use crate::stats::MIN_ROUNDS;

pub(super) fn reference_notes(cells: &Cells<'_>, judged: &JudgedBlock) -> Vec<String> {
    let mut notes = Vec::new();
    let reason_of = |arm: usize| cells.not_timed.get(arm)?.as_ref();
    if let Some((baseline, reason)) = cells.baseline.and_then(|arm| Some((arm, reason_of(arm)?))) {
        let name = capitalize_article(&cells.arm_name(baseline));
        notes.push(format!("{name} was not timed, so there is nothing to compare with: {reason}."));
        return notes;
    }
    match (cells.block.twin(), judged.twin) {
        (None, _) => notes.push(
            "The control is switched off: nothing shows how much two identical builds differ here, and the intervals \
             are wider for it."
                .to_owned(),
        ),
        (Some(twin), None) if cells.reference.twin.is_none() => {
            let what = match &cells.not_timed[twin] {
                Some(reason) => format!("The control was not timed ({reason})"),
                None => {
                    let reason = cells.recorded_reason(twin).unwrap_or_else(|| "its builds failed".to_owned());
                    format!("Building the control was given up ({reason}), so the comparison is judged without it")
                }
            };
            notes.push(format!(
                "{what}: nothing shows how much two identical builds differ here, and the intervals are wider for it."
            ));
        }
        (Some(_), None) if cells.rounds.len() >= MIN_ROUNDS && !cells.is_post_hoc() => {
            notes.push(format!(
                "Fewer than {MIN_ROUNDS} rounds have both the baseline and its control, so nothing can be compared."
            ));
        }
        _ => {}
    }
    if judged.invalid.contains(&Invalid::TwinDiffers) {
        notes.push(format!(
            "The control, which is the same build as {}, differs from it by more than chance explains: this comparison \
             has no result. Look for other load on the machine before you run it again.",
            cells.arm_name(cells.reference.baseline)
        ));
    }
    notes.extend(judged.invalid.iter().filter_map(|reason| later_builds_note(cells, reason)));
    let sides = (0..cells.block.arms.len()).find_map(|arm| cells.contrast(arm)).map(|c| c.against);
    if let Some(side) = sides.filter(|side| cells.side_has_timed_out(*side)) {
        let control = if side.twin.is_some() { " or its control" } else { "" };
        notes.push(format!(
            "A build of {}{control} timed out, so no variant can be `slower` or `equivalent` here.",
            cells.arm_name(side.arm)
        ));
    }
    notes
}

/// Describes how an arm's later builds differ from its first one.
fn later_builds_note(cells: &Cells<'_>, reason: &Invalid) -> Option<String> {
    let Invalid::LaterBuildsDiffer(kind) = reason else { return None };
    Some(format!(
        "Every build of {} starts from an empty target directory, but later ones did different work than its first ({}): {}. \
         Builds of other variants may find the same leftovers, so this comparison has no result.",
        cells.arm_name(kind.arm),
        kind.describe_changes(),
        kind.likely_cause()
    ))
}

/// Capitalizes the article of a name for the beginning of a sentence.
fn capitalize_article(name: &str) -> String {
    name.strip_prefix("the ").map_or_else(|| name.to_owned(), |rest| format!("The {rest}"))
}
