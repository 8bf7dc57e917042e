//! What a run is made of, what it leaves behind, and what that says: the part of bench-runner that runs nothing.
//!
//! Samples go in as values or as the files of a bundle, verdicts come out. The modules stand in reading order, and each
//! imports only from those above it. They are a crate of their own because they read and judge very many numbers, and
//! are optimised for it, while the rest of the program waits for builds and is not.

pub mod suggest;
pub mod record;
pub mod stats;
pub mod bundle;
pub mod compare;
