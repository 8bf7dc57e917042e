//! Size of a new run that would settle an undecided comparison. A follow-up is a new run that is judged alone.

use super::cells::Cells;
use super::judge::JudgedBlock;
use super::policy::Policy;
use super::result::{Offsets, RoundsNeeded, Verdict};
use crate::stats::{Estimate, rounds_to_reach};

/// Larger numbers of rounds are not suggested.
pub(super) const MOST_ROUNDS: usize = 1000;

/// `None` unless the comparison is undecided.
pub(super) fn rounds_needed(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
    arm: usize,
    family: usize,
    policy: &Policy,
) -> Option<RoundsNeeded> {
    let contrast = cells.contrast(arm)?;
    let (estimate, ratio) = (judged.estimates[arm]?, judged.ratios[arm]?);
    if ratio.verdict != Verdict::Undecided {
        return None;
    }
    if cells.side_has_timed_out(contrast.of) || cells.side_has_timed_out(contrast.against) {
        return Some(RoundsNeeded::TimedOut);
    }
    let fixed = contrast.offset_share() * judged.remaining_offset_variance(cells);
    let level = 1.0 - policy.level(family) / family.max(1) as f64;
    let is_assumed = judged.offsets.is_some_and(Offsets::is_assumed);
    Some(of_estimate(&estimate, fixed, is_assumed, judged.margin, level))
}

/// `fixed` is the part of the variance that rounds do not reduce.
fn of_estimate(estimate: &Estimate, fixed: f64, is_assumed: bool, margin: f64, level: f64) -> RoundsNeeded {
    let target = (0.5 * margin.ln_1p()).exp_m1();
    let reach =
        |estimate: &Estimate, fixed: f64| rounds_to_reach(estimate, fixed, target, level, MOST_ROUNDS);
    let noise = (estimate.se * estimate.se - fixed).max(0.0).sqrt();
    match (reach(estimate, fixed), reach(&Estimate { se: noise, ..*estimate }, 0.0)) {
        (Some(rounds), _) if rounds > estimate.rounds => RoundsNeeded::Rounds(rounds),
        (Some(_), _) => RoundsNeeded::NearMargin,
        (None, Some(rounds)) if is_assumed => RoundsNeeded::AssumedOffset(rounds.max(estimate.rounds)),
        (None, Some(_)) => RoundsNeeded::OtherDirectories,
        (None, None) => RoundsNeeded::TooMany,
    }
}
