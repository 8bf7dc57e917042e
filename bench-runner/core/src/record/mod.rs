//! Values of a run: ids, the plan, samples, proofs.
//!
//! Knows nothing of files, processes, cargo or statistics. All other modules use these types.

#![warn(missing_docs)]

mod commit;
mod design;
mod earlier_twin;
mod fidelity;
mod ids;
mod levels;
mod metric;
mod plan;
mod proof;
mod refusal;
mod rounds;
mod sample;

pub use commit::{CommitLine, short_commit};
pub use design::{Design, DesignAliasing, DesignKind, PlanOrigin, Visits};
pub use earlier_twin::EarlierTwin;
pub use fidelity::{Fidelity, FidelityDifference};
pub use ids::{BlockId, InvalidId, Pin, SharedText, hex, is_hex, short_hash};
pub use levels::BlockLevels;
pub use metric::{ByMetric, METRICS, Metric, MetricId, Treatment, Unit};
pub use plan::{
    AS_CONFIGURED, Arm, Block, FORMAT_VERSION, IgnoredFiles, Plan, PlannedProject, Role, SNIPPET, Sampling,
    Skipped, TEXT_SETTINGS, TreeId, Variant,
};
pub use proof::{Proof, ProofResult};
pub use refusal::Refusal;
pub use rounds::{
    ArmBuilds, Builds, FAILURES_IN_A_ROW, Round, Rounds, builds_by_arm, rounds, rounds_from_builds,
    wall_seconds,
};
pub use sample::{
    Activity, BlockEnd, CacheUse, Cost, Interference, NotTimed, Outcome, Phase, Rebuilt, Sample, StopReason,
};
