//! Everything from an empty target directory.

use super::{Start, Units, Workload};
use crate::build::Goal;

pub(super) const CLEAN: Workload = Workload {
    name: "clean",
    summary: "everything, dependencies included, from an empty target directory",
    goal: Goal::Build,
    start: Start::Empty,
    edits: false,
    units: Units::All,
};
