//! Outliers among the times of equal builds.

use super::{CLIPPED_FROM, MAD_TO_SD, median_and_mad};

/// Robust standard deviations from the median beyond which a value is an outlier.
const FAR: f64 = 3.0;

/// True for each of the `times` that is an outlier: more than three robust standard deviations away from the median,
/// on the log scale. Fewer than [`CLIPPED_FROM`] have none: so few do not show which of them is the odd one.
pub fn outliers(times: &[f64]) -> Vec<bool> {
    let logs: Vec<f64> = times.iter().map(|time| time.max(f64::MIN_POSITIVE).ln()).collect();
    match median_and_mad(&logs) {
        Some((center, spread)) if times.len() >= CLIPPED_FROM && spread > 0.0 => {
            logs.iter().map(|log| (log - center).abs() > FAR * MAD_TO_SD * spread).collect()
        }
        _ => vec![false; times.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn far_above_and_far_below_are_outliers() {
        let times = [1.0, 1.02, 0.99, 1.01, 0.98, 1.5, 0.5];
        assert_eq!(outliers(&times), [false, false, false, false, false, true, true]);
    }

    #[test]
    fn few_or_equal_times_have_none() {
        assert_eq!(outliers(&[1.0, 1.01, 0.99, 1.02, 9.0]), [false; 5]);
        assert_eq!(
            outliers(&[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 9.0]),
            [false; 7],
            "there is no scale to measure it by"
        );
        assert!(outliers(&[]).is_empty());
    }
}
