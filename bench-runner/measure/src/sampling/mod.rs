//! Decides what is built next, and when a block has enough rounds.
//!
//! Pure: from settings and the rounds so far to the order of a round or the decision to stop. It starts
//! nothing, reads no clock and writes nothing; a simulation drives the same code as a run. It stops by
//! precision, never by significance: no p-value is computed here.

mod order;
mod stop;

pub use order::round_order;
pub(crate) use stop::rounds_that_fit;
pub use stop::{BlockProgress, LOOKS, Next, next};
