//! Location and scale that are robust against outliers: Huber's Proposal 2.
//!
//! P. J. Huber, Robust Statistics (1981), section 6.4. With ψ(r) = clip(r, ±c·s), location θ and scale s
//! solve Σψ(x − θ) = 0 and s² = Σψ(x − θ)² / ((n − 1)·β) together; if there is a solution, it is unique.

use super::quantile::{MAD_TO_SD, mad_of_sorted, quantile_of_sorted, sorted};

/// Clipping limit of residuals, in units of the scale.
pub const C: f64 = 1.5;

/// E min(Z², C²) for a standard normal Z, so that the scale of normal data is its standard deviation.
pub(crate) const BETA: f64 = 0.7785;

/// A scale that is smaller than its starting value by this factor is a rounding error of 0, which means that
/// there is no solution.
const COLLAPSED: f64 = 1e-9;

/// Far more steps than any data has needed; the exact step ends nearly all cases within ten.
const MAX_STEPS: usize = 500;

/// Location and scale of some values, with the numbers that an interval needs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Huber {
    /// Number of values.
    pub n: usize,
    pub location: f64,
    /// Scale s; 0 only if all values are equal.
    pub scale: f64,
    /// Clipping limit of residuals, c·s; `None` if nothing is clipped because no s solves the equations.
    pub limit: Option<f64>,
    /// Fraction of values that are not clipped.
    pub inside: f64,
}

/// Number of values from which on outliers are clipped. At 3 and 4 hardly anything is ever clipped, so that
/// the estimate would be a mean that calls itself robust.
pub const CLIPPED_FROM: usize = 6;

/// Huber's Proposal 2 from [`CLIPPED_FROM`] values on; the plain mean and standard deviation of fewer. `None`
/// as for [`huber`].
pub(crate) fn location_and_scale(values: &[f64]) -> Option<Huber> {
    if values.len() < CLIPPED_FROM { mean_and_sd(&sorted(values)?) } else { huber(values) }
}

/// Huber's Proposal 2, started at the median and the MAD.
///
/// `None` for fewer than two values, for values that are not finite, and if their squares overflow. If at
/// least half of the values are equal, so that the MAD is 0, it starts at the standard deviation; if then
/// only s = 0 solves the equations (about two thirds of the values are equal), the result is the plain mean
/// and standard deviation without clipping. That is the cautious choice: it never mistakes ties for
/// certainty. If all values are equal, the result is that value with scale 0.
pub(crate) fn huber(values: &[f64]) -> Option<Huber> {
    let sorted = sorted(values)?;
    let plain = mean_and_sd(&sorted)?;
    if plain.scale == 0.0 {
        return Some(plain);
    }
    let start = quantile_of_sorted(&sorted, 0.5);
    let spread = MAD_TO_SD * mad_of_sorted(start, &sorted);
    let scale = if spread > 0.0 { spread } else { plain.scale };
    Some(solve(&sorted, start, scale).unwrap_or(plain)).filter(Huber::is_finite)
}

impl Huber {
    /// ψ of a value: its residual, clipped.
    pub(crate) fn psi(&self, value: f64) -> f64 {
        let residual = value - self.location;
        self.limit.map_or(residual, |limit| residual.clamp(-limit, limit))
    }

    fn is_finite(&self) -> bool {
        [self.location, self.scale, self.inside].iter().all(|x| x.is_finite())
    }
}

fn mean_and_sd(sorted: &[f64]) -> Option<Huber> {
    let n = sorted.len();
    let (first, last) = (sorted.first()?, sorted.last()?);
    if n < 2 {
        return None;
    }
    if first == last {
        // The mean of equal values may differ from them by a rounding error.
        return Some(Huber { n, location: *first, scale: 0.0, limit: None, inside: 1.0 });
    }
    let location = sorted.iter().sum::<f64>() / n as f64;
    let squares = sorted.iter().map(|x| (x - location).powi(2)).sum::<f64>();
    let scale = (squares / (n - 1) as f64).sqrt();
    Some(Huber { n, location, scale, limit: None, inside: 1.0 }).filter(Huber::is_finite)
}

/// Sorted values, split at the clipping limits for some location and scale: only those in the middle are not
/// clipped.
#[derive(Debug, Clone, Copy)]
struct Clipped<'v> {
    below: &'v [f64],
    inside: &'v [f64],
    above: &'v [f64],
}

impl<'v> Clipped<'v> {
    fn at(values: &'v [f64], location: f64, scale: f64) -> Self {
        let (below, rest) = values.split_at(values.partition_point(|&x| is_below(x, location, scale)));
        let (inside, above) = rest.split_at(rest.partition_point(|&x| !is_above(x, location, scale)));
        Self { below, inside, above }
    }

    /// Returns true if the same values are clipped at another location and scale; only those at the borders
    /// need checking.
    fn same_at(&self, location: f64, scale: f64) -> bool {
        let stays_inside = |x: &f64| !is_below(*x, location, scale) && !is_above(*x, location, scale);
        self.below.last().is_none_or(|&x| is_below(x, location, scale))
            && self.above.first().is_none_or(|&x| is_above(x, location, scale))
            && self.inside.first().is_none_or(stays_inside)
            && self.inside.last().is_none_or(stays_inside)
    }

    /// The mean of the values that are not clipped, and the sum of their squared distances from it; `None` if
    /// all are clipped.
    fn inner(&self) -> Option<(f64, f64)> {
        let first = *self.inside.first()?;
        let count = self.inside.len() as f64;
        // Relative to a value among them, so that a location far from 0 costs no digits.
        let mean = first + self.inside.iter().fold(0.0, |sum, x| sum + (x - first)) / count;
        Some((mean, sum_of_squares(self.inside, mean)))
    }
}

fn is_below(value: f64, location: f64, scale: f64) -> bool {
    value - location < -C * scale
}

fn is_above(value: f64, location: f64, scale: f64) -> bool {
    value - location > C * scale
}

fn sum_of_squares(values: &[f64], center: f64) -> f64 {
    values.iter().fold(0.0, |sum, x| sum + (x - center) * (x - center))
}

/// Iterates towards the fixed point, and solves exactly once it is known which values are clipped.
fn solve(sorted: &[f64], mut location: f64, mut scale: f64) -> Option<Huber> {
    let n = sorted.len() as f64;
    let least = COLLAPSED * scale;
    let found = |location: f64, scale: f64| {
        let inside = Clipped::at(sorted, location, scale).inside.len() as f64 / n;
        Huber { n: sorted.len(), location, scale, limit: Some(C * scale), inside }
    };
    for _ in 0..MAX_STEPS {
        if scale <= least {
            return None;
        }
        let clipped = Clipped::at(sorted, location, scale);
        if let Some((location, scale)) = solve_exactly(&clipped, n).filter(|&(_, scale)| scale > least) {
            return Some(found(location, scale));
        }
        let (shift, next) = step(&clipped, location, C * scale, n);
        let settled = shift.abs() <= 1e-12 * next && (next - scale).abs() <= 1e-12 * next;
        (location, scale) = (location + shift, next);
        if settled {
            // A value right on the limit can prevent the exact solution from confirming itself.
            return (scale > least).then(|| found(location, scale));
        }
    }
    None
}

/// One step: the shift of the location and the next scale, from mean and spread of the clipped residuals.
fn step(clipped: &Clipped<'_>, location: f64, limit: f64, n: f64) -> (f64, f64) {
    let (below, above) = (clipped.below.len() as f64, clipped.above.len() as f64);
    let inner = clipped.inside.iter().fold(0.0, |sum, x| sum + (x - location));
    let shift = (inner + limit * (above - below)) / n;
    let squares = sum_of_squares(clipped.inside, location + shift)
        + below * (limit + shift) * (limit + shift)
        + above * (limit - shift) * (limit - shift);
    (shift, (squares / ((n - 1.0) * BETA)).sqrt())
}

/// The exact solution, assuming that the values clipped now are those clipped at the solution; `None` if the
/// assumption turns out to be false.
fn solve_exactly(clipped: &Clipped<'_>, n: f64) -> Option<(f64, f64)> {
    let (below, above) = (clipped.below.len() as f64, clipped.above.len() as f64);
    let (inside, excess) = (clipped.inside.len() as f64, above - below);
    let (mean, squares) = clipped.inner()?;
    let weight = (n - 1.0) * BETA - C * C * (above + below) - C * C * excess * excess / inside;
    if weight <= 0.0 || squares <= 0.0 {
        return None;
    }
    let scale = (squares / weight).sqrt();
    let location = mean + C * scale * excess / inside;
    clipped.same_at(location, scale).then_some((location, scale))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * (1.0 + b.abs())
    }

    /// Reference values: a separate program (Python) that bisects on the location within a bisection on the
    /// scale, without iteration steps, exact steps or a starting point.
    #[test]
    fn known_values() {
        for (values, location, scale) in KNOWN {
            let found = huber(values).unwrap();
            assert!(close(found.location, *location), "{values:?}: {found:?}");
            assert!(close(found.scale, *scale), "{values:?}: {found:?}");
        }
    }

    const KNOWN: &[(&[f64], f64, f64)] = &[
        (&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 100.0], 5.131998251112783, 3.3706573392681767),
        (&[0.01, -0.02, 0.03, 0.0, 0.015, -0.005], 0.005, 0.019630498076223555),
        (&[0.1, 0.2, 0.4], 0.23333333333333334, 0.17312472007339796),
        (
            &[-0.052, -0.048, -0.061, -0.055, -0.31, -0.049, -0.058, -0.05, -0.047, -0.12],
            -0.05675662924250437,
            0.011351011313344978,
        ),
        // The MAD is 0, but the equations have a solution.
        (&[0.0, 0.0, 0.0, 0.0, 1.0, -1.0, 1.5], 0.2142857142857143, 0.9170909193479957),
    ];

    #[test]
    fn too_little_has_no_scale() {
        assert_eq!(huber(&[]), None);
        assert_eq!(huber(&[1.0]), None);
        assert_eq!(huber(&[1.0, f64::INFINITY, 2.0]), None);
    }

    #[test]
    fn equal_values_have_scale_zero() {
        let found = huber(&[0.1; 7]).unwrap();
        assert_eq!((found.location, found.scale, found.inside), (0.1, 0.0, 1.0));
    }

    #[test]
    fn one_value_apart_from_equal_ones_gives_mean_and_standard_deviation() {
        // Five of six equal: the equations have no solution, so plain mean and standard deviation.
        let found = huber(&[0.0, 0.0, 0.0, 0.0, 0.0, 6.0]).unwrap();
        assert!(close(found.location, 1.0) && close(found.scale, 6.0f64.sqrt()), "{found:?}");
    }

    #[test]
    fn an_outlier_moves_it_by_little_however_far_it_lies() {
        let near = huber(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 100.0]).unwrap();
        let far = huber(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 1e6]).unwrap();
        assert!(close(near.location, far.location) && close(near.scale, far.scale));
        assert!(near.location < 6.0);
    }

    proptest! {
        #[test]
        fn it_solves_its_equations(values in prop::collection::vec(-1.0..1.0f64, 3..40)) {
            let found = huber(&values).unwrap();
            let limit = C * found.scale;
            let psi = |x: &f64| (x - found.location).clamp(-limit, limit);
            let n = values.len() as f64;
            prop_assert!(values.iter().map(psi).sum::<f64>().abs() < 1e-7);
            let squares = values.iter().map(|x| psi(x).powi(2)).sum::<f64>();
            prop_assert!(close(squares, found.scale.powi(2) * (n - 1.0) * BETA));
        }

        #[test]
        fn whatever_ties_there_are_it_is_finite_and_lies_within(
            values in prop::collection::vec((-3..4i32).prop_map(f64::from), 2..30),
        ) {
            let found = huber(&values).unwrap();
            prop_assert!(found.is_finite() && found.scale >= 0.0 && found.inside > 0.0 && found.inside <= 1.0);
            prop_assert!((-3.0 - 1e-9..=3.0 + 1e-9).contains(&found.location));
        }

        #[test]
        fn it_moves_and_stretches_with_the_values(
            values in prop::collection::vec(-1.0..1.0f64, 3..30), shift in -5.0..5.0f64, stretch in 0.1..10.0f64,
        ) {
            let before = huber(&values).unwrap();
            let after = huber(&values.iter().map(|x| shift + stretch * x).collect::<Vec<_>>()).unwrap();
            prop_assert!((after.location - shift - stretch * before.location).abs() < 1e-6);
            prop_assert!((after.scale - stretch * before.scale).abs() < 1e-6);
        }
    }
}
