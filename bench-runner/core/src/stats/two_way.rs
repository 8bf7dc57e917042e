//! Robust fit of rounds and cells to a complete table, and contrasts of the cells.
//!
//! Model: y(i, c) = round(i) + cell(c) + error, with a separate variance for each cell. The fit is an
//! M-estimate by the method of modified residuals (P. J. Huber, Robust Statistics (1981), section 7.8): residuals
//! are clipped, added to the fitted values, and fitted again by least squares. The variances of the cells are the
//! unbiased ones of G. K. Shukla (Some statistical aspects of partitioning genotype-environmental components of
//! variability, Heredity 29 (1972)), from clipped residuals.

use super::estimate::{Control, Estimate, MIN_INSIDE, MIN_ROUNDS};
use super::quantile::{MAD_TO_SD, median};

/// Clipping limit of residuals, in units of the scale.
pub(super) const LIMIT: f64 = 2.0;

/// E min(Z², LIMIT²) for a standard normal Z.
pub(super) const BETA: f64 = 0.920_537;

/// Fewest cells that can have separate variances.
const MIN_CELLS: usize = 3;

/// Least variance of a cell, as a fraction of the average of all: a few rounds can be close together by
/// coincidence.
const LEAST_SHARE: f64 = 0.25;

/// Far more steps than any table has needed.
const MAX_STEPS: usize = 500;

/// The fit of a table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct TwoWayFit {
    /// Number of rounds, n.
    pub(crate) rounds: usize,
    /// Mean of each cell, relative to the mean of all cells.
    pub(crate) means: Vec<f64>,
    /// Variance of a single value of each cell.
    pub(crate) variances: Vec<f64>,
    /// Their average before the smallest were raised.
    pub(crate) pooled: f64,
}

impl TwoWayFit {
    /// Fits a table of one row per round and one column per cell. `None` for fewer than [`MIN_ROUNDS`] rounds or
    /// [`MIN_CELLS`] cells, rows of different lengths, and values that are not finite.
    pub(crate) fn of(table: &[Vec<f64>]) -> Option<Self> {
        let (n, k) = (table.len(), table.first()?.len());
        let is_complete = table.iter().all(|row| row.len() == k && row.iter().all(|value| value.is_finite()));
        if n < MIN_ROUNDS || k < MIN_CELLS || !is_complete {
            return None;
        }
        let (means, psi) = fit(table);
        let (rounds, cells) = (n as f64, k as f64);
        let q: Vec<f64> = psi.iter().map(|psi| psi.squares / psi.inside.powi(2)).collect();
        let sum: f64 = q.iter().sum();
        let of_cell = |q: f64| {
            cells * q / ((rounds - 1.0) * (cells - 2.0))
                - sum / ((rounds - 1.0) * (cells - 1.0) * (cells - 2.0))
        };
        let pooled = sum / ((rounds - 1.0) * (cells - 1.0));
        let variances: Vec<f64> = q.into_iter().map(|q| of_cell(q).max(LEAST_SHARE * pooled)).collect();
        let is_finite = means.iter().chain(&variances).all(|value| value.is_finite());
        is_finite.then_some(Self { rounds: n, means, variances, pooled })
    }

    /// Degrees of freedom of the average variance, (n − 1)·(K − 1).
    pub(crate) fn pooled_df(&self) -> f64 {
        (self.rounds as f64 - 1.0) * (self.means.len() as f64 - 1.0)
    }

    /// Estimate of Σ w·cell with Σ w = 0. The degrees of freedom are those of F. E. Satterthwaite (1946), at most
    /// [`Self::pooled_df`].
    pub(crate) fn contrast(&self, weights: &[f64], control: Control) -> Estimate {
        let n = self.rounds as f64;
        let theta = weights.iter().zip(&self.means).map(|(weight, mean)| weight * mean).sum();
        let parts =
            weights.iter().zip(&self.variances).map(|(weight, variance)| weight * weight * variance / n);
        let (mut variance, mut squares) = (0.0, 0.0);
        for part in parts {
            variance += part;
            squares += part * part;
        }
        let df = if squares > 0.0 { (n - 1.0) * variance * variance / squares } else { f64::INFINITY };
        Estimate {
            rounds: self.rounds,
            theta,
            se: variance.sqrt(),
            df: df.min(self.pooled_df()).max(1.0),
            control,
        }
    }
}

/// Clipped residuals of a cell.
struct Psi {
    /// Σψ².
    squares: f64,
    /// m, the share of residuals that are not clipped: the mean of those of the cell and of the table, since a
    /// cell alone has few; at least [`MIN_INSIDE`].
    inside: f64,
}

/// Means of the cells, and clipped residuals.
fn fit(table: &[Vec<f64>]) -> (Vec<f64>, Vec<Psi>) {
    let (n, k) = (table.len(), table[0].len());
    let df = ((n - 1) * (k - 1)) as f64;
    let mut fitted = Additive::of(table);
    let mut residuals = fitted.residuals(table);
    let all: Vec<f64> = residuals.iter().flatten().map(|r| r.abs()).collect();
    let plain = (all.iter().map(|r| r * r).sum::<f64>() / df).sqrt();
    // Half of the residuals can be 0 in a table of ties.
    let start = MAD_TO_SD * median(&all).unwrap_or(0.0) * ((n * k) as f64 / df).sqrt();
    let mut scale = if start > 0.0 { start } else { plain };
    for _ in 0..MAX_STEPS {
        let limit = LIMIT * scale;
        let modified: Vec<Vec<f64>> = (0..n)
            .map(|i| (0..k).map(|c| fitted.at(i, c) + residuals[i][c].clamp(-limit, limit)).collect())
            .collect();
        let next = Additive::of(&modified);
        let next_residuals = next.residuals(table);
        let squares: f64 = next_residuals.iter().flatten().map(|r| r.clamp(-limit, limit).powi(2)).sum();
        let next_scale = (squares / (BETA * df)).sqrt();
        let moved = next.distance(&fitted).max((next_scale - scale).abs());
        (fitted, residuals) = (next, next_residuals);
        let settled = moved <= 1e-10 * scale;
        scale = next_scale;
        if settled || scale <= 1e-9 * plain {
            break;
        }
    }
    if scale <= 1e-9 * plain {
        // No scale solves the equations, because most values are equal: nothing is clipped.
        (fitted, scale) = (Additive::of(table), f64::INFINITY);
        residuals = fitted.residuals(table);
    }
    let limit = if scale > 0.0 { LIMIT * scale } else { f64::INFINITY };
    let share = |of: &mut dyn Iterator<Item = f64>| {
        let (count, inside) = of.fold((0.0, 0.0), |(n, m), r| (n + 1.0, m + f64::from(r.abs() <= limit)));
        inside / f64::max(count, 1.0)
    };
    let of_table = share(&mut residuals.iter().flatten().copied());
    let psi = |c: usize| Psi {
        squares: residuals.iter().map(|row| row[c].clamp(-limit, limit).powi(2)).sum(),
        inside: (0.5 * (of_table + share(&mut residuals.iter().map(|row| row[c])))).max(MIN_INSIDE),
    };
    (fitted.cells, (0..k).map(psi).collect())
}

/// An additive model: `at(i, c)` is the part of round i plus that of cell c, and those of all cells sum to 0.
struct Additive {
    rounds: Vec<f64>,
    cells: Vec<f64>,
}

impl Additive {
    /// Least squares.
    fn of(table: &[Vec<f64>]) -> Self {
        let (n, k) = (table.len() as f64, table[0].len() as f64);
        let rounds: Vec<f64> = table.iter().map(|row| row.iter().sum::<f64>() / k).collect();
        let of_cell =
            |c: usize| table.iter().zip(&rounds).map(|(row, round)| row[c] - round).sum::<f64>() / n;
        let cells = (0..table[0].len()).map(of_cell).collect();
        Self { rounds, cells }
    }

    fn at(&self, round: usize, cell: usize) -> f64 {
        self.rounds[round] + self.cells[cell]
    }

    fn residuals(&self, table: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let of_row =
            |(i, row): (usize, &Vec<f64>)| row.iter().enumerate().map(|(c, y)| y - self.at(i, c)).collect();
        table.iter().enumerate().map(of_row).collect()
    }

    /// The largest change of a fitted part.
    fn distance(&self, other: &Self) -> f64 {
        let parts = |of: &Self| of.rounds.iter().chain(&of.cells).copied().collect::<Vec<f64>>();
        parts(self).iter().zip(parts(other)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::noise::Noise;

    /// One of the values is an outlier.
    const TABLE: [[f64; 4]; 5] = [
        [0.00, 0.03, -0.20, 0.11],
        [0.05, 0.06, -0.17, 0.55],
        [-0.04, 0.02, -0.27, 0.05],
        [0.01, 0.01, -0.22, 0.14],
        [0.02, 0.07, -0.15, 0.12],
    ];

    fn rows<const K: usize>(table: &[[f64; K]]) -> Vec<Vec<f64>> {
        table.iter().map(|row| row.to_vec()).collect()
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-8 * (1.0 + b.abs()), "{a} instead of {b}");
    }

    /// Reference values: a separate Python program that bisects on each parameter in turn.
    #[test]
    fn known_values() {
        let fit = TwoWayFit::of(&rows(&TABLE)).unwrap();
        let means = [0.013218137297683247, 0.04321813729768325, -0.19678186270231676, 0.14034558810695025];
        let variances =
            [0.0003039079309900005, 0.0008959139838463519, 0.0003814175892471785, 0.0039812590064679685];
        let center = fit.means.iter().sum::<f64>() / 4.0;
        fit.means.iter().zip(means).for_each(|(found, known)| near(found - center, known));
        fit.variances.iter().zip(variances).for_each(|(found, known)| near(*found, known));
        near(fit.pooled, 0.001215631723960002);
        let found = fit.contrast(&[-1.0, 0.0, 1.0, 0.0], Control::WithoutLooks);
        near(found.theta, -0.21);
        near(found.se, 0.011707480687467983);
        near(found.df, 7.898961283564494);
    }

    #[test]
    fn what_all_cells_of_a_round_share_changes_nothing() {
        let mut shifted = rows(&TABLE);
        for (round, row) in shifted.iter_mut().enumerate() {
            row.iter_mut().for_each(|value| *value += 0.3 * (round as f64).sin());
        }
        let (one, other) = (TwoWayFit::of(&rows(&TABLE)).unwrap(), TwoWayFit::of(&shifted).unwrap());
        one.variances.iter().zip(&other.variances).for_each(|(one, other)| near(*one, *other));
        let weights = [-0.5, 0.5, -0.5, 0.5];
        near(
            one.contrast(&weights, Control::WithoutLooks).theta,
            other.contrast(&weights, Control::WithoutLooks).theta,
        );
    }

    /// Each cell keeps its own variance on average, and the one that is noisier does not make the others so.
    #[test]
    fn variances_belong_to_their_cells() {
        let mut noise = Noise::new(4);
        let mut sums = [0.0; 6];
        for _ in 0..300 {
            let table: Vec<Vec<f64>> = (0..12)
                .map(|_| (0..6).map(|cell| noise.build(if cell == 0 { 0.02 } else { 0.01 }, 0.0)).collect())
                .collect();
            let fit = TwoWayFit::of(&table).unwrap();
            fit.variances.iter().zip(&mut sums).for_each(|(variance, sum)| *sum += variance / 300.0);
        }
        assert!((3.0e-4..4.6e-4).contains(&sums[0]), "{sums:?}");
        assert!(sums[1..].iter().all(|variance| (0.8e-4..1.3e-4).contains(variance)), "{sums:?}");
    }

    #[test]
    fn little_or_odd_data_has_no_fit_and_equal_values_have_no_variance() {
        assert_eq!(TwoWayFit::of(&rows(&TABLE[..2])), None);
        assert_eq!(TwoWayFit::of(&[]), None);
        assert_eq!(TwoWayFit::of(&rows(&[[0.0, 1.0]; 4])), None);
        let mut odd = rows(&TABLE);
        odd[1][1] = f64::NAN;
        assert_eq!(TwoWayFit::of(&odd), None);
        odd[1].pop();
        assert_eq!(TwoWayFit::of(&odd), None);
        let equal = TwoWayFit::of(&rows(&[[0.1, 0.2, 0.3]; 4])).unwrap();
        assert!(equal.variances.iter().all(|variance| *variance < 1e-30), "{equal:?}");
    }

    proptest! {
        #[test]
        fn nothing_is_ever_nan_or_infinite(
            values in prop::collection::vec(prop_oneof![Just(0.0), Just(0.3), -1.0..1.0f64, -700.0..700.0f64], 40),
            cells in 3..9usize,
        ) {
            let table: Vec<Vec<f64>> = values.chunks_exact(cells).map(<[f64]>::to_vec).collect();
            let fit = TwoWayFit::of(&table).unwrap();
            let mut weights = vec![0.0; cells];
            (weights[0], weights[1]) = (1.0, -1.0);
            let found = fit.contrast(&weights, Control::WithoutLooks);
            prop_assert!(fit.variances.iter().all(|variance| *variance >= 0.0));
            prop_assert!(found.theta.is_finite() && found.se.is_finite() && found.df.is_finite() && found.df >= 1.0);
        }
    }
}
