//! Values with a standard error, and their sums.

use serde::{Deserialize, Serialize};

use super::estimate::Estimate;
use super::student::{t_cdf, t_quantile};

/// A value with its standard error.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct UncertainValue {
    /// The estimate.
    pub value: f64,
    /// Standard error of the value, with all widening factors.
    pub se: f64,
    /// Degrees of freedom of the standard error, at least 1.
    pub df: f64,
}

impl From<&Estimate> for UncertainValue {
    fn from(estimate: &Estimate) -> Self {
        Self { value: estimate.theta, se: estimate.inflated_se(), df: estimate.df }
    }
}

impl UncertainValue {
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

    /// Multiplies the value by a factor.
    #[must_use]
    pub fn scaled_by(self, factor: f64) -> Self {
        Self { value: self.value * factor, se: self.se * factor.abs(), df: self.df }
    }
}

/// Sum of independent values; `None` for an empty or non-finite sum.
///
/// Its degrees of freedom are those of Satterthwaite (1946): (Σ v)²/Σ(v²/df) with v = se².
pub fn sum(of: &[UncertainValue]) -> Option<UncertainValue> {
    let value = of.iter().map(|one| one.value).sum::<f64>();
    let parts: Vec<(f64, f64)> = of.iter().map(|one| (one.se * one.se, one.df)).collect();
    from_variance_parts(value, &parts).filter(|_| !of.is_empty())
}

/// A value whose variance is the sum of these parts, each with its degrees of freedom.
pub(super) fn from_variance_parts(value: f64, parts: &[(f64, f64)]) -> Option<UncertainValue> {
    let total: f64 = parts.iter().map(|(variance, _)| variance).sum();
    // Fractions, so that squares of tiny variances do not vanish.
    let uncertain: f64 = parts
        .iter()
        .filter(|_| total > 0.0)
        .map(|(variance, df)| (variance / total).powi(2) / df.max(1.0))
        .sum();
    let most = parts.iter().map(|(_, df)| df).sum::<f64>().max(1.0);
    let df = if uncertain > 0.0 { (1.0 / uncertain).max(1.0) } else { most };
    let found = UncertainValue { value, se: total.sqrt(), df };
    [found.value, found.se, found.df].iter().all(|one| one.is_finite()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{Control, LEVEL};

    fn one(value: f64, se: f64, df: f64) -> UncertainValue {
        UncertainValue { value, se, df }
    }

    #[test]
    fn sums_add_values_and_variances() {
        // By hand: se² = 9 + 16, df = 25²/(81/9 + 256/4).
        let found = sum(&[one(1.0, 3.0, 9.0), one(2.0, 4.0, 4.0)]).unwrap();
        assert!(
            (found.value, found.se) == (3.0, 5.0) && (found.df - 625.0 / 73.0).abs() < 1e-12,
            "{found:?}"
        );
        assert_eq!(sum(&[]), None);
        assert_eq!(sum(&[one(f64::NAN, 1.0, 3.0)]), None);
        let scaled = one(2.0, 0.5, 7.0).scaled_by(-4.0);
        assert_eq!(scaled, one(-8.0, 2.0, 7.0));
    }

    #[test]
    fn without_error_the_answers_are_defined() {
        let sure = one(0.1, 0.0, 5.0);
        assert_eq!((sure.half_width(LEVEL), sure.p_zero(), one(0.0, 0.0, 5.0).p_zero()), (0.0, 0.0, 1.0));
    }

    #[test]
    fn an_estimate_is_known_as_its_interval_says() {
        let estimate = Estimate { rounds: 6, theta: 0.02, se: 0.01, df: 5.0, control: Control::NoTwin };
        let known = UncertainValue::from(&estimate);
        assert!((known.half_width(LEVEL) - estimate.half_width(LEVEL)).abs() < 1e-15);
        assert!((known.p_zero() - estimate.p_difference()).abs() < 1e-15);
    }
}
