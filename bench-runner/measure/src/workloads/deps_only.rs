//! The dependencies alone, from an empty target directory: the project's own crates are empty.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const DEPS_ONLY: Workload = Workload {
    name: "deps-only",
    summary: "all dependencies from an empty target directory, one's own crates emptied",
    goal: Goal::Build,
    start: Start::Empty,
    sources: Sources::Skeleton,
    units: Units::All,
};
