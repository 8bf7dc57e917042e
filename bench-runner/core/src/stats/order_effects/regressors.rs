//! Regressors of each build, from the order of building. Knows nothing of effects.
//!
//! *Plain* columns: being first; with more than two arms also the trend, and for each usual arm, following
//! it. At most two of them are nonzero for a build. The fit has one column less: each arm's minus the last
//! arm's, because the effects of arms sum to 0.

use super::values::OrderedRound;
use crate::stats::rounds::{Contrast, Side, ln_seconds, usual_arms};

/// Position of a build in its round.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum BuildPosition {
    First,
    Later {
        /// From −1 at the second position to 1 at the last.
        trend: f64,
        /// Index of the preceding arm among the usual arms, if it is one of them.
        after: Option<usize>,
    },
}

impl BuildPosition {
    /// The plain regressors of the build, as columns and values; all others are 0, and the second may be 0
    /// too.
    pub(super) fn entries(self, columns: usize) -> [(usize, f64); 2] {
        match self {
            Self::First => [(0, 1.0), (0, 0.0)],
            Self::Later { .. } if columns == 1 => [(0, 0.0); 2],
            Self::Later { trend, after: Some(arm) } => [(1, trend), (2 + arm, 1.0)],
            Self::Later { trend, after: None } => [(1, trend), (1, 0.0)],
        }
    }

    /// Adds `weight` times the plain regressors of the build.
    pub(super) fn add(self, weight: f64, plain: &mut [f64]) {
        let [(one, value), (other, factor)] = self.entries(plain.len());
        plain[one] += weight * value;
        plain[other] += weight * factor;
    }

    /// The sum of the plain coefficients times the regressors of the build.
    pub(super) fn times(self, plain: &[f64]) -> f64 {
        let [(one, value), (other, factor)] = self.entries(plain.len());
        value * plain[one] + factor * plain[other]
    }
}

/// Number of plain columns for a number of usual arms.
fn plain_columns(arms: usize) -> usize {
    if arms > 2 { arms + 2 } else { 1 }
}

/// Converts values by plain columns, such as sums, to values by columns of the fit.
pub(super) fn drop_last_arm_column(plain: &[f64]) -> Vec<f64> {
    match plain {
        [first, trend, arms @ .., last] => {
            [*first, *trend].into_iter().chain(arms.iter().map(|arm| arm - last)).collect()
        }
        _ => plain.to_vec(),
    }
}

/// Converts coefficients of the fit to those of the plain columns, where the last arm's makes the sum 0.
pub(super) fn restore_last_arm_column(coefficients: &[f64]) -> Vec<f64> {
    let mut plain = coefficients.to_vec();
    if let [_, _, arms @ ..] = coefficients {
        plain.push(-arms.iter().sum::<f64>());
    }
    plain
}

/// Positions of all successful builds.
pub(super) struct Regressors {
    /// Indices of the usual arms.
    pub(super) arms: Vec<usize>,
    /// By round and arm.
    positions: Vec<Vec<Option<BuildPosition>>>,
}

/// The rounds with exactly the usual arms, as tables of rounds by usual arms.
pub(super) struct CompleteRounds {
    pub(super) rounds: usize,
    pub(super) arms: usize,
    pub(super) positions: Vec<BuildPosition>,
    /// ln seconds.
    pub(super) logs: Vec<f64>,
}

impl CompleteRounds {
    /// Number of plain columns.
    pub(super) fn plain_columns(&self) -> usize {
        plain_columns(self.arms)
    }
}

impl Regressors {
    pub(super) fn of(rounds: &[OrderedRound]) -> Self {
        let arms = usual_arms(rounds);
        let width = rounds.iter().map(|round| round.seconds.len()).max().unwrap_or(0);
        let mut usual = vec![None; width];
        arms.iter().enumerate().for_each(|(index, &arm)| usual[arm] = Some(index));
        let positions = rounds.iter().map(|round| positions(round, &usual)).collect();
        Self { arms, positions }
    }

    pub(super) fn complete_rounds(&self, rounds: &[OrderedRound]) -> CompleteRounds {
        let mut used =
            CompleteRounds { rounds: 0, arms: self.arms.len(), positions: Vec::new(), logs: Vec::new() };
        for (round, positions) in rounds.iter().zip(&self.positions) {
            let of_arm =
                |&arm: &usize| Some((*positions.get(arm)?.as_ref()?, ln_seconds(&round.seconds, arm)?));
            let Some(builds) = self.arms.iter().map(of_arm).collect::<Option<Vec<(BuildPosition, f64)>>>()
            else {
                continue;
            };
            if round.order.len() == self.arms.len() {
                used.rounds += 1;
                used.positions.extend(builds.iter().map(|(position, _)| position));
                used.logs.extend(builds.iter().map(|(_, log)| log));
            }
        }
        used
    }

    /// Mean regressors of one side minus those of the other, over the rounds that have both, by columns of
    /// the fit; `None` without such rounds.
    pub(super) fn mean(&self, contrast: &Contrast) -> Option<Vec<f64>> {
        let mut sum = vec![0.0; plain_columns(self.arms.len())];
        let mut counted = 0;
        for positions in &self.positions {
            let position = |arm: usize| positions.get(arm).copied().flatten();
            let has = |side: Side| side.arms().all(|arm| position(arm).is_some());
            if !has(contrast.of) || !has(contrast.against) {
                continue;
            }
            counted += 1;
            for (side, sign) in [(contrast.of, 1.0), (contrast.against, -1.0)] {
                let weight = sign / side.arms().count() as f64;
                side.arms().filter_map(position).for_each(|position| position.add(weight, &mut sum));
            }
        }
        sum.iter_mut().for_each(|value| *value /= f64::from(counted.max(1)));
        (counted > 0).then(|| drop_last_arm_column(&sum))
    }
}

/// Position of each arm's build in a round; `None` for arms that were not built or failed. `usual` has for
/// each arm its index among the usual arms.
fn positions(round: &OrderedRound, usual: &[Option<usize>]) -> Vec<Option<BuildPosition>> {
    let mut positions = vec![None; round.seconds.len()];
    for (index, &arm) in round.order.iter().enumerate() {
        if ln_seconds(&round.seconds, arm).is_none() {
            continue;
        }
        positions[arm] = Some(match index {
            0 => BuildPosition::First,
            _ => BuildPosition::Later {
                trend: if round.order.len() > 2 {
                    2.0 * (index - 1) as f64 / (round.order.len() - 2) as f64 - 1.0
                } else {
                    0.0
                },
                after: usual.get(round.order[index - 1]).copied().flatten(),
            },
        });
    }
    positions
}
