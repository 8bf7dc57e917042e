//! What a comparison says, as values.

mod arm;
mod block;
mod calibration;
mod comparison;
mod invalid;
mod pooled_projects;
mod ratio;

pub use arm::{ArmResult, Point, SessionRatio, Sessions};
pub use block::{BlockResult, TwinResult};
pub use calibration::{Calibration, Offsets, Pool};
pub use comparison::{Comparison, PostHoc};
pub use invalid::{Change, Invalid, OtherKind};
pub use pooled_projects::{General, LeftOut, PooledProjects};
pub use ratio::{PlainRatio, Ratio, Verdict};
