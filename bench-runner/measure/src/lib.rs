//! The measuring half of bench-runner: projects and scenarios go in, timed builds come out as samples.
//!
//! It draws no conclusions: [`bench_runner_core::compare`] computes estimates and verdicts from the recorded
//! files, and no module here may import it. The modules are in reading order, and each imports only from
//! those above it. A test checks both rules.

pub mod toml_reader;
pub mod process;
pub mod host;
pub mod corpus;
pub mod build;
pub mod axes;
pub mod workloads;
pub mod sampling;
pub mod scenario;
pub mod tracking;
pub mod plan;
pub mod search;
pub mod adopt;
pub mod run;

#[cfg(test)]
mod printed_error;
