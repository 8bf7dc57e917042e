//! Log-ratios from the seconds of rounds.

use super::estimate::{Control, Estimate};

/// ln seconds of one arm in a round; `None` if its build failed or its time is not a positive number.
pub(super) fn ln_seconds(round: &[Option<f64>], arm: usize) -> Option<f64> {
    let seconds = round.get(arm).copied().flatten();
    seconds.filter(|seconds| *seconds > 0.0 && seconds.is_finite()).map(f64::ln)
}

/// Indices of the usual arms: those that succeeded in at least half of the rounds, and in at least one.
/// Methods that need rounds with all arms use these, since an arm that was given up early would leave none of
/// the later rounds.
pub(crate) fn usual_arms<R: AsRef<[Option<f64>]>>(rounds: &[R]) -> Vec<usize> {
    let width = rounds.iter().map(|round| round.as_ref().len()).max().unwrap_or(0);
    let successes =
        |arm: usize| rounds.iter().filter(|round| ln_seconds(round.as_ref(), arm).is_some()).count();
    let usual = |arm: &usize| {
        let count = successes(*arm);
        count > 0 && 2 * count >= rounds.len()
    };
    (0..width).filter(usual).collect()
}

/// ln seconds of these arms in the rounds in which all of them succeeded.
pub(crate) fn log_table<R: AsRef<[Option<f64>]>>(rounds: &[R], arms: &[usize]) -> Vec<Vec<f64>> {
    let of_round = |round: &R| arms.iter().map(|arm| ln_seconds(round.as_ref(), *arm)).collect();
    rounds.iter().filter_map(of_round).collect()
}

/// One side of a comparison, by indices of arms: an arm, and its identical copy if that counts too. Ratios
/// are estimated with each of the two separately and averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    pub arm: usize,
    /// The identical copy of `arm`.
    pub twin: Option<usize>,
}

impl Side {
    /// A side of a single arm.
    pub fn single(arm: usize) -> Self {
        Self { arm, twin: None }
    }

    /// Indices of its arms.
    pub fn arms(self) -> impl Iterator<Item = usize> {
        std::iter::once(self.arm).chain(self.twin)
    }

    /// ln seconds of the arm and of its copy, if it has one; `None` if either has none in this round.
    fn logs(self, round: &[Option<f64>]) -> Option<[Option<f64>; 2]> {
        let first = ln_seconds(round, self.arm)?;
        match self.twin {
            Some(twin) => Some([Some(first), Some(ln_seconds(round, twin)?)]),
            None => Some([Some(first), None]),
        }
    }

    /// The mean of `value` over the arms; `None` if one of them has none.
    pub fn mean(self, value: impl Fn(usize) -> Option<f64>) -> Option<f64> {
        let first = value(self.arm)?;
        match self.twin {
            Some(twin) => Some(0.5 * (first + value(twin)?)),
            None => Some(first),
        }
    }
}

/// A comparison of two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contrast {
    /// The numerator of the ratio.
    pub of: Side,
    /// The denominator of the ratio.
    pub against: Side,
}

impl Contrast {
    /// `ln of − ln against` of each arm of one side with each arm of the other: one series for each pair,
    /// each with a value for every round in which all builds of the contrast succeeded. `rounds` contains the
    /// seconds of every arm, `None` for a failed build. Values that are not positive numbers do not count
    /// either.
    pub(crate) fn log_ratios<R: AsRef<[Option<f64>]>>(self, rounds: &[R]) -> Vec<Vec<f64>> {
        let pairs = self.of.arms().count() * self.against.arms().count();
        let mut series: Vec<Vec<f64>> = (0..pairs).map(|_| Vec::with_capacity(rounds.len())).collect();
        for round in rounds {
            let (Some(of), Some(against)) = (self.of.logs(round.as_ref()), self.against.logs(round.as_ref()))
            else {
                continue;
            };
            let values =
                of.into_iter().flatten().flat_map(|of| against.into_iter().flatten().map(move |x| of - x));
            series.iter_mut().zip(values).for_each(|(one, value)| one.push(value));
        }
        series
    }

    /// Number of rounds that count.
    pub fn rounds<R: AsRef<[Option<f64>]>>(self, rounds: &[R]) -> usize {
        self.log_ratios(rounds).first().map_or(0, Vec::len)
    }

    /// The estimate of `ln of − ln against`: pair by pair, then averaged, so that an outlier in a copy weighs
    /// no more than any other. `None` as for [`Estimate::from_series`].
    pub fn estimate<R: AsRef<[Option<f64>]>>(self, rounds: &[R], control: Control) -> Option<Estimate> {
        Estimate::from_series(&self.log_ratios(rounds), control)
    }

    /// Variance of one log-ratio in units of that of a single build: an arm counts 1, an arm with its copy ½.
    pub(crate) fn builds(self) -> f64 {
        let of_side = |side: Side| if side.twin.is_some() { 0.5 } else { 1.0 };
        of_side(self.of) + of_side(self.against)
    }

    /// Fraction of τ², the variance between the directories of twin and baseline, in the variance of the
    /// comparison. If one directory has variance ω², τ² is 2ω²; a single arm has ω² and an arm with its copy
    /// half of that, so the fraction is 1 or ¾.
    pub(crate) fn offset_share(self) -> f64 {
        0.5 * self.builds()
    }
}

/// The arms of a round that the others are compared with, as indices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    pub baseline: usize,
    pub twin: Option<usize>,
}

impl Reference {
    /// Comparison of an arm: with baseline and twin together, or, for the twin itself, with the baseline
    /// alone.
    pub fn contrast(self, arm: usize) -> Contrast {
        let twin = self.twin.filter(|twin| *twin != arm);
        Contrast { of: Side::single(arm), against: Side { arm: self.baseline, twin } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: Reference = Reference { baseline: 0, twin: Some(1) };

    #[test]
    fn a_variant_is_set_against_baseline_and_twin_singly() {
        let rounds = [[Some(2.0), Some(8.0), Some(6.0)]];
        let d = REFERENCE.contrast(2).log_ratios(&rounds);
        assert!((d[0][0] - 3f64.ln()).abs() < 1e-12 && (d[1][0] - 0.75f64.ln()).abs() < 1e-12, "{d:?}");
        let d = Reference { twin: None, ..REFERENCE }.contrast(2).log_ratios(&rounds);
        assert!(d.len() == 1 && (d[0][0] - 3f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn the_twin_is_set_against_the_baseline() {
        let d = REFERENCE.contrast(1).log_ratios(&[[Some(2.0), Some(8.0), None]]);
        assert!(d.len() == 1 && (d[0][0] - 4.0f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn a_round_counts_only_with_all_that_it_needs() {
        let rounds = [
            [Some(1.0), Some(1.0), None],
            [Some(1.0), None, Some(1.0)],
            [None, Some(1.0), Some(1.0)],
            [Some(1.0), Some(1.0), Some(0.0)],
            [Some(1.0), Some(1.0), Some(2.0)],
        ];
        assert_eq!(REFERENCE.contrast(2).rounds(&rounds), 1);
        assert!(REFERENCE.contrast(2).log_ratios(&rounds).iter().all(|one| one.len() == 1));
        assert_eq!(REFERENCE.contrast(7).rounds(&rounds), 0);
    }

    #[test]
    fn an_arm_is_usual_that_ended_well_in_half_of_the_rounds() {
        let rounds = [
            vec![Some(1.0), Some(1.0), Some(1.0), None, Some(0.0)],
            vec![Some(1.0), Some(1.0), None, None, Some(f64::INFINITY)],
            vec![Some(1.0), None, None, None],
            vec![Some(1.0), None],
        ];
        assert_eq!(usual_arms(&rounds), [0, 1]);
        assert_eq!(usual_arms(&rounds[..2]), [0, 1, 2]);
        assert!(usual_arms(&rounds[..0]).is_empty());
    }

    #[test]
    fn either_side_may_have_a_copy() {
        let rounds = [[Some(2.0), Some(8.0), Some(6.0)], [Some(2.0), None, Some(6.0)]];
        let both = Contrast { of: Side { arm: 0, twin: Some(1) }, against: Side::single(2) };
        let d = both.log_ratios(&rounds);
        assert!((d[0][0] + 3f64.ln()).abs() < 1e-12 && (d[1][0] + 0.75f64.ln()).abs() < 1e-12, "{d:?}");
        let alone = Contrast { of: Side::single(0), ..both };
        assert_eq!((both.rounds(&rounds), alone.rounds(&rounds)), (1, 2));
        assert_eq!((both.offset_share(), alone.offset_share()), (0.75, 1.0));
    }
}
