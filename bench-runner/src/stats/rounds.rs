//! From the seconds of a round to the logarithm of a ratio.

use super::{Control, Estimate};

/// One side of a comparison, by positions of arms: an arm, and its identical copy where that counts too. Ratios are
/// estimated with each of the two singly and averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Side {
    /// The arm.
    pub arm: usize,
    /// Its copy.
    pub twin: Option<usize>,
}

impl Side {
    /// A side of a single arm.
    pub fn single(arm: usize) -> Self {
        Self { arm, twin: None }
    }

    /// Positions of its arms.
    pub fn arms(self) -> impl Iterator<Item = usize> {
        std::iter::once(self.arm).chain(self.twin)
    }

    /// The mean of `value` over its arms; `None` where one of them has none.
    pub fn mean(self, value: impl Fn(usize) -> Option<f64>) -> Option<f64> {
        let first = value(self.arm)?;
        match self.twin {
            Some(twin) => Some(0.5 * (first + value(twin)?)),
            None => Some(first),
        }
    }
}

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contrast {
    /// The side whose time is told.
    pub of: Side,
    /// The side that it is a ratio to.
    pub against: Side,
}

impl Contrast {
    /// `ln of − ln against` of each arm of the one side with each arm of the other: a series for each pair, in each a
    /// value for each round in which every build that the contrast needs ended well. `rounds` holds the seconds of
    /// every arm, `None` where a build did not. What is not a positive number does not count either.
    pub fn log_ratios<R: AsRef<[Option<f64>]>>(self, rounds: &[R]) -> Vec<Vec<f64>> {
        let pairs: Vec<(usize, usize)> =
            self.of.arms().flat_map(|of| self.against.arms().map(move |against| (of, against))).collect();
        let mut series = vec![Vec::with_capacity(rounds.len()); pairs.len()];
        for round in rounds {
            let seconds = |arm: usize| round.as_ref().get(arm).copied().flatten();
            let ln = |arm: usize| seconds(arm).filter(|s| *s > 0.0 && s.is_finite()).map(f64::ln);
            let of_pair = |&(of, against): &(usize, usize)| Some(ln(of)? - ln(against)?);
            if let Some(values) = pairs.iter().map(of_pair).collect::<Option<Vec<f64>>>() {
                series.iter_mut().zip(values).for_each(|(one, value)| one.push(value));
            }
        }
        series
    }

    /// How many rounds count.
    pub fn rounds<R: AsRef<[Option<f64>]>>(self, rounds: &[R]) -> usize {
        self.log_ratios(rounds).first().map_or(0, Vec::len)
    }

    /// The estimate of `ln of − ln against`: pair by pair, then averaged, so that an outlier in a copy weighs no more
    /// than one elsewhere. `None` as for [`Estimate::averaged`].
    pub fn estimate<R: AsRef<[Option<f64>]>>(self, rounds: &[R], control: Control) -> Option<Estimate> {
        Estimate::averaged(&self.log_ratios(rounds), control)
    }

    /// How much of the variance τ² between two directories, twin and baseline, the comparison has. With variance ω² of
    /// one directory τ² is 2ω²; a single arm has ω² and an arm with its copy half of that, so it is all of τ² or ¾.
    pub fn offset_share(self) -> f64 {
        let of_side = |side: Side| if side.twin.is_some() { 0.25 } else { 0.5 };
        of_side(self.of) + of_side(self.against)
    }
}

/// Which arms of a round the others are compared with, as positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The baseline.
    pub baseline: usize,
    /// Its twin, where there is one.
    pub twin: Option<usize>,
}

impl Reference {
    /// What an arm is compared with: baseline and twin together, and the twin itself with the baseline alone.
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
