//! A dev build in a target directory that a release build has left.

use super::{Sources, Start, Units, Workload};
use crate::build::Goal;

pub(super) const AFTER_RELEASE: Workload = Workload {
    name: "after-release",
    summary: "a dev build of everything beside what a release build has left",
    goal: Goal::Build,
    start: Start::AfterRelease,
    sources: Sources::AsPinned,
    units: Units::All,
};
