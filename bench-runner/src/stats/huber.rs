//! Location and scale that a few outliers do not move: Huber's Proposal 2.
//!
//! P. J. Huber, Robust Statistics (1981), section 6.4. With ψ(r) = clip(r, ±c·s), location θ and scale s solve
//! Σψ(x − θ) = 0 and s² = Σψ(x − θ)² / ((n − 1)·β) together; the solution is unique where there is one.

use super::quantile::{MAD_TO_SD, median_and_mad};

/// Where residuals are clipped, in units of the scale.
pub const C: f64 = 1.5;

/// E min(Z², C²) for a standard normal Z, so that the scale of normal data is its standard deviation.
pub const BETA: f64 = 0.7785;

/// A scale this far below where it started is a rounding error of 0, that is: no solution.
const COLLAPSED: f64 = 1e-9;

/// Far more than any data has needed; the exact step ends nearly all cases within ten.
const MAX_STEPS: usize = 500;

/// Location and scale of some values, with what an interval needs of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Huber {
    /// Number of values.
    pub n: usize,
    /// θ.
    pub location: f64,
    /// s; 0 only where all values are equal.
    pub scale: f64,
    /// c·s, where residuals are clipped; `None` where nothing is, because no s solves the equations.
    pub limit: Option<f64>,
    /// Share of values that are not clipped.
    pub inside: f64,
}

/// Huber's Proposal 2, started at the median and the MAD.
///
/// `None` for fewer than two values, for values that are not finite, and where squares of them overflow. Where
/// half of the values or more are equal, so that the MAD is 0, it starts at the standard deviation; where then
/// only s = 0 solves the equations (about two thirds of the values are equal), the answer is the plain mean and
/// standard deviation with nothing clipped, which is the cautious choice: it never takes ties for certainty.
/// All values equal give that value with scale 0.
pub fn huber(values: &[f64]) -> Option<Huber> {
    if values.len() < 2 {
        return None;
    }
    let (start, mad) = median_and_mad(values)?;
    let first = values[0];
    if values.iter().all(|&value| value == first) {
        let n = values.len();
        return Some(Huber { n, location: first, scale: 0.0, limit: None, inside: 1.0 });
    }
    let plain = mean_and_sd(values)?;
    let spread = MAD_TO_SD * mad;
    let scale = if spread > 0.0 { spread } else { plain.scale };
    Some(solve(values, start, scale).unwrap_or(plain)).filter(Huber::is_finite)
}

impl Huber {
    /// ψ of a value: its residual, clipped.
    pub fn psi(&self, value: f64) -> f64 {
        let residual = value - self.location;
        self.limit.map_or(residual, |limit| residual.clamp(-limit, limit))
    }

    fn is_finite(&self) -> bool {
        [self.location, self.scale, self.inside].iter().all(|x| x.is_finite())
    }

    fn at(values: &[f64], location: f64, scale: f64) -> Self {
        let inside = values.iter().filter(|&&x| side(x, location, scale) == 0).count();
        let n = values.len();
        Self { n, location, scale, limit: Some(C * scale), inside: inside as f64 / n as f64 }
    }
}

fn mean_and_sd(values: &[f64]) -> Option<Huber> {
    let n = values.len();
    let location = values.iter().sum::<f64>() / n as f64;
    let squares = values.iter().map(|x| (x - location).powi(2)).sum::<f64>();
    let scale = (squares / (n - 1) as f64).sqrt();
    Some(Huber { n, location, scale, limit: None, inside: 1.0 }).filter(Huber::is_finite)
}

/// −1 and 1 for a value that is clipped below or above, 0 for one that is not.
fn side(value: f64, location: f64, scale: f64) -> i8 {
    let (residual, limit) = (value - location, C * scale);
    i8::from(residual > limit) - i8::from(residual < -limit)
}

/// Steps towards the fixed point, and leaps to it as soon as it is known which values are clipped.
fn solve(values: &[f64], mut location: f64, mut scale: f64) -> Option<Huber> {
    let n = values.len() as f64;
    let least = COLLAPSED * scale;
    for _ in 0..MAX_STEPS {
        if scale <= least {
            return None;
        }
        if let Some((location, scale)) = leap(values, location, scale).filter(|&(_, scale)| scale > least) {
            return Some(Huber::at(values, location, scale));
        }
        let limit = C * scale;
        let clipped = |x: f64| (x - location).clamp(-limit, limit);
        let shift = values.iter().map(|&x| clipped(x)).sum::<f64>() / n;
        let squares = values.iter().map(|&x| (clipped(x) - shift).powi(2)).sum::<f64>();
        let next = (squares / ((n - 1.0) * BETA)).sqrt();
        let settled = shift.abs() <= 1e-12 * next && (next - scale).abs() <= 1e-12 * next;
        (location, scale) = (location + shift, next);
        if settled {
            // a value right on the limit can keep the leap from confirming itself
            return (scale > least).then(|| Huber::at(values, location, scale));
        }
    }
    None
}

/// The exact solution, given that the values clipped at (`location`, `scale`) are those clipped at the solution;
/// `None` where that turns out not to be so.
fn leap(values: &[f64], location: f64, scale: f64) -> Option<(f64, f64)> {
    let (mut below, mut above, mut inside, mut sum) = (0.0, 0.0, 0.0, 0.0);
    for &value in values {
        match side(value, location, scale) {
            -1 => below += 1.0,
            1 => above += 1.0,
            _ => (inside, sum) = (inside + 1.0, sum + (value - location)),
        }
    }
    if inside == 0.0 {
        return None;
    }
    let mean = location + sum / inside;
    let squares: f64 =
        values.iter().filter(|&&x| side(x, location, scale) == 0).map(|x| (x - mean).powi(2)).sum();
    let excess: f64 = above - below;
    let weight =
        (values.len() - 1) as f64 * BETA - C * C * (above + below) - C * C * excess * excess / inside;
    if weight <= 0.0 || squares <= 0.0 {
        return None;
    }
    let new_scale = (squares / weight).sqrt();
    let new_location = mean + C * new_scale * excess / inside;
    let same = |&x: &f64| side(x, location, scale) == side(x, new_location, new_scale);
    values.iter().all(same).then_some((new_location, new_scale))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-9 * (1.0 + b.abs())
    }

    /// Reference values: a separate program (Python) that bisects on the location within a bisection on the
    /// scale, without steps, leaps or a starting point.
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
        // the MAD is 0, and yet the equations have a solution
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
        // five of six equal: the equations have no solution, so plain mean and standard deviation
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
