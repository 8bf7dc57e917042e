//! Judges builds that were made for a suspicion. Only they count: the values that raised it were chosen for being high.

use super::event::LookOutcome;
use crate::stats::{LEVEL, UncertainValue, sum};

/// Level of the one-sided test that confirms a suspicion.
pub const CONFIRMATION: f64 = 0.005;

/// The answer for a change on the log scale.
///
/// Confirmed if it is above 0 by a one-sided test at [`CONFIRMATION`], and estimated to be above the
/// tolerance; dismissed if it is estimated to be within it and shown so by its 95% interval, or if it is above 0 and
/// within the tolerance.
pub fn look_outcome(change: UncertainValue, tolerance: f64) -> LookOutcome {
    let limit = tolerance.ln_1p();
    let is_slower = change.value > 0.0 && 0.5 * change.p_zero() <= CONFIRMATION;
    match () {
        () if is_slower && change.value > limit => LookOutcome::Confirmed,
        () if is_slower || change.interval(LEVEL).1 < limit => LookOutcome::Dismissed,
        () => LookOutcome::Unsure,
    }
}

/// Change from a level to a fresh ratio to the anchor, for a state that cannot be built again. `noise` is the standard deviation
/// of a night about its level, which the fresh value has too; its own error is used if that is larger.
pub fn against_level(fresh: UncertainValue, level: UncertainValue, noise: f64) -> Option<UncertainValue> {
    let fresh = UncertainValue { se: fresh.se.max(noise), ..fresh };
    sum(&[fresh, level.scaled_by(-1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(value: f64, se: f64) -> UncertainValue {
        UncertainValue { value, se, df: 10.0 }
    }

    #[test]
    fn an_answer_needs_evidence() {
        let of = |value: f64, se: f64| look_outcome(known(value, se), 0.02);
        assert_eq!(of(0.05, 0.01), LookOutcome::Confirmed);
        assert_eq!(of(0.05, 0.03), LookOutcome::Unsure);
        assert_eq!(of(0.0, 0.005), LookOutcome::Dismissed);
        assert_eq!(of(0.0, 0.02), LookOutcome::Unsure);
        assert_eq!(of(0.015, 0.002), LookOutcome::Dismissed, "slower, but within the tolerance");
        assert_eq!(of(-0.05, 0.005), LookOutcome::Dismissed);
    }

    #[test]
    fn the_scatter_of_nights_is_added() {
        let change = against_level(known(0.05, 0.001), known(0.01, 0.003), 0.004).unwrap();
        assert!((change.value - 0.04).abs() < 1e-12 && (change.se - 0.005).abs() < 1e-12, "{change:?}");
        assert!(against_level(known(f64::NAN, 0.1), known(0.0, 0.1), 0.0).is_none());
    }
}
