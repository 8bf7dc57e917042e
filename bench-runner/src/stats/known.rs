//! Numbers that are known with an error: summed, and put together where one thing was measured several times.

use super::between::{Spread, spread_of};
use super::{Estimate, t_cdf, t_quantile};

/// A number and how well it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Known {
    /// The estimate.
    pub value: f64,
    /// Its standard error, with all that widens it.
    pub se: f64,
    /// Degrees of freedom of that error, at least 1.
    pub df: f64,
}

impl From<&Estimate> for Known {
    fn from(estimate: &Estimate) -> Self {
        Self { value: estimate.theta, se: estimate.inflated_se(), df: estimate.df() }
    }
}

impl Known {
    /// Half-width of the interval at a confidence level such as [`super::LEVEL`].
    pub fn half_width(&self, level: f64) -> f64 {
        t_quantile(0.5 + 0.5 * level.clamp(0.0, 1.0), self.df) * self.se
    }

    /// The interval at a confidence level.
    pub fn interval(&self, level: f64) -> (f64, f64) {
        let half_width = self.half_width(level);
        (self.value - half_width, self.value + half_width)
    }

    /// The p-value against "it is 0". Without any error it is 1 at 0, else 0.
    pub fn p_zero(&self) -> f64 {
        if self.se > 0.0 {
            (2.0 * t_cdf(-self.value.abs() / self.se, self.df)).min(1.0)
        } else if self.value == 0.0 {
            1.0
        } else {
            0.0
        }
    }

    /// The same number of times.
    #[must_use]
    pub fn times(self, factor: f64) -> Self {
        Self { value: self.value * factor, se: self.se * factor.abs(), df: self.df }
    }
}

/// The sum of independent numbers; `None` for no number or one that is not finite.
///
/// Its degrees of freedom are those of Satterthwaite (1946): (Σ v)²/Σ(v²/df) with v = se².
pub fn sum(of: &[Known]) -> Option<Known> {
    let value = of.iter().map(|one| one.value).sum::<f64>();
    let parts: Vec<(f64, f64)> = of.iter().map(|one| (one.se * one.se, one.df)).collect();
    known(value, &parts).filter(|_| !of.is_empty())
}

/// A number whose variance has these parts, each with its degrees of freedom.
fn known(value: f64, parts: &[(f64, f64)]) -> Option<Known> {
    let total: f64 = parts.iter().map(|(variance, _)| variance).sum();
    // Shares, so that squares of tiny variances do not vanish.
    let uncertain: f64 = parts
        .iter()
        .filter(|_| total > 0.0)
        .map(|(variance, df)| (variance / total).powi(2) / df.max(1.0))
        .sum();
    let most = parts.iter().map(|(_, df)| df).sum::<f64>().max(1.0);
    let df = if uncertain > 0.0 { (1.0 / uncertain).max(1.0) } else { most };
    let found = Known { value, se: total.sqrt(), df };
    [found.value, found.se, found.df].iter().all(|one| one.is_finite()).then_some(found)
}

/// One thing that was measured several times, apart from each other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Combined {
    /// Their mean.
    pub known: Known,
    /// How far they lie apart beyond chance; `None` for a single one, and where it cannot be said.
    pub spread: Option<Spread>,
}

/// Puts measurements of one thing together, each of which counts the same; `None` for none or ones that are not finite.
///
/// SE² = Σ se²/K² + τ²/K with the τ² of [`Spread`], so that measurements that differ by more than their errors make the
/// mean less certain and not more. The degrees of freedom are those of Satterthwaite (1946), where τ² has K − 1: two
/// that differ leave an interval that is wide, as it should be. A single one stays as it is. With few measurements τ² is
/// often estimated as 0 though it is not, so the interval is one for these very measurements at least, and covers what
/// many more of them would show less often than it says (docs/METHODOLOGY.md has how often).
pub fn combined(of: &[Known]) -> Option<Combined> {
    if let [one] = of {
        let finite = [one.value, one.se, one.df].iter().all(|number| number.is_finite());
        return finite.then_some(Combined { known: *one, spread: None });
    }
    let count = of.len() as f64;
    let spread = spread_of(of);
    let between = spread.map_or(0.0, |spread| spread.sd * spread.sd / count);
    let mean = of.iter().map(|one| one.value).sum::<f64>() / count;
    let mut parts: Vec<(f64, f64)> = of.iter().map(|one| ((one.se / count).powi(2), one.df)).collect();
    parts.push((between, (count - 1.0).max(1.0)));
    let known = known(mean, &parts).filter(|_| !of.is_empty())?;
    Some(Combined { known, spread })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::noise::Noise;
    use crate::stats::{Control, LEVEL};

    fn one(value: f64, se: f64, df: f64) -> Known {
        Known { value, se, df }
    }

    #[test]
    fn sums_add_values_and_variances() {
        // by hand: se² = 9 + 16, df = 25²/(81/9 + 256/4)
        let found = sum(&[one(1.0, 3.0, 9.0), one(2.0, 4.0, 4.0)]).unwrap();
        assert!(
            (found.value, found.se) == (3.0, 5.0) && (found.df - 625.0 / 73.0).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&[one(f64::NAN, 1.0, 3.0)]), None);
        let scaled = one(2.0, 0.5, 7.0).times(-4.0);
        assert_eq!(scaled, one(-8.0, 2.0, 7.0));
    }

    #[test]
    fn what_agrees_gets_more_certain_and_what_does_not_less() {
        let alike = combined(&[one(0.10, 0.01, 11.0), one(0.10, 0.01, 11.0)]).unwrap();
        assert!((alike.known.value - 0.10).abs() < 1e-15);
        assert!((alike.known.se - 0.01 / 2f64.sqrt()).abs() < 1e-12 && (alike.known.df - 22.0).abs() < 1e-9);
        assert_eq!(alike.spread.unwrap().sd, 0.0);
        let apart = combined(&[one(0.00, 0.01, 11.0), one(0.20, 0.01, 11.0)]).unwrap();
        assert!(apart.spread.unwrap().p < 1e-6 && apart.known.half_width(LEVEL) > 0.2, "{apart:?}");
        let single = one(0.1, 0.01, 5.0);
        assert_eq!(combined(&[single]), Some(Combined { known: single, spread: None }));
        assert_eq!(combined(&[]), None);
    }

    #[test]
    fn without_error_the_answers_are_defined() {
        let sure = one(0.1, 0.0, 5.0);
        assert_eq!((sure.half_width(LEVEL), sure.p_zero(), one(0.0, 0.0, 5.0).p_zero()), (0.0, 0.0, 1.0));
        let both = combined(&[sure, one(0.3, 0.0, 5.0)]).unwrap();
        assert!((both.known.value - 0.2).abs() < 1e-15 && both.known.se == 0.0 && both.spread.is_none());
    }

    #[test]
    fn an_estimate_is_known_as_its_interval_says() {
        let estimate = Estimate { rounds: 6, theta: 0.02, se: 0.01, control: Control::NoTwin };
        let known = Known::from(&estimate);
        assert!((known.half_width(LEVEL) - estimate.half_width(LEVEL)).abs() < 1e-15);
        assert!((known.p_zero() - estimate.p_difference()).abs() < 1e-15);
    }

    /// 400 machines with three runs each. Where runs do not differ, 388 are covered in a simulation of the same kind; where
    /// they differ by five times their errors, about 360, since three runs do not tell how far the next ones lie.
    #[test]
    fn the_interval_over_runs_covers_as_often_as_the_methods_say() {
        let mut noise = Noise::new(47);
        let mut covered = |between: f64| {
            let mut run = || {
                let shift = between * noise.normal();
                let d: Vec<f64> = (0..12).map(|_| shift + 0.02 * noise.normal()).collect();
                Known::from(&Estimate::of(&d, Control::Twin).unwrap())
            };
            let mut machine = || [run(), run(), run()];
            (0..400)
                .filter(|_| {
                    let found = combined(&machine()).unwrap().known;
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
            let of: Vec<Known> = of.into_iter().map(|(value, se, df)| one(value, se, df)).collect();
            for found in combined(&of).map(|found| found.known).into_iter().chain(sum(&of)) {
                prop_assert!(found.value.is_finite() && found.se.is_finite() && found.se >= 0.0, "{found:?}");
                prop_assert!(found.df.is_finite() && found.df >= 1.0, "{found:?}");
                prop_assert!((0.0..=1.0).contains(&found.p_zero()), "{found:?}");
            }
        }
    }
}
