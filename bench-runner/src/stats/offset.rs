//! What rounds cannot average out: fixed offsets of directories and runs, calibrated by the twins.

use super::Estimate;

/// Fewer twins than this say too little of the offsets.
pub const MIN_TWINS: usize = 10;

/// The variance τ² between twins and baselines beyond what their own standard errors explain; `None` with fewer
/// than [`MIN_TWINS`] usable twins.
///
/// With w = 1/(se²·df/(df−2)) and Q = Σ w θ² over B twins it is max(0, (Q − B)/Σw). The offset of a variant's
/// comparison with baseline and twin together has ¾ of it (three halves of one directory's variance against two),
/// that of a comparison with the baseline alone all of it.
pub fn offset_variance(twins: &[Estimate]) -> Option<f64> {
    let weighed: Vec<(f64, f64)> =
        twins.iter().filter_map(|twin| Some((offset_weight(twin)?, twin.theta))).collect();
    if weighed.len() < MIN_TWINS {
        return None;
    }
    let q: f64 = weighed.iter().map(|(weight, theta)| weight * theta * theta).sum();
    let weights: f64 = weighed.iter().map(|(weight, _)| weight).sum();
    let variance = ((q - weighed.len() as f64) / weights).max(0.0);
    variance.is_finite().then_some(variance)
}

/// The weight w of a twin; `None` where it cannot be used: with fewer than four rounds, or without any spread.
pub fn offset_weight(twin: &Estimate) -> Option<f64> {
    let usable = twin.df() > 2.0 && twin.se > 0.0;
    let weight = (twin.df() - 2.0) / (twin.df() * twin.se * twin.se);
    (usable && weight.is_finite()).then_some(weight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Control;

    fn twin(theta: f64, se: f64) -> Estimate {
        Estimate { rounds: 13, theta, se, control: Control::Twin }
    }

    #[test]
    fn offsets_beyond_the_standard_errors_are_found() {
        // by hand: every w = 10/(12·se²), Q = B·w·θ², so τ² = θ² − 1/w = θ² − 1.2·se²
        let twins: Vec<_> = (0..12).map(|i| twin(if i % 2 == 0 { 0.01 } else { -0.01 }, 0.002)).collect();
        let found = offset_variance(&twins).unwrap();
        assert!((found - (1e-4 - 1.2 * 4e-6)).abs() < 1e-12, "{found}");
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
