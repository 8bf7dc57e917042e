//! From the seconds of a round to the logarithm of a ratio.

/// Which arms of a round the others are compared with, as positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// The baseline.
    pub baseline: usize,
    /// Its twin, where there is one.
    pub twin: Option<usize>,
}

/// `ln v − ½(ln b + ln t)`, and `ln v − ln b` without a twin. `None` where a value is not a positive number.
pub fn log_ratio(variant: f64, baseline: f64, twin: Option<f64>) -> Option<f64> {
    let ln = |seconds: f64| (seconds > 0.0 && seconds.is_finite()).then(|| seconds.ln());
    let baseline = ln(baseline)?;
    let reference = match twin {
        Some(twin) => 0.5 * (baseline + ln(twin)?),
        None => baseline,
    };
    Some(ln(variant)? - reference)
}

/// The log-ratios of one arm, a value for each round that has all that it needs: `rounds` holds the seconds of
/// every arm, `None` where a build did not end well. The twin itself is compared with the baseline alone.
pub fn log_ratios<R: AsRef<[Option<f64>]>>(rounds: &[R], reference: Reference, arm: usize) -> Vec<f64> {
    let of_round = |round: &R| {
        let seconds = |arm: usize| round.as_ref().get(arm).copied().flatten();
        let twin = match reference.twin {
            Some(twin) if twin != arm => Some(seconds(twin)?),
            _ => None,
        };
        log_ratio(seconds(arm)?, seconds(reference.baseline)?, twin)
    };
    rounds.iter().filter_map(of_round).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFERENCE: Reference = Reference { baseline: 0, twin: Some(1) };

    #[test]
    fn a_variant_is_set_against_the_geometric_mean_of_baseline_and_twin() {
        let d = log_ratios(&[[Some(2.0), Some(8.0), Some(6.0)]], REFERENCE, 2);
        assert!((d[0] - 1.5f64.ln()).abs() < 1e-12);
        let d = log_ratios(&[[Some(2.0), Some(8.0), Some(6.0)]], Reference { twin: None, ..REFERENCE }, 2);
        assert!((d[0] - 3.0f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn the_twin_is_set_against_the_baseline() {
        let d = log_ratios(&[[Some(2.0), Some(8.0), None]], REFERENCE, 1);
        assert!((d[0] - 4.0f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn a_round_counts_only_with_all_that_it_needs() {
        let rounds = [
            [Some(1.0), Some(1.0), None],
            [Some(1.0), None, Some(1.0)],
            [None, Some(1.0), Some(1.0)],
            [Some(1.0), Some(1.0), Some(0.0)],
            [Some(1.0), Some(1.0), Some(2.0)],
        ];
        assert_eq!(log_ratios(&rounds, REFERENCE, 2).len(), 1);
        assert_eq!(log_ratios(&rounds, REFERENCE, 7).len(), 0);
    }
}
