//! What the order of the builds within a round does to their times: place and predecessor.
//!
//! The model, for ln seconds of the build of arm j in round i: a level for each round and one for each arm, and on top
//! of them an effect of being first, a linear trend over the other places, and an effect of each arm on the build that
//! follows it within the round (effects that sum to 0: what a build following *some* other costs is in the trend and
//! in being first). The levels are taken out of times and regressors alike, by subtracting the means of rounds and of
//! arms, and the rest is fitted by least squares (Frisch and Waugh 1933; Lovell 1963).
//!
//! Far values are drawn in by Huber's method of modified residuals (Huber 1981, section 7.8). The covariance is that
//! of plain least squares. A covariance that allows each build a variance of its own (HC2, HC3) was tried in a
//! simulation and is not better: the orders are drawn, so places and predecessors have nothing to do with which arm is
//! the noisy one. HC3 covers 96 % to 100 % with intervals half as wide again.

use super::huber::{BETA, C};
use super::least_squares::{Cholesky, dot, squared};
use super::quantile::{MAD_TO_SD, median};
use super::{Contrast, LEVEL, Side, f_tail, ratio, t_quantile};

/// Fewer rounds than this do not tell order from noise; with as many, at least 4 degrees of freedom are left.
pub const MIN_ORDERED_ROUNDS: usize = 6;

/// Steps of the modified residuals: effects and intervals are then within 0.3 % of where they would end.
const STEPS: usize = 12;

/// A scale of ln seconds below this is rounding.
const NO_SCATTER: f64 = 1e-12;

/// One round: who was built after whom, and how long it took.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderedRound {
    /// The arms that were built, as positions, in the order of building.
    pub order: Vec<usize>,
    /// Seconds of each arm; `None` where it was not built or did not end well.
    pub seconds: Vec<Option<f64>>,
}

/// An effect on ln seconds with the half-width of its 95 % interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The effect on the log scale.
    pub log: f64,
    /// Half-width of its interval on the log scale.
    pub half_width: f64,
}

impl Effect {
    /// The effect as a share: 0.01 is one per cent longer.
    pub fn share(&self) -> f64 {
        ratio(self.log) - 1.0
    }

    /// Ends of the 95 % interval, as shares.
    pub fn interval(&self) -> (f64, f64) {
        (ratio(self.log - self.half_width) - 1.0, ratio(self.log + self.half_width) - 1.0)
    }

    /// The farther end of the interval from 0, on the log scale.
    fn reach(&self) -> f64 {
        self.log.abs() + self.half_width
    }
}

/// What arms do to the build that follows them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredecessorEffects {
    /// The arm with the largest effect either way, as a position.
    pub arm: usize,
    /// Its effect, against the mean of all arms. Its interval is not corrected for having been picked.
    pub largest: Effect,
    /// The p-value against "no arm has any", by an F test.
    pub p: f64,
}

/// What the order of the builds did to their times.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderEffects {
    /// Rounds that the fit has.
    pub rounds: usize,
    /// What it costs to be built first in a round.
    pub first: Effect,
    /// What it costs to be built last rather than second; `None` with two arms.
    pub trend: Option<Effect>,
    /// `None` with two arms: each of them only ever follows the other, so that what it takes over from it and what it
    /// costs itself cannot be told apart.
    pub predecessors: Option<PredecessorEffects>,
    /// How far places and predecessors moved each contrast that was asked for; `None` where that cannot be told, with
    /// two arms or where no round counts for it.
    pub moved: Vec<Option<Effect>>,
}

impl OrderEffects {
    /// The bound on what the order did to any of the contrasts, as a share: the largest of |bias| + half-width, each
    /// at 95 %. `None` where there is no contrast or one of them cannot be told.
    pub fn bound(&self) -> Option<f64> {
        let reaches: Option<Vec<f64>> =
            self.moved.iter().map(|moved| moved.as_ref().map(Effect::reach)).collect();
        reaches?.into_iter().reduce(f64::max).map(|reach| ratio(reach) - 1.0)
    }
}

/// Why nothing can be said of the order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoOrderEffects {
    /// Fewer than two arms were built.
    FewArms,
    /// So many rounds have all arms, fewer than [`MIN_ORDERED_ROUNDS`].
    FewRounds(usize),
    /// The orders were such that the effects cannot be told from each other.
    NotSeparable,
}

impl NoOrderEffects {
    /// The reason in words.
    pub fn describe(self) -> String {
        match self {
            Self::FewArms => "fewer than two arms were built".to_owned(),
            Self::FewRounds(have) => {
                format!("{have} of at least {MIN_ORDERED_ROUNDS} rounds have all arms")
            }
            Self::NotSeparable => "the orders do not tell the effects apart".to_owned(),
        }
    }
}

/// Fits the model to the rounds in which exactly the usual arms were built and all ended well; usual are those that
/// ended well in at least half of the rounds. For each contrast it says how far the order moved it, over all rounds
/// that have what the contrast needs. There a predecessor that is not one of the usual arms counts as an average one.
pub fn order_effects(
    rounds: &[OrderedRound],
    contrasts: &[Contrast],
) -> Result<OrderEffects, NoOrderEffects> {
    let regressors = Regressors::of(rounds);
    let arms = regressors.arms.len();
    if arms < 2 {
        return Err(NoOrderEffects::FewArms);
    }
    let used: Vec<&OrderedRound> = rounds.iter().filter(|round| regressors.has_all(round)).collect();
    if used.len() < MIN_ORDERED_ROUNDS {
        return Err(NoOrderEffects::FewRounds(used.len()));
    }
    let df = (used.len() - 1) * (arms - 1) - regressors.count();
    let fit = Fit::of(&used, &regressors, df).ok_or(NoOrderEffects::NotSeparable)?;
    let unit = |column: usize| {
        let mut unit = vec![0.0; regressors.count()];
        unit[column] = 1.0;
        unit
    };
    let trend = (arms > 2).then(|| {
        let effect = fit.effect(&unit(1));
        // from −1 for the second place to 1 for the last
        Effect { log: 2.0 * effect.log, half_width: 2.0 * effect.half_width }
    });
    let moved = |contrast: &Contrast| {
        let bias = regressors.contrast(rounds, contrast).filter(|_| arms > 2)?;
        Some(fit.effect(&bias))
    };
    Ok(OrderEffects {
        rounds: used.len(),
        first: fit.effect(&unit(0)),
        trend,
        predecessors: (arms > 2).then(|| fit.predecessors(&regressors)),
        moved: contrasts.iter().map(moved).collect(),
    })
}

fn ln(seconds: Option<f64>) -> Option<f64> {
    seconds.filter(|seconds| *seconds > 0.0 && seconds.is_finite()).map(f64::ln)
}

/// Columns: being first; with more than two arms also the trend, and for each arm but the last whether the build
/// follows it (1), or follows the last one (−1).
struct Regressors {
    /// The usual arms, as positions.
    arms: Vec<usize>,
    /// For each position its place among the usual arms.
    place: Vec<Option<usize>>,
}

impl Regressors {
    fn of(rounds: &[OrderedRound]) -> Self {
        let width = rounds.iter().map(|round| round.seconds.len()).max().unwrap_or(0);
        let mut ended_well = vec![0; width];
        for round in rounds {
            for (count, seconds) in ended_well.iter_mut().zip(&round.seconds) {
                *count += usize::from(ln(*seconds).is_some());
            }
        }
        let usual = |arm: &usize| ended_well[*arm] > 0 && 2 * ended_well[*arm] >= rounds.len();
        let arms: Vec<usize> = (0..width).filter(usual).collect();
        let mut place = vec![None; width];
        arms.iter().enumerate().for_each(|(index, &arm)| place[arm] = Some(index));
        Self { arms, place }
    }

    fn count(&self) -> usize {
        if self.arms.len() > 2 { self.arms.len() + 1 } else { 1 }
    }

    fn has_all(&self, round: &OrderedRound) -> bool {
        let seconds = |arm: &usize| round.seconds.get(*arm).copied().flatten();
        round.order.len() == self.arms.len()
            && self.arms.iter().all(|arm| round.order.contains(arm) && ln(seconds(arm)).is_some())
    }

    /// Adds `weight` times the regressors of the build at `place` of the round.
    fn add(&self, round: &OrderedRound, place: usize, weight: f64, row: &mut [f64]) {
        if place == 0 {
            row[0] += weight;
        }
        if place == 0 || self.arms.len() < 3 {
            return;
        }
        if round.order.len() > 2 {
            row[1] += weight * (2.0 * (place - 1) as f64 / (round.order.len() - 2) as f64 - 1.0);
        }
        match self.place.get(round.order[place - 1]).copied().flatten() {
            Some(last) if last + 1 == self.arms.len() => row[2..].iter_mut().for_each(|x| *x -= weight),
            Some(before) => row[2 + before] += weight,
            None => {}
        }
    }

    /// The mean regressors of one side less those of the other, over the rounds that have both; `None` without any.
    fn contrast(&self, rounds: &[OrderedRound], contrast: &Contrast) -> Option<Vec<f64>> {
        let mut sum = vec![0.0; self.count()];
        let mut counted = 0;
        for round in rounds {
            let place_of = |arm: &usize| {
                ln(round.seconds.get(*arm).copied().flatten())?;
                round.order.iter().position(|built| built == arm)
            };
            let places = |side: Side| side.arms().map(|arm| place_of(&arm)).collect::<Option<Vec<usize>>>();
            let (Some(of), Some(against)) = (places(contrast.of), places(contrast.against)) else {
                continue;
            };
            counted += 1;
            of.iter().for_each(|&place| self.add(round, place, 1.0 / of.len() as f64, &mut sum));
            against.iter().for_each(|&place| self.add(round, place, -1.0 / against.len() as f64, &mut sum));
        }
        (counted > 0).then(|| sum.iter().map(|value| value / f64::from(counted)).collect())
    }
}

/// The fitted effects.
struct Fit {
    coefficients: Vec<f64>,
    /// Of XᵀX, both means taken out of X.
    cholesky: Cholesky,
    /// Variance of one build.
    variance: f64,
    df: f64,
    /// Student's t for the interval: finding it takes longer than the fit of a usual block.
    t: f64,
}

impl Fit {
    /// `None` where the regressors depend on each other.
    fn of(rounds: &[&OrderedRound], regressors: &Regressors, df: usize) -> Option<Self> {
        let (arms, count) = (regressors.arms.len(), regressors.count());
        let mut x = vec![0.0; rounds.len() * arms * count];
        let mut y = vec![0.0; rounds.len() * arms];
        for (index, round) in rounds.iter().enumerate() {
            for (place, &arm) in round.order.iter().enumerate() {
                let cell = index * arms + regressors.place[arm]?;
                y[cell] = ln(round.seconds[arm])?;
                regressors.add(round, place, 1.0, &mut x[cell * count..(cell + 1) * count]);
            }
        }
        centre(&mut x, arms, count);
        let mut products = vec![0.0; count * count];
        for row in x.chunks_exact(count) {
            for (index, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
                let line = &mut products[index * count..=index * count + index];
                line.iter_mut().zip(row).for_each(|(sum, other)| *sum += value * other);
            }
        }
        let cholesky = Cholesky::of(products, count)?;
        let (coefficients, variance) = fit_modified(&x, &y, arms, &cholesky, df);
        let df = df as f64;
        let t = t_quantile(0.5 + 0.5 * LEVEL, df);
        let fit = Self { coefficients, cholesky, variance, df, t };
        (fit.variance.is_finite() && fit.coefficients.iter().all(|value| value.is_finite())).then_some(fit)
    }

    fn effect(&self, weights: &[f64]) -> Effect {
        let variance = self.variance * squared(&self.cholesky.half_solve(weights));
        Effect { log: dot(weights, &self.coefficients), half_width: self.t * variance.sqrt() }
    }

    fn predecessors(&self, regressors: &Regressors) -> PredecessorEffects {
        let effects = &self.coefficients[2..];
        let last = -effects.iter().sum::<f64>();
        let all = effects.iter().copied().chain([last]).enumerate();
        let (largest, _) = all.max_by(|(_, a), (_, b)| a.abs().total_cmp(&b.abs())).unwrap_or((0, 0.0));
        let mut weights = vec![0.0; self.coefficients.len()];
        if largest < effects.len() {
            weights[2 + largest] = 1.0;
        } else {
            weights[2..].fill(-1.0);
        }
        let length = self.cholesky.squared_length_of_last(effects);
        let tested = effects.len() as f64;
        let p = if self.variance > 0.0 {
            f_tail(length / (tested * self.variance), tested, self.df)
        } else {
            1.0
        };
        PredecessorEffects { arm: regressors.arms[largest], largest: self.effect(&weights), p }
    }
}

/// Coefficients and the variance of one build, by Huber's modified residuals: values that lie far from the fit are
/// replaced by the fit and the limit, and the fit is made again. The scale is that of his Proposal 2.
fn fit_modified(x: &[f64], y: &[f64], arms: usize, cholesky: &Cholesky, df: usize) -> (Vec<f64>, f64) {
    let count = x.len() / y.len();
    let mut residuals = medians_out(y, arms);
    let distances: Vec<f64> = residuals.iter().map(|r| r.abs()).filter(|r| *r > NO_SCATTER).collect();
    let Some(mut scale) = median(&distances).map(|distance| MAD_TO_SD * distance) else {
        return (vec![0.0; count], 0.0);
    };
    let mut coefficients = vec![0.0; count];
    let mut limit = 2.0 * C * scale;
    for _ in 0..STEPS {
        let modified: Vec<f64> =
            y.iter().zip(&residuals).map(|(y, r)| y - r + r.clamp(-limit, limit)).collect();
        let mut rest = modified.clone();
        centre(&mut rest, arms, 1);
        let mut products = vec![0.0; count];
        for (row, value) in x.chunks_exact(count).zip(&rest) {
            products.iter_mut().zip(row).for_each(|(sum, x)| *sum += x * value);
        }
        coefficients = cholesky.solve(&products);
        for (index, row) in x.chunks_exact(count).enumerate() {
            // what the fit leaves of the modified value, and what was cut off before
            residuals[index] = rest[index] - dot(row, &coefficients) + y[index] - modified[index];
        }
        limit = C * scale;
        let cut: f64 = residuals.iter().map(|r| r.clamp(-limit, limit).powi(2)).sum();
        scale = (cut / (BETA * df as f64)).sqrt();
        if scale < NO_SCATTER {
            return (coefficients, 0.0);
        }
        limit = C * scale;
    }
    let cut: f64 = residuals.iter().map(|r| r.clamp(-limit, limit).powi(2)).sum();
    let inside = residuals.iter().filter(|r| r.abs() <= limit).count() as f64 / residuals.len() as f64;
    let inside = inside.max(super::estimate::MIN_INSIDE);
    (coefficients, cut / df as f64 / (inside * inside))
}

/// What is left of the values when the median of each round, then that of each arm is taken away.
fn medians_out(y: &[f64], arms: usize) -> Vec<f64> {
    let mut rest = y.to_vec();
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

/// Takes the means of rounds and of arms out of a table of rounds by arms whose cells have `count` values.
fn centre(table: &mut [f64], arms: usize, count: usize) {
    let mut mean = vec![0.0; count];
    for round in table.chunks_exact_mut(arms * count) {
        mean.fill(0.0);
        for cell in round.chunks_exact(count) {
            mean.iter_mut().zip(cell).for_each(|(mean, value)| *mean += value / arms as f64);
        }
        for cell in round.chunks_exact_mut(count) {
            cell.iter_mut().zip(&mean).for_each(|(value, mean)| *value -= mean);
        }
    }
    let rounds = (table.len() / (arms * count)) as f64;
    let mut means = vec![0.0; arms * count];
    for round in table.chunks_exact(arms * count) {
        means.iter_mut().zip(round).for_each(|(mean, value)| *mean += value / rounds);
    }
    for round in table.chunks_exact_mut(arms * count) {
        round.iter_mut().zip(&means).for_each(|(value, mean)| *value -= mean);
    }
}

#[cfg(test)]
mod tests;
