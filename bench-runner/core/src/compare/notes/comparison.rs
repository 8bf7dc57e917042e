//! Notes on single comparisons: time-outs, what an undecided one needs, other units.

use super::super::cells::Cells;
use super::super::judge::JudgedBlock;
use super::super::policy::Policy;
use super::super::result::{Offsets, Ratio, Verdict};
use super::{MOST_ROUNDS, format_ratio, percent, pluralize, rounds_for_margin};
use crate::stats::{ASSUMED_OFFSET, Contrast, Estimate, LEVEL, MIN_ROUNDS, MIN_TWINS, rounds_to_reach};

pub(super) fn comparison_notes(
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
            let is_assumed = judged.offsets.is_some_and(Offsets::is_assumed);
            let needed = RoundsNeeded::of(&estimate, fixed, is_assumed, judged.margin, level);
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
    /// No number of rounds suffices, because of the offset that is assumed; without it this number would.
    AssumedOffset(usize),
    /// More rounds than [`MOST_ROUNDS`].
    TooMany,
}

impl RoundsNeeded {
    /// `fixed` is the part of the variance that rounds do not reduce.
    fn of(estimate: &Estimate, fixed: f64, is_assumed: bool, margin: f64, level: f64) -> Self {
        let target = (0.5 * margin.ln_1p()).exp_m1();
        let reach =
            |estimate: &Estimate, fixed: f64| rounds_to_reach(estimate, fixed, target, level, MOST_ROUNDS);
        let noise = (estimate.se * estimate.se - fixed).max(0.0).sqrt();
        match (reach(estimate, fixed), reach(&Estimate { se: noise, ..*estimate }, 0.0)) {
            (Some(rounds), _) => Self::Rounds(rounds),
            (None, Some(rounds)) if is_assumed => Self::AssumedOffset(rounds.max(estimate.rounds)),
            (None, Some(_)) => Self::OtherDirectories,
            (None, None) => Self::TooMany,
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
        RoundsNeeded::AssumedOffset(rounds) => format!(
            "a new run would probably need about {rounds} rounds once {MIN_TWINS} twins of this machine are known; \
             until then an offset of {} between directories is assumed, which no number of rounds removes",
            percent(ASSUMED_OFFSET)
        ),
        RoundsNeeded::TooMany => format!("with this scatter more than {MOST_ROUNDS} rounds would be needed"),
    };
    format!("{found}; {outlook}.")
}

/// Formats the half-width and the ends of an interval.
fn format_interval(estimate: &Estimate, ratio: Ratio) -> String {
    let half_width = percent(estimate.half_width_share(LEVEL));
    format!("±{half_width} ({} to {})", format_ratio(ratio.low), format_ratio(ratio.high))
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
