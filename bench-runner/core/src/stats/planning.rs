//! Planning: the expected width of an interval after a number of rounds.

use super::block::BlockShape;
use super::estimate::{Estimate, LEVEL, MIN_ROUNDS};
use super::huber::{BETA, CLIPPED_FROM};

/// Assumed scatter of a build's wall time before any measurement, as a fraction.
pub const EXPECTED_NOISE: f64 = 0.05;

/// m for normal data: P(|Z| ≤ 1.5).
const INSIDE: f64 = 0.8664;

/// Factor of the clipping on the standard error of normal data; 1 for so few rounds that nothing is clipped.
fn clipping(rounds: usize) -> f64 {
    if rounds < CLIPPED_FROM { 1.0 } else { BETA.sqrt() / INSIDE }
}

/// Expectation for a block before it is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Expectation {
    /// Standard deviation of single builds on the log scale, about a fraction: 0.02 is 2%.
    pub noise: f64,
    /// τ², the variance between two directories; with several sessions what is left of it.
    pub offset: f64,
    pub shape: BlockShape,
}

impl Expectation {
    /// The same without offsets between directories, as looks at the intervals during a run leave them out.
    #[must_use]
    pub fn without_offset(self) -> Self {
        Self { offset: 0.0, ..self }
    }

    /// Typical estimate after `rounds` rounds without a true difference; its half-widths are the expected ones.
    /// `None` below [`MIN_ROUNDS`] and for a noise that is negative or not finite.
    pub fn estimate(self, rounds: usize) -> Option<Estimate> {
        if rounds < MIN_ROUNDS || !self.noise.is_finite() || self.noise < 0.0 {
            return None;
        }
        let se = (self.shape.round_variance(self.noise) / rounds as f64).sqrt() * clipping(rounds);
        let (df, control) = (self.shape.df(rounds), self.shape.control);
        let estimate = Estimate { rounds, theta: 0.0, se, df, control };
        Some(estimate.with_variance(self.shape.offset_share() * self.offset))
    }

    /// The half-width, as a fraction, of the 95% interval of an expected [`Self::estimate`].
    pub fn half_width(self, rounds: usize) -> Option<f64> {
        Some(self.estimate(rounds)?.half_width_share(LEVEL))
    }

    /// The fewest rounds, up to `max`, whose [`Self::half_width`] is at most `half_width` (a fraction).
    pub fn rounds_for(self, half_width: f64, max: usize) -> Option<usize> {
        first(max, |rounds| self.half_width(rounds).is_some_and(|h| h <= half_width))
    }
}

/// Scatter of a single build, as a fraction, by which a twin would have this estimate: the inverse of
/// [`Expectation::estimate`] for a comparison of two builds without offsets. `None` if it cannot be said.
pub fn noise_of_twin(twin: &Estimate) -> Option<f64> {
    let noise = twin.se * (twin.rounds as f64 / 2.0).sqrt() / clipping(twin.rounds);
    (twin.rounds >= MIN_ROUNDS && noise.is_finite()).then_some(noise)
}

/// The fewest rounds, up to `max`, after which a comparison with the observed scatter would have an interval
/// of half-width `half_width` (a fraction) at `level`. `fixed` is the part of its variance that rounds do not
/// reduce.
pub(crate) fn rounds_to_reach(
    observed: &Estimate,
    fixed: f64,
    half_width: f64,
    level: f64,
    max: usize,
) -> Option<usize> {
    let of_one_round = (observed.se * observed.se - fixed).max(0.0) * observed.rounds as f64;
    first(max, |rounds| {
        let se = (of_one_round / rounds as f64 + fixed).sqrt();
        let df = observed.df + rounds as f64 - observed.rounds as f64;
        Estimate { rounds, se, df, ..*observed }.half_width_share(level) <= half_width
    })
}

/// The smallest number of rounds for which `enough` is true; it must remain true for all larger numbers.
fn first(max: usize, enough: impl Fn(usize) -> bool) -> Option<usize> {
    if max < MIN_ROUNDS || !enough(max) {
        return None;
    }
    let (mut low, mut high) = (MIN_ROUNDS, max);
    while low < high {
        let middle = low + (high - low) / 2;
        if enough(middle) { high = middle } else { low = middle + 1 }
    }
    Some(low)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Control;

    fn expected(noise: f64, control: Control) -> Expectation {
        Expectation { noise, offset: 0.0, shape: BlockShape { control, comparisons: 2 } }
    }

    fn half_width(noise: f64, rounds: usize) -> Option<f64> {
        expected(noise, Control::Twin).half_width(rounds)
    }

    #[test]
    fn known_values() {
        // By hand: t(0.975, 17) = 2.10982, f = 1.03125, √0.7785/0.8664 = 1.01838, √(1.5/16) = 0.306186.
        let h: f64 = 2.10982 * 1.03125 * 0.02 * 1.01838 * 0.306186;
        let found = half_width(0.02, 16).unwrap();
        assert!((found - h.exp_m1()).abs() < 1e-6, "{found}");
        // Nothing is clipped in four rounds: t(0.975, 5) = 2.57058, f = 1.125.
        let few = half_width(0.02, 4).unwrap();
        assert!((few.ln_1p() - 2.57058 * 1.125 * 0.02 * 0.375f64.sqrt()).abs() < 1e-6, "{few}");
    }

    #[test]
    fn an_a_a_block_has_one_comparison_of_two_builds_and_nothing_to_pool_with() {
        let shape = BlockShape { control: Control::Twin, comparisons: 1 };
        let found = Expectation { noise: 0.02, offset: 0.0, shape }.half_width(16).unwrap();
        // By hand: t(0.975, 15) = 2.13145, √(2/16) = 0.353553.
        let h: f64 = 2.13145 * 1.03125 * 0.02 * 1.01838 * 0.353553;
        assert!((found - h.exp_m1()).abs() < 1e-6, "{found}");
    }

    #[test]
    fn offsets_stay_however_many_rounds_there_are() {
        let with = Expectation { offset: 0.007f64.powi(2), ..expected(0.01, Control::Twin) };
        // By hand: SE² = 0.01²·1.01838²·1.5/12 + ¾·0.007², t(0.975, 13) = 2.16037, f = 1 + 0.5/12.
        let se = (1e-4 * 1.01838f64.powi(2) * 0.125 + 0.75 * 4.9e-5f64).sqrt();
        let h = 2.16037 * (1.0 + 0.5 / 12.0) * se;
        assert!((with.half_width(12).unwrap() - h.exp_m1()).abs() < 1e-6);
        assert_eq!(with.rounds_for(0.011, 10_000), None);
        assert!(with.without_offset().rounds_for(0.011, 10_000).is_some());
    }

    #[test]
    fn the_noise_of_a_twin_is_that_of_a_build() {
        for rounds in [3, 5, 6, 22] {
            // By hand: the twin has 4/3 of the variance of a variant.
            let variant = expected(0.04, Control::Twin).estimate(rounds).unwrap();
            let twin = Estimate { se: variant.se * (4.0f64 / 3.0).sqrt(), ..variant };
            assert!((noise_of_twin(&twin).unwrap() - 0.04).abs() < 1e-12);
        }
        let of_two = Estimate { rounds: 2, theta: 0.0, se: 0.1, df: 1.0, control: Control::Twin };
        assert_eq!(noise_of_twin(&of_two), None);
    }

    #[test]
    fn a_precision_of_half_a_per_cent_takes_about_a_hundred_rounds() {
        let rounds = expected(0.02, Control::Twin).rounds_for(0.005, 1000).unwrap();
        assert!((90..110).contains(&rounds), "{rounds}");
        assert_eq!(expected(0.02, Control::Twin).rounds_for(0.005, 50), None);
    }

    #[test]
    fn more_rounds_more_precision_and_a_twin_helps() {
        let widths: Vec<f64> = (3..60).map(|rounds| half_width(0.02, rounds).unwrap()).collect();
        assert!(widths.windows(2).all(|pair| pair[1] < pair[0]));
        assert!(expected(0.02, Control::NoTwin).half_width(12) > half_width(0.02, 12));
    }

    #[test]
    fn what_cannot_be_said_is_none() {
        assert_eq!(half_width(0.02, 2), None);
        assert_eq!(half_width(f64::NAN, 9), None);
        assert_eq!(half_width(-0.1, 9), None);
        assert_eq!(half_width(0.0, 9), Some(0.0));
    }

    #[test]
    fn an_observed_comparison_tells_what_a_new_one_needs() {
        let observed = Estimate { rounds: 8, theta: 0.01, se: 0.01, df: 7.0, control: Control::Twin };
        let now = observed.half_width_share(LEVEL);
        assert_eq!(rounds_to_reach(&observed, 0.0, now * 1.0001, LEVEL, 1000), Some(8));
        let halved = rounds_to_reach(&observed, 0.0, now / 2.0, LEVEL, 1000).unwrap();
        assert!((20..33).contains(&halved), "{halved}");
        assert_eq!(rounds_to_reach(&observed, 0.0, 1e-6, LEVEL, 1000), None);
    }

    #[test]
    fn what_rounds_do_not_lessen_stays() {
        // Half of the variance is fixed: by hand, the half-width never falls below 1.96·√(0.005²) = 0.98%.
        let observed =
            Estimate { rounds: 8, theta: 0.01, se: 0.00005f64.sqrt(), df: 7.0, control: Control::Twin };
        let fixed = 0.000025;
        assert_eq!(rounds_to_reach(&observed, fixed, 0.0097, LEVEL, 100_000), None);
        let few = rounds_to_reach(&observed, 0.0, 0.0105, LEVEL, 100_000).unwrap();
        let more = rounds_to_reach(&observed, fixed, 0.0105, LEVEL, 100_000).unwrap();
        assert!(more > 3 * few, "{few} and {more}");
    }
}
