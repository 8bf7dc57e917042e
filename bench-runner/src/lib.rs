//! Build configurations compared by experiment: the program's library.
//!
//! Three crates do the work. [`bench_runner_measure`] plans and times builds, [`bench_runner_core`] holds what is
//! recorded and judges it, and [`bench_runner_report`] shows it; measuring and showing do not know each other. What is
//! here joins them. The modules stand in reading order, and each imports only from those above it.

pub mod built_in;
pub mod flows;
mod commands;
pub mod cli;
