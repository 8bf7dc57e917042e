//! Whole comparisons, from samples to verdicts.

mod costs;
mod degenerate;
mod fixture;
mod order;
mod sessions;
mod verdicts;
