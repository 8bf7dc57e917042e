//! Decides what is built next, and when a block has enough rounds.
//!
//! Pure: from settings and the rounds so far to the order of a round, the next block of a run with a time
//! budget, or the decision to stop. It starts nothing, reads no clock and writes nothing; a simulation drives
//! the same code as a run. It stops by precision, never by significance: no p-value is computed here.

mod allocation;
mod order;
mod stop;

pub use allocation::{
    BlockTimes, BlockTurn, FIRST_VISITS, NextVisit, Rehearsal, RehearsedBlock, VisitPurpose, next_visit,
    recent_mean, rehearse,
};
pub use order::round_order;
pub(crate) use stop::rounds_that_fit;
pub use stop::{BlockProgress, LOOKS, Next, next};
