//! Fit of the order effects: least squares with clipped outliers.

use super::regressors::{CompleteRounds, drop_last_arm_column, restore_last_arm_column};
use super::values::{Effect, PredecessorEffects};
use crate::stats::estimate::{LEVEL, MIN_INSIDE};
use crate::stats::fisher::f_tail;
use crate::stats::huber::{BETA, C};
use crate::stats::least_squares::{Cholesky, dot, squared};
use crate::stats::quantile::{MAD_TO_SD, median};
use crate::stats::student::t_quantile;

/// Number of steps of the modified residuals; effects and intervals are then within 0.3% of their limits.
const STEPS: usize = 12;

/// A scale of ln seconds below this is a rounding error.
const NO_SCATTER: f64 = 1e-12;

/// The fitted effects.
pub(super) struct Fit {
    /// Being first, trend, and each arm but the last.
    coefficients: Vec<f64>,
    /// Factor of XᵀX, with both means subtracted from X.
    cholesky: Cholesky,
    /// Variance of one build.
    variance: f64,
    df: f64,
    /// Quantile of Student's t for the interval, stored because finding it takes longer than the fit of a
    /// usual block.
    t: f64,
}

impl Fit {
    /// `None` if the regressors depend on each other.
    pub(super) fn of(used: &CompleteRounds) -> Option<Self> {
        let (products, count) = products(used);
        let cholesky = Cholesky::of(products, count, used.rounds as f64)?;
        let df = ((used.rounds - 1) * (used.arms - 1) - count) as f64;
        let (coefficients, variance) = fit_robustly(used, &cholesky, count, df);
        let t = t_quantile(0.5 + 0.5 * LEVEL, df);
        let fit = Self { coefficients, cholesky, variance, df, t };
        (fit.variance.is_finite() && fit.coefficients.iter().all(|value| value.is_finite())).then_some(fit)
    }

    /// The effect of a single column.
    pub(super) fn single(&self, column: usize) -> Effect {
        let mut weights = vec![0.0; self.coefficients.len()];
        weights[column] = 1.0;
        self.effect(&weights)
    }

    /// The effect of a weighted sum of columns.
    pub(super) fn effect(&self, weights: &[f64]) -> Effect {
        let variance = self.variance * squared(&self.cholesky.half_solve(weights));
        Effect { log: dot(weights, &self.coefficients), half_width: self.t * variance.sqrt() }
    }

    /// Effects of the arms, given as indices, on the build that follows.
    pub(super) fn predecessors(&self, arms: &[usize]) -> PredecessorEffects {
        let plain = restore_last_arm_column(&self.coefficients);
        let all = plain[2..].iter().enumerate();
        let (largest, _) = all.max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs())).unwrap_or((0, &0.0));
        let mut weights = vec![0.0; plain.len()];
        weights[2 + largest] = 1.0;
        let effects = &self.coefficients[2..];
        let length = self.cholesky.squared_length_of_last(effects);
        let tested = effects.len() as f64;
        let p = if self.variance > 0.0 {
            f_tail(length / (tested * self.variance), tested, self.df)
        } else {
            1.0
        };
        PredecessorEffects { arm: arms[largest], largest: self.effect(&drop_last_arm_column(&weights)), p }
    }
}

/// XᵀX, row by row, and its size, with the means of rounds and arms subtracted from X.
///
/// With Z the n·k rows by plain columns, r(i) and c(j) their means over round i and arm j, and g over all,
/// ZᵀZ − k·Σ r(i)·r(i)ᵀ − n·Σ c(j)·c(j)ᵀ + n·k·g·gᵀ is that of the plain columns. It stays the same if r(1)
/// is subtracted from all r and from g. All of these vectors then have few nonzero values, while X has nearly
/// none that are 0.
fn products(used: &CompleteRounds) -> (Vec<f64>, usize) {
    let (n, k, columns) = (used.rounds as f64, used.arms as f64, used.plain_columns());
    let mut sums = Products { columns, lower: vec![0.0; columns * columns] };
    let mut of_round = vec![vec![0.0; columns]; used.rounds];
    let mut of_arm = vec![vec![0.0; columns]; used.arms];
    for (cell, position) in used.positions.iter().enumerate() {
        sums.add(1.0, &position.entries(columns));
        position.add(1.0 / k, &mut of_round[cell / used.arms]);
        position.add(1.0 / n, &mut of_arm[cell % used.arms]);
    }
    of_arm.iter().for_each(|mean| sums.add(-n, &entries(mean)));
    let first = of_round[0].clone();
    let mut all = vec![0.0; columns];
    for mean in &mut of_round {
        mean.iter_mut().zip(&first).for_each(|(value, first)| *value -= first);
        all.iter_mut().zip(&*mean).for_each(|(sum, value)| *sum += value / n);
        sums.add(-k, &entries(mean));
    }
    sums.add(n * k, &entries(&all));
    sums.drop_last_arm_column()
}

/// Sums of products of plain columns, row by row; only the lower triangle is used.
struct Products {
    columns: usize,
    lower: Vec<f64>,
}

impl Products {
    /// Adds `weight` times the products of the values of a row, given as columns and values.
    fn add(&mut self, weight: f64, row: &[(usize, f64)]) {
        for &(one, value) in row {
            for &(other, factor) in row.iter().filter(|(other, _)| *other <= one) {
                self.lower[one * self.columns + other] += weight * value * factor;
            }
        }
    }

    /// Sums for the columns of the fit, and the number of these columns.
    fn drop_last_arm_column(self) -> (Vec<f64>, usize) {
        let Some(count) = self.columns.checked_sub(1).filter(|count| *count > 0) else {
            return (self.lower, self.columns);
        };
        let last = &self.lower[count * self.columns..];
        let mut products = vec![0.0; count * count];
        for row in 0..count {
            let this = &mut products[row * count..=row * count + row];
            this.copy_from_slice(&self.lower[row * self.columns..=row * self.columns + row]);
            if row >= 2 {
                this.iter_mut().zip(last).for_each(|(value, last)| *value -= last);
                this[2..].iter_mut().for_each(|value| *value += last[count] - last[row]);
            }
        }
        (products, count)
    }
}

/// Nonzero values with their columns.
fn entries(row: &[f64]) -> Vec<(usize, f64)> {
    row.iter().copied().enumerate().filter(|(_, value)| *value != 0.0).collect()
}

/// Coefficients and the variance of one build, by Huber's modified residuals: values far from the fit are
/// replaced by the fit plus or minus the limit, and the fit is repeated. The scale is that of his Proposal 2.
fn fit_robustly(used: &CompleteRounds, cholesky: &Cholesky, count: usize, df: f64) -> (Vec<f64>, f64) {
    let mut coefficients = vec![0.0; count];
    let mut residuals = subtract_medians(&used.logs, used.arms);
    let distances: Vec<f64> = residuals.iter().map(|r| r.abs()).filter(|r| *r > NO_SCATTER).collect();
    let Some(mut scale) = median(&distances).map(|distance| MAD_TO_SD * distance) else {
        return (coefficients, 0.0);
    };
    let mut limit = 2.0 * C * scale;
    for _ in 0..STEPS {
        coefficients = refit(used, cholesky, &mut residuals, limit);
        scale = (clipped_squares(&residuals, C * scale) / (BETA * df)).sqrt();
        if scale < NO_SCATTER {
            return (coefficients, 0.0);
        }
        limit = C * scale;
    }
    let inside = residuals.iter().filter(|r| r.abs() <= limit).count() as f64 / residuals.len() as f64;
    let inside = inside.max(MIN_INSIDE);
    (coefficients, clipped_squares(&residuals, limit) / df / (inside * inside))
}

/// Σψ² with this limit.
fn clipped_squares(residuals: &[f64], limit: f64) -> f64 {
    let mut sum = 0.0;
    for residual in residuals {
        let clipped = residual.abs().min(limit);
        sum += clipped * clipped;
    }
    sum
}

/// Fits values whose residuals are clipped at the limit, and returns the coefficients. The residuals become
/// those of the unclipped values.
fn refit(used: &CompleteRounds, cholesky: &Cholesky, residuals: &mut [f64], limit: f64) -> Vec<f64> {
    let mut rest = used.logs.clone();
    for (residual, value) in residuals.iter_mut().zip(&mut rest) {
        // The clipped part remains in the residual.
        *residual -= residual.max(-limit).min(limit);
        *value -= *residual;
    }
    subtract_means(&mut rest, used.arms);
    let mut sums = vec![0.0; used.plain_columns()];
    for (position, value) in used.positions.iter().zip(&rest) {
        position.add(*value, &mut sums);
    }
    let coefficients = cholesky.solve(&drop_last_arm_column(&sums));
    let plain = restore_last_arm_column(&coefficients);
    for (position, value) in used.positions.iter().zip(&mut rest) {
        *value -= position.times(&plain);
    }
    subtract_means(&mut rest, used.arms);
    for (residual, value) in residuals.iter_mut().zip(&rest) {
        *residual += value;
    }
    coefficients
}

/// Subtracts the median of each round and then the median of each arm.
fn subtract_medians(logs: &[f64], arms: usize) -> Vec<f64> {
    let mut rest = logs.to_vec();
    for row in rest.chunks_exact_mut(arms) {
        let middle = median(row).unwrap_or(0.0);
        row.iter_mut().for_each(|value| *value -= middle);
    }
    for arm in 0..arms {
        let column: Vec<f64> = rest.iter().skip(arm).step_by(arms).copied().collect();
        let middle = median(&column).unwrap_or(0.0);
        rest.iter_mut().skip(arm).step_by(arms).for_each(|value| *value -= middle);
    }
    rest
}

/// Subtracts the means of rounds and of arms from a table of rounds by arms.
fn subtract_means(table: &mut [f64], arms: usize) {
    let rounds = (table.len() / arms) as f64;
    let mut means = vec![0.0; arms];
    for round in table.chunks_exact_mut(arms) {
        let mean = round.iter().sum::<f64>() / arms as f64;
        for (value, sum) in round.iter_mut().zip(&mut means) {
            *value -= mean;
            *sum += *value;
        }
    }
    means.iter_mut().for_each(|sum| *sum /= rounds);
    for round in table.chunks_exact_mut(arms) {
        for (value, mean) in round.iter_mut().zip(&means) {
            *value -= mean;
        }
    }
}
