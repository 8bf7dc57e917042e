//! Checking everything from an empty target directory.

use super::{Start, Units, Workload};
use crate::build::Goal;

pub(super) const CHECK: Workload = Workload {
    name: "check",
    summary: "cargo check of everything from an empty target directory",
    goal: Goal::Check,
    start: Start::Empty,
    edits: false,
    units: Units::All,
};
