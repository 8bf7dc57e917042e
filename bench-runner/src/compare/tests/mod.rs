//! Whole comparisons, from samples to verdicts.

mod calibration;
mod degenerate;
mod fixture;
mod post_hoc;
mod verdicts;
