//! Effects and interactions of factors, from the fitted cells of a product.
//!
//! The effect of a level is the mean over the other factors of the differences between a cell with the level and
//! the cell with the reference level that is otherwise the same. Interactions of two factors are tested by F: the sum
//! of squares that they explain in addition to all factors and all other pairs, against the variance of the cells.

use std::collections::HashMap;

use super::estimate::Estimate;
use super::fisher::f_tail;
use super::least_squares::{dot, squared};
use super::student::t_quantile;
use super::two_way::TwoWayFit;

/// Confidence of [`Factorial::largest_deviation`].
const DEVIATION_LEVEL: f64 = 0.95;

/// A column that is shorter than this fraction of its length depends on those before it.
const DEPENDENT: f64 = 1e-9;

/// A cell of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FactorialCell {
    /// Level of each factor; 0 is its reference level.
    pub(crate) levels: Vec<usize>,
    /// Columns of the table: one, or two if the cell has an identical copy.
    pub(crate) columns: Vec<usize>,
}

/// Two cells, by index, that differ in one factor: one with a level, the other with the reference level.
pub(crate) type CellPair = (usize, usize);

/// A fitted product.
#[derive(Debug)]
pub(crate) struct Factorial {
    cells: Vec<FactorialCell>,
    by_levels: HashMap<Vec<usize>, usize>,
    fit: TwoWayFit,
    /// Factor on standard errors.
    stretch: f64,
    /// Variance of a column that more rounds would not have reduced.
    column_variance: f64,
}

/// Test for the interaction of two factors.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct InteractionTest {
    pub(crate) f: f64,
    /// Degrees of freedom of numerator and denominator.
    pub(crate) df: (f64, f64),
    pub(crate) p: f64,
}

impl Factorial {
    /// Fits `table`, ln seconds by round and column. `None` as for [`TwoWayFit::of`].
    pub(crate) fn of(
        table: &[Vec<f64>],
        cells: Vec<FactorialCell>,
        stretch: f64,
        column_variance: f64,
    ) -> Option<Self> {
        let by_levels = cells.iter().enumerate().map(|(at, cell)| (cell.levels.clone(), at)).collect();
        Some(Self { cells, by_levels, fit: TwoWayFit::of(table)?, stretch, column_variance })
    }

    /// Number of rounds.
    pub(crate) fn rounds(&self) -> usize {
        self.fit.rounds
    }

    pub(crate) fn cells(&self) -> &[FactorialCell] {
        &self.cells
    }

    /// Pairs of cells with this level and with the reference level of a factor, in the order of the cells.
    pub(crate) fn pairs(&self, factor: usize, level: usize) -> Vec<CellPair> {
        let partner = |(at, cell): (usize, &FactorialCell)| {
            let mut levels = cell.levels.clone();
            (levels[factor] == level).then_some(())?;
            levels[factor] = 0;
            Some((at, *self.by_levels.get(&levels)?))
        };
        self.cells.iter().enumerate().filter_map(partner).collect()
    }

    /// Estimate of the mean difference over these pairs.
    pub(crate) fn effect(&self, pairs: &[CellPair]) -> Estimate {
        self.contrast(&self.weights(pairs))
    }

    /// Estimate of the difference between the means of two groups of cells, by index.
    pub(crate) fn difference(&self, of: &[usize], against: &[usize]) -> Estimate {
        let mut weights = vec![0.0; self.fit.means.len()];
        of.iter().for_each(|cell| self.add(&mut weights, *cell, 1.0 / of.len() as f64));
        against.iter().for_each(|cell| self.add(&mut weights, *cell, -1.0 / against.len() as f64));
        self.contrast(&weights)
    }

    /// D: the largest upper limit of what the effect at a single level of another factor differs from the average
    /// over `pairs`; each limit is one-sided. The largest true deviation exceeds its own limit, and so D, in at most
    /// one of twenty runs. `None` if no other factor has two levels among the pairs.
    pub(crate) fn largest_deviation(&self, factor: usize, pairs: &[CellPair]) -> Option<f64> {
        let average = self.weights(pairs);
        let mut groups: HashMap<(usize, usize), Vec<CellPair>> = HashMap::new();
        for pair in pairs {
            for (other, level) in
                self.cells[pair.0].levels.iter().enumerate().filter(|(other, _)| *other != factor)
            {
                groups.entry((other, *level)).or_default().push(*pair);
            }
        }
        let limit = |group: &Vec<CellPair>| {
            let weights: Vec<f64> = self.weights(group).iter().zip(&average).map(|(a, b)| a - b).collect();
            let found = self.contrast(&weights);
            found.theta.abs() + t_quantile(DEVIATION_LEVEL, found.df) * found.inflated_se()
        };
        groups.values().filter(|group| group.len() < pairs.len()).map(limit).max_by(f64::total_cmp)
    }

    /// Tests the interaction of two factors. `None` if the cells do not tell it from other effects.
    pub(crate) fn interaction(&self, pair: [usize; 2], others: &[[usize; 2]]) -> Option<InteractionTest> {
        // A cell with a copy has half of the variance, so twice the weight.
        let roots: Vec<f64> = self.cells.iter().map(|cell| (cell.columns.len() as f64).sqrt()).collect();
        let values = self.cells.iter().zip(&roots).map(|(cell, root)| root * self.mean(cell));
        let mut rest: Vec<f64> = values.collect();
        let mut basis = Basis(Vec::new());
        let weighted = |is_one: &dyn Fn(&FactorialCell) -> bool| -> Vec<f64> {
            self.cells.iter().zip(&roots).map(|(cell, root)| if is_one(cell) { *root } else { 0.0 }).collect()
        };
        basis.add(weighted(&|_| true));
        for (factor, levels) in self.levels().into_iter().enumerate() {
            (1..levels).for_each(|level| {
                basis.add(weighted(&|cell| cell.levels[factor] == level));
            });
        }
        let columns_of = |pair: [usize; 2]| {
            let [one, other] = pair.map(|factor| self.levels()[factor]);
            (1..one).flat_map(move |a| (1..other).map(move |b| (a, b)))
        };
        let product = |[one, other]: [usize; 2], (a, b): (usize, usize)| {
            weighted(&|cell| cell.levels[one] == a && cell.levels[other] == b)
        };
        for &other in others.iter().filter(|other| **other != pair) {
            columns_of(other).for_each(|at| {
                basis.add(product(other, at));
            });
        }
        basis.0.iter().for_each(|unit| remove(&mut rest, unit));
        let (mut explained, mut df) = (0.0, 0.0);
        for at in columns_of(pair) {
            if let Some(unit) = basis.add(product(pair, at)) {
                explained += dot(&rest, unit).powi(2);
                df += 1.0;
            }
        }
        let below = self.fit.pooled_df();
        let variance = self.fit.pooled * self.stretch.powi(2) / self.fit.rounds as f64 + self.column_variance;
        let f = if variance > 0.0 { explained / (df * variance) } else { 0.0 };
        (df > 0.0 && f.is_finite()).then(|| InteractionTest { f, df: (df, below), p: f_tail(f, df, below) })
    }

    /// Number of levels of each factor.
    fn levels(&self) -> Vec<usize> {
        let factors = self.cells.first().map_or(0, |cell| cell.levels.len());
        (0..factors).map(|at| self.cells.iter().map(|cell| cell.levels[at] + 1).max().unwrap_or(0)).collect()
    }

    fn mean(&self, cell: &FactorialCell) -> f64 {
        cell.columns.iter().map(|column| self.fit.means[*column]).sum::<f64>() / cell.columns.len() as f64
    }

    fn weights(&self, pairs: &[CellPair]) -> Vec<f64> {
        let mut weights = vec![0.0; self.fit.means.len()];
        let share = 1.0 / pairs.len() as f64;
        for (of, against) in pairs {
            self.add(&mut weights, *of, share);
            self.add(&mut weights, *against, -share);
        }
        weights
    }

    /// Adds a weight to the columns of a cell, in equal parts.
    fn add(&self, weights: &mut [f64], cell: usize, weight: f64) {
        let columns = &self.cells[cell].columns;
        columns.iter().for_each(|column| weights[*column] += weight / columns.len() as f64);
    }

    fn contrast(&self, weights: &[f64]) -> Estimate {
        let of_columns = self.column_variance * squared(weights);
        self.fit.contrast(weights).stretched(self.stretch).with_variance(of_columns)
    }
}

/// Orthonormal vectors.
struct Basis(Vec<Vec<f64>>);

impl Basis {
    /// Adds the part of a vector that those before it do not have, as a unit vector. `None` if there is none.
    fn add(&mut self, mut vector: Vec<f64>) -> Option<&Vec<f64>> {
        let before = squared(&vector).sqrt();
        // Twice, because the first pass leaves rounding errors of the size of what it removed.
        for _ in 0..2 {
            self.0.iter().for_each(|unit| remove(&mut vector, unit));
        }
        let length = squared(&vector).sqrt();
        if length <= DEPENDENT * before {
            return None;
        }
        vector.iter_mut().for_each(|value| *value /= length);
        self.0.push(vector);
        self.0.last()
    }
}

/// Removes the part of `vector` in the direction of a unit vector.
fn remove(vector: &mut [f64], unit: &[f64]) {
    let part = dot(vector, unit);
    vector.iter_mut().zip(unit).for_each(|(value, unit)| *value -= part * unit);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;

    /// A product of three by two cells, the first one with a copy.
    fn cells() -> Vec<FactorialCell> {
        let levels = (0..3).flat_map(|a| (0..2).map(move |b| vec![a, b]));
        let columns = [vec![0, 1], vec![2], vec![3], vec![4], vec![5], vec![6]];
        levels.zip(columns).map(|(levels, columns)| FactorialCell { levels, columns }).collect()
    }

    fn table(noise: &mut Noise, rounds: usize, effect: impl Fn(usize) -> f64) -> Vec<Vec<f64>> {
        let of_round =
            |noise: &mut Noise| (0..7).map(|column| effect(column) + noise.build(0.01, 0.0)).collect();
        (0..rounds).map(|_| of_round(noise)).collect()
    }

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9 * (1.0 + b.abs()), "{a} instead of {b}");
    }

    #[test]
    fn an_effect_is_the_mean_of_its_differences() {
        let table = table(&mut Noise::new(1), 5, |column| 0.1 * column as f64);
        let fitted = Factorial::of(&table, cells(), 1.0, 0.0).unwrap();
        let m = fitted.fit.means.clone();
        let pairs = fitted.pairs(0, 2);
        assert_eq!(pairs, [(4, 0), (5, 1)]);
        near(fitted.effect(&pairs).theta, 0.5 * (m[5] - 0.5 * (m[0] + m[1]) + m[6] - m[2]));
        // In units of the variance of a column: ¼ for three cells, and ⅛ for that with a copy.
        let even = Factorial { fit: TwoWayFit { variances: vec![1.0; 7], ..fitted.fit.clone() }, ..fitted };
        near(even.effect(&pairs).se.powi(2), 0.875 / 5.0);
        near(even.difference(&[4, 5], &[0, 1]).se.powi(2), 0.875 / 5.0);
        let wider = Factorial { stretch: 2.0, column_variance: 0.1, ..even };
        near(wider.effect(&pairs).se.powi(2), 4.0 * 0.875 / 5.0 + 0.0875);
    }

    /// By hand, without a copy: the sum of squares of the doubly centered means, with two degrees of freedom.
    #[test]
    fn an_interaction_of_a_full_product_is_the_classical_one() {
        let table = table(&mut Noise::new(2), 6, |column| 0.02 * (column * column) as f64);
        let without_copy: Vec<Vec<f64>> = table.iter().map(|row| row[1..].to_vec()).collect();
        let cells: Vec<FactorialCell> = cells()
            .into_iter()
            .enumerate()
            .map(|(at, cell)| FactorialCell { columns: vec![at], ..cell })
            .collect();
        let fitted = Factorial::of(&without_copy, cells, 1.0, 0.0).unwrap();
        let mean = |cells: &[usize]| {
            cells.iter().map(|cell| fitted.fit.means[*cell]).sum::<f64>() / cells.len() as f64
        };
        let of_cell = |a: usize, b: usize| {
            let [row, column] = [mean(&[2 * a, 2 * a + 1]), mean(&[b, 2 + b, 4 + b])];
            (mean(&[2 * a + b]) - row - column + mean(&[0, 1, 2, 3, 4, 5])).powi(2)
        };
        let squares: f64 = (0..3).flat_map(|a| (0..2).map(move |b| (a, b))).map(|(a, b)| of_cell(a, b)).sum();
        let found = fitted.interaction([0, 1], &[[0, 1]]).unwrap();
        near(found.f, squares / 2.0 / (fitted.fit.pooled / 6.0));
        assert_eq!(found.df, (2.0, 25.0));
        near(found.p, f_tail(found.f, 2.0, 25.0));
    }

    #[test]
    fn a_deviation_is_found_and_bounded() {
        let interacts = |column: usize| if column == 6 { 0.2 } else { 0.0 };
        let fitted = Factorial::of(&table(&mut Noise::new(3), 6, interacts), cells(), 1.0, 0.0).unwrap();
        let pairs = fitted.pairs(0, 2);
        // On average 0.1, and 0.2 or 0 at a single level.
        let bound = fitted.largest_deviation(0, &pairs).unwrap();
        assert!((0.1..0.13).contains(&bound), "{bound}");
        assert!(fitted.interaction([0, 1], &[[0, 1]]).unwrap().p < 1e-6);
        assert_eq!(fitted.largest_deviation(0, &pairs[..1]), None);
    }

    #[test]
    fn missing_cells_leave_fewer_pairs_and_degrees_of_freedom() {
        let mut cells = cells();
        cells.truncate(5);
        let table: Vec<Vec<f64>> =
            table(&mut Noise::new(4), 5, |_| 0.0).into_iter().map(|row| row[..6].to_vec()).collect();
        let fitted = Factorial::of(&table, cells.clone(), 1.0, 0.0).unwrap();
        assert_eq!((fitted.pairs(0, 2), fitted.pairs(1, 1)), (vec![(4, 0)], vec![(1, 0), (3, 2)]));
        assert_eq!(fitted.interaction([0, 1], &[[0, 1]]).unwrap().df, (1.0, 20.0));
        cells.truncate(3);
        let table: Vec<Vec<f64>> = table.into_iter().map(|row| row[..4].to_vec()).collect();
        let fitted = Factorial::of(&table, cells, 1.0, 0.0).unwrap();
        assert_eq!(fitted.interaction([0, 1], &[[0, 1]]), None);
    }
}
