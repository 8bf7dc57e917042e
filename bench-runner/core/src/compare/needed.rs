//! Size of a new run that would settle an undecided comparison. A follow-up is a new run that is judged alone.

use super::cells::Cells;
use super::judge::JudgedBlock;
use super::policy::Policy;
use super::result::{Offsets, RoundsNeeded, Verdict};
use crate::stats::{Estimate, MIN_TWINS, rounds_to_reach};

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
    let missing = match judged.offsets {
        // The new run has a twin too.
        Some(Offsets::Assumed { twins }) => Some(MIN_TWINS.saturating_sub(twins + 1)),
        _ => None,
    };
    Some(of_estimate(&estimate, fixed, missing, judged.margin, level))
}

/// `fixed` is the part of the variance that rounds do not reduce; if it is assumed, `missing` is the number of twins after
/// which a new run measures it.
fn of_estimate(
    estimate: &Estimate,
    fixed: f64,
    missing: Option<usize>,
    margin: f64,
    level: f64,
) -> RoundsNeeded {
    let target = (0.5 * margin.ln_1p()).exp_m1();
    let reach =
        |estimate: &Estimate, fixed: f64| rounds_to_reach(estimate, fixed, target, level, MOST_ROUNDS);
    let noise = (estimate.se * estimate.se - fixed).max(0.0).sqrt();
    match (reach(estimate, fixed), reach(&Estimate { se: noise, ..*estimate }, 0.0)) {
        (Some(rounds), _) if rounds > estimate.rounds => RoundsNeeded::Rounds(to_two_digits(rounds)),
        (Some(_), _) => RoundsNeeded::NearMargin,
        (None, Some(rounds)) => match missing {
            Some(missing) => {
                RoundsNeeded::AssumedOffset { rounds: to_two_digits(rounds.max(estimate.rounds)), missing }
            }
            None => RoundsNeeded::OtherDirectories,
        },
        (None, None) => RoundsNeeded::TooMany,
    }
}

/// A number of rounds rounded up to two digits: it is estimated from the scatter of a few rounds.
fn to_two_digits(rounds: usize) -> usize {
    let unit = 10usize.pow(rounds.checked_ilog10().unwrap_or(0).saturating_sub(1));
    rounds.div_ceil(unit) * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimated_rounds_have_two_digits() {
        assert_eq!([7, 88, 100, 306, 961].map(to_two_digits), [7, 88, 100, 310, 970]);
    }
}
