//! Design of a block: the request behind the plan, the chosen combinations, and the visits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Larger task that a plan is one stage of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanOrigin {
    /// Verb that made the request, such as `search`, `track` or `gate`. Readers show unknown words unchanged.
    pub by: String,
    /// Name of the search, of the tracking file, or of the subject of the gate.
    pub request: String,
    /// The stage, such as `screening`, `head-to-head-2` or `confirmation`; empty if there is only one.
    pub stage: String,
}

impl PlanOrigin {
    /// Verb of the runs of past commits and of toolchains.
    pub const BACKFILL: &str = "backfill";
    /// Verb of the steps of a bisection.
    pub const BISECT: &str = "bisect";
    /// Verb of the runs of a gate.
    pub const GATE: &str = "gate";
    /// Verb of the stages of a search.
    pub const SEARCH: &str = "search";
    /// Verb of the nights of `track`.
    pub const NIGHT: &str = "track";
    /// Verb of runs that measure suspicions of `track` again.
    pub const SECOND_LOOK: &str = "second-look";
}

/// Combinations of axis values that a block builds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Method by which the combinations were chosen.
    pub kind: DesignKind,
    /// Number of combinations that are built.
    pub rows: u32,
    /// Number of combinations that the axes allow, without the excluded ones.
    pub of: u64,
    /// Seed of the choice, if it is random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// D-efficiency of the rows, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<f64>,
    /// Pairs of axes whose interaction the rows were chosen to estimate, in addition to the effect of each
    /// axis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interactions: Vec<[String; 2]>,
    /// Effects that contain part of an interaction of two axes, the largest share first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliasing: Vec<DesignAliasing>,
    /// Values that are not built together, or not at all: combinations with all values of an entry are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<BTreeMap<String, String>>,
}

/// Effects of an axis that contain part of an interaction of two axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignAliasing {
    /// Key of the axis.
    pub axis: String,
    /// Keys of the two axes that interact.
    pub interaction: [String; 2],
    /// Share of the interaction in the effect: with 0.3, an interaction of the size of an effect can move the
    /// estimate by 0.3 times its size.
    pub share: f64,
}

/// Method by which the combinations of a design were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DesignKind {
    /// All combinations.
    Full,
    /// Combinations that differ from the baseline in one axis.
    OneAtATime,
    /// A fraction chosen for estimating effects. It nominates candidates and gives no verdicts.
    Fraction,
}

/// Visits in which a block is measured. During a visit no other block is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// The first visits, in order, each as the total number of rounds of the block when the visit ends. Later
    /// visits go to the blocks where the time is worth most.
    pub until: Vec<u32>,
    /// True if work trees and target directories are kept from one visit to the next.
    pub keep: bool,
}
