//! The project's own commits, one after another.

use super::{Sources, Start, USUAL_COMMITS, Units, Workload};
use crate::build::Goal;

pub(super) const REPLAY: Workload = Workload {
    name: "replay",
    summary: "the project's own last commits, each built on top of the one before it",
    goal: Goal::Build,
    start: Start::Warm,
    sources: Sources::Replayed(USUAL_COMMITS),
    units: Units::AsCommitted,
};
