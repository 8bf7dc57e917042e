//! The project's own documentation, from an empty target directory.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const DOC: Workload = Workload {
    name: "doc",
    summary: "cargo doc --no-deps from an empty target directory",
    goal: Goal::Doc,
    start: Start::Empty,
    sources: Sources::AsPinned,
    units: Units::All,
};
