//! Tests, built from an empty target directory and not run.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const TEST: Workload = Workload {
    name: "test",
    summary: "cargo test --no-run from an empty target directory",
    goal: Goal::Test,
    start: Start::Empty,
    sources: Sources::AsPinned,
    units: Units::All,
};
