//! Student's t distribution, made total.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// P(T ≤ `t`) with `df` degrees of freedom (at least 1; less is taken as 1). An infinite or huge `t` gives 0 or 1.
pub fn t_cdf(t: f64, df: f64) -> f64 {
    if t.is_nan() {
        return 0.5;
    }
    match StudentsT::new(0.0, 1.0, df.max(1.0)) {
        Ok(student) => student.cdf(t.clamp(-1e100, 1e100)).clamp(0.0, 1.0),
        Err(_) => 0.5,
    }
}

/// The value that T with `df` degrees of freedom stays below with probability `p`. `p` is kept off 0 and 1, where
/// the answer would be infinite.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    let p = if p.is_nan() { 0.5 } else { p.clamp(1e-12, 1.0 - 1e-12) };
    if p == 0.5 {
        return 0.0;
    }
    // by symmetry in the lower tail, where a small probability keeps its digits
    let tail = p.min(1.0 - p);
    let (mut low, mut high) = (-1.0, 0.0);
    while t_cdf(low, df) > tail {
        (low, high) = (2.0 * low, low);
    }
    // bisection: the inverse that statrs offers stops at fewer digits than its cdf has
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if t_cdf(middle, df) > tail { high = middle } else { low = middle }
    }
    let t = 0.5 * (low + high);
    if p < 0.5 { t } else { -t }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reference values: Simpson's rule over the density, and bisection on it (a separate Python program).
    #[test]
    fn known_values() {
        for (p, df, t) in [
            (0.975, 2.0, 4.302652729748708),
            (0.975, 5.0, 2.570581835636316),
            (0.975, 11.0, 2.2009851600916392),
            (0.975, 29.0, 2.0452296421327034),
            (0.995, 7.0, 3.4994832973504937),
            (0.9995, 3.0, 12.923978636867488),
            (0.975, 99.0, 1.9842169515864243),
        ] {
            assert!((t_quantile(p, df) - t).abs() < 1e-7, "{p} {df}: {}", t_quantile(p, df));
            assert!((t_quantile(1.0 - p, df) + t).abs() < 1e-7);
        }
        for (t, df, above) in [
            (2.5, 9.0, 0.016930913841492607),
            (8.0, 5.0, 0.00024645333028622187),
            (40.0, 11.0, 1.4462704490603183e-13),
        ] {
            assert!((t_cdf(-t, df) / above - 1.0).abs() < 1e-6, "{t} {df}: {}", t_cdf(-t, df));
        }
    }

    #[test]
    fn extremes_stay_finite() {
        for t in [f64::INFINITY, 1e300, 1e-300, 0.0, -1e300, f64::NEG_INFINITY, f64::NAN] {
            for df in [0.0, 1.0, 2.0, 1e6] {
                assert!((0.0..=1.0).contains(&t_cdf(t, df)), "{t} {df}");
            }
        }
        for p in [0.0, 1e-300, 0.5, 1.0, f64::NAN] {
            assert!(t_quantile(p, 1.0).is_finite() && t_quantile(p, 29.0).is_finite(), "{p}");
        }
        assert_eq!((t_quantile(0.5, 3.0), t_cdf(0.0, 3.0)), (0.0, 0.5));
    }
}
