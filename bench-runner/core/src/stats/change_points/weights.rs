//! Values of a series with their weights, clipped against their neighbors, and sums over stretches of them.

use super::super::quantile::MAD_TO_SD;
use super::super::uncertain::UncertainValue;
use super::{CLIP, MIN_SERIES};

/// Number of values whose median a value is compared with.
const NEIGHBORS: usize = 7;

/// Least variance of an error, as a share of the median one.
const LEAST_ERROR: f64 = 0.05;

/// A series, ready to be searched.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Weighted {
    values: Vec<f64>,
    /// The values, those far from their neighbors clipped, minus the median of all.
    clipped: Vec<f64>,
    /// Weights with a mean of 1.
    weights: Vec<f64>,
    /// Σw, Σw·y and Σw·y² of all values before an index, for clipped values y.
    sums: Vec<[f64; 3]>,
    /// Standard deviation of a value of weight 1, from the differences of neighbors.
    scale: f64,
    /// Rule for weights.
    weighing: Weighing,
}

/// Rule by which the error of a value gives its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Weighing {
    /// Least variance of an error.
    least: f64,
    /// Variance between neighboring values beyond their errors.
    between: f64,
    /// Mean of the weights before they are scaled to a mean of 1.
    unit: f64,
}

impl Weighing {
    fn weight(&self, error: f64) -> f64 {
        weight(error.max(self.least), self.between) / self.unit
    }
}

impl Weighted {
    /// `None` for too few values, or one that is not finite.
    pub(super) fn of(series: &[UncertainValue]) -> Option<Self> {
        let finite = |one: &UncertainValue| one.value.is_finite() && one.se.is_finite() && one.se >= 0.0;
        if series.len() < MIN_SERIES || !series.iter().all(finite) {
            return None;
        }
        let values: Vec<f64> = series.iter().map(|one| one.value).collect();
        let spread = spread_of_neighbors(&values)?;
        let errors: Vec<f64> = series.iter().map(error_variance).collect();
        // An error that is far too small, as from equal builds, must not let one value outweigh all others.
        let typical = middle(errors.clone())?;
        let least = LEAST_ERROR * typical;
        let between = (spread * spread - typical).max(0.0);
        let raw = errors.iter().map(|error| weight(error.max(least), between));
        let unit = raw.sum::<f64>() / errors.len() as f64;
        if !(unit.is_finite() && unit > 0.0) {
            return None;
        }
        let weighing = Weighing { least, between, unit };
        let weights: Vec<f64> = errors.iter().map(|error| weighing.weight(*error)).collect();
        let standard: Vec<f64> = values
            .windows(2)
            .zip(weights.windows(2))
            .map(|(pair, weights)| standard_step(pair, weights))
            .collect();
        let scale = spread_of_steps(&standard)?;
        let center = middle(values.clone())?;
        let clipped = clip(&values, &weights, scale).into_iter().map(|value| value - center).collect();
        let mut weighted = Self { values, clipped, weights, sums: Vec::new(), scale, weighing };
        weighted.sums = weighted.running_sums();
        Some(weighted)
    }

    fn running_sums(&self) -> Vec<[f64; 3]> {
        let mut sums = vec![[0.0; 3]];
        let mut sum = [0.0; 3];
        for (value, weight) in self.clipped.iter().zip(&self.weights) {
            sum = [sum[0] + weight, sum[1] + weight * value, sum[2] + weight * value * value];
            sums.push(sum);
        }
        sums
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    pub(super) fn values(&self) -> &[f64] {
        &self.values
    }

    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }

    pub(super) fn scale(&self) -> f64 {
        self.scale
    }

    /// Weight that another value would have in this series.
    pub(super) fn weight_of(&self, other: &UncertainValue) -> f64 {
        self.weighing.weight(error_variance(other))
    }

    /// The largest clipped value, whatever its sign.
    pub(super) fn reach(&self) -> f64 {
        self.clipped.iter().fold(0.0, |reach, value| value.abs().max(reach))
    }

    /// Σw and Σw·y of `begin..end`.
    #[inline]
    pub(super) fn sums(&self, begin: usize, end: usize) -> (f64, f64) {
        (self.sums[end][0] - self.sums[begin][0], self.sums[end][1] - self.sums[begin][1])
    }

    /// Σw·(y − ȳ)² of `begin..end`.
    #[inline]
    pub(super) fn sum_of_squares(&self, begin: usize, end: usize) -> f64 {
        let (weight, sum) = self.sums(begin, end);
        let squares = self.sums[end][2] - self.sums[begin][2];
        if weight > 0.0 { (squares - sum * sum / weight).max(0.0) } else { 0.0 }
    }

    /// Steps between neighboring clipped values of `begin..end`.
    pub(super) fn steps(&self, begin: usize, end: usize) -> Vec<f64> {
        self.clipped[begin..end].windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// √w·(y − ȳ) of `begin..end`.
    pub(super) fn residuals(&self, begin: usize, end: usize) -> Vec<f64> {
        let (weight, sum) = self.sums(begin, end);
        let of = self.clipped[begin..end].iter().zip(&self.weights[begin..end]);
        of.map(|(value, one)| one.sqrt() * (value - sum / weight)).collect()
    }
}

/// Variance of an error, widened for how uncertain it is itself.
fn error_variance(one: &UncertainValue) -> f64 {
    let df = one.df.max(2.5);
    one.se * one.se * df / (df - 2.0)
}

/// Weight of a value. Without any error, and if the values never differ, all weigh the same.
fn weight(error: f64, between: f64) -> f64 {
    let variance = error + between;
    if variance > 0.0 { 1.0 / variance } else { 1.0 }
}

/// A step to the next value as a multiple of its standard deviation, for weights as variances.
fn standard_step(pair: &[f64], weights: &[f64]) -> f64 {
    (pair[1] - pair[0]) / (1.0 / weights[0] + 1.0 / weights[1]).sqrt()
}

/// Standard deviation of values about their level, from the steps between neighbors, which changes of level hardly
/// move.
fn spread_of_neighbors(values: &[f64]) -> Option<f64> {
    let steps: Vec<f64> =
        values.windows(2).map(|pair| (pair[1] - pair[0]) * std::f64::consts::FRAC_1_SQRT_2).collect();
    spread_of_steps(&steps)
}

/// Standard deviation of steps about 0, robust. If more than half of them are 0, their root mean square.
fn spread_of_steps(steps: &[f64]) -> Option<f64> {
    let sizes: Vec<f64> = steps.iter().map(|step| step.abs()).collect();
    let robust = MAD_TO_SD * middle(sizes)?;
    let mean_square = steps.iter().map(|step| step * step).sum::<f64>() / steps.len() as f64;
    Some(if robust > 0.0 { robust } else { mean_square.sqrt() }).filter(|spread| spread.is_finite())
}

/// Median; of an even number, the upper one of the middle. It does not sort all values.
fn middle(mut values: Vec<f64>) -> Option<f64> {
    let at = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    Some(*values.select_nth_unstable_by(at, f64::total_cmp).1)
}

/// Moves each value to within [`CLIP`] standard deviations of the median of its neighbors.
fn clip(values: &[f64], weights: &[f64], scale: f64) -> Vec<f64> {
    let last = values.len() - 1;
    let clipped = |(at, value): (usize, &f64)| {
        // Near an end the window is narrower, so that a level of two values there is not taken for outliers.
        let reach = at.min(last - at).clamp(1, NEIGHBORS / 2);
        let window = (2 * reach + 1).min(values.len());
        let begin = at.saturating_sub(reach).min(values.len() - window);
        let center = median_of_few(&values[begin..begin + window]);
        let reach = CLIP * scale / weights[at].sqrt();
        center + (value - center).clamp(-reach, reach)
    };
    values.iter().enumerate().map(clipped).collect()
}

/// Median of 3 to [`NEIGHBORS`] values; of an even number, the lower one of the middle. It allocates nothing.
fn median_of_few(values: &[f64]) -> f64 {
    let mut sorted = [f64::INFINITY; NEIGHBORS];
    for (count, value) in values.iter().take(NEIGHBORS).enumerate() {
        let mut at = count;
        while at > 0 && sorted[at - 1] > *value {
            sorted[at] = sorted[at - 1];
            at -= 1;
        }
        sorted[at] = *value;
    }
    sorted[(values.len().min(NEIGHBORS) - 1) / 2]
}
