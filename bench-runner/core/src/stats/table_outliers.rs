//! Outliers in a table in which values may be missing.
//!
//! Model: y(i, a) = round(i) + arm(a) + error, fitted to values whose residuals are clipped at twice the scale, as in
//! `two_way`. Sums go over the values that there are, so rounds and arms are fitted in turn until they settle. A
//! value whose residual from this fit is far beyond the scale is removed: with three values per arm, a clipped one
//! would still count for much of the arm's mean.

use std::collections::BTreeSet;

use super::quantile::{MAD_TO_SD, median};
use super::two_way::{BETA, LIMIT};

/// Most steps; tables that are half full need about fifty.
const STEPS: usize = 200;

/// Movement, in units of the scale, at which the fit has settled.
const SETTLED: f64 = 1e-9;

/// Size of a residual, in units of the scale, from which on its value is an outlier. Of normal values 1.2% are.
const OUTLIER_FROM: f64 = 2.5;

/// Removes outliers. `rounds` is a table of one row per round and one column per arm; rows may be shorter than others.
/// Values that are not finite are removed too.
pub fn without_outliers<R: AsRef<[Option<f64>]>>(rounds: &[R]) -> Vec<Vec<Option<f64>>> {
    let table = TableValue::of(rounds);
    let (residuals, scale) = fitted(&table);
    let mut kept: Vec<Vec<Option<f64>>> =
        rounds.iter().map(|round| vec![None; round.as_ref().len()]).collect();
    for (one, residual) in table.iter().zip(residuals) {
        if scale <= 0.0 || residual.abs() <= OUTLIER_FROM * scale {
            kept[one.round][one.arm] = Some(one.y);
        }
    }
    kept
}

/// Residuals from the fit, and their scale.
fn fitted(table: &[TableValue]) -> (Vec<f64>, f64) {
    let size =
        |index: &dyn Fn(&TableValue) -> usize| table.iter().map(|one| index(one) + 1).max().unwrap_or(0);
    let distinct =
        |index: &dyn Fn(&TableValue) -> usize| table.iter().map(index).collect::<BTreeSet<usize>>().len();
    let (round, arm) = (|one: &TableValue| one.round, |one: &TableValue| one.arm);
    let mut fit = AlternatingFit { rounds: vec![0.0; size(&round)], arms: vec![0.0; size(&arm)] };
    let df = (table.len() + 1).saturating_sub(distinct(&round) + distinct(&arm)).max(1) as f64;
    let mut modified: Vec<f64> = table.iter().map(|one| one.y).collect();
    let mut residuals = vec![0.0; table.len()];
    let mut scale: Option<f64> = None;
    for _ in 0..STEPS {
        let moved = fit.update(table, &modified);
        let limit = scale.filter(|scale| *scale > 0.0).map_or(f64::INFINITY, |scale| LIMIT * scale);
        residuals = table.iter().map(|one| one.y - fit.at(one)).collect();
        let clipped: Vec<f64> = residuals.iter().map(|residual| residual.clamp(-limit, limit)).collect();
        let squares: f64 = clipped.iter().map(|residual| residual * residual).sum();
        let next = match scale {
            None => start_scale(&residuals, squares, df),
            Some(_) => (squares / (BETA * df)).sqrt(),
        };
        modified = table.iter().zip(&clipped).map(|(one, residual)| fit.at(one) + residual).collect();
        if scale.is_some_and(|scale| moved.max((next - scale).abs()) <= SETTLED * scale) {
            break;
        }
        scale = Some(next);
    }
    (residuals, scale.unwrap_or(0.0))
}

/// Scale from the median of the residuals; half of them can be 0 in small tables.
fn start_scale(residuals: &[f64], squares: f64, df: f64) -> f64 {
    let sizes: Vec<f64> = residuals.iter().map(|residual| residual.abs()).collect();
    let scale = MAD_TO_SD * median(&sizes).unwrap_or(0.0) * (residuals.len() as f64 / df).sqrt();
    if scale > 0.0 { scale } else { (squares / df).sqrt() }
}

struct TableValue {
    round: usize,
    arm: usize,
    y: f64,
}

impl TableValue {
    /// The values of a table, round by round.
    fn of<R: AsRef<[Option<f64>]>>(rounds: &[R]) -> Vec<Self> {
        let of_round = |(round, row): (usize, &R)| {
            let known =
                |(arm, y): (usize, &Option<f64>)| Some(Self { round, arm, y: y.filter(|y| y.is_finite())? });
            row.as_ref().iter().enumerate().filter_map(known).collect::<Vec<Self>>()
        };
        rounds.iter().enumerate().flat_map(of_round).collect()
    }
}

struct AlternatingFit {
    rounds: Vec<f64>,
    arms: Vec<f64>,
}

impl AlternatingFit {
    fn at(&self, one: &TableValue) -> f64 {
        self.rounds[one.round] + self.arms[one.arm]
    }

    /// Moves the rounds to fit `modified` with these arms, then the arms with these rounds. Returns the largest
    /// change of an arm.
    fn update(&mut self, table: &[TableValue], modified: &[f64]) -> f64 {
        let all = || table.iter().zip(modified);
        self.rounds = means(self.rounds.len(), all().map(|(one, y)| (one.round, y - self.arms[one.arm])));
        let arms = means(self.arms.len(), all().map(|(one, y)| (one.arm, y - self.rounds[one.round])));
        let moved = arms.iter().zip(&self.arms).map(|(new, old)| (new - old).abs()).fold(0.0, f64::max);
        self.arms = arms;
        moved
    }
}

/// Mean of the values of each index; 0 without any.
fn means(size: usize, values: impl Iterator<Item = (usize, f64)>) -> Vec<f64> {
    let mut sums = vec![(0.0, 0.0); size];
    for (at, value) in values {
        sums[at].0 += value;
        sums[at].1 += 1.0;
    }
    sums.into_iter().map(|(sum, count)| if count > 0.0 { sum / count } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;
    use crate::stats::two_way::TwoWayFit;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-7, "{found} instead of {expected}");
    }

    fn noisy(seed: u64) -> Vec<Vec<f64>> {
        let mut noise = Noise::new(seed);
        let mut table: Vec<Vec<f64>> = (0..6)
            .map(|_| (0..5).map(|arm| 0.1 * f64::from(arm) + noise.build(0.02, 0.0)).collect())
            .collect();
        table[2][3] += 0.5;
        table
    }

    fn known(table: &[Vec<f64>]) -> Vec<Vec<Option<f64>>> {
        table.iter().map(|row| row.iter().copied().map(Some).collect()).collect()
    }

    /// The fit is that of complete tables.
    #[test]
    fn a_complete_table_has_the_usual_residuals() {
        let table = noisy(1);
        let usual = TwoWayFit::of(&table).unwrap();
        let rows = known(&table);
        let values = TableValue::of(&rows);
        let (residuals, _) = fitted(&values);
        // y − residual is round + arm.
        let of = |round: usize, arm: usize| table[round][arm] - residuals[round * 5 + arm];
        (1..5).for_each(|arm| near(of(3, arm) - of(3, 0), usual.means[arm] - usual.means[0]));
    }

    #[test]
    fn values_without_noise_stay_although_others_are_missing() {
        // Rounds at 0, 0.3 and −0.2, arms at 1, 1.5 and 3.
        let value = |round: usize, arm: usize| Some([0.0, 0.3, -0.2][round] + [1.0, 1.5, 3.0][arm]);
        let rounds = [
            vec![value(0, 0), None, value(0, 2)],
            vec![value(1, 0), value(1, 1)],
            vec![None, value(2, 1), value(2, 2)],
        ];
        let (residuals, _) = fitted(&TableValue::of(&rounds));
        residuals.into_iter().for_each(|residual| near(residual, 0.0));
    }

    #[test]
    fn an_outlier_is_removed_and_the_others_stay() {
        let table = noisy(2);
        let mut rounds = known(&table);
        rounds[4][0] = None;
        rounds[5][4] = Some(f64::NAN);
        let kept = without_outliers(&rounds);
        assert_eq!((kept[2][3], kept[4][0], kept[5][4]), (None, None, None));
        let count = kept.iter().flatten().flatten().count();
        assert!((25..=27).contains(&count), "{count} of 27");
        let is_unchanged = |(kept, given): (&Option<f64>, &Option<f64>)| kept.is_none() || kept == given;
        assert!(kept.iter().flatten().zip(rounds.iter().flatten()).all(is_unchanged));
    }

    #[test]
    fn one_round_and_none_have_no_outliers() {
        let one = [[Some(1.0), Some(2.0), None, Some(9.0)]];
        assert_eq!(without_outliers(&one), [one[0].to_vec()]);
        assert!(without_outliers::<Vec<Option<f64>>>(&[]).is_empty());
        assert_eq!(without_outliers(&[[None, None]]), [[None, None]]);
    }

    #[test]
    fn equal_values_are_no_outliers() {
        let rounds = vec![vec![Some(0.1), Some(0.2), Some(0.3)]; 4];
        assert_eq!(without_outliers(&rounds), rounds);
    }
}
