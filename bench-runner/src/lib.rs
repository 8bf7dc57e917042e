//! Build configurations compared by experiment.
//!
//! Pinned projects and a scenario go in, timed builds come out as files, and every judgement is made from
//! those files alone. The modules below stand in reading order, and each imports only from those above it.
//! Measuring (`process` to `sampling`, and `run`) and judging (`compare` to `export`) never import each other:
//! they meet in [`record`], [`stats`] and [`bundle`]. A test holds both rules.

pub mod record;
pub mod spanned;
pub mod stats;

pub mod process;
pub mod host;
pub mod corpus;
pub mod build;
pub mod axes;
pub mod workloads;
pub mod sampling;
pub mod scenario;
pub mod plan;

pub mod bundle;
pub mod run;

pub mod compare;
pub mod machines;
pub mod figure;
pub mod report;
pub mod export;

pub mod flows;
pub mod commands;
pub mod cli;
