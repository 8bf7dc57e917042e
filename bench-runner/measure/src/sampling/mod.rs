//! What is built next, and when a block has had enough.
//!
//! Pure: settings and the rounds so far go in, the order of a round or the decision to stop comes out. It starts
//! nothing, reads no clock and writes nothing down; a simulation drives the same code as a run does. It stops by
//! precision, never by significance: no p-value is computed here.

mod order;
mod stop;

pub use order::round_order;
pub(crate) use stop::rounds_that_fit;
pub use stop::{BlockProgress, LOOKS, Next, next};
