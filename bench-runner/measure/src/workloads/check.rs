//! Checking everything from an empty target directory.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const CHECK: Workload = Workload {
    name: "check",
    summary: "cargo check of everything from an empty target directory",
    goal: Goal::Check,
    start: Start::Empty,
    sources: Sources::AsPinned,
    units: Units::All,
};
