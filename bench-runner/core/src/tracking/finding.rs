//! Is the newest night of a series suspicious?

use super::event::{Contribution, SuspicionKind};
use crate::stats::{ChangePoint, Levels, MIN_SERIES, NewestValue, UncertainValue, levels, newest_value};

/// Level of the two-sided test that makes a night suspicious, and of the search for levels.
pub const SUSPICION: f64 = 0.01;

/// Level at which steps are listed as contributions to a change that was found.
const CONTRIBUTION: f64 = 0.2;

/// Nights after an alarm at which the level has surely arrived at its new place.
const SETTLED: usize = 2;

/// Events of a series in the log, as indices of its values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeriesLife {
    /// A value at the accepted level; the first one if nobody accepted any.
    pub accepted: usize,
    /// The newest value when the newest alarm was raised, if that is not resolved.
    pub alarmed: Option<usize>,
    /// The level after that alarm, as the builds that confirmed it show it. It counts while there is no value after the alarm.
    pub alarm_level: Option<UncertainValue>,
    /// The newest value when a look last found nothing.
    pub dismissed: Option<usize>,
    /// The first value after each change of anchor, and the standard error that all values before it have in common.
    pub joins: Vec<(usize, f64)>,
}

impl SeriesLife {
    /// A change between two values, with the errors that values before a change of anchor have in common.
    fn over_joins(&self, change: UncertainValue, from: usize, to: usize) -> UncertainValue {
        let between = self.joins.iter().filter(|(at, _)| (from + 1..=to).contains(at));
        UncertainValue { se: between.fold(change.se, |se, (_, common)| se.hypot(*common)), ..change }
    }
}

/// A suspicious series.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// The kind.
    pub kind: SuspicionKind,
    /// Change on the log scale.
    pub change: UncertainValue,
    /// Level before the change.
    pub level: UncertainValue,
    /// Standard deviation of a value about its level.
    pub noise: f64,
    /// Index of the last value at the level before.
    pub before: usize,
    /// Steps since then that make up the change; empty for a single night.
    pub contributions: Vec<Contribution>,
}

/// Judges the newest value of a series on the log scale; only slower builds are suspicious. `tolerance` is a fraction: smaller
/// changes are not.
///
/// A *step* is a newest value that differs from the level before it by a two-sided t test at [`SUSPICION`]; that
/// level begins at the last change of level, at the accepted value, or after the newest alarm, so that a change is found once.
/// A *level* is a current
/// level, as the change points define it, that is above the accepted one by a one-sided test at half of
/// [`SUSPICION`]; so many steps below the tolerance become suspicious together.
pub fn find(values: &[UncertainValue], life: &SeriesLife, tolerance: f64) -> Option<Finding> {
    let found = levels(values, SUSPICION)?;
    step(values, &found, life, tolerance).or_else(|| level(values, &found, life, tolerance))
}

fn step(values: &[UncertainValue], found: &Levels, life: &SeriesLife, tolerance: f64) -> Option<Finding> {
    let newest = values.len() - 1;
    // A change that the newest values make is the one in question.
    let before = levels(&values[..newest], SUSPICION);
    let mut begins: Vec<usize> = before.iter().flat_map(|before| &before.changes).map(|one| one.at).collect();
    let after_alarm = life.alarmed.map(|at| at + 1);
    let changed = begins.last().copied();
    let start = changed.into_iter().chain(after_alarm).fold(life.accepted, usize::max);
    if start > newest {
        return None;
    }
    begins.retain(|begin| *begin < start);
    begins.extend((start > 0).then_some(start));
    let known = life.alarm_level.filter(|_| after_alarm == Some(start));
    let NewestValue { distance, level } = newest_value(values, &begins, known)?;
    let change = life.over_joins(distance, start, newest);
    // The level is a ratio to the anchor that it was measured with.
    let level = life.over_joins(level, start, newest);
    let suspicious = change.value > tolerance.ln_1p() && change.p_zero() <= SUSPICION;
    // Nights before may be at the new level already, if the looks at them gave no answer. The value of an alarm is at the level
    // that begins after it.
    let is_before = |at: &usize| values[*at].value - level.value < 0.5 * change.value;
    let alarmed = life.alarmed.filter(|_| after_alarm == Some(start));
    let before = (start..newest).rev().find(is_before).or(alarmed)?;
    suspicious.then(|| Finding {
        kind: SuspicionKind::Step,
        change,
        level,
        noise: found.noise,
        before,
        contributions: Vec::new(),
    })
}

fn level(values: &[UncertainValue], found: &Levels, life: &SeriesLife, tolerance: f64) -> Option<Finding> {
    let last = found.changes.last()?;
    let settled = life.alarmed.map(|at| at + SETTLED).unwrap_or(0);
    let accepted = life.accepted.max(settled).min(values.len() - 1);
    let segment = |at: usize| found.changes.iter().filter(|change| change.at <= at).count();
    let from = segment(accepted);
    // A look at this level, or at a higher one before it, has found nothing.
    let looked = life.dismissed.is_some_and(|at| at >= last.at);
    if from == found.changes.len() || looked {
        return None;
    }
    let (old, new) = (life.over_joins(found.levels[from], accepted, last.at), *found.levels.last()?);
    let change = UncertainValue { value: new.value - old.value, se: old.se.hypot(new.se), df: new.df };
    // Half of the two-sided level, since only one side counts.
    if change.value <= tolerance.ln_1p() || change.p_zero() > SUSPICION {
        return None;
    }
    Some(Finding {
        kind: SuspicionKind::Level,
        change,
        level: old,
        noise: found.noise,
        before: before_change(&found.changes[from]),
        contributions: contributions(values, accepted),
    })
}

/// Index of the last value that is surely before a change.
fn before_change(change: &ChangePoint) -> usize {
    change.between.0.saturating_sub(1)
}

/// Steps to slower builds after the value `accepted`, the largest first.
fn contributions(values: &[UncertainValue], accepted: usize) -> Vec<Contribution> {
    let found = levels(values, CONTRIBUTION).map(|found| found.changes).unwrap_or_default();
    let mut steps: Vec<Contribution> = found
        .iter()
        .filter(|change| change.at > accepted && change.change.value > 0.0)
        .map(|change| Contribution {
            from: String::new(),
            to: String::new(),
            change: change.change,
            places: (before_change(change), change.between.1),
        })
        .collect();
    steps.sort_by(|one, other| other.change.value.total_cmp(&one.change.value));
    steps
}

/// The level that the value at an index has.
pub fn level_at(values: &[UncertainValue], at: usize) -> Option<f64> {
    let found = levels(values, SUSPICION)?;
    let segment = found.changes.iter().filter(|change| change.at <= at).count();
    Some(found.levels[segment].value)
}

/// True if the level `before` has returned after an alarm that was raised at the value `alarmed`: the current level is
/// above it by no more than the tolerance, and it begins after the alarm, or is that of at least [`MIN_SERIES`] values
/// after it.
pub fn has_returned(values: &[UncertainValue], alarmed: usize, before: f64, tolerance: f64) -> bool {
    let is_back =
        |found: &Levels| found.levels.last().is_some_and(|last| last.value - before <= tolerance.ln_1p());
    let begins_after =
        |found: &Levels| found.changes.last().is_some_and(|change| change.at > alarmed) && is_back(found);
    let after = values.get(alarmed + 1..).filter(|after| after.len() >= MIN_SERIES);
    levels(values, SUSPICION).is_some_and(|found| begins_after(&found))
        || after.and_then(|after| levels(after, SUSPICION)).is_some_and(|after| is_back(&after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;

    const TOLERANCE: f64 = 0.02;

    /// Nights with these levels and a noise of half a percent.
    fn nights(seed: u64, levels: &[(usize, f64)]) -> Vec<UncertainValue> {
        let mut noise = Noise::new(seed);
        let all = levels.iter().flat_map(|(count, level)| std::iter::repeat_n(*level, *count));
        all.map(|level| UncertainValue { value: level + 0.005 * noise.normal(), se: 0.004, df: 8.0 })
            .collect()
    }

    fn kind(values: &[UncertainValue], life: &SeriesLife) -> Option<SuspicionKind> {
        find(values, life, TOLERANCE).map(|finding| finding.kind)
    }

    #[test]
    fn a_step_is_suspicious_in_its_first_night() {
        let values = nights(1, &[(20, 0.0), (1, 0.05)]);
        let finding = find(&values, &SeriesLife::default(), TOLERANCE).unwrap();
        assert_eq!((finding.kind, finding.before), (SuspicionKind::Step, 19));
        assert!((finding.change.value - 0.05).abs() < 0.02, "{finding:?}");
        assert!((finding.level.value).abs() < 0.01, "{finding:?}");
        let second = nights(1, &[(20, 0.0), (2, 0.05)]);
        assert_eq!(find(&second, &SeriesLife::default(), TOLERANCE).map(|finding| finding.before), Some(19));
        assert_eq!(kind(&nights(1, &[(20, 0.0), (1, -0.05)]), &SeriesLife::default()), None, "faster");
        assert_eq!(kind(&nights(2, &[(21, 0.0)]), &SeriesLife::default()), None);
        assert_eq!(find(&values, &SeriesLife::default(), 0.2), None, "within the tolerance");
        assert_eq!(kind(&values[15..], &SeriesLife::default()), None, "too few nights before it");
    }

    #[test]
    fn a_change_counts_once() {
        let values = nights(3, &[(20, 0.0), (12, 0.05)]);
        let life = SeriesLife { alarmed: Some(20), ..SeriesLife::default() };
        for until in 22..=32 {
            assert_eq!(kind(&values[..until], &life), None, "{until}");
        }
    }

    #[test]
    fn another_change_after_an_alarm_is_found_at_once() {
        let alarm_level = Some(UncertainValue { value: 0.05, se: 0.003, df: 9.0 });
        for between in 1..10 {
            let values = nights(4, &[(20, 0.0), (between, 0.05), (1, 0.1)]);
            let life = SeriesLife { alarmed: Some(20), alarm_level, ..SeriesLife::default() };
            let finding = find(&values, &life, TOLERANCE).unwrap();
            assert_eq!((finding.kind, finding.before), (SuspicionKind::Step, 19 + between));
            assert!((finding.change.value - 0.05).abs() < 0.02, "{finding:?}");
        }
        // A commit that was reverted the night after is forgotten.
        let life = SeriesLife { alarmed: Some(20), alarm_level, ..SeriesLife::default() };
        let reverted = nights(15, &[(20, 0.0), (1, 0.05), (1, 0.0), (1, 0.04)]);
        let finding = find(&reverted, &life, TOLERANCE).unwrap();
        assert!(finding.before == 21 && finding.level.value.abs() < 0.015, "{finding:?}");
        // The first values after an acceptance are enough as well.
        let values = nights(4, &[(20, 0.0), (2, 0.05), (1, 0.1)]);
        let accepted = SeriesLife { accepted: 20, ..SeriesLife::default() };
        assert_eq!(kind(&values, &accepted), Some(SuspicionKind::Step));
        assert_eq!(kind(&values[..22], &accepted), None);
        // Without a level of the alarm and without a value after it, nothing is known.
        let unknown = SeriesLife { alarmed: Some(20), ..SeriesLife::default() };
        assert_eq!(kind(&nights(4, &[(20, 0.0), (1, 0.05), (1, 0.1)]), &unknown), None);
        assert_eq!(kind(&values[..21], &unknown), None, "it is the value of the alarm");
    }

    /// The ratio of two anchors has an error, and all values before the change of anchor have it.
    #[test]
    fn a_step_at_a_change_of_anchor_is_no_evidence() {
        let values = nights(12, &[(20, 0.0), (1, 0.03)]);
        let unknown = SeriesLife { joins: vec![(20, 0.02)], ..SeriesLife::default() };
        assert_eq!(kind(&values, &unknown), None);
        let known = SeriesLife { joins: vec![(20, 0.001)], ..SeriesLife::default() };
        assert_eq!(kind(&values, &known), Some(SuspicionKind::Step));
        let before = SeriesLife { joins: vec![(0, 0.02)], ..SeriesLife::default() };
        assert_eq!(kind(&values, &before), Some(SuspicionKind::Step), "all values have the same anchor");
        let level = nights(13, &[(20, 0.0), (10, 0.03)]);
        assert_eq!(kind(&level, &SeriesLife::default()), Some(SuspicionKind::Level));
        assert_eq!(kind(&level, &unknown), None);
    }

    #[test]
    fn many_small_steps_become_one_suspicion() {
        let steps: Vec<(usize, f64)> = (0..6).map(|step| (8, 0.01 * f64::from(step))).collect();
        let values = nights(5, &steps);
        let first =
            (1..=values.len()).find(|&until| find(&values[..until], &SeriesLife::default(), 0.03).is_some());
        let finding = find(&values[..first.unwrap()], &SeriesLife::default(), 0.03).unwrap();
        assert_eq!(finding.kind, SuspicionKind::Level, "{finding:?}");
        assert!(finding.contributions.len() >= 2, "{finding:?}");
        let sum: f64 = finding.contributions.iter().map(|step| step.change.value).sum();
        assert!((sum - finding.change.value).abs() < 0.015, "{finding:?}");
        // Accepted: nothing until it grows again.
        let life = SeriesLife { accepted: values.len() - 1, ..SeriesLife::default() };
        assert_eq!(find(&values, &life, 0.03), None);
        let dismissed = SeriesLife { dismissed: first, ..SeriesLife::default() };
        assert_eq!(find(&values[..first.unwrap() + 1], &dismissed, 0.03), None);
    }

    #[test]
    fn a_level_that_returns_resolves_its_alarm() {
        let values = nights(9, &[(20, 0.0), (10, 0.05), (8, 0.002)]);
        assert!(has_returned(&values, 20, 0.0, TOLERANCE));
        assert!(!has_returned(&values[..30], 20, 0.0, TOLERANCE), "it is still slower");
        assert!(!has_returned(&values, 37, 0.0, TOLERANCE), "the alarm is newer than the level");
        assert!(level_at(&values, 19).is_some_and(|level| level.abs() < 0.005));
        // Mended the next night: a single slow value is no level.
        let mended = nights(10, &[(20, 0.0), (1, 0.08), (6, 0.0)]);
        assert!(has_returned(&mended, 20, 0.0, TOLERANCE));
        assert!(!has_returned(&mended[..26], 20, 0.0, TOLERANCE), "five nights are too few");
        // A second alarm a night after the first: the level between has one value, and no change points.
        let second = nights(14, &[(20, 0.0), (1, 0.05), (8, 0.10)]);
        assert!(!has_returned(&second, 21, 0.05, TOLERANCE), "it is still at the level of the second alarm");
        let back = nights(14, &[(20, 0.0), (1, 0.05), (8, 0.10), (6, 0.05)]);
        assert!(has_returned(&back, 21, 0.05, TOLERANCE));
        assert!(!has_returned(&back, 20, 0.0, TOLERANCE), "the first alarm is not mended");
    }

    #[test]
    fn an_accepted_level_is_not_suspicious_again() {
        let values = nights(11, &[(20, 0.0), (6, 0.05)]);
        let life = SeriesLife { accepted: 20, ..SeriesLife::default() };
        for until in 22..=26 {
            assert_eq!(kind(&values[..until], &life), None, "{until}");
        }
        assert!(kind(&values[..22], &SeriesLife::default()).is_some(), "without accepting it");
    }

    #[test]
    fn a_late_change_is_found_by_its_level() {
        // Each night alone is within the noise.
        let mut values = nights(6, &[(30, 0.0)]);
        values.extend(nights(7, &[(10, 0.012)]));
        let late = find(&values, &SeriesLife::default(), 0.005).unwrap();
        assert_eq!(late.kind, SuspicionKind::Level);
        assert!((20..=30).contains(&late.before), "{late:?}");
    }

    #[test]
    fn a_value_that_is_not_finite_is_no_suspicion() {
        let mut values = nights(8, &[(20, 0.0)]);
        values.push(UncertainValue { value: f64::NAN, se: 0.1, df: 3.0 });
        assert_eq!(find(&values, &SeriesLife::default(), TOLERANCE), None);
        assert_eq!(find(&[], &SeriesLife::default(), TOLERANCE), None);
    }
}
