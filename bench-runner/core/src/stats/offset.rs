//! Fixed offsets of directories and runs, which rounds cannot average out, calibrated by the twins.

use super::estimate::Estimate;

/// Number of twins needed to estimate the offsets.
pub const MIN_TWINS: usize = 10;

/// Standard deviation of the log-ratio of two directories, τ, that is assumed until [`MIN_TWINS`] twins are
/// known.
pub const ASSUMED_OFFSET: f64 = 0.007;

/// Sums for estimating τ², the variance between twins and baselines beyond what their own standard errors
/// explain. As sums, they allow removing one of the twins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OffsetSums {
    twins: usize,
    q: f64,
    weights: f64,
}

impl OffsetSums {
    /// Sums over all usable twins.
    pub fn of(twins: &[Estimate]) -> Self {
        let none = Self { twins: 0, q: 0.0, weights: 0.0 };
        twins.iter().fold(none, |sums, twin| match offset_weight(twin) {
            Some(weight) => Self {
                twins: sums.twins + 1,
                q: sums.q + weight * twin.theta * twin.theta,
                weights: sums.weights + weight,
            },
            None => sums,
        })
    }

    /// Removes one of the twins.
    #[must_use]
    pub(crate) fn without(self, twin: &Estimate) -> Self {
        match offset_weight(twin) {
            Some(weight) => Self {
                twins: self.twins.saturating_sub(1),
                q: (self.q - weight * twin.theta * twin.theta).max(0.0),
                weights: self.weights - weight,
            },
            None => self,
        }
    }

    /// τ²; `None` with fewer than [`MIN_TWINS`] usable twins.
    ///
    /// With w = 1/(se²·df/(df−2)) and Q = Σ w θ² over B twins it is max(0, (Q − B)/Σw). A variant's
    /// comparison with baseline and twin together has an offset variance of ¾ τ² (three halves of one
    /// directory's variance against two), one with the baseline alone has all of τ².
    pub fn variance(self) -> Option<f64> {
        let variance = ((self.q - self.twins as f64) / self.weights).max(0.0);
        (self.twins >= MIN_TWINS && variance.is_finite()).then_some(variance)
    }
}

/// Weight w of a twin; `None` if it is not usable: with at most two degrees of freedom, or without any
/// scatter.
pub fn offset_weight(twin: &Estimate) -> Option<f64> {
    let usable = twin.df > 2.0 && twin.se > 0.0;
    let weight = (twin.df - 2.0) / (twin.df * twin.se * twin.se);
    (usable && weight.is_finite()).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Control;

    fn offset_variance(twins: &[Estimate]) -> Option<f64> {
        OffsetSums::of(twins).variance()
    }

    fn twin(theta: f64, se: f64) -> Estimate {
        Estimate { rounds: 13, theta, se, df: 12.0, control: Control::Twin }
    }

    #[test]
    fn offsets_beyond_the_standard_errors_are_found() {
        // By hand: every w = 10/(12·se²), Q = B·w·θ², so τ² = θ² − 1/w = θ² − 1.2·se².
        let twins: Vec<_> = (0..12).map(|i| twin(if i % 2 == 0 { 0.01 } else { -0.01 }, 0.002)).collect();
        let found = offset_variance(&twins).unwrap();
        assert!((found - (1e-4 - 1.2 * 4e-6)).abs() < 1e-12, "{found}");
    }

    #[test]
    fn one_twin_can_be_left_out() {
        let mut twins: Vec<_> = (0..12).map(|i| twin(if i % 2 == 0 { 0.01 } else { -0.01 }, 0.002)).collect();
        let before = offset_variance(&twins).unwrap();
        twins.push(twin(0.3, 0.002));
        let all = OffsetSums::of(&twins);
        assert!(all.variance().unwrap() > 50.0 * before);
        assert!((all.without(&twins[12]).variance().unwrap() - before).abs() < 1e-12);
        assert_eq!(OffsetSums::of(&twins[..10]).without(&twins[0]).variance(), None);
    }

    #[test]
    fn differences_within_the_standard_errors_are_none() {
        assert_eq!(offset_variance(&vec![twin(0.001, 0.002); 12]), Some(0.0));
    }

    #[test]
    fn few_twins_say_nothing() {
        assert_eq!(offset_variance(&vec![twin(0.01, 0.002); 9]), None);
        assert_eq!(offset_variance(&vec![twin(0.01, 0.0); 20]), None);
    }
}
