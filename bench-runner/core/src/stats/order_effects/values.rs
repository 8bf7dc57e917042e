//! Input and results of the fit of the order effects.

use crate::stats::estimate::ratio;

/// Number of rounds needed to separate order from noise; it leaves at least 4 degrees of freedom.
pub(crate) const MIN_ORDERED_ROUNDS: usize = 6;

/// One round: order of building and times.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OrderedRound {
    /// Indices of the arms that were built, in the order of building.
    pub order: Vec<usize>,
    /// Seconds of each arm; `None` if it was not built or failed.
    pub seconds: Vec<Option<f64>>,
}

impl AsRef<[Option<f64>]> for OrderedRound {
    fn as_ref(&self) -> &[Option<f64>] {
        &self.seconds
    }
}

/// An effect on ln seconds with the half-width of its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// The effect on the log scale.
    pub log: f64,
    /// Half-width of the interval on the log scale.
    pub half_width: f64,
}

impl Effect {
    /// The effect as a fraction: 0.01 is one percent longer.
    pub fn share(&self) -> f64 {
        ratio(self.log) - 1.0
    }

    /// Ends of the 95% interval, as fractions.
    pub fn interval(&self) -> (f64, f64) {
        (ratio(self.log - self.half_width) - 1.0, ratio(self.log + self.half_width) - 1.0)
    }

    /// Distance from 0 to the farther end of the interval, on the log scale.
    fn reach(&self) -> f64 {
        self.log.abs() + self.half_width
    }
}

/// Effects of arms on the build that follows them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PredecessorEffects {
    /// Index of the arm with the largest effect in either direction.
    pub arm: usize,
    /// Effect of that arm, relative to the mean of all arms. Its interval is not corrected for the selection.
    pub largest: Effect,
    /// The p-value against "no arm has an effect", by an F test.
    pub p: f64,
}

/// Effects of the build order on the times.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderEffects {
    /// Number of rounds in the fit.
    pub rounds: usize,
    /// Cost of being built first in a round.
    pub first: Effect,
    /// Cost of being built last rather than second; `None` with two arms.
    pub trend: Option<Effect>,
    /// `None` with two arms: each of them only ever follows the other, so that its own cost and the effect of
    /// its predecessor cannot be separated.
    pub predecessors: Option<PredecessorEffects>,
    /// Effect of the order on each requested contrast; `None` if it cannot be estimated: with two arms, or if
    /// no round counts for the contrast.
    pub moved: Vec<Option<Effect>>,
}

impl OrderEffects {
    /// Bound on the effect of the order on any of the contrasts, as a fraction: the largest of |bias| +
    /// half-width, each at 95%. `None` without contrasts or if one of them cannot be estimated.
    pub fn bound(&self) -> Option<f64> {
        let reaches: Option<Vec<f64>> =
            self.moved.iter().map(|moved| moved.as_ref().map(Effect::reach)).collect();
        reaches?.into_iter().reduce(f64::max).map(|reach| ratio(reach) - 1.0)
    }
}

/// Reason for not estimating order effects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoOrderEffects {
    /// Fewer than two arms were built.
    FewArms,
    /// Number of rounds that have all arms, fewer than [`MIN_ORDERED_ROUNDS`].
    FewRounds(usize),
    /// The effects cannot be separated in these orders.
    NotSeparable,
}

impl NoOrderEffects {
    /// The reason in words.
    pub fn describe(self) -> String {
        match self {
            Self::FewArms => "fewer than two arms were built".to_owned(),
            Self::FewRounds(have) => {
                let have = if have == 1 { "1 round has".to_owned() } else { format!("{have} rounds have") };
                format!("{have} all arms, and it takes {MIN_ORDERED_ROUNDS}")
            }
            Self::NotSeparable => "the orders do not tell the effects apart".to_owned(),
        }
    }
}
