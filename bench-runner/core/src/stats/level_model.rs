//! Prediction of combinations of levels that were not measured, from those that were.
//!
//! The model is linear with random effects: a value is a constant, plus an effect for each level of each axis, plus
//! a smaller one for each pair of levels of two axes, plus one that all values of a group share, plus noise. All
//! effects are normal around 0, so the values are a Gaussian process whose covariance counts the levels that two
//! combinations share (C. E. Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning, 2006, sections
//! 2.2 and 2.7). In contrast to least squares it also answers where there are fewer values than effects, a level that
//! was never measured is merely uncertain, and a combination's own values count for more the more of them there are.
//!
//! The size of each axis' effects is itself estimated: the likelihood of some sizes is computed with the others
//! held, and their variances are averaged with it (empirical Bayes, section 5.4.1, with an average in the place of the
//! maximum, which is 0 too often for axes with two levels).

use super::least_squares::{Cholesky, dot};

/// Standard deviation of the constant around the mean of the values: anything much larger than an effect.
const CONSTANT: f64 = 1.0;

/// Standard deviation of what all values of a group share.
const GROUP: f64 = 0.05;

/// Standard deviations that the effects of an axis may have.
const OF_AXIS: [f64; 5] = [0.003, 0.01, 0.03, 0.1, 0.3];

/// Standard deviations that interactions may have: of a named pair of axes, and of all other pairs together.
const OF_INTERACTION: [f64; 4] = [0.003, 0.01, 0.02, 0.04];

/// Passes over all sizes; they move little after the second.
const PASSES: usize = 3;

/// Measured combinations that share an unknown effect, such as the machine's speed during one run.
#[derive(Debug, Clone, PartialEq)]
pub struct LevelValues {
    /// Level of each axis, for each combination.
    pub levels: Vec<Vec<usize>>,
    /// The values, such as mean ln seconds, for each combination.
    pub values: Vec<f64>,
    /// Covariance of their errors, row by row; positive definite.
    pub covariance: Vec<f64>,
}

/// Distance of a value from what all others predict, in standard deviations, from which on it is an outlier.
const OUTLIER_FROM: f64 = 2.5;

/// One value in so many, at most, is treated as an outlier.
const MOST_OUTLIERS: usize = 5;

/// A fitted model.
pub struct LevelModel {
    groups: Vec<LevelValues>,
    mean: f64,
    sizes: EffectSizes,
    factor: Cholesky,
    /// K⁻¹·(y − mean).
    weights: Vec<f64>,
}

/// Variances of the effects.
#[derive(Debug, Clone)]
struct EffectSizes {
    of_axis: Vec<f64>,
    of_named: Vec<([usize; 2], f64)>,
    /// Of all pairs of axes together.
    of_pairs: f64,
}

impl LevelModel {
    /// Fits the model to values with a level for each of `axes` axes, all finite. Interactions of the `named` pairs
    /// of axes may be larger than others. `None` without values.
    pub fn fit(axes: usize, mut groups: Vec<LevelValues>, named: &[[usize; 2]]) -> Option<Self> {
        let values: Vec<f64> = groups.iter().flat_map(|group| group.values.iter().copied()).collect();
        if values.is_empty() {
            return None;
        }
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let centered: Vec<f64> = values.iter().map(|value| value - mean).collect();
        let mut sizes = EffectSizes {
            of_axis: vec![OF_AXIS[2].powi(2); axes],
            of_named: named.iter().map(|pair| (*pair, OF_INTERACTION[1].powi(2))).collect(),
            of_pairs: OF_INTERACTION[1].powi(2),
        };
        for _ in 0..PASSES {
            for part in 0..sizes.len() {
                let grid: &[f64] = if part < axes { &OF_AXIS } else { &OF_INTERACTION };
                let likelihoods = grid.iter().map(|sd| {
                    sizes.set(part, sd * sd);
                    log_likelihood(&groups, &centered, &sizes).unwrap_or(f64::NEG_INFINITY)
                });
                let average = averaged(grid, &likelihoods.collect::<Vec<f64>>());
                sizes.set(part, average);
            }
        }
        let mut factor = factor_of(&groups, &sizes)?;
        for _ in 0..centered.len().div_ceil(MOST_OUTLIERS) {
            let Some(outlier) = worst_outlier(&factor, &centered) else { break };
            outlier.widen(&mut groups);
            factor = factor_of(&groups, &sizes)?;
        }
        let weights = factor.solve(&centered);
        Some(Self { groups, mean, sizes, factor, weights })
    }

    /// The expected value of a combination in no group.
    pub fn value(&self, levels: &[usize]) -> f64 {
        self.mean + dot(&self.covariances(levels), &self.weights)
    }

    /// Standard deviation of the difference between two combinations.
    pub fn difference_sd(&self, one: &[usize], other: &[usize]) -> f64 {
        let of_one = self.covariances(one);
        let difference: Vec<f64> = of_one.iter().zip(self.covariances(other)).map(|(a, b)| a - b).collect();
        let half = self.factor.half_solve(&difference);
        let prior = self.sizes.covariance(one, one) + self.sizes.covariance(other, other)
            - 2.0 * self.sizes.covariance(one, other);
        (prior - dot(&half, &half)).max(0.0).sqrt()
    }

    fn covariances(&self, levels: &[usize]) -> Vec<f64> {
        let all = self.groups.iter().flat_map(|group| &group.levels);
        all.map(|one| self.sizes.covariance(one, levels)).collect()
    }
}

impl EffectSizes {
    fn len(&self) -> usize {
        self.of_axis.len() + self.of_named.len() + 1
    }

    fn set(&mut self, part: usize, variance: f64) {
        let axes = self.of_axis.len();
        match part.checked_sub(axes) {
            None => self.of_axis[part] = variance,
            Some(named) if named < self.of_named.len() => self.of_named[named].1 = variance,
            Some(_) => self.of_pairs = variance,
        }
    }

    /// Covariance of two combinations without noise.
    fn covariance(&self, one: &[usize], other: &[usize]) -> f64 {
        let (mut sum, mut shared) = (CONSTANT * CONSTANT, 0);
        for ((a, b), variance) in one.iter().zip(other).zip(&self.of_axis) {
            if a == b {
                sum += variance;
                shared += 1;
            }
        }
        for ([a, b], variance) in &self.of_named {
            if one[*a] == other[*a] && one[*b] == other[*b] {
                sum += variance;
            }
        }
        let pairs = |axes: usize| (axes * axes.saturating_sub(1)) as f64;
        sum + self.of_pairs * pairs(shared) / pairs(one.len()).max(1.0)
    }
}

/// The Cholesky factor of the covariance of all values.
fn factor_of(groups: &[LevelValues], sizes: &EffectSizes) -> Option<Cholesky> {
    let all: Vec<&Vec<usize>> = groups.iter().flat_map(|group| &group.levels).collect();
    let size = all.len();
    let mut matrix = vec![0.0; size * size];
    for (row, one) in all.iter().enumerate() {
        for (column, other) in all[..=row].iter().enumerate() {
            matrix[row * size + column] = sizes.covariance(one, other);
        }
    }
    let mut start = 0;
    for group in groups {
        let width = group.levels.len();
        for row in 0..width {
            let errors = &group.covariance[row * width..=row * width + row];
            let elements = &mut matrix[(start + row) * size + start..];
            elements.iter_mut().zip(errors).for_each(|(element, error)| *element += GROUP * GROUP + error);
        }
        start += width;
    }
    Cholesky::of(matrix, size, 0.0)
}

/// ln of the density of the values, without its constant (Rasmussen and Williams, equation 2.30).
fn log_likelihood(groups: &[LevelValues], centered: &[f64], sizes: &EffectSizes) -> Option<f64> {
    let factor = factor_of(groups, sizes)?;
    let half = factor.half_solve(centered);
    Some(-0.5 * (dot(&half, &half) + factor.log_determinant()))
}

/// A value that the others contradict.
struct OutlyingValue {
    /// Its place among the values of all groups.
    place: usize,
    /// Its distance from their prediction.
    distance: f64,
}

/// The value that is farthest from what all others predict, in standard deviations, if it is an outlier. Without value i
/// the prediction of it is off by w(i)/P(i, i) with variance 1/P(i, i), for P = K⁻¹ and w = P·(y − mean) (Rasmussen
/// and Williams, equation 5.12).
fn worst_outlier(factor: &Cholesky, centered: &[f64]) -> Option<OutlyingValue> {
    let (size, inverse, weights) = (centered.len(), factor.inverse(), factor.solve(centered));
    let of = |place: usize| {
        let precision = inverse[place * size + place];
        (
            weights[place].abs() / precision.sqrt(),
            OutlyingValue { place, distance: weights[place] / precision },
        )
    };
    let worst = (0..size).map(of).max_by(|a, b| a.0.total_cmp(&b.0));
    worst.filter(|(deviations, _)| *deviations > OUTLIER_FROM).map(|(_, outlier)| outlier)
}

impl OutlyingValue {
    /// Adds the square of its distance to its variance, so that it counts for little but is still a value.
    fn widen(&self, groups: &mut [LevelValues]) {
        let mut place = self.place;
        for group in groups {
            let width = group.values.len();
            if place < width {
                group.covariance[place * width + place] += self.distance * self.distance;
                return;
            }
            place -= width;
        }
    }
}

/// Mean of the squares of `grid`, weighted by likelihoods that are given as logarithms.
fn averaged(grid: &[f64], log_likelihoods: &[f64]) -> f64 {
    let most = log_likelihoods.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights = log_likelihoods.iter().map(|one| if most.is_finite() { (one - most).exp() } else { 1.0 });
    let (sum, total) =
        grid.iter().zip(weights).fold((0.0, 0.0), |(sum, total), (sd, w)| (sum + w * sd * sd, total + w));
    sum / total
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::stats::noise::Noise;

    /// Values with independent errors.
    fn independent(values: &[(Vec<usize>, f64, f64)]) -> LevelValues {
        let size = values.len();
        let mut covariance = vec![0.0; size * size];
        values.iter().enumerate().for_each(|(at, (_, _, sd))| covariance[at * size + at] = sd * sd);
        LevelValues {
            levels: values.iter().map(|(levels, _, _)| levels.clone()).collect(),
            values: values.iter().map(|(_, value, _)| *value).collect(),
            covariance,
        }
    }

    fn model(axes: usize, values: &[(Vec<usize>, f64, f64)]) -> LevelModel {
        LevelModel::fit(axes, vec![independent(values)], &[]).unwrap()
    }

    /// Every second combination of four axes with two levels, with effects of 30, 10, 3 and 0%.
    fn half_fraction(noise: &mut Noise, sd: f64) -> Vec<(Vec<usize>, f64, f64)> {
        let all = (0..16usize).map(|number| [0, 1, 2, 3].map(|bit| number >> bit & 1));
        let half = all.filter(|levels| levels.iter().sum::<usize>().is_multiple_of(2));
        half.map(|levels| (levels.to_vec(), truth(&levels) + sd * noise.normal(), sd)).collect()
    }

    fn truth(levels: &[usize]) -> f64 {
        1.0 + levels
            .iter()
            .zip([0.3, -0.1, 0.03, 0.0])
            .map(|(level, effect)| *level as f64 * effect)
            .sum::<f64>()
    }

    #[test]
    fn combinations_that_were_not_measured_are_predicted() {
        let model = model(4, &half_fraction(&mut Noise::new(1), 0.005));
        for levels in [[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 1]] {
            let (found, sd) = (model.value(&levels), model.difference_sd(&levels, &[0; 4]));
            assert!((found - truth(&levels)).abs() < 0.02, "{levels:?}: {found}");
            assert!((0.001..0.02).contains(&sd), "{sd}");
        }
        let sd = |axis: usize| model.sizes.of_axis[axis].sqrt();
        assert!(sd(0) > 0.1 && sd(3) < 0.05, "{:?}", model.sizes);
    }

    /// The truth is within two standard deviations in about 95% of the cases, also where one axis does nothing.
    #[test]
    fn predictions_are_as_far_off_as_they_say() {
        let mut noise = Noise::new(2);
        let (mut inside, mut total) = (0, 0);
        for _ in 0..150 {
            let model = model(4, &half_fraction(&mut noise, 0.03));
            for levels in [[1, 0, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0], [0, 0, 0, 1]] {
                let difference = model.value(&levels) - model.value(&[0; 4]);
                let off = difference - (truth(&levels) - truth(&[0; 4]));
                inside += usize::from(off.abs() <= 2.0 * model.difference_sd(&levels, &[0; 4]));
                total += 1;
            }
        }
        // 573 of 600 expected; predictions of one fit resemble each other.
        assert!((546..596).contains(&inside), "{inside} of {total}");
    }

    #[test]
    fn own_values_count_for_more_the_more_of_them_there_are() {
        let mut values = half_fraction(&mut Noise::new(3), 0.02);
        let levels = [1, 0, 0, 0];
        let predicted = |values: &[(Vec<usize>, f64, f64)]| {
            let model = model(4, values);
            (model.value(&levels), model.difference_sd(&levels, &[0; 4]))
        };
        let before = predicted(&values);
        let own = before.0 + 0.05;
        values.push((levels.to_vec(), own, 0.03));
        let once = predicted(&values);
        values.last_mut().unwrap().2 = 0.005;
        let often = predicted(&values);
        let shown = format!("{before:?} {once:?} {often:?} {own}");
        assert!(before.0 < once.0 && once.0 < often.0 && often.0 < own, "{shown}");
        assert!(own - often.0 < 0.5 * (own - once.0) && often.1 < once.1 && once.1 < before.1, "{shown}");
    }

    #[test]
    fn a_level_without_values_is_only_uncertain() {
        let values: Vec<_> = (0..6).map(|at| (vec![at % 2, at % 3], 0.2 * (at % 2) as f64, 0.01)).collect();
        let model = model(2, &values);
        let (known, unknown) = (model.difference_sd(&[0, 0], &[1, 0]), model.difference_sd(&[0, 0], &[2, 0]));
        assert!(unknown > 5.0 * known, "{known} {unknown}");
        assert!((0.0..0.2).contains(&model.value(&[2, 0])));
    }

    #[test]
    fn values_of_one_run_are_compared_with_each_other() {
        let mut noise = Noise::new(4);
        let first = half_fraction(&mut noise, 0.01);
        let before = model(4, &first);
        let mut second = half_fraction(&mut noise, 0.01);
        second.iter_mut().for_each(|(_, value, _)| *value += 0.05);
        let after = LevelModel::fit(4, vec![independent(&first), independent(&second)], &[]).unwrap();
        let difference = |model: &LevelModel| model.value(&[1, 0, 0, 0]) - model.value(&[0, 1, 0, 0]);
        assert!((difference(&before) - difference(&after)).abs() < 0.01);
        assert!((after.value(&[0; 4]) - before.value(&[0; 4])).abs() < 0.04);
    }

    #[test]
    fn a_value_that_all_others_contradict_counts_for_little() {
        let all = |noise: &mut Noise| -> Vec<(Vec<usize>, f64, f64)> {
            let levels = (0..16usize).map(|number| [0, 1, 2, 3].map(|bit| number >> bit & 1));
            levels.map(|levels| (levels.to_vec(), truth(&levels) + 0.02 * noise.normal(), 0.02)).collect()
        };
        let mut values = all(&mut Noise::new(5));
        let before = model(4, &values);
        values[0].1 += 0.4;
        let after = model(4, &values);
        let effect = |model: &LevelModel| model.value(&[1, 0, 0, 0]) - model.value(&[0, 0, 0, 0]);
        // Least squares would move the effect by 0.05.
        assert!((effect(&before) - effect(&after)).abs() < 0.02, "{} {}", effect(&before), effect(&after));
    }

    /// By hand: one value at distance d from 0 with variance 1 + v: the others say nothing.
    #[test]
    fn distances_are_those_without_the_value() {
        let factor = Cholesky::of(vec![2.0, 0.0, 0.0, 0.5], 2, 0.0).unwrap();
        let outlier = worst_outlier(&factor, &[1.0, 3.0]).unwrap();
        assert_eq!(outlier.place, 1);
        assert!((outlier.distance - 3.0).abs() < 1e-12);
        assert!(worst_outlier(&factor, &[1.0, 1.0]).is_none());
        let mut groups = vec![independent(&[(vec![0], 1.0, 1.0)]), independent(&[(vec![0], 1.0, 0.5)])];
        outlier.widen(&mut groups);
        assert_eq!((groups[0].covariance[0], groups[1].covariance[0]), (1.0, 9.25));
    }

    /// By hand: of three axes two are shared, so one of three pairs.
    #[test]
    fn combinations_are_alike_by_the_levels_that_they_share() {
        let sizes =
            EffectSizes { of_axis: vec![0.5, 0.25, 0.125], of_named: vec![([0, 2], 0.75)], of_pairs: 0.3 };
        let near = |found: f64, expected: f64| assert!((found - expected).abs() < 1e-12, "{found}");
        near(sizes.covariance(&[1, 0, 2], &[1, 0, 3]), 1.0 + 0.5 + 0.25 + 0.1);
        near(sizes.covariance(&[1, 0, 2], &[1, 1, 2]), 1.0 + 0.5 + 0.125 + 0.75 + 0.1);
        near(sizes.covariance(&[1, 0, 2], &[0, 1, 3]), 1.0);
        near(sizes.covariance(&[1, 0, 2], &[1, 0, 2]), 1.0 + 0.875 + 0.75 + 0.3);
        let one = EffectSizes { of_axis: vec![0.5], of_named: vec![], of_pairs: 0.3 };
        near(one.covariance(&[1], &[1]), 1.5);
    }

    #[test]
    fn sizes_are_averaged_by_their_likelihood() {
        assert!((averaged(&[0.1, 0.2], &[0.0, 3f64.ln()]) - (0.01 + 3.0 * 0.04) / 4.0).abs() < 1e-15);
        assert!((averaged(&[0.1, 0.2], &[f64::NEG_INFINITY, -900.0]) - 0.04).abs() < 1e-15);
    }

    #[test]
    fn without_values_there_is_no_model() {
        assert!(LevelModel::fit(2, Vec::new(), &[]).is_none());
    }

    proptest! {
        #[test]
        fn nothing_is_ever_nan_or_infinite(
            of in prop::collection::vec((0..3usize, 0..3usize, -20.0..20.0f64, 1e-4..1.0f64), 1..12),
            split in 0..12usize,
        ) {
            let values: Vec<_> = of.into_iter().map(|(a, b, value, sd)| (vec![a, b], value, sd)).collect();
            let (first, second) = values.split_at(split.min(values.len()));
            let model = LevelModel::fit(2, vec![independent(first), independent(second)], &[[0, 1]]).unwrap();
            for levels in [[0, 0], [2, 1]] {
                prop_assert!(model.value(&levels).is_finite());
                prop_assert!(model.difference_sd(&levels, &[1, 1]).is_finite());
            }
        }
    }
}
