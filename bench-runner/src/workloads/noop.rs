//! A build with nothing to do.

use super::{Start, Units, Workload};
use crate::build::Goal;

pub(super) const NOOP: Workload = Workload {
    name: "noop",
    summary: "a build of what is already built",
    goal: Goal::Build,
    start: Start::Warm,
    edits: false,
    units: Units::None,
};
