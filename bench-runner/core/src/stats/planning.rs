//! Planning: the expected width of an interval after a number of rounds.

use super::block::BlockShape;
use super::estimate::{Control, Estimate, LEVEL, MIN_ROUNDS};
use super::huber::{BETA, CLIPPED_FROM};

/// Assumed scatter of a build's wall time before any measurement, as a fraction.
pub const EXPECTED_NOISE: f64 = 0.05;

/// m for normal data: P(|Z| ≤ 1.5).
const INSIDE: f64 = 0.8664;

/// Factor of the clipping on the standard error of normal data; 1 for so few rounds that nothing is clipped.
fn clipping(rounds: usize) -> f64 {
    if rounds < CLIPPED_FROM { 1.0 } else { BETA.sqrt() / INSIDE }
}

/// Typical estimate after `rounds` rounds without a true difference, if single builds scatter with standard
/// deviation `noise` (a fraction; 0.02 is 2%); its half-widths are the expected ones. `None` below
/// [`MIN_ROUNDS`] and for a noise that is negative or not finite.
///
/// A comparison with baseline and twin has 3/2 of the variance of a build, one with the baseline alone twice
/// the variance.
pub fn expected_estimate(noise: f64, rounds: usize, shape: BlockShape) -> Option<Estimate> {
    if rounds < MIN_ROUNDS || !noise.is_finite() || noise < 0.0 {
        return None;
    }
    let variances: f64 = match shape.control {
        Control::Twin => 1.5,
        Control::NoTwin => 2.0,
    };
    let se = noise * variances.sqrt() * clipping(rounds) / (rounds as f64).sqrt();
    Some(Estimate { rounds, theta: 0.0, se, df: shape.df(rounds), control: shape.control })
}

/// Scatter of a single build, as a fraction, by which a twin would have this estimate: the inverse of
/// [`expected_estimate`] for a comparison of two builds. `None` if it cannot be said.
pub fn noise_of_twin(twin: &Estimate) -> Option<f64> {
    let noise = twin.se * (twin.rounds as f64 / 2.0).sqrt() / clipping(twin.rounds);
    (twin.rounds >= MIN_ROUNDS && noise.is_finite()).then_some(noise)
}

/// The half-width, as a fraction, of the 95% interval of an [`expected_estimate`] comparison.
pub fn expected_half_width(noise: f64, rounds: usize, shape: BlockShape) -> Option<f64> {
    Some(expected_estimate(noise, rounds, shape)?.half_width_share(LEVEL))
}

/// The fewest rounds, up to `max`, whose [`expected_half_width`] is at most `half_width` (a fraction).
pub fn rounds_for(noise: f64, half_width: f64, shape: BlockShape, max: usize) -> Option<usize> {
    first(max, |rounds| expected_half_width(noise, rounds, shape).is_some_and(|h| h <= half_width))
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

    const WITH_TWIN: BlockShape = BlockShape { control: Control::Twin, comparisons: 2 };
    const WITHOUT: BlockShape = BlockShape { control: Control::NoTwin, comparisons: 2 };

    #[test]
    fn known_values() {
        // By hand: t(0.975, 17) = 2.10982, f = 1.03125, √0.7785/0.8664 = 1.01838, √(1.5/16) = 0.306186.
        let h: f64 = 2.10982 * 1.03125 * 0.02 * 1.01838 * 0.306186;
        let found = expected_half_width(0.02, 16, WITH_TWIN).unwrap();
        assert!((found - h.exp_m1()).abs() < 1e-6, "{found}");
        // A single comparison is not pooled: t(0.975, 15) = 2.13145.
        let alone = expected_half_width(0.02, 16, BlockShape { comparisons: 1, ..WITH_TWIN }).unwrap();
        assert!((alone.ln_1p() / h - 2.13145 / 2.10982).abs() < 1e-5, "{alone}");
        // Nothing is clipped in four rounds: t(0.975, 5) = 2.57058, f = 1.125.
        let few = expected_half_width(0.02, 4, WITH_TWIN).unwrap();
        assert!((few.ln_1p() - 2.57058 * 1.125 * 0.02 * 0.375f64.sqrt()).abs() < 1e-6, "{few}");
    }

    #[test]
    fn the_noise_of_a_twin_is_that_of_a_build() {
        for rounds in [3, 5, 6, 22] {
            // By hand: the twin has 4/3 of the variance of a variant.
            let variant = expected_estimate(0.04, rounds, WITH_TWIN).unwrap();
            let twin = Estimate { se: variant.se * (4.0f64 / 3.0).sqrt(), ..variant };
            assert!((noise_of_twin(&twin).unwrap() - 0.04).abs() < 1e-12);
        }
        let of_two = Estimate { rounds: 2, theta: 0.0, se: 0.1, df: 1.0, control: Control::Twin };
        assert_eq!(noise_of_twin(&of_two), None);
    }

    #[test]
    fn a_precision_of_half_a_per_cent_takes_about_a_hundred_rounds() {
        let rounds = rounds_for(0.02, 0.005, WITH_TWIN, 1000).unwrap();
        assert!((90..110).contains(&rounds), "{rounds}");
        assert_eq!(rounds_for(0.02, 0.005, WITH_TWIN, 50), None);
    }

    #[test]
    fn more_rounds_more_precision_and_a_twin_helps() {
        let widths: Vec<f64> =
            (3..60).map(|rounds| expected_half_width(0.02, rounds, WITH_TWIN).unwrap()).collect();
        assert!(widths.windows(2).all(|pair| pair[1] < pair[0]));
        assert!(expected_half_width(0.02, 12, WITHOUT) > expected_half_width(0.02, 12, WITH_TWIN));
    }

    #[test]
    fn what_cannot_be_said_is_none() {
        assert_eq!(expected_half_width(0.02, 2, WITH_TWIN), None);
        assert_eq!(expected_half_width(f64::NAN, 9, WITH_TWIN), None);
        assert_eq!(expected_half_width(-0.1, 9, WITH_TWIN), None);
        assert_eq!(expected_half_width(0.0, 9, WITH_TWIN), Some(0.0));
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
