//! Numbers that are known with an error, and their sums.

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
pub(super) fn known(value: f64, parts: &[(f64, f64)]) -> Option<Known> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
