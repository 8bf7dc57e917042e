//! Means of arms from builds in sequence, with the covariance of their errors.
//!
//! The speed of a machine changes more slowly than builds follow each other, so builds that are close in a round have
//! errors that are alike, and their difference is known better than that of two builds far apart. The model of the
//! errors is that of field trials, where neighboring plots share their soil (M. S. Bartlett, Nearest neighbour models
//! in the analysis of field experiments, J. R. Statist. Soc. B 40, 1978; N. A. C. Cressie, Statistics for Spatial
//! Data, 1993, section 5.7): a part κ of the variance belongs to an autoregressive series, the rest to single builds.
//! Means are those of generalized least squares. κ is estimated by restricted maximum likelihood; without correlation
//! it is near 0, and the means are the plain ones.

use super::least_squares::{Cholesky, dot};

/// Correlation of the series from one build to the next, as on the machines of the committed runs.
const RHO: f64 = 0.65;

/// Variance of the effects of rounds, in units of the variance of a build.
const OF_ROUND: f64 = 1.0;

/// Values of κ that are compared.
const SHARES: [f64; 5] = [0.0, 0.2, 0.4, 0.6, 0.8];

/// A build.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SequencedBuild {
    /// Index of the arm.
    pub arm: usize,
    /// Place in the order of building.
    pub number: u32,
    /// The value, such as ln seconds; finite.
    pub value: f64,
}

/// Builds of some arms in rounds. Errors of different rounds are independent.
#[derive(Debug, Clone, PartialEq)]
pub struct SequencedTable {
    rounds: Vec<Vec<SequencedBuild>>,
    /// The arms that have a value, ascending.
    arms: Vec<usize>,
}

/// Correlation of errors, κ, and the variance of a build.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Correlation {
    /// Part of the variance that belongs to the series, from 0 to 1.
    pub share: f64,
    /// Variance of a build.
    pub variance: f64,
}

/// A fit with given correlation.
struct SequencedFit {
    means: Vec<f64>,
    /// Covariance of the means, in units of the variance of a build.
    covariance: Vec<f64>,
    /// Weighted sum of squares of the residuals.
    squares: f64,
    /// ln det of the covariance of the builds, and of the inverse covariance of the means.
    log_determinants: f64,
}

impl SequencedTable {
    /// A table from the builds of each round.
    pub fn new(rounds: Vec<Vec<SequencedBuild>>) -> Self {
        let mut arms: Vec<usize> = rounds.iter().flatten().map(|build| build.arm).collect();
        arms.sort_unstable();
        arms.dedup();
        Self { rounds, arms }
    }

    /// The arms that have a value, ascending.
    pub fn arms(&self) -> &[usize] {
        &self.arms
    }

    /// Mean of each of [`Self::arms`], and the covariance of their errors, row by row. `None` without values.
    pub fn means(&self, correlation: Correlation) -> Option<(Vec<f64>, Vec<f64>)> {
        let fit = self.fit(correlation.share)?;
        let covariance = fit.covariance.iter().map(|value| correlation.variance * value).collect();
        Some((fit.means, covariance))
    }

    /// Number of builds.
    fn builds(&self) -> usize {
        self.rounds.iter().map(Vec::len).sum()
    }

    fn fit(&self, share: f64) -> Option<SequencedFit> {
        let size = self.arms.len();
        if size == 0 {
            return None;
        }
        let (mut weights, mut sums) = (vec![0.0; size * size], vec![0.0; size]);
        let (mut squares, mut log_determinants) = (0.0, 0.0);
        for round in self.rounds.iter().filter(|round| !round.is_empty()) {
            let places: Vec<usize> =
                round.iter().filter_map(|build| self.arms.binary_search(&build.arm).ok()).collect();
            let values: Vec<f64> = round.iter().map(|build| build.value).collect();
            let factor = Cholesky::of(covariance_of(round, share), round.len(), 0.0)?;
            let (inverse, solved) = (factor.inverse(), factor.solve(&values));
            for (at, place) in places.iter().enumerate() {
                sums[*place] += solved[at];
                for (other, weight) in places.iter().zip(&inverse[at * round.len()..]) {
                    weights[place * size + other] += weight;
                }
            }
            squares += dot(&values, &solved);
            log_determinants += factor.log_determinant();
        }
        let factor = Cholesky::of(weights, size, 0.0)?;
        let means = factor.solve(&sums);
        Some(SequencedFit {
            squares: (squares - dot(&means, &sums)).max(0.0),
            log_determinants: log_determinants + factor.log_determinant(),
            covariance: factor.inverse(),
            means,
        })
    }
}

/// Correlation of a build with itself: a little less than 1, so that the matrix can be inverted.
const SAME_BUILD: f64 = 0.999;

/// Covariance of the builds of a round, in units of the variance of a build; the lower triangle.
fn covariance_of(round: &[SequencedBuild], share: f64) -> Vec<f64> {
    let size = round.len();
    let mut matrix = vec![0.0; size * size];
    for (row, one) in round.iter().enumerate() {
        for (column, other) in round[..row].iter().enumerate() {
            let correlation = match one.number.abs_diff(other.number) {
                // One build that counts for two arms, since both lead to it.
                0 => SAME_BUILD,
                distance => share * RHO.powf(f64::from(distance)),
            };
            matrix[row * size + column] = OF_ROUND + correlation;
        }
        matrix[row * size + row] = OF_ROUND + 1.0;
    }
    matrix
}

/// Estimates the correlation and the variance of a build from several tables together: κ by restricted likelihood,
/// averaged over some values, and the variance from the residuals and an `assumed` sum of squares with its degrees of
/// freedom. The tables should have no outliers.
pub fn estimate_correlation(tables: &[SequencedTable], assumed: (f64, f64)) -> Correlation {
    let df = assumed.1 + tables.iter().map(|table| (table.builds() - table.arms.len()) as f64).sum::<f64>();
    let at = |share: &f64| {
        let fits = tables.iter().filter_map(|table| table.fit(*share));
        let (squares, determinants) =
            fits.fold((assumed.0, 0.0), |(s, d), fit| (s + fit.squares, d + fit.log_determinants));
        (squares, -0.5 * (determinants + df * squares.ln()))
    };
    let found: Vec<(f64, f64)> = SHARES.iter().map(at).collect();
    let most = found.iter().map(|(_, likelihood)| *likelihood).fold(f64::NEG_INFINITY, f64::max);
    let (mut total, mut share, mut variance) = (0.0, 0.0, 0.0);
    for (kappa, (squares, likelihood)) in SHARES.iter().zip(found) {
        let weight = (likelihood - most).exp();
        total += weight;
        share += weight * kappa;
        variance += weight * squares / df;
    }
    Correlation { share: share / total, variance: variance / total }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;

    fn build(arm: usize, number: u32, value: f64) -> SequencedBuild {
        SequencedBuild { arm, number, value }
    }

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9, "{found} instead of {expected}");
    }

    fn variance_of_difference(covariance: &[f64], size: usize, one: usize, other: usize) -> f64 {
        covariance[one * size + one] + covariance[other * size + other] - 2.0 * covariance[one * size + other]
    }

    /// Some rounds of 12 arms without effects in random order; errors with this part of an autoregressive series.
    fn table(noise: &mut Noise, rounds: usize, share: f64) -> SequencedTable {
        let mut series = noise.normal();
        let of_round = |round: usize| {
            let mut order: Vec<usize> = (0..12).collect();
            for last in (1..12).rev() {
                order.swap(last, (noise.uniform() * (last + 1) as f64) as usize);
            }
            let built = order.into_iter().enumerate().map(|(place, arm)| {
                series = RHO * series + (1.0 - RHO * RHO).sqrt() * noise.normal();
                let value = 0.05 * (share.sqrt() * series + (1.0 - share).sqrt() * noise.normal());
                build(arm, (12 * round + place) as u32, value)
            });
            built.collect()
        };
        SequencedTable::new((0..rounds).map(of_round).collect())
    }

    #[test]
    fn without_correlation_means_are_plain() {
        let table = SequencedTable::new(vec![
            vec![build(4, 0, 1.0), build(2, 1, 2.0)],
            vec![build(2, 2, 2.5), build(4, 3, 1.1)],
        ]);
        assert_eq!(table.arms(), [2, 4]);
        let (means, covariance) = table.means(Correlation { share: 0.0, variance: 0.01 }).unwrap();
        near(means[0], 2.25);
        near(means[1], 1.05);
        // Half of the variance of the difference of two builds.
        near(variance_of_difference(&covariance, 2, 0, 1), 0.01);
    }

    /// An arm that is missing in a round is compared with those that were built in the same rounds.
    #[test]
    fn rounds_with_missing_arms_count_where_they_can() {
        let slow = 0.5;
        let table = SequencedTable::new(vec![
            vec![build(0, 0, 1.0), build(1, 1, 2.0), build(2, 2, 3.0)],
            vec![build(0, 3, 1.0 + slow), build(2, 4, 3.0 + slow)],
        ]);
        let (means, _) = table.means(Correlation { share: 0.3, variance: 0.01 }).unwrap();
        assert!(
            (means[2] - means[0] - 2.0).abs() < 1e-9 && (means[1] - means[0] - 1.0).abs() < 0.25,
            "{means:?}"
        );
    }

    #[test]
    fn builds_that_follow_each_other_differ_by_less() {
        let order = (0..6).map(|arm| build(arm, arm as u32, 0.0)).collect();
        let (_, covariance) =
            SequencedTable::new(vec![order]).means(Correlation { share: 0.8, variance: 1.0 }).unwrap();
        let variance = |one, other| variance_of_difference(&covariance, 6, one, other);
        near(variance(0, 1), 2.0 * (1.0 - 0.8 * RHO));
        near(variance(0, 5), 2.0 * (1.0 - 0.8 * RHO.powi(5)));
    }

    #[test]
    fn correlation_is_found_where_there_is_some() {
        let mut noise = Noise::new(1);
        for (share, expected) in [(0.0, 0.0..0.15), (0.8, 0.65..0.8)] {
            let tables: Vec<SequencedTable> = (0..20).map(|_| table(&mut noise, 4, share)).collect();
            let found = estimate_correlation(&tables, (0.0, 0.0));
            assert!(expected.contains(&found.share), "{share}: {found:?}");
            assert!((0.045..0.055).contains(&found.variance.sqrt()), "{found:?}");
        }
        let nothing = estimate_correlation(&[SequencedTable::new(Vec::new())], (4.0 * 0.01, 4.0));
        near(nothing.variance, 0.01);
    }

    /// The variances that are stated are those of the means, and they are smaller than those of plain means.
    #[test]
    fn known_correlation_makes_means_more_precise() {
        let mut noise = Noise::new(2);
        let (mut squares, mut plain, mut stated) = (0.0, 0.0, 0.0);
        for _ in 0..400 {
            let table = table(&mut noise, 3, 0.8);
            let known = Correlation { share: 0.8, variance: 0.05 * 0.05 };
            let (means, covariance) = table.means(known).unwrap();
            let unknown = table.means(Correlation { share: 0.0, ..known }).unwrap().0;
            for other in 1..12 {
                squares += (means[other] - means[0]).powi(2);
                plain += (unknown[other] - unknown[0]).powi(2);
                stated += variance_of_difference(&covariance, 12, 0, other);
            }
        }
        assert!((squares / stated - 1.0).abs() < 0.1, "{squares} {stated}");
        assert!(squares < 0.85 * plain, "{squares} {plain}");
    }

    #[test]
    fn without_builds_there_is_no_mean() {
        assert_eq!(
            SequencedTable::new(vec![Vec::new()]).means(Correlation { share: 0.0, variance: 1.0 }),
            None
        );
    }
}
