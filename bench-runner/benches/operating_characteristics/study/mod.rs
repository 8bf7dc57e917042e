//! Correctness of the program: its own sampling and its own comparison, applied to simulated builds with
//! a known truth.
//!
//! A model gives the time of each build; everything else is the program's code: `sampling::round_order` gives
//! the order of a round, `sampling::next` decides when a block stops, `compare::compare` computes intervals
//! and verdicts from the samples. No part of the method is implemented a second time, so a change to the
//! method changes the figures.
//!
//! It does not run processes, print, or judge the figures. The same seed gives the same figures with any
//! number of threads: each run has its own generator, and sums are computed in the order of the runs.

mod budget;
mod models;
mod fractions;
mod products;
mod questions;
mod real_builds;
mod run;
mod side_by_side;
mod tally;

pub(crate) use budget::{Division, divide_budgets};
pub(crate) use fractions::{FractionSetup, fractions};
#[allow(unused_imports, reason = "searches are simulated on the same machines")]
pub(crate) use models::{Machine, Noise};
pub(crate) use models::{Model, Noisy};
pub(crate) use products::{EffectsFound, ProductSetup, effects};
pub(crate) use questions::{
    Coverage, FewRounds, Study, carry_over, coverage, detection, families, few_rounds, floor, offsets, order,
    power,
};
pub(crate) use run::{History, Rounds, Setup};
pub(crate) use side_by_side::side_by_side;
pub(crate) use tally::{Mean, Share};
