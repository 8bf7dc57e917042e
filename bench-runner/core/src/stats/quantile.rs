//! Order statistics.

/// Factor from a median absolute deviation to a standard deviation, for normal data.
pub(crate) const MAD_TO_SD: f64 = 1.4826;

/// The values in ascending order; `None` if one is not finite or there are none.
pub(super) fn sorted(values: &[f64]) -> Option<Vec<f64>> {
    if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    Some(sorted)
}

/// Quantile of `values` at the fraction `q`, interpolated between neighbors (type 7 of Hyndman and Fan).
/// `None` without values, for values that are not finite, and for a fraction outside 0 to 1.
pub(crate) fn quantile(values: &[f64], q: f64) -> Option<f64> {
    if !(0.0..=1.0).contains(&q) {
        return None;
    }
    sorted(values).map(|sorted| quantile_of_sorted(&sorted, q))
}

/// [`quantile`] of sorted values; the slice must not be empty.
pub(super) fn quantile_of_sorted(sorted: &[f64], q: f64) -> f64 {
    let place = q * (sorted.len() - 1) as f64;
    let (below, share) = (place.floor() as usize, place.fract());
    let above = (below + 1).min(sorted.len() - 1);
    (1.0 - share) * sorted[below] + share * sorted[above]
}

/// Median; `None` as for [`quantile`].
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// Median absolute deviation from the median, unscaled; `None` as for [`quantile`].
pub fn mad(values: &[f64]) -> Option<f64> {
    median_and_mad(values).map(|(_, mad)| mad)
}

/// [`median`] and [`mad`]; `None` as for [`quantile`].
pub(crate) fn median_and_mad(values: &[f64]) -> Option<(f64, f64)> {
    let sorted = sorted(values)?;
    let center = quantile_of_sorted(&sorted, 0.5);
    Some((center, mad_of_sorted(center, &sorted))).filter(|(_, mad)| mad.is_finite())
}

/// Median distance of sorted values from `center`; the slice must not be empty.
///
/// The farthest value is one of the ends, so repeatedly removing the farther end leaves the middle ones.
pub(super) fn mad_of_sorted(center: f64, sorted: &[f64]) -> f64 {
    let mut rest = sorted;
    let mut farthest = || {
        let (low, high) = ((rest[0] - center).abs(), (rest[rest.len() - 1] - center).abs());
        rest = if low > high { &rest[1..] } else { &rest[..rest.len() - 1] };
        low.max(high)
    };
    for _ in 0..(sorted.len() - 1) / 2 {
        farthest();
    }
    let middle = farthest();
    if sorted.len() % 2 == 1 { middle } else { 0.5 * farthest() + 0.5 * middle }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn medians_of_odd_and_even_counts() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[1.0, f64::NAN]), None);
    }

    #[test]
    fn quantiles_are_interpolated_and_bounded() {
        let values = [10.0, 20.0, 30.0, 40.0, 50.0];
        assert_eq!(quantile(&values, 0.1), Some(14.0));
        assert_eq!(quantile(&values, 1.0), Some(50.0));
        assert_eq!(quantile(&values, 1.1), None);
    }

    #[test]
    fn the_mad_ignores_a_single_outlier() {
        assert_eq!(mad(&[1.0, 2.0, 3.0, 4.0, 500.0]), Some(1.0));
    }

    proptest! {
        #[test]
        fn the_mad_is_the_median_of_the_distances(values in prop::collection::vec(-50..50i32, 1..30)) {
            let values: Vec<f64> = values.into_iter().map(f64::from).collect();
            let center = median(&values).unwrap();
            let distances: Vec<f64> = values.iter().map(|value| (value - center).abs()).collect();
            prop_assert_eq!(mad(&values), median(&distances));
        }

        #[test]
        fn a_quantile_lies_within_the_values_and_grows_with_its_share(
            values in prop::collection::vec(-1e9..1e9f64, 1..40), a in 0.0..1.0f64, b in 0.0..1.0f64,
        ) {
            let (low, high) = (quantile(&values, a.min(b)).unwrap(), quantile(&values, a.max(b)).unwrap());
            let min = values.iter().copied().fold(f64::INFINITY, f64::min);
            let max = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert!(min - 1e-6 <= low && low <= high + 1e-6 && high <= max + 1e-6);
        }
    }
}
