//! Notes on a block for its readers, as whole sentences.

use super::cells::Cells;
use super::judge::JudgedBlock;
use super::policy::Policy;
use super::result::{Invalid, Offsets, Ratio, Verdict};
use crate::record::{Block, Plan, PlannedProject, Role};
use crate::stats::{Contrast, EXPECTED_NOISE, Estimate, LEVEL, MIN_ROUNDS, rounds_for, rounds_to_reach};

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
    notes.extend(repeated_rounds_notes(cells));
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
    let rounds = match rounds_for(EXPECTED_NOISE, 0.5 * margin, cells.shape(), MOST_ROUNDS) {
        Some(rounds) => format!("about {rounds}"),
        None => format!("more than {MOST_ROUNDS}"),
    };
    format!("a verdict on a difference of {margin_shown} takes {rounds} if builds scatter by {scatter}")
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

fn reference_notes(cells: &Cells<'_>, judged: &JudgedBlock) -> Vec<String> {
    let mut notes = Vec::new();
    let reason_of = |arm: usize| cells.not_timed.get(arm)?.as_ref();
    if let Some((baseline, reason)) = cells.baseline.and_then(|arm| Some((arm, reason_of(arm)?))) {
        let name = capitalize_article(&cells.arm_name(baseline));
        notes.push(format!("{name} was not timed, so there is nothing to compare with: {reason}."));
        return notes;
    }
    match (cells.block.twin(), judged.twin) {
        (None, _) => notes.push(
            "The twin is switched off: nothing shows what this block could not have seen, and the intervals are \
             widened for it."
                .to_owned(),
        ),
        (Some(twin), None) if cells.reference.twin.is_none() => {
            let what = match &cells.not_timed[twin] {
                Some(reason) => format!("The twin was not timed ({reason})"),
                None => {
                    let reason = cells.recorded_reason(twin).unwrap_or_else(|| "its builds failed".to_owned());
                    format!("Building the twin was given up ({reason}), so the block is judged without it")
                }
            };
            notes.push(format!(
                "{what}: nothing shows what this block could not have seen, and the intervals are widened for it."
            ));
        }
        (Some(_), None) if cells.rounds.len() >= MIN_ROUNDS && !cells.is_post_hoc() => {
            notes.push(format!(
                "Fewer than {MIN_ROUNDS} rounds have both the baseline and its twin, so nothing can be compared."
            ));
        }
        _ => {}
    }
    if judged.invalid.contains(&Invalid::TwinDiffers) {
        notes.push(format!(
            "The twin, which is the same build as {}, differs from it by more than chance allows: the block shows \
             nothing, and the machine wants a look before it is run again.",
            cells.arm_name(cells.reference.baseline)
        ));
    }
    notes.extend(judged.invalid.iter().filter_map(|reason| later_builds_note(cells, reason)));
    let sides = (0..cells.block.arms.len()).find_map(|arm| cells.contrast(arm)).map(|c| c.against);
    if let Some(side) = sides.filter(|side| cells.side_has_timed_out(*side)) {
        let twin = if side.twin.is_some() { " or its twin" } else { "" };
        notes.push(format!(
            "A build of {}{twin} timed out, so no variant can be `slower` or `equivalent` here.",
            cells.arm_name(side.arm)
        ));
    }
    notes
}

/// Describes how an arm's later builds differ from its first one.
fn later_builds_note(cells: &Cells<'_>, reason: &Invalid) -> Option<String> {
    let Invalid::LaterBuildsDiffer(kind) = reason else { return None };
    Some(format!(
        "Every build of {} starts from nothing, but later ones differ in kind from its first ({}): {}. What one build \
         leaves, builds of other variants may find too, so no comparison of this block stands.",
        cells.arm_name(kind.arm),
        kind.describe_changes(),
        kind.likely_cause()
    ))
}

/// Capitalizes the article of a name for the beginning of a sentence.
fn capitalize_article(name: &str) -> String {
    name.strip_prefix("the ").map_or_else(|| name.to_owned(), |rest| format!("The {rest}"))
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

fn comparison_notes(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
    contrast: Contrast,
    family: usize,
    policy: &Policy,
) -> Vec<String> {
    let mut notes = Vec::new();
    let arm = contrast.of.arm;
    let name = cells.arm_name(arm);
    let late = cells.side_has_timed_out(contrast.of);
    let censored = late || cells.side_has_timed_out(contrast.against);
    if late {
        let twin = if contrast.of.twin.is_some() { " or its twin" } else { "" };
        notes.push(format!("A build of {name}{twin} timed out, so it cannot be `faster` or `equivalent`."));
    }
    match (judged.estimates[arm], judged.ratios[arm]) {
        (Some(estimate), Some(ratio)) if ratio.verdict == Verdict::Undecided => notes.push(if censored {
            format!(
                "{name} is undecided: its interval of {} is of rounds without a time-out.",
                format_interval(&estimate, ratio)
            )
        } else {
            let fixed = contrast.offset_share() * judged.remaining_offset_variance(cells);
            let level = 1.0 - policy.level(family) / family.max(1) as f64;
            let needed = RoundsNeeded::of(&estimate, fixed, judged.margin, level);
            undecided_note(&name, &estimate, ratio, judged.margin, family, needed)
        }),
        (None, _) if cells.not_timed[arm].is_none() && cells.rounds.len() >= MIN_ROUNDS => {
            let count = contrast.rounds(&cells.table);
            let have = if count == 1 { "1 round counts".to_owned() } else { format!("{count} rounds count") };
            // More rounds do not help an arm that was never built successfully.
            let needed = (count > 0).then(|| format!(", and {}", rounds_for_margin(cells, judged.margin)));
            let needed = needed.unwrap_or_default();
            notes.push(format!("For {name} {have}; a ratio needs at least {MIN_ROUNDS}{needed}."));
        }
        _ => {}
    }
    notes.extend(rebuilt_note(cells, contrast));
    notes
}

/// Size of a new run that would give a verdict: enough rounds to bring the half-width at the corrected level
/// to half the margin, with the observed scatter.
enum RoundsNeeded {
    /// This number of rounds.
    Rounds(usize),
    /// No number of rounds suffices, because of the offsets between directories.
    OtherDirectories,
    /// More rounds than [`MOST_ROUNDS`].
    TooMany,
}

impl RoundsNeeded {
    /// `fixed` is the part of the variance that rounds do not reduce.
    fn of(estimate: &Estimate, fixed: f64, margin: f64, level: f64) -> Self {
        let target = (0.5 * margin.ln_1p()).exp_m1();
        let reach = |fixed: f64| rounds_to_reach(estimate, fixed, target, level, MOST_ROUNDS);
        match (reach(fixed), reach(0.0)) {
            (Some(rounds), _) => Self::Rounds(rounds),
            (None, Some(_)) if fixed > 0.0 => Self::OtherDirectories,
            (None, _) => Self::TooMany,
        }
    }
}

/// Reports the width of the interval and the needs of a new run. A follow-up is a new run that is judged
/// alone.
fn undecided_note(
    name: &str,
    estimate: &Estimate,
    ratio: Ratio,
    margin: f64,
    family: usize,
    needed: RoundsNeeded,
) -> String {
    let corrected =
        if family > 1 { format!(", once corrected for {family} comparisons") } else { String::new() };
    let found = format!(
        "{name} is undecided: its interval of {} shows neither that it differs from the baseline nor that it differs \
         by less than {}{corrected}",
        format_interval(estimate, ratio),
        percent(margin)
    );
    let outlook = match needed {
        RoundsNeeded::Rounds(rounds) if rounds > estimate.rounds => {
            format!("a new run would probably need about {rounds} rounds")
        }
        RoundsNeeded::Rounds(_) => {
            "the interval is as narrow as the margin asks for, and the difference lies near the margin"
                .to_owned()
        }
        RoundsNeeded::OtherDirectories => {
            "the offsets between directories are too large for any number of rounds; several sessions \
             (--sessions) average them out"
                .to_owned()
        }
        RoundsNeeded::TooMany => format!("with this scatter more than {MOST_ROUNDS} rounds would be needed"),
    };
    format!("{found}; {outlook}.")
}

/// Formats the half-width and the ends of an interval.
fn format_interval(estimate: &Estimate, ratio: Ratio) -> String {
    let half_width = percent(estimate.half_width_share(LEVEL));
    format!("±{half_width} ({} to {})", format_ratio(ratio.low), format_ratio(ratio.high))
}

fn format_ratio(ratio: f64) -> String {
    if ratio < 1000.0 { format!("{ratio:.3}") } else { format!("{ratio:.0}") }
}

/// Reports that a variant compiled another set of units than the baseline after the same edit.
fn rebuilt_note(cells: &Cells<'_>, contrast: Contrast) -> Option<String> {
    let (arm, baseline) = (contrast.of.arm, contrast.against.arm);
    let pairs: Vec<_> = cells
        .rounds
        .iter()
        .filter_map(|round| Some((round.builds[arm]?, round.builds[baseline]?)))
        .filter(|(variant, baseline)| variant.edit > 0 && variant.edit == baseline.edit)
        .filter_map(|(variant, baseline)| Some((variant.rebuilt.as_ref()?, baseline.rebuilt.as_ref()?)))
        .collect();
    let differing: Vec<_> = pairs.iter().filter(|(variant, baseline)| variant.set != baseline.set).collect();
    let (variant, reference) = differing.first()?;
    Some(format!(
        "After the same edit {} compiled another set of units than the baseline in {} of {} ({} against {} in the \
         first of them): part of its ratio is the amount of work.",
        cells.arm_name(arm),
        differing.len(),
        pluralize(pairs.len(), "round"),
        pluralize(variant.count as usize, "unit"),
        reference.count,
    ))
}

/// Repeated rounds count at their last attempt; the result with the first attempts is reported too.
fn repeated_rounds_notes(cells: &Cells<'_>) -> Vec<String> {
    let (table, count) = cells.first_attempts();
    if count == 0 {
        return Vec::new();
    }
    let mut notes = vec![format!(
        "{} taken again and {} at the last attempt.",
        if count == 1 { "1 round was".to_owned() } else { format!("{count} rounds were") },
        if count == 1 { "counts" } else { "count" },
    )];
    for arm in 0..cells.block.arms.len() {
        let Some(contrast) = cells.contrast(arm).filter(|_| cells.not_timed[arm].is_none()) else { continue };
        if let Some(estimate) = contrast.estimate(&table, cells.control()) {
            let (low, high) = estimate.interval(LEVEL);
            notes.push(format!(
                "With the first attempts in their place the ratio of {} is {} ({} to {}).",
                cells.arm_name(arm),
                format_ratio(estimate.ratio()),
                format_ratio(low),
                format_ratio(high),
            ));
        }
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
