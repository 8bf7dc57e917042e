//! Correction for multiple comparisons.

/// Adjusts p-values for `planned` comparisons by Holm's step-down correction.
///
/// A comparison without a p-value was planned and counts as such, as do those of `planned` that are not in
/// `p` at all; it remains `None`. S. Holm, A simple sequentially rejective multiple test procedure (1979).
pub fn holm(p: &[Option<f64>], planned: usize) -> Vec<Option<f64>> {
    let planned = planned.max(p.len());
    let mut known: Vec<(usize, f64)> =
        p.iter().enumerate().filter_map(|(index, p)| p.filter(|p| !p.is_nan()).map(|p| (index, p))).collect();
    known.sort_by(|a, b| a.1.total_cmp(&b.1));
    let mut corrected = vec![None; p.len()];
    let mut largest: f64 = 0.0;
    for (rank, (index, p)) in known.into_iter().enumerate() {
        largest = largest.max((planned - rank) as f64 * p).clamp(0.0, 1.0);
        corrected[index] = Some(largest);
    }
    corrected
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(found: &[Option<f64>], expected: &[f64]) {
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(expected) {
            assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} instead of {expected}");
        }
    }

    #[test]
    fn each_step_down_counts_one_comparison_less() {
        // By hand: 4 × 0.005, 3 × 0.01, 2 × 0.03, and 0.04 raised to the one before it.
        close(&holm(&[Some(0.01), Some(0.04), Some(0.03), Some(0.005)], 4), &[0.03, 0.06, 0.06, 0.02]);
    }

    #[test]
    fn a_single_comparison_is_not_corrected() {
        close(&holm(&[Some(0.04)], 1), &[0.04]);
    }

    #[test]
    fn what_was_planned_and_is_missing_counts() {
        let found = holm(&[Some(0.01), None], 5);
        assert_eq!(found[1], None);
        close(&found[..1], &[0.05]);
        assert_eq!(holm(&[], 3), vec![]);
    }

    #[test]
    fn no_corrected_value_exceeds_one() {
        close(&holm(&[Some(0.9), Some(0.8)], 2), &[1.0, 1.0]);
    }

    proptest! {
        #[test]
        fn it_keeps_the_order_and_never_lowers_a_value(p in prop::collection::vec(0.0..=1.0f64, 1..30), more in 0..9usize) {
            let found = holm(&p.iter().copied().map(Some).collect::<Vec<_>>(), p.len() + more);
            for (i, a) in found.iter().enumerate() {
                prop_assert!(a.unwrap() >= p[i] && a.unwrap() <= 1.0);
                for (j, b) in found.iter().enumerate() {
                    prop_assert!(p[i] > p[j] || a.unwrap() <= b.unwrap());
                }
            }
        }
    }
}
