//! Figures, pages and tables of runs, and exports in the formats of other tools.
//!
//! Depends on [`bench_runner_core`] alone, so nothing here can start a build. Modules are in reading order,
//! and each imports only from those above it.

pub mod machines;
pub mod figure;
pub mod report;
pub mod export;
