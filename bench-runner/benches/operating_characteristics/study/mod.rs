//! How often the program is right: its own sampling and its own comparison, led through builds of known truth.
//!
//! A model says how long each build takes; everything else is the program's. `sampling::round_order` gives the order
//! of a round, `sampling::next` says when a block has had enough, `compare::compare` makes intervals and verdicts
//! of the samples. Nothing of the method is written again here, so a change to the method shows in the figures.
//!
//! Knows nothing of processes, of printing or of what the figures should be. The same seed gives the same figures
//! however many threads there are: each run draws from a generator of its own, and sums are made in order of runs.

mod models;
mod questions;
mod run;
mod side_by_side;
mod tally;

pub(crate) use models::{Model, Noisy};
pub(crate) use questions::{
    Coverage, Study, carry_over, coverage, detection, families, offsets, order, power,
};
pub(crate) use run::{Rounds, Setup};
pub(crate) use side_by_side::side_by_side;
pub(crate) use tally::{Mean, Share};
