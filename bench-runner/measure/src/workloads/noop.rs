//! A build with nothing to do.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const NOOP: Workload = Workload {
    name: "noop",
    summary: "a build of what is already built",
    goal: Goal::Build,
    start: Start::Warm,
    sources: Sources::AsPinned,
    units: Units::None,
};
