//! From the seconds of a round to the logarithm of a ratio.

/// One side of a comparison, by positions of arms: an arm, and its identical copy where that counts too. The
/// geometric mean of the two stands for the side.
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
    /// `ln of − ln against`, a value for each round in which every build that it needs ended well: `rounds` holds the
    /// seconds of every arm, `None` where a build did not. What is not a positive number does not count either.
    pub fn log_ratios<R: AsRef<[Option<f64>]>>(self, rounds: &[R]) -> Vec<f64> {
        let of_round = |round: &R| {
            let seconds = |arm: usize| round.as_ref().get(arm).copied().flatten();
            let ln = |arm: usize| seconds(arm).filter(|s| *s > 0.0 && s.is_finite()).map(f64::ln);
            Some(self.of.mean(ln)? - self.against.mean(ln)?)
        };
        rounds.iter().filter_map(of_round).collect()
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

/// The log-ratios of one arm: `ln v − ½(ln b + ln t)`, and `ln v − ln b` without a twin.
pub fn log_ratios<R: AsRef<[Option<f64>]>>(rounds: &[R], reference: Reference, arm: usize) -> Vec<f64> {
    reference.contrast(arm).log_ratios(rounds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: Reference = Reference { baseline: 0, twin: Some(1) };

    #[test]
    fn a_variant_is_set_against_the_geometric_mean_of_baseline_and_twin() {
        let d = log_ratios(&[[Some(2.0), Some(8.0), Some(6.0)]], REFERENCE, 2);
        assert!((d[0] - 1.5f64.ln()).abs() < 1e-12);
        let d = log_ratios(&[[Some(2.0), Some(8.0), Some(6.0)]], Reference { twin: None, ..REFERENCE }, 2);
        assert!((d[0] - 3.0f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn the_twin_is_set_against_the_baseline() {
        let d = log_ratios(&[[Some(2.0), Some(8.0), None]], REFERENCE, 1);
        assert!((d[0] - 4.0f64.ln()).abs() < 1e-12);
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
        assert_eq!(log_ratios(&rounds, REFERENCE, 2).len(), 1);
        assert_eq!(log_ratios(&rounds, REFERENCE, 7).len(), 0);
    }

    #[test]
    fn either_side_may_have_a_copy() {
        let rounds = [[Some(2.0), Some(8.0), Some(6.0)], [Some(2.0), None, Some(6.0)]];
        let both = Contrast { of: Side { arm: 0, twin: Some(1) }, against: Side::single(2) };
        let d = both.log_ratios(&rounds);
        assert!(d.len() == 1 && (d[0] + 1.5f64.ln()).abs() < 1e-12);
        let alone = Contrast { of: Side::single(0), ..both };
        assert_eq!(alone.log_ratios(&rounds).len(), 2);
        assert_eq!((both.offset_share(), alone.offset_share()), (0.75, 1.0));
    }
}
