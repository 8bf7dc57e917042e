//! Test of whether independent estimates of the same quantity differ by more than their own errors.

use super::estimate::Estimate;
use super::fisher::f_tail;
use super::uncertain::UncertainValue;

/// Spread of estimates beyond chance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    /// Standard deviation between the estimates on the log scale, beyond what their own standard errors
    /// explain.
    pub sd: f64,
    /// The p-value against "they all estimate the same", by Welch's test.
    pub p: f64,
}

/// Spread of at least two estimates with more than 2 degrees of freedom and a standard error above 0; others
/// are ignored.
/// `None` if fewer than two remain.
///
/// The standard deviation is the root of τ² as in [`super::OffsetSums`], but about the weighted mean instead
/// of 0: with w = (df − 2)/(df·SE²), Q = Σ w(θ − θ̄)² over K estimates, τ² = max(0, (Q − (K − 1))/(Σw −
/// Σw²/Σw)) (DerSimonian and Laird 1986). The test is that of Welch (1951) for means with unequal variances,
/// since with few rounds the standard errors are too uncertain for a χ² test of Q.
pub(crate) fn spread_between(estimates: &[Estimate]) -> Option<Spread> {
    let known = |one: &Estimate| UncertainValue { value: one.theta, se: one.se, df: one.df };
    spread_of(&estimates.iter().map(known).collect::<Vec<_>>())
}

/// Same as `spread_between`, for values with an error; those with at most 2 degrees of freedom or without
/// an error are ignored.
pub fn spread_of(numbers: &[UncertainValue]) -> Option<Spread> {
    let usable: Vec<&UncertainValue> = numbers.iter().filter(|one| one.df > 2.0 && one.se > 0.0).collect();
    if usable.len() < 2 {
        return None;
    }
    let excess = usable.len() as f64 - 1.0;
    let weigh = |one: &&UncertainValue| (one.df - 2.0) / (one.df * one.se * one.se);
    let (weights, squares, q) = sums_about_mean(&usable, weigh)?;
    let variance = ((q - excess) / (weights - squares / weights)).max(0.0);

    let precision = |one: &&UncertainValue| one.se.powi(-2);
    let (total, _, q) = sums_about_mean(&usable, precision)?;
    let uncertain: f64 = usable.iter().map(|one| (1.0 - precision(one) / total).powi(2) / one.df).sum();
    let more = (excess + 1.0).powi(2) - 1.0;
    let f = q / excess / (1.0 + 2.0 * (excess - 1.0) / more * uncertain);
    let spread = Spread { sd: variance.sqrt(), p: f_tail(f, excess, more / (3.0 * uncertain)) };
    spread.sd.is_finite().then_some(spread)
}

/// Σw, Σw² and Σ w(θ − θ̄)² about the weighted mean; `None` if they overflow.
fn sums_about_mean(
    numbers: &[&UncertainValue],
    weigh: impl Fn(&&UncertainValue) -> f64,
) -> Option<(f64, f64, f64)> {
    let weights: Vec<f64> = numbers.iter().map(weigh).collect();
    let sum = |of: &dyn Fn(f64, f64) -> f64| -> f64 {
        weights.iter().zip(numbers).map(|(weight, one)| of(*weight, one.value)).sum()
    };
    let total = sum(&|weight, _| weight);
    let mean = sum(&|weight, theta| weight * theta) / total;
    let squares = sum(&|weight, _| weight * weight);
    let q = sum(&|weight, theta| weight * (theta - mean).powi(2));
    (total.is_finite() && squares.is_finite() && q.is_finite() && total > 0.0).then_some((total, squares, q))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::Control;
    use crate::stats::noise::Noise;

    fn estimate(rounds: usize, theta: f64, se: f64) -> Estimate {
        Estimate { rounds, theta, se, df: rounds as f64 - 1.0, control: Control::Twin }
    }

    /// Reference values: a separate Python program, with `scipy.stats.f.sf`.
    #[test]
    fn known_values() {
        let found = spread_between(&[
            estimate(6, 0.010, 0.004),
            estimate(8, -0.012, 0.005),
            estimate(12, 0.004, 0.003),
        ]);
        let found = found.unwrap();
        assert!((found.sd - 0.008372355121184802).abs() < 1e-12, "{found:?}");
        assert!((found.p - 0.016958322770260884).abs() < 1e-9, "{found:?}");
    }

    #[test]
    fn estimates_that_agree_have_no_spread() {
        let found = spread_between(&[estimate(6, 0.01, 0.004), estimate(6, 0.0101, 0.004)]).unwrap();
        assert!(found.sd == 0.0 && found.p > 0.9);
    }

    #[test]
    fn too_little_says_nothing() {
        assert_eq!(spread_between(&[]), None);
        assert_eq!(spread_between(&[estimate(6, 0.1, 0.01)]), None);
        assert_eq!(spread_between(&[estimate(3, 0.1, 0.01), estimate(6, 0.1, 0.01)]), None);
        assert_eq!(spread_between(&[estimate(6, 0.1, 0.0), estimate(6, 0.1, 0.01)]), None);
        assert_eq!(spread_between(&[estimate(6, 0.1, 1e-300); 3]), None);
    }

    /// 400 runs of three sessions with six rounds each.
    #[test]
    fn the_test_keeps_its_level_and_finds_what_is_there() {
        let mut noise = Noise::new(41);
        let mut alarms = |between: f64| {
            let mut session = || {
                let shift = between * noise.normal();
                let d: Vec<f64> = (0..6).map(|_| shift + 0.02 * noise.normal()).collect();
                Estimate::from_log_ratios(&d, Control::Twin).unwrap()
            };
            let mut run = || [session(), session(), session()];
            (0..400).filter(|_| spread_between(&run()).unwrap().p < 0.05).count()
        };
        let (without, with) = (alarms(0.0), alarms(0.04));
        assert!(without <= 32 && with >= 300, "{without} {with}");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_nan_or_infinite(
            of in prop::collection::vec((3..40usize, -700.0..700.0f64, prop_oneof![
                Just(0.0), Just(1e-300), Just(1e-9), 0.0..1.0f64, Just(1e300),
            ]), 0..9),
        ) {
            let estimates: Vec<Estimate> =
                of.into_iter().map(|(rounds, theta, se)| estimate(rounds, theta, se)).collect();
            if let Some(found) = spread_between(&estimates) {
                prop_assert!(found.sd.is_finite() && found.sd >= 0.0 && (0.0..=1.0).contains(&found.p), "{found:?}");
            }
        }
    }
}
