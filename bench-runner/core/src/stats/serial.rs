//! Serial correlation of the rounds of an arm, which intervals for independent rounds do not cover.

use super::least_squares::dot;
use super::quantile::{MAD_TO_SD, mad};
use super::rounds::{ln_seconds, usual_arms};

/// Serial correlation found in a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SerialCorrelation {
    /// Correlation of neighboring rounds (lag 1), corrected for the bias of residuals; 0 to 0.95.
    pub lag1: f64,
}

impl SerialCorrelation {
    /// The factor on standard errors, √((1 + r)/(1 − r)).
    pub fn stretch(&self) -> f64 {
        ((1.0 + self.lag1) / (1.0 - self.lag1)).sqrt()
    }
}

/// One-sided normal limit for a test at 1%.
const LIMIT: f64 = 2.326;

/// Residuals are clipped at this many robust standard deviations of their arm, so that two neighboring
/// outliers do not raise the alarm.
const CLIP: f64 = 2.0;

/// Number of rounds needed for the test.
const MIN_ROUNDS: usize = 6;

/// Tests a block at 1% for positive correlation of neighboring rounds, on ln seconds after subtracting the
/// means of arms and rounds. Only rounds in which all [`usual_arms`] succeeded count, and neighbors are
/// neighbors among these. `None` if no correlation was found.
///
/// The statistic Σ e(i)·e(i+1) is judged by its exact mean and variance over all orders of the rounds, so
/// that an arm noisier than the others does not raise the alarm.
pub fn serial_correlation<R: AsRef<[Option<f64>]>>(rounds: &[R]) -> Option<SerialCorrelation> {
    let residuals = two_way_residuals(rounds)?;
    let n = residuals.len();
    let product = |i: usize, j: usize| dot(&residuals[i], &residuals[j]);
    let total: f64 = (0..n).map(|i| product(i, i)).sum();
    if total <= 1e-24 {
        return None;
    }
    let statistic: f64 = (1..n).map(|i| product(i - 1, i)).sum();

    // Sums over ordered pairs of different rounds; rows of the full matrix of products sum to 0.
    let mut squares = 0.0;
    let mut row_squares = 0.0;
    for i in 0..n {
        squares += 2.0 * (0..i).map(|j| product(i, j).powi(2)).sum::<f64>();
        row_squares += product(i, i).powi(2);
    }
    let m = n as f64;
    let sharing_one = row_squares - squares;
    let sharing_none = total * total - 2.0 * squares - 4.0 * sharing_one;
    let pairs = m * (m - 1.0);
    let mean = -total / m;
    let second_moment = (m - 1.0) * squares / pairs
        + 2.0 * (m - 2.0) * sharing_one / (pairs * (m - 2.0))
        + (m - 2.0) * (m - 3.0) * sharing_none / (pairs * (m - 2.0) * (m - 3.0));
    let variance = second_moment - mean * mean;
    let fires = variance > 0.0 && statistic - mean > LIMIT * variance.sqrt();
    let lag1 = (statistic / total + 1.0 / m).clamp(0.0, 0.95);
    (fires && lag1.is_finite()).then_some(SerialCorrelation { lag1 })
}

/// ln seconds minus the means of round and arm, one row for each round with all usual arms, with outliers
/// clipped.
fn two_way_residuals<R: AsRef<[Option<f64>]>>(rounds: &[R]) -> Option<Vec<Vec<f64>>> {
    let usual = usual_arms(rounds);
    let of_round = |round: &R| usual.iter().map(|&arm| ln_seconds(round.as_ref(), arm)).collect();
    let mut table: Vec<Vec<f64>> = rounds.iter().filter_map(of_round).collect();
    let arms = usual.len();
    if arms < 2 || table.len() < MIN_ROUNDS {
        return None;
    }
    remove_means(&mut table);
    for arm in 0..arms {
        let spread = MAD_TO_SD * mad(&table.iter().map(|row| row[arm]).collect::<Vec<_>>())?;
        if spread > 0.0 {
            table.iter_mut().for_each(|row| row[arm] = row[arm].clamp(-CLIP * spread, CLIP * spread));
        }
    }
    remove_means(&mut table);
    Some(table)
}

fn remove_means(table: &mut [Vec<f64>]) {
    for row in table.iter_mut() {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter_mut().for_each(|value| *value -= mean);
    }
    let arms = table.first().map_or(0, Vec::len);
    for arm in 0..arms {
        let mean = table.iter().map(|row| row[arm]).sum::<f64>() / table.len() as f64;
        table.iter_mut().for_each(|row| row[arm] -= mean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::noise::Noise;

    /// Counts the blocks of four arms in which a correlation is found; `rho` is the correlation of each round
    /// of an arm with the one before it.
    fn count_found(rho: f64, rounds: usize, outliers: f64, blocks: usize) -> usize {
        let mut noise = Noise::new(5);
        (0..blocks)
            .filter(|_| {
                let mut state = [0.0; 4];
                let table: Vec<Vec<Option<f64>>> = (0..rounds)
                    .map(|round| {
                        let of_arm = |last: &mut f64| {
                            let fresh = if round == 0 { 1.0 } else { (1.0 - rho * rho).sqrt() };
                            *last = rho * *last + fresh * noise.build(0.02, outliers);
                            Some(last.exp())
                        };
                        state.iter_mut().map(of_arm).collect()
                    })
                    .collect();
                serial_correlation(&table).is_some()
            })
            .count()
    }

    #[test]
    fn independent_rounds_raise_the_alarm_about_once_in_a_hundred_blocks() {
        assert!(count_found(0.0, 30, 0.0, 400) <= 12);
        assert!(count_found(0.0, 8, 0.05, 400) <= 14);
    }

    #[test]
    fn rounds_that_resemble_their_neighbours_are_found() {
        let found = count_found(0.6, 30, 0.0, 200);
        assert!(found >= 190, "{found} of 200");
    }

    #[test]
    fn a_drift_that_all_arms_share_is_none() {
        let mut noise = Noise::new(6);
        let table: Vec<Vec<Option<f64>>> = (0..30)
            .map(|round| {
                (0..4).map(|_| Some((0.01 * f64::from(round) + noise.build(0.01, 0.0)).exp())).collect()
            })
            .collect();
        assert_eq!(serial_correlation(&table), None);
    }

    /// An arm that was given up half-way does not affect the test; one given up later affects only its own
    /// rounds.
    #[test]
    fn an_arm_that_was_given_up_does_not_hide_the_others() {
        let table = |ended_well: usize| -> Vec<Vec<Option<f64>>> {
            let wave =
                |round: usize, arm: usize| (0.025 * (0.4 * round as f64 + 1.6 * arm as f64).sin()).exp();
            let of_arm = |round: usize, arm: usize| (arm < 4 || round < ended_well).then(|| wave(round, arm));
            (0..22).map(|round| (0..5).map(|arm| of_arm(round, arm)).collect()).collect()
        };
        let found = |ended_well: usize| serial_correlation(&table(ended_well)).map(|found| found.lag1);
        let without = found(0);
        assert!(without.is_some());
        assert_eq!((found(1), found(10)), (without, without));
        assert!(found(20).is_some() && found(20) != without);
    }

    #[test]
    fn little_or_no_data_says_nothing() {
        assert_eq!(serial_correlation(&Vec::<Vec<Option<f64>>>::new()), None);
        assert_eq!(serial_correlation(&vec![vec![Some(1.0), Some(1.0)]; 20]), None);
        assert_eq!(serial_correlation(&vec![vec![Some(1.0), None]; 20]), None);
        assert_eq!(serial_correlation(&vec![vec![Some(1.0)]; 20]), None);
        assert_eq!(serial_correlation(&vec![Vec::new(); 20]), None);
    }
}
