//! Pure statistics: robust estimates of a ratio, their intervals and tests, summaries, and expected
//! precision.
//!
//! Numbers go in, numbers come out; nothing here knows of builds, files or verdicts. Both sampling and
//! comparison use this module, so that a block stops by the same interval that is reported later.
//! docs/METHODOLOGY.md describes the method and its measured properties.
//!
//! Contract: no function returns NaN or an infinity. Results that cannot be computed are `None`: too few
//! values, or values that are not finite.

mod between;
mod block;
mod change_points;
mod combined;
mod design;
mod estimate;
mod factorial;
mod fisher;
mod holm;
mod huber;
mod least_squares;
mod level_model;
mod main_effects;
#[cfg(any(test, feature = "fixture"))]
pub mod noise;
mod noisy_bisection;
mod offset;
mod order_effects;
mod outliers;
mod planning;
mod pooled;
mod quantile;
mod rounds;
mod sequence;
mod serial;
mod student;
mod summary;
mod table_outliers;
mod two_way;
#[cfg(any(test, feature = "fixture"))]
pub mod truth;
mod uncertain;

pub(crate) use between::spread_between;
pub use between::{Spread, spread_of};
pub(crate) use block::estimate_with;
pub use block::{BlockShape, BlockVariance, estimate_block};
pub use change_points::{
    ChangePoint, Levels, MIN_SERIES, NewestValue, SearchableSeries, levels, newest_value,
};
pub use combined::{Combined, equal_weight_mean, weighted_mean};
pub use design::{
    ALIASED_FROM, AliasedEffect, DesignSpace, Fraction, LevelOfAxis, NoFraction, aliasing,
    balanced_effect_variance, choose_fraction, mean_effect_variance, one_at_a_time_variance,
    shows_all_effects, usual_rows, usual_rows_of,
};
pub use estimate::{Control, Estimate, LEVEL, MIN_ROUNDS, POWER, ratio};
pub(crate) use factorial::{CellPair, Factorial, FactorialCell, InteractionTest};
pub use holm::holm;
pub use huber::{C, CLIPPED_FROM, Huber};
pub use level_model::{LevelModel, LevelValues};
pub use main_effects::LackOfFit;
pub(crate) use main_effects::MainEffects;
pub use noisy_bisection::{BisectionRound, BisectionState, bisect};
pub use offset::{ASSUMED_OFFSET, MIN_TWINS, OffsetSums, offset_weight};
pub use order_effects::{Effect, NoOrderEffects, OrderEffects, PredecessorEffects};
pub(crate) use order_effects::{OrderedRound, order_effects};
pub use outliers::outliers;
pub(crate) use planning::rounds_to_reach;
pub use planning::{EXPECTED_NOISE, Expectation, noise_of_twin};
pub use pooled::{GeneralHalfWidths, Pooled, pool};
pub(crate) use quantile::{MAD_TO_SD, median_and_mad, quantile};
pub use quantile::{mad, median};

pub use rounds::{Contrast, Reference, Side};
pub(crate) use rounds::{log_table, usual_arms};
pub use sequence::{Correlation, SequencedBuild, SequencedTable, estimate_correlation};
pub use serial::{SerialCorrelation, serial_correlation};
pub use student::t_quantile;
pub use summary::{INTERVAL_FROM, Summary, summarize};
pub use table_outliers::without_outliers;
pub use uncertain::{UncertainValue, sum};
