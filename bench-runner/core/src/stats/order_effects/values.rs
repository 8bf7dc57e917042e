//! What goes into the fit of the effects, and what comes out.

use crate::stats::estimate::ratio;

/// Fewer rounds than this do not tell order from noise; with as many, at least 4 degrees of freedom are left.
pub(crate) const MIN_ORDERED_ROUNDS: usize = 6;

/// One round: who was built after whom, and how long it took.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OrderedRound {
    /// The arms that were built, as positions, in the order of building.
    pub order: Vec<usize>,
    /// Seconds of each arm; `None` where it was not built or did not end well.
    pub seconds: Vec<Option<f64>>,
}

impl AsRef<[Option<f64>]> for OrderedRound {
    fn as_ref(&self) -> &[Option<f64>] {
        &self.seconds
    }
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
                let have = if have == 1 { "1 round has".to_owned() } else { format!("{have} rounds have") };
                format!("{have} all arms, and it takes {MIN_ORDERED_ROUNDS}")
            }
            Self::NotSeparable => "the orders do not tell the effects apart".to_owned(),
        }
    }
}
