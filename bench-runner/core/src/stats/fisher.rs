//! Fisher's F distribution, defined for all inputs.

use statrs::function::beta::checked_beta_reg;

/// P(F > `f`) with `above` and `below` degrees of freedom (at least 1; less is taken as 1). 1 if `f` is not
/// positive.
pub(crate) fn f_tail(f: f64, above: f64, below: f64) -> f64 {
    if f.is_nan() || f <= 0.0 {
        return 1.0;
    }
    let (above, below) = (above.max(1.0), below.max(1.0));
    let share = below / (below + above * f.min(1e100));
    checked_beta_reg(0.5 * below, 0.5 * above, share).map_or(1.0, |p| p.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: `scipy.stats.f.sf`.
    #[test]
    fn known_values() {
        for (f, above, below, p) in [
            (2.5, 4.0, 38.0, 0.05856532332509701),
            (1.0, 2.0, 6.0, 0.42187500000000006),
            (9.0, 99.0, 2770.0, 2.1265415193363197e-107),
            (0.3, 3.5, 7.25, 0.849608645045614),
        ] {
            assert!((f_tail(f, above, below) / p - 1.0).abs() < 1e-9, "{f} {above} {below}");
        }
    }

    #[test]
    fn extremes_stay_between_0_and_1() {
        for f in [f64::NAN, f64::NEG_INFINITY, -1.0, 0.0, 1e-300, 1e300, f64::INFINITY] {
            for (above, below) in [(0.0, 0.0), (1.0, 1.0), (99.0, 2800.0)] {
                assert!((0.0..=1.0).contains(&f_tail(f, above, below)), "{f} {above} {below}");
            }
        }
    }
}
