//! The library of the program, which compares build configurations by experiment.
//!
//! Three crates do the work. [`bench_runner_measure`] plans and times builds, [`bench_runner_core`] has the
//! records and judges them, and [`bench_runner_report`] presents the results; measuring and presenting do not
//! know each other. This crate joins them. The modules are in reading order, and each imports only from those
//! above it.

pub mod built_in;
pub mod flows;
mod commands;
pub mod cli;
