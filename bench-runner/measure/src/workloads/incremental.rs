//! A build after an edit.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const INCREMENTAL: Workload = Workload {
    name: "incremental",
    summary: "a build after an edit that is new in every round",
    goal: Goal::Build,
    start: Start::Warm,
    sources: Sources::Edited(None),
    units: Units::Some,
};
