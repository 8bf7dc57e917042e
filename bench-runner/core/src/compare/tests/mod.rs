//! Whole comparisons, from samples to verdicts.

use super::fixture;

mod calibration;
mod costs;
mod degenerate;
mod effects;
mod later_builds;
mod order;
mod pooled_projects;
mod post_hoc;
mod rounds;
mod serial;
mod sessions;
mod verdicts;
