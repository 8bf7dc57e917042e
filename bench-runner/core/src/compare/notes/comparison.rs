//! Notes on single comparisons: time-outs, what an undecided one needs, other units.

use super::super::cells::Cells;
use super::super::judge::JudgedBlock;
use super::super::needed::MOST_ROUNDS;
use super::super::result::{Ratio, RoundsNeeded};
use super::{BlockNote, percent, pluralize, rounds_for_margin};
use crate::stats::{ASSUMED_OFFSET, Contrast, MIN_ROUNDS, MIN_TWINS};

pub(super) fn comparison_notes(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
    contrast: Contrast,
    family: usize,
    needed: Option<RoundsNeeded>,
) -> Vec<BlockNote> {
    let mut notes = Vec::new();
    let arm = contrast.of.arm;
    let name = cells.arm_name(arm);
    if cells.side_has_timed_out(contrast.of) {
        let control = if contrast.of.twin.is_some() { " or its control" } else { "" };
        notes.push(BlockNote::warning(format!(
            "A build of {name}{control} timed out, so it cannot be `faster` or `equivalent`."
        )));
    }
    match (judged.estimates[arm], judged.ratios[arm], needed) {
        (Some(_), Some(ratio), Some(needed)) => {
            notes.push(BlockNote::detail(undecided_note(&name, ratio, judged.margin, family, needed)));
        }
        (None, ..) if cells.not_timed[arm].is_none() && cells.rounds.len() >= MIN_ROUNDS => {
            let count = contrast.rounds(&cells.table);
            let have = if count == 1 { "1 round counts".to_owned() } else { format!("{count} rounds count") };
            // More rounds do not help an arm that was never built successfully.
            let needed = (count > 0).then(|| format!(", and {}", rounds_for_margin(cells, judged.margin)));
            let needed = needed.unwrap_or_default();
            notes.push(BlockNote::warning(format!(
                "For {name} {have}; a ratio needs at least {MIN_ROUNDS}{needed}."
            )));
        }
        _ => {}
    }
    notes.extend(rebuilt_note(cells, contrast).map(BlockNote::detail));
    notes
}

/// Reports the range of the change, what a verdict asks of it, and the needs of a new run.
fn undecided_note(name: &str, ratio: Ratio, margin: f64, family: usize, needed: RoundsNeeded) -> String {
    let range = format!("between {} and {}", signed_percent(ratio.low), signed_percent(ratio.high));
    if needed == RoundsNeeded::TimedOut {
        return format!("{name} is undecided: in the rounds without a time-out, the change is {range}.");
    }
    let corrected =
        if family > 1 { format!("after the correction for {family} verdicts, ") } else { String::new() };
    let outlook = match needed {
        RoundsNeeded::Rounds(rounds) => format!("a new run would probably need about {rounds} rounds"),
        RoundsNeeded::NearMargin | RoundsNeeded::TimedOut => {
            "more rounds would hardly help, because the change is close to the margin".to_owned()
        }
        RoundsNeeded::OtherDirectories => {
            "target directories differ too much in speed for any number of rounds; `--fresh-dirs` averages over several"
                .to_owned()
        }
        RoundsNeeded::AssumedOffset { rounds, .. } => format!(
            "a new run would probably need about {rounds} rounds once this machine has {MIN_TWINS} controls (its own counts); \
             until then, directories are assumed to differ by {}, which no number of rounds removes",
            percent(ASSUMED_OFFSET)
        ),
        RoundsNeeded::TooMany => {
            format!("build times vary so much that more than {MOST_ROUNDS} rounds would be needed")
        }
    };
    format!(
        "{name} is undecided: the change is {range}; {corrected}`faster` and `slower` need that range to exclude 0, and \
         `equivalent` needs it within ±{}; {outlook}.",
        percent(margin)
    )
}

/// Formats a ratio as a signed change in percent.
fn signed_percent(ratio: f64) -> String {
    let text = percent(ratio - 1.0);
    match text.strip_prefix('-') {
        Some(positive) => format!("−{positive}"),
        None => format!("+{text}"),
    }
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
