//! Who asked for a plan, which rows of a product a block builds, and in which visits.

use serde::{Deserialize, Serialize};

/// The larger undertaking that a plan is one stage of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanOrigin {
    /// The verb that asked, such as `search`, `track` or `gate`. Readers show other words as they are.
    pub by: String,
    /// Name of the search, of the tracking file, or of what the gate judges.
    pub request: String,
    /// The stage, such as `screening`, `head-to-head-2` or `confirmation`; empty if there is only one.
    pub stage: String,
}

/// Which combinations of its axes' values a block builds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// How the combinations were chosen.
    pub kind: DesignKind,
    /// Combinations that are built.
    pub rows: u32,
    /// Combinations that the axes allow, exclusions left out.
    pub of: u64,
    /// Seed of the choice, if chance has a part in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// D-efficiency of the rows, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<f64>,
    /// Pairs of axes whose interaction the rows were chosen to show, besides the effect of each axis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interactions: Vec<[String; 2]>,
}

/// How the combinations of a design were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DesignKind {
    /// All of them.
    Full,
    /// Those that differ from the baseline in one axis.
    OneAtATime,
    /// A part that was chosen for estimating effects. It nominates and gives no verdicts.
    Fraction,
}

/// In which visits a block is measured. A visit is a stretch of a run in which no other block is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// The first visits, in order: rounds that the block has in all when the visit ends. Later visits go where the
    /// time is worth most.
    pub until: Vec<u32>,
    /// Whether work trees and target directories stay from one visit to the next.
    pub keep: bool,
}
