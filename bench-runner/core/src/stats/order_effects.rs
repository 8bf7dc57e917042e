//! Effects of the build order within a round: position and predecessor.
//!
//! The model, for ln seconds of the build of arm j in round i: a level for each round and one for each arm,
//! and on top of them an effect of being first, a linear trend over the other positions, and an effect of
//! each arm on the build that follows it within the round. The latter sum to 0: the cost of following *some*
//! other build is in the trend and in being first. The levels are removed from times and regressors alike, by
//! subtracting the means of rounds and of arms, and the rest is fitted by least squares (Frisch and Waugh
//! 1933; Lovell 1963).
//!
//! Outliers are clipped by Huber's method of modified residuals (Huber 1981, section 7.8). The covariance is
//! that of plain least squares. A covariance that allows unequal variances of builds (HC2, HC3) was tried in
//! a simulation and is not better: the orders are random, so positions and predecessors are independent of
//! which arm is the noisy one. HC3 covers 96% to 100% with intervals half as wide again.

mod fit;
mod regressors;
mod values;

use fit::Fit;
use regressors::Regressors;
pub use values::{Effect, NoOrderEffects, OrderEffects, PredecessorEffects};
pub(crate) use values::{MIN_ORDERED_ROUNDS, OrderedRound};

use super::rounds::Contrast;

/// Fits the model to the rounds in which exactly the [usual arms](super::rounds::usual_arms) were built and
/// all builds succeeded. For each contrast it estimates how far the order moved it, over all rounds that have
/// the builds of the contrast. There, a predecessor that is not one of the usual arms counts as an average
/// one.
pub(crate) fn order_effects(
    rounds: &[OrderedRound],
    contrasts: &[Contrast],
) -> Result<OrderEffects, NoOrderEffects> {
    let regressors = Regressors::of(rounds);
    let arms = regressors.arms.len();
    if arms < 2 {
        return Err(NoOrderEffects::FewArms);
    }
    let used = regressors.complete_rounds(rounds);
    if used.rounds < MIN_ORDERED_ROUNDS {
        return Err(NoOrderEffects::FewRounds(used.rounds));
    }
    let fit = Fit::of(&used).ok_or(NoOrderEffects::NotSeparable)?;
    let trend = (arms > 2).then(|| {
        let effect = fit.single(1);
        // From −1 at the second position to 1 at the last.
        Effect { log: 2.0 * effect.log, half_width: 2.0 * effect.half_width }
    });
    let moved = |contrast: &Contrast| {
        let regressors = regressors.mean(contrast).filter(|_| arms > 2)?;
        Some(fit.effect(&regressors))
    };
    Ok(OrderEffects {
        rounds: used.rounds,
        first: fit.single(0),
        trend,
        predecessors: (arms > 2).then(|| fit.predecessors(&regressors.arms)),
        moved: contrasts.iter().map(moved).collect(),
    })
}

#[cfg(test)]
mod tests;
