//! Student's t distribution, defined for all inputs.

use std::cell::Cell;

use statrs::distribution::{Continuous, ContinuousCDF, StudentsT};

/// P(T ≤ `t`) with `df` degrees of freedom (at least 1; less is taken as 1). An infinite or huge `t` gives 0
/// or 1.
pub(crate) fn t_cdf(t: f64, df: f64) -> f64 {
    if t.is_nan() {
        return 0.5;
    }
    match StudentsT::new(0.0, 1.0, df.max(1.0)) {
        Ok(student) => student.cdf(t.clamp(-1e100, 1e100)).clamp(0.0, 1.0),
        Err(_) => 0.5,
    }
}

/// Quantile of Student's t with `df` degrees of freedom: the value that T stays below with probability `p`.
/// `p` is kept away from 0 and 1, for which the result would be infinite.
///
/// Newton's method on the upper tail P(T > t): on a linear scale from 0 if the tail is wide, since the tail
/// is convex there; on logarithmic scales from the normal quantile if it is narrow, since ln P(T > e^u) is
/// concave and nearly straight. Either way the steps approach from one side and cannot pass the solution. The
/// same few quantiles are needed repeatedly, so each thread caches the latest ones.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    RECENT_QUANTILES.with(|recent| {
        let key = (p.to_bits(), df.to_bits());
        let slot = &recent[cache_slot(key)];
        if let Some((_, t)) = slot.get().filter(|(of, _)| *of == key) {
            return t;
        }
        let t = compute_quantile(p, df);
        slot.set(Some((key, t)));
        t
    })
}

/// Number of quantiles that a thread caches, as a power of 2.
const CACHE_BITS: u32 = 8;

/// The bits of a probability and of its degrees of freedom.
type QuantileKey = (u64, u64);

thread_local! {
    static RECENT_QUANTILES: [Cell<Option<(QuantileKey, f64)>>; 1 << CACHE_BITS] = const { [const { Cell::new(None) }; 1 << CACHE_BITS] };
}

/// Slot of a quantile in the cache; it replaces any other quantile there.
fn cache_slot((p, df): QuantileKey) -> usize {
    // 2⁶⁴ over the golden ratio spreads neighbors best (Knuth, The Art of Computer Programming 3, section
    // 6.4)
    const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
    ((p.wrapping_mul(SPREAD) ^ df).wrapping_mul(SPREAD) >> (u64::BITS - CACHE_BITS)) as usize
}

fn compute_quantile(p: f64, df: f64) -> f64 {
    let p = if p.is_nan() { 0.5 } else { p.clamp(1e-12, 1.0 - 1e-12) };
    // By symmetry in one tail, where a small probability keeps its digits.
    let tail = p.min(1.0 - p);
    let Ok(student) = StudentsT::new(0.0, 1.0, df.max(1.0)) else { return 0.0 };
    let above = |t: f64| student.cdf(-t);
    let t = if tail > 0.1 {
        iterate_to_rest(0.0, |t| t + (above(t) - tail) / student.pdf(t))
    } else {
        iterate_to_rest(approximate_normal_quantile(tail), |t| {
            let beyond = above(t);
            t * ((beyond / tail).ln() * beyond / (t * student.pdf(t))).exp()
        })
    };
    if p < 0.5 { -t } else { t }
}

/// Iterates `step` until it changes nothing; about five steps in practice. A step to a value that is not
/// finite ends it.
fn iterate_to_rest(start: f64, step: impl Fn(f64) -> f64) -> f64 {
    let mut t = start;
    for _ in 0..100 {
        let next = step(t);
        if !next.is_finite() {
            break;
        }
        let moved = (next - t).abs();
        t = next;
        if moved <= 1e-14 * t.abs() {
            break;
        }
    }
    t
}

/// Starting value: the value that a standard normal exceeds with probability `tail` (at most ½), to three
/// digits. Formula 26.2.23 of Abramowitz and Stegun, Handbook of Mathematical Functions (1964).
fn approximate_normal_quantile(tail: f64) -> f64 {
    let r = (-2.0 * tail.ln()).sqrt();
    r - (2.515517 + r * (0.802853 + r * 0.010328)) / (1.0 + r * (1.432788 + r * (0.189269 + r * 0.001308)))
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
    fn a_quantile_is_the_inverse_of_the_distribution_from_the_middle_to_the_far_tail() {
        for df in [1.0, 2.0, 2.5, 3.0, 5.0, 11.0, 29.0, 100.0, 1e4, 1e6] {
            for tail in [1e-12, 1e-9, 1e-5, 1e-3, 0.015, 0.025, 0.0999, 0.1001, 0.2, 0.4, 0.45] {
                let t = t_quantile(tail, df);
                assert!(t < 0.0 && (t_cdf(t, df) / tail - 1.0).abs() < 1e-9, "{tail} {df}: {t}");
                let other = t_quantile(1.0 - tail, df);
                assert!((other + t).abs() <= 1e-3 * t.abs(), "{tail} {df}: {t} and {other}");
            }
        }
    }

    #[test]
    fn what_was_kept_is_what_was_found() {
        // More than fit into the cache.
        for _ in 0..2 {
            for df in 1..600 {
                for p in [0.9, 0.975] {
                    assert_eq!(t_quantile(p, f64::from(df)), compute_quantile(p, f64::from(df)), "{p} {df}");
                }
            }
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
