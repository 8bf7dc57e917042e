//! Mean of several measurements, each with its own error.

use super::between::{Spread, spread_of};
use super::pooled::MIN_PROJECTS_IN_GENERAL;
use super::uncertain::{UncertainValue, from_variance_parts};

/// Mean and spread of several independent measurements.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combined {
    /// Mean of the measurements.
    pub mean: UncertainValue,
    /// Spread of the measurements beyond chance; `None` for a single one and if it cannot be estimated.
    pub spread: Option<Spread>,
}

/// Averages measurements of several things of one kind with equal weights, such as the machines of a class;
/// `None` without measurements or if one is not finite.
///
/// With weights g = 1/K: SE² = Σ g²·se², which is for the mean of just these things. From
/// [`MIN_PROJECTS_IN_GENERAL`] on, τ²·Σ g² is added, with the τ² of [`Spread`], and SE² is for the mean over
/// things like these; with fewer, τ² cannot be estimated. The degrees of freedom are those of Satterthwaite
/// (1946), with K − 1 for τ². A single measurement is returned unchanged.
pub fn equal_weight_mean(of: &[UncertainValue]) -> Option<Combined> {
    let shares = vec![1.0 / of.len().max(1) as f64; of.len()];
    let spread = spread_of(of);
    let between =
        spread.filter(|_| of.len() >= MIN_PROJECTS_IN_GENERAL).map_or(0.0, |spread| spread.sd.powi(2));
    combine(of, &shares, between, spread)
}

/// Averages measurements of one thing, giving more weight to the more certain ones, such as the runs of a
/// machine; `None` without measurements or if one is not finite. If one has no error or too few degrees of
/// freedom to be weighted, all get equal weights.
///
/// With weights g in proportion to 1/(se²·df/(df − 2) + τ²) (DerSimonian and Laird 1986), SE² = Σ g²·se² +
/// τ²·Σ g², so that measurements that differ by more than their errors make the mean less certain, not more.
/// Since the weights are estimated too, Σ g²·se² is multiplied by 1 + 4·Σ g(1 − g)/df (Meier 1953). Degrees
/// of freedom as in [`equal_weight_mean`]. With few measurements τ² is often estimated as 0 although it is
/// not; docs/METHODOLOGY.md reports how often the interval then covers the result of further measurements.
pub fn weighted_mean(of: &[UncertainValue]) -> Option<Combined> {
    let usable = |one: &UncertainValue| one.df > 2.0 && one.se > 0.0;
    let spread = spread_of(of);
    let between = spread.map_or(0.0, |spread| spread.sd * spread.sd);
    let weights: Vec<f64> =
        of.iter().map(|one| 1.0 / (one.se * one.se * one.df / (one.df - 2.0) + between)).collect();
    let total: f64 = weights.iter().sum();
    let weighs = of.iter().all(usable) && total.is_finite() && total > 0.0;
    let equal = 1.0 / of.len().max(1) as f64;
    let shares: Vec<f64> = weights.iter().map(|weight| if weighs { weight / total } else { equal }).collect();
    combine(of, &shares, between, spread)
}

fn combine(of: &[UncertainValue], shares: &[f64], between: f64, spread: Option<Spread>) -> Option<Combined> {
    if let [one] = of {
        let finite = [one.value, one.se, one.df].iter().all(|number| number.is_finite());
        return finite.then_some(Combined { mean: *one, spread: None });
    }
    let pairs = || of.iter().zip(shares);
    let value = pairs().map(|(one, share)| share * one.value).sum();
    let equal = shares.windows(2).all(|pair| pair[0] == pair[1]);
    let guessed: f64 = pairs().map(|(one, share)| share * (1.0 - share) / one.df).sum();
    let more = if equal { 1.0 } else { 1.0 + 4.0 * guessed };
    let mut parts: Vec<(f64, f64)> =
        pairs().map(|(one, share)| (more * (share * one.se).powi(2), one.df)).collect();
    let squares: f64 = shares.iter().map(|share| share * share).sum();
    parts.push((between * squares, (of.len() as f64 - 1.0).max(1.0)));
    let mean = from_variance_parts(value, &parts).filter(|_| !of.is_empty())?;
    Some(Combined { mean, spread })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::noise::Noise;
    use crate::stats::{Control, Estimate, LEVEL, sum};

    fn one(value: f64, se: f64, df: f64) -> UncertainValue {
        UncertainValue { value, se, df }
    }

    #[test]
    fn what_agrees_gets_more_certain_and_what_does_not_less() {
        let alike = equal_weight_mean(&[one(0.10, 0.01, 11.0), one(0.10, 0.01, 11.0)]).unwrap();
        assert!((alike.mean.value - 0.10).abs() < 1e-15);
        assert!((alike.mean.se - 0.01 / 2f64.sqrt()).abs() < 1e-12 && (alike.mean.df - 22.0).abs() < 1e-9);
        assert_eq!(alike.spread.unwrap().sd, 0.0);
        let apart = weighted_mean(&[one(0.00, 0.01, 11.0), one(0.20, 0.01, 11.0)]).unwrap();
        assert!(apart.spread.unwrap().p < 1e-6 && apart.mean.half_width(LEVEL) > 0.2, "{apart:?}");
        // By hand: for these two only their own errors count, for five like them also the differences between
        // them.
        let these = equal_weight_mean(&[one(0.00, 0.01, 11.0), one(0.20, 0.01, 11.0)]).unwrap();
        assert!((these.mean.se - 0.01 / 2f64.sqrt()).abs() < 1e-12 && these.spread == apart.spread);
        let five =
            equal_weight_mean(&[0.0, 0.1, 0.2, 0.3, 0.4].map(|value| one(value, 0.01, 11.0))).unwrap().mean;
        assert!((five.se - (0.025f64 / 5.0).sqrt()).abs() < 2e-3 && five.df < 4.2, "{five:?}");
        let single = one(0.1, 0.01, 5.0);
        assert_eq!(equal_weight_mean(&[single]), Some(Combined { mean: single, spread: None }));
        assert_eq!((equal_weight_mean(&[]), weighted_mean(&[])), (None, None));
    }

    #[test]
    fn what_is_more_certain_counts_more() {
        // By hand, τ² = 0: weights 1/(1e-4·11/9) and 1/(16e-4·11/9), shares 16/17 and 1/17.
        let found = weighted_mean(&[one(0.10, 0.01, 11.0), one(0.12, 0.04, 11.0)]).unwrap().mean;
        let share: f64 = 16.0 / 17.0;
        assert!((found.value - (share * 0.10 + 0.12 / 17.0)).abs() < 1e-12, "{found:?}");
        let plain = (share * 0.01).powi(2) + (0.04 / 17.0f64).powi(2);
        let guessed = 1.0 + 4.0 * 2.0 * share * (1.0 - share) / 11.0;
        assert!((found.se - (plain * guessed).sqrt()).abs() < 1e-12, "{found:?}");
        // A noisy run does not spoil a good one.
        assert!(found.half_width(LEVEL) < one(0.10, 0.01, 11.0).half_width(LEVEL) * 1.02, "{found:?}");
        let alike = [one(0.1, 0.01, 11.0), one(0.1, 0.01, 11.0)];
        assert_eq!(weighted_mean(&alike), equal_weight_mean(&alike));
    }

    #[test]
    fn without_error_the_answer_is_defined() {
        let sure = one(0.1, 0.0, 5.0);
        let both = weighted_mean(&[sure, one(0.3, 0.0, 5.0)]).unwrap();
        assert!((both.mean.value - 0.2).abs() < 1e-15 && both.mean.se == 0.0 && both.spread.is_none());
    }

    /// 400 machines with three runs each. If the runs do not differ, 387 are covered in a simulation of the
    /// same kind; if they differ by five times their errors, about 360, since three runs do not show how far
    /// the next ones would differ.
    #[test]
    fn the_interval_over_runs_covers_as_often_as_the_methods_say() {
        let mut noise = Noise::new(47);
        let mut covered = |between: f64| {
            let mut run = || {
                let shift = between * noise.normal();
                let d: Vec<f64> = (0..12).map(|_| shift + 0.02 * noise.normal()).collect();
                UncertainValue::from(&Estimate::from_log_ratios(&d, Control::Twin).unwrap())
            };
            let mut machine = || [run(), run(), run()];
            (0..400)
                .filter(|_| {
                    let found = weighted_mean(&machine()).unwrap().mean;
                    found.value.abs() <= found.half_width(LEVEL)
                })
                .count()
        };
        let (alike, apart) = (covered(0.0), covered(0.03));
        assert!(alike >= 376 && (340..=380).contains(&apart), "{alike} {apart}");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_nan_or_infinite(
            of in prop::collection::vec((-700.0..700.0f64, prop_oneof![
                Just(0.0), Just(1e-300), Just(1e-9), 0.0..1.0f64, Just(1e300),
            ], 1.0..40.0f64), 0..9),
        ) {
            let of: Vec<UncertainValue> = of.into_iter().map(|(value, se, df)| one(value, se, df)).collect();
            let combined = [equal_weight_mean(&of), weighted_mean(&of)].into_iter().flatten().map(|found| found.mean);
            for found in combined.chain(sum(&of)) {
                prop_assert!(found.value.is_finite() && found.se.is_finite() && found.se >= 0.0, "{found:?}");
                prop_assert!(found.df.is_finite() && found.df >= 1.0, "{found:?}");
                prop_assert!((0.0..=1.0).contains(&found.p_zero()), "{found:?}");
            }
        }
    }
}
