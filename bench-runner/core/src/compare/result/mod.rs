//! Results of a comparison, as values.

mod arm;
mod block;
mod calibration;
mod comparison;
mod effects;
mod fastest;
mod invalid;
mod pooled_projects;
mod ratio;
mod setup;

pub use arm::{ArmResult, Point, SessionRatio, Sessions};
pub use block::{BlockResult, TwinResult};
pub use calibration::{Calibration, Offsets, Pool};
pub use comparison::{Comparison, PostHoc};
pub use effects::{
    AveragedEffect, AxisEffect, AxisEffects, AxisInteraction, CombinationMean, EffectMethod, EffectRatio,
    JudgedEffect, LevelEffect, LevelResult, NoAxisEffects, SeparateEffect, level_name,
};
pub use fastest::Fastest;
pub use invalid::{ChangedArm, Invalid, LaterBuildChange};
pub use pooled_projects::{ExcludedProject, GeneralIntervals, PooledProjects};
pub use ratio::{PlainRatio, Ratio, Verdict};
pub use setup::{ComparisonSetup, PartialCommand, RoundsNeeded};
