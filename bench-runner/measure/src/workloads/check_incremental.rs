//! A check after an edit.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const CHECK_INCREMENTAL: Workload = Workload {
    name: "check-incremental",
    summary: "cargo check after an edit that is new in every round",
    goal: Goal::Check,
    start: Start::Warm,
    sources: Sources::Edited(None),
    units: Units::Some,
};
