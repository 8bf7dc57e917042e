//! Estimates of all comparisons of one block, whose standard errors are pooled.
//!
//! With three to five rounds a comparison's own standard error can be near 0 by coincidence: with a processor
//! that has two speeds, four builds may happen to run at one of them. The comparisons of a block have the
//! same machine, the same rounds and mostly the same builds, so each of them takes part of its standard error
//! from all of them.

use super::estimate::{Control, Estimate};
use super::rounds::Contrast;

/// Degrees of freedom with which the average of the block counts in each comparison's standard error.
const POOLED_DF: f64 = 2.0;

/// Number of comparisons from which on standard errors are pooled: one alone has nothing to pool with.
const POOLED_FROM: usize = 2;

/// The number of comparisons of a block, its twin included, and whether it has one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BlockShape {
    pub control: Control,
    pub comparisons: usize,
}

impl BlockShape {
    /// Variance of a typical comparison in units of that of a single build: 3/2 against baseline and twin, 2 of
    /// two single builds. In an A/A block the twin itself is the only comparison.
    fn builds(self) -> f64 {
        match self.control {
            Control::Twin if self.comparisons > 1 => 1.5,
            Control::Twin | Control::NoTwin | Control::WithoutLooks => 2.0,
        }
    }

    /// Variance of one round of a typical comparison, if single builds scatter with standard deviation `noise`.
    pub(crate) fn round_variance(self, noise: f64) -> f64 {
        noise * noise * self.builds()
    }

    /// Fraction of τ² in the variance of a typical comparison, as in [`Contrast::offset_share`].
    pub(crate) fn offset_share(self) -> f64 {
        0.5 * self.builds()
    }

    /// Degrees of freedom of each comparison after `rounds` rounds.
    pub(crate) fn df(self, rounds: usize) -> f64 {
        let pooled = if self.comparisons >= POOLED_FROM { POOLED_DF } else { 0.0 };
        (rounds as f64 - 1.0 + pooled).max(1.0)
    }
}

/// Variance of a single build by the average over a block's comparisons; `None` below [`POOLED_FROM`] of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BlockVariance(Option<f64>);

impl BlockVariance {
    /// The mean over the comparisons that have an estimate of n·SE²/builds, with the units of
    /// [`Contrast::builds`].
    fn of_known(contrasts: &[Contrast], single: &[Option<Estimate>]) -> Self {
        let of_build = |(contrast, one): (&Contrast, &Option<Estimate>)| {
            one.map(|one| one.se.powi(2) * one.rounds as f64 / contrast.builds())
        };
        let variances: Vec<f64> = contrasts.iter().zip(single).filter_map(of_build).collect();
        let enough = variances.len() >= POOLED_FROM;
        Self(enough.then(|| variances.iter().sum::<f64>() / variances.len() as f64))
    }

    fn pool_all(self, contrasts: &[Contrast], single: Vec<Option<Estimate>>) -> Vec<Option<Estimate>> {
        contrasts.iter().zip(single).map(|(contrast, one)| Some(self.pool(contrast, one?))).collect()
    }

    /// Pools the standard error of one comparison: with S0² = V·builds/n, the variance that it has by the
    /// average V of the block, SE'² = (2·S0² + df·SE²)/(df + 2), with df + 2 degrees of freedom. A block with a
    /// single comparison changes nothing.
    #[must_use]
    pub fn pool(self, contrast: &Contrast, one: Estimate) -> Estimate {
        let Self(Some(average)) = self else { return one };
        let of_block = average * contrast.builds() / one.rounds as f64;
        let df = one.df + POOLED_DF;
        let se = ((POOLED_DF * of_block + one.df * one.se.powi(2)) / df).sqrt();
        // Squares of huge standard errors overflow; such a comparison keeps its own.
        if se.is_finite() { Estimate { se, df, ..one } } else { one }
    }
}

/// Estimates of the planned comparisons of one block, in their order, as [`Contrast::estimate`], with standard
/// errors that are multiplied by `stretch` and then pooled, and the variance that was pooled with.
pub fn estimate_block<R: AsRef<[Option<f64>]>>(
    rounds: &[R],
    contrasts: &[Contrast],
    control: Control,
    stretch: f64,
) -> (Vec<Option<Estimate>>, BlockVariance) {
    let single = single_estimates(rounds, contrasts, control, stretch);
    let variance = BlockVariance::of_known(contrasts, &single);
    (variance.pool_all(contrasts, single), variance)
}

/// Estimates of other comparisons of the block, pooled with the `variance` of the planned ones; with their own
/// if the planned ones have none.
pub(crate) fn estimate_with<R: AsRef<[Option<f64>]>>(
    rounds: &[R],
    contrasts: &[Contrast],
    control: Control,
    stretch: f64,
    variance: BlockVariance,
) -> Vec<Option<Estimate>> {
    let single = single_estimates(rounds, contrasts, control, stretch);
    let own = BlockVariance::of_known(contrasts, &single);
    BlockVariance(variance.0.or(own.0)).pool_all(contrasts, single)
}

fn single_estimates<R: AsRef<[Option<f64>]>>(
    rounds: &[R],
    contrasts: &[Contrast],
    control: Control,
    stretch: f64,
) -> Vec<Option<Estimate>> {
    let estimate = |contrast: &Contrast| Some(contrast.estimate(rounds, control)?.stretched(stretch));
    contrasts.iter().map(estimate).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::rounds::Reference;

    const REFERENCE: Reference = Reference { baseline: 0, twin: Some(1) };

    fn contrasts() -> Vec<Contrast> {
        [1, 2, 3].map(|arm| REFERENCE.contrast(arm)).to_vec()
    }

    fn pooled(contrasts: &[Contrast], single: &[Option<Estimate>]) -> Vec<Option<Estimate>> {
        BlockVariance::of_known(contrasts, single).pool_all(contrasts, single.to_vec())
    }

    fn estimate(rounds: usize, se: f64) -> Option<Estimate> {
        Some(Estimate { rounds, theta: 0.1, se, df: rounds as f64 - 1.0, control: Control::Twin })
    }

    #[test]
    fn by_hand() {
        // The twin has 2 builds, variants have 1.5: in units of a variant S0² = (¾·0.04² + 0.03² + 0.01²)/3.
        let found = pooled(&contrasts(), &[estimate(4, 0.04), estimate(4, 0.03), estimate(4, 0.01)]);
        let s0: f64 = (0.75 * 0.0016 + 0.0009 + 0.0001) / 3.0;
        let expected = [(s0 / 0.75, 0.0016), (s0, 0.0009), (s0, 0.0001)];
        for (one, (block, own)) in found.into_iter().flatten().zip(expected) {
            assert!((one.se.powi(2) / ((2.0 * block + 3.0 * own) / 5.0) - 1.0).abs() < 1e-12, "{one:?}");
            assert_eq!((one.df, one.theta), (5.0, 0.1));
        }
    }

    #[test]
    fn fewer_rounds_are_pooled_by_what_one_round_scatters() {
        // The variances of one round are equal, so pooling changes no standard error.
        let found = pooled(&contrasts()[1..], &[estimate(4, 0.04), estimate(16, 0.02)]);
        let errors: Vec<f64> = found.iter().flatten().map(|one| one.se).collect();
        assert!((errors[0] - 0.04).abs() < 1e-15 && (errors[1] - 0.02).abs() < 1e-15, "{errors:?}");
    }

    #[test]
    fn one_comparison_alone_learns_nothing() {
        let alone = [None, estimate(4, 0.03), None];
        assert_eq!(pooled(&contrasts(), &alone), alone);
    }

    #[test]
    fn a_coincidence_is_no_certainty() {
        // Two speeds, 1 and 1.2: in each of three rounds the second variant ran as fast as the baseline's copies.
        let rounds = [[1.0, 1.0, 1.0, 1.2], [1.2, 1.2, 1.2, 1.0], [1.2, 1.0, 1.2, 1.2]];
        let rounds: Vec<Vec<Option<f64>>> =
            rounds.iter().map(|round| round.iter().map(|seconds| Some(*seconds)).collect()).collect();
        let pair = Contrast { of: crate::stats::Side::single(2), against: crate::stats::Side::single(0) };
        let alone = pair.estimate(&rounds, Control::Twin).unwrap();
        assert_eq!(alone.se, 0.0);
        let all = [pair, REFERENCE.contrast(1), REFERENCE.contrast(3)];
        let pooled = estimate_block(&rounds, &all, Control::Twin, 1.0).0[0].unwrap();
        assert!(pooled.se > 0.03 && pooled.p_difference() > 0.5, "{pooled:?}");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_nan_or_infinite(
            of in prop::collection::vec((3..40usize, prop_oneof![
                Just(0.0), Just(1e-300), 0.0..1.0f64, Just(1e200),
            ]), 3..4),
        ) {
            let single: Vec<Option<Estimate>> = of.into_iter().map(|(rounds, se)| estimate(rounds, se)).collect();
            for one in pooled(&contrasts(), &single).into_iter().flatten() {
                prop_assert!(one.se.is_finite() && one.se >= 0.0 && one.df > 1.0, "{one:?}");
            }
        }
    }
}
