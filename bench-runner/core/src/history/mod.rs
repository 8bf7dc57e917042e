//! Many runs → series over time, with their levels, and what changed on the machine meanwhile.
//!
//! Pure: manifests and comparisons go in, series come out. A series has one value per run: the ln ratio of a variant to
//! its baseline, so that a machine that becomes slower is no change, or ln seconds of the baseline, which shows
//! the machine itself. Runs on two machines never share a series.

#![warn(missing_docs)]

mod against;
mod compiler;
mod events;
#[cfg(test)]
pub(crate) mod fixture;
mod judge;
mod kept;
mod points;
mod series;
mod toolchains;

pub use against::{AgainstOld, MIN_SESSIONS, OldValue, against_old};
pub use compiler::{Compiler, CompilerAge};
pub use events::{Event, events};
pub use judge::{FALSE_DISCOVERIES, History, JudgedSeries, judge};
pub use kept::{ArmMedian, KeptResults, medians, round_ratios};
pub use series::{
    HistoryOrder, HistoryPoint, HistoryRun, Quantity, RunSeries, SeriesKey, TimeSeries, collect,
};
pub use toolchains::{TOOLCHAINS, built_source};
