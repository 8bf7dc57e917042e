//! The measuring half of bench-runner: projects and scenarios go in, timed builds come out as samples.
//!
//! It judges nothing: estimates and verdicts are made from the recorded files alone, by [`bench_runner_core::compare`],
//! which no module here may import. The modules stand in reading order, and each imports only from those above it. A
//! test holds both rules.

pub mod spanned;
pub mod process;
pub mod host;
pub mod corpus;
pub mod build;
pub mod axes;
pub mod workloads;
pub mod sampling;
pub mod scenario;
pub mod plan;
pub mod run;

#[cfg(test)]
mod printed_error;
