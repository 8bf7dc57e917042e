//! Pure statistics: robust estimates of a ratio, their intervals and tests, summaries, and what to expect of a plan.
//!
//! Numbers go in, numbers come out; nothing here knows of builds, files or verdicts. The sampling and the
//! comparison both stand on this module, so that a block stops by the very interval that is reported later. The
//! method and its measured properties are those of docs/METHODOLOGY.md.
//!
//! Contract: no function returns NaN or an infinity. What cannot be said is `None`: too few values, or values
//! that are not finite.

mod between;
mod estimate;
mod fisher;
mod holm;
mod huber;
mod known;
mod least_squares;
#[cfg(any(test, feature = "fixture"))]
pub mod noise;
mod offset;
mod order_effects;
mod planning;
mod pooled;
mod quantile;
mod rounds;
mod serial;
mod student;
mod summary;

pub use between::{Spread, spread_between, spread_of};
pub use estimate::{Control, Estimate, LEVEL, MIN_ROUNDS, ratio};
pub use fisher::f_tail;
pub use holm::holm;
pub use huber::{BETA, C, Huber, huber};
pub use known::{Combined, Known, averaged, sum, weighted};
pub use offset::{MIN_TWINS, OffsetSums, offset_weight};
pub use order_effects::{
    Effect, MIN_ORDERED_ROUNDS, NoOrderEffects, OrderEffects, OrderedRound, PredecessorEffects, order_effects,
};
pub use planning::{EXPECTED_NOISE, expected, expected_half_width, rounds_for, rounds_to_reach};
pub use pooled::{InGeneral, MIN_PROJECTS_IN_GENERAL, Pooled, pooled};
pub use quantile::{MAD_TO_SD, mad, median, median_and_mad, quantile};
pub use rounds::{Contrast, Reference, Side, usual_arms};
pub use serial::{SerialCorrelation, serial_correlation};
pub use student::{t_cdf, t_quantile};
pub use summary::{Summary, summarise};
