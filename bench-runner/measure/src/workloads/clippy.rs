//! Clippy over everything from an empty target directory.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const CLIPPY: Workload = Workload {
    name: "clippy",
    summary: "cargo clippy from an empty target directory",
    goal: Goal::Clippy,
    start: Start::Empty,
    sources: Sources::AsPinned,
    units: Units::All,
};
