//! Plain summary of some values.

use std::f64::consts::FRAC_PI_2;

use serde::Serialize;

use super::quantile::{mad_of_sorted, quantile_of_sorted, sorted};

/// Number of values from which on the median has a 95% interval: the whole range of five holds it with 93.75%
/// only.
pub const INTERVAL_FROM: usize = 6;

/// z(0.975).
const NORMAL: f64 = 1.959_963_984_540_054;

/// Plain summary of the values of one metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    /// Number of values.
    pub n: usize,
    pub median: f64,
    /// Lower end of the 95% interval of the median (order statistics); the minimum below [`INTERVAL_FROM`] values,
    /// of which there is none.
    pub low: f64,
    /// Upper end of the interval; the maximum below [`INTERVAL_FROM`] values.
    pub high: f64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation with n − 1; 0 for one value.
    pub sd: f64,
    /// Median absolute deviation from the median, unscaled.
    pub mad: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

impl Summary {
    /// Returns true if `low` and `high` are a 95% interval; otherwise they are the range.
    pub fn has_interval(&self) -> bool {
        self.n >= INTERVAL_FROM
    }

    /// Standard error of the median: from its interval as if that were normal, or without one that of normal
    /// values, √(π/2)·sd/√n.
    pub fn median_se(&self) -> f64 {
        if self.has_interval() {
            (self.high - self.low) / (2.0 * NORMAL)
        } else {
            FRAC_PI_2.sqrt() * self.sd / (self.n as f64).sqrt()
        }
    }
}

/// Summarizes values; `None` if there are none, one is not finite, or their squares overflow.
pub fn summarize(values: &[f64]) -> Option<Summary> {
    let sorted = sorted(values)?;
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let n = sorted.len();
    // Rounding must not move the mean of equal values away from them.
    let mean = (sorted.iter().sum::<f64>() / n as f64).clamp(min, max);
    let squares = sorted.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let sd = (squares / (n.max(2) - 1) as f64).sqrt();
    let cut = cut_for_median(n);
    let median = quantile_of_sorted(&sorted, 0.5);
    let summary = Summary {
        n,
        median,
        low: sorted[cut],
        high: sorted[n - 1 - cut],
        mean,
        sd,
        mad: mad_of_sorted(median, &sorted),
        min,
        max,
    };
    (mean.is_finite() && sd.is_finite()).then_some(summary)
}

/// Number of values to cut off at each end so that the rest spans the median with at least 95%: the largest k
/// with P(Bin(n, ½) ≤ k) ≤ 0.025; 0 below n = 6, where even the whole range has less.
fn cut_for_median(n: usize) -> usize {
    let mut ln_term = -(n as f64) * std::f64::consts::LN_2;
    let mut below = 0.0;
    for k in 0..n {
        below += ln_term.exp();
        if below > 0.025 {
            return k.saturating_sub(1);
        }
        ln_term += ((n - k) as f64 / (k + 1) as f64).ln();
    }
    0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_values() {
        // By hand; the interval of the median is from tables of the sign test: for n = 10 the 2nd to the 9th.
        let values = [9.0, 1.0, 8.0, 2.0, 7.0, 3.0, 6.0, 4.0, 5.0, 55.0];
        let found = summarize(&values).unwrap();
        assert_eq!((found.n, found.median, found.mean), (10, 5.5, 10.0));
        assert_eq!((found.low, found.high, found.min, found.max), (2.0, 9.0, 1.0, 55.0));
        assert_eq!(found.mad, 2.5);
        assert!((found.sd - (2310.0f64 / 9.0).sqrt()).abs() < 1e-12);
    }

    #[test]
    fn the_interval_of_the_median_follows_the_tables() {
        // n → rank of the lower end, from tables of the sign test
        for (n, rank) in [(6, 1), (8, 1), (9, 2), (12, 3), (20, 6), (30, 10), (100, 40)] {
            assert_eq!(cut_for_median(n) + 1, rank, "n = {n}");
        }
        assert!((900..970).contains(&cut_for_median(2000)));
    }

    #[test]
    fn few_or_equal_values_are_defined() {
        assert_eq!(summarize(&[]), None);
        assert_eq!(summarize(&[1.0, f64::NAN]), None);
        let one = summarize(&[3.0]).unwrap();
        assert_eq!((one.low, one.median, one.high, one.sd, one.mad), (3.0, 3.0, 3.0, 0.0, 0.0));
        let equal = summarize(&[0.1; 9]).unwrap();
        assert_eq!((equal.mean, equal.sd, equal.low, equal.high), (0.1, 0.0, 0.1, 0.1));
        let few = summarize(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((few.low, few.high), (1.0, 3.0));
    }

    proptest! {
        #[test]
        fn everything_lies_in_its_place(values in prop::collection::vec(0.0..1e12f64, 1..60)) {
            let s = summarize(&values).unwrap();
            prop_assert!(s.min <= s.low && s.low <= s.median && s.median <= s.high && s.high <= s.max);
            prop_assert!(s.min <= s.mean && s.mean <= s.max);
            prop_assert!(s.sd >= 0.0 && s.mad >= 0.0 && s.mad <= s.max - s.min);
        }
    }
}
