//! Whole comparisons, from samples to verdicts.

mod across;
mod calibration;
mod costs;
mod degenerate;
mod fixture;
mod order;
mod post_hoc;
mod serial;
mod sessions;
mod verdicts;
