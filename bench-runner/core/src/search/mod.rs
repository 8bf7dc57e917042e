//! Search for the fastest build configuration in a time budget: the next stage to build, and who wins.
//!
//! A search has stages, each of which is an ordinary run: a *screening* builds a fraction of all combinations, a
//! *head to head* in one or more stages builds those with the best prediction again and again, and a *confirmation*
//! compares the nominee with the user's own configuration on fresh builds alone. [`next_step`] is the whole machine:
//! given the request and the results of the stages so far, it returns the next stage or the result, so an interrupted
//! search is resumed by asking again. docs/METHODOLOGY.md describes the method and how often it finds the best.
//!
//! Everything here is a pure function of values. It knows nothing of builds, files or the meaning of an axis.

mod candidates;
mod confirmation;
mod costs;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod head_to_head;
mod outcome;
mod prediction;
mod refusal;
mod request;
mod screening;
mod space;
mod stage;
mod step;

pub use confirmation::{Confirmation, DailyGain, NAME as CONFIRMATION, WorkloadChange, confirm};
pub use outcome::{NotJudged, SearchOutcome, SearchResult, SettingWorth, TriedCombination};
pub use prediction::{DailyPrediction, predict};
pub use refusal::SearchRefusal;
pub use request::{DailyWorkload, SearchRequest, WarmUp};
pub use space::{ForbiddenCombination, MAX_COMBINATIONS, SearchAxis, SearchSpace};
pub use stage::{DroppedArm, SearchStage, StageArm, StageBuild, StageResult, StageRounds, StageWorkload};
pub use step::{SearchStep, first_stage, following_names, next_step};

#[cfg(test)]
mod tests;
