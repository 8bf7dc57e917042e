//! Build configurations compared by experiment.
//!
//! Pinned projects and a scenario go in, timed builds come out as files, and every judgement is made from
//! those files alone. The modules below stand in reading order, and each imports only from those above it; the first of
//! them are those of [`bench_runner_core`]. Measuring (`process` to `sampling`, and `run`) and judging (`compare`, and
//! `machines` to `export`) never import each other: they meet in [`record`], [`stats`] and [`bundle`]. A test holds both
//! rules.

pub use bench_runner_core::{bundle, compare, nearest, record, stats};

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

pub mod machines;
pub mod figure;
pub mod report;
pub mod export;

pub mod flows;
pub mod commands;
pub mod cli;
