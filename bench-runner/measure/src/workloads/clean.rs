//! Everything from an empty target directory.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const CLEAN: Workload = Workload {
    name: "clean",
    summary: "everything, dependencies included, from an empty target directory",
    goal: Goal::Build,
    start: Start::Empty,
    sources: Sources::AsPinned,
    units: Units::All,
};
