//! Values, statistics, file formats and comparison: the part of bench-runner that runs nothing.
//!
//! Samples go in as values or as the files of a bundle, verdicts come out. The modules are declared in
//! reading order, and each imports only from those above it. They form a crate because they read and judge
//! very many numbers and are compiled with optimizations, while the rest of the program waits for builds and
//! is not.

pub mod suggest;
pub mod record;
pub mod stats;
pub mod bundle;
pub mod compare;
pub mod history;
pub mod tracking;
pub mod search;
