//! What bench-runner shows of its runs: figures, pages, tables, and the formats of other tools.
//!
//! It depends on [`bench_runner_core`] alone, so that nothing here can start a build. The modules stand in reading order,
//! and each imports only from those above it.

pub mod machines;
pub mod figure;
pub mod report;
pub mod export;
