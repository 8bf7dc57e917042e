//! Tests, built after an edit and not run.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const TEST_INCREMENTAL: Workload = Workload {
    name: "test-incremental",
    summary: "cargo test --no-run after an edit that is new in every round",
    goal: Goal::Test,
    start: Start::Warm,
    sources: Sources::Edited(None),
    units: Units::Some,
};
