//! Whole comparisons, from samples to verdicts.

mod across;
mod costs;
mod degenerate;
mod fixture;
mod order;
mod sessions;
mod verdicts;
