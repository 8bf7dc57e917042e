//! Stages of a search, and what was measured in them.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::record::Role;

/// A stage: one run with a fixed plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchStage {
    /// `screening`, `head-to-head-1` and so on, `confirmation`.
    pub name: String,
    /// The arms of each round; the first is as configured, and its twin follows if there is one.
    pub arms: Vec<StageArm>,
    /// The workloads that are measured.
    pub workloads: Vec<StageWorkload>,
    /// Time limit; a round that would exceed it is not begun.
    pub time_budget: Duration,
    /// D-efficiency of the arms, from 0 to 1, for a screening that builds a fraction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<f64>,
}

/// An arm of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageArm {
    /// Role of the arm.
    pub role: Role,
    /// Level of each axis.
    pub levels: Vec<usize>,
}

/// A workload of a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageWorkload {
    /// Name of the workload.
    pub name: String,
    /// Number of times of each arm, at most. The first one is that of a warm-up if the workload says so.
    pub rounds: u32,
}

/// Measurements of a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageResult {
    /// The stage; of its plan, only the name and the arms count.
    pub stage: SearchStage,
    /// Time from the beginning of the stage to its end.
    pub spent: Duration,
    /// Seconds of each workload.
    pub workloads: Vec<StageRounds>,
    /// Arms that were given up.
    pub dropped: Vec<DroppedArm>,
}

/// Seconds of one workload in a stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageRounds {
    /// Name of the workload.
    pub name: String,
    /// For each round the build of each arm of the stage; `None` for failed builds and for arms that were not
    /// built. Warm-ups that count are rounds.
    pub rounds: Vec<Vec<Option<StageBuild>>>,
}

/// A build that succeeded.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StageBuild {
    /// Wall time in seconds.
    pub seconds: f64,
    /// Place in the order of all builds of the stage. Builds of one round that follow each other are alike.
    pub number: u32,
}

/// An arm that failed to build or was not proven.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DroppedArm {
    /// Index of the arm in its stage.
    pub arm: usize,
    /// The reason, as text.
    pub reason: String,
}

impl StageResult {
    /// Builds of a workload by round and arm, without those of arms that were dropped and without times that are not
    /// positive numbers.
    pub(super) fn rounds_of(&self, workload: &str) -> Vec<Vec<Option<StageBuild>>> {
        let counts = |arm: usize, build: &StageBuild| {
            let is_time = build.seconds > 0.0 && build.seconds.is_finite();
            is_time && self.dropped.iter().all(|dropped| dropped.arm != arm)
        };
        let kept = |round: &Vec<Option<StageBuild>>| -> Vec<Option<StageBuild>> {
            round.iter().enumerate().map(|(arm, build)| build.filter(|build| counts(arm, build))).collect()
        };
        let named = self.workloads.iter().filter(|one| one.name == workload);
        named.flat_map(|one| one.rounds.iter().map(kept)).collect()
    }

    /// The arms with these levels that were dropped, if any, by their reason.
    pub(super) fn reason_of(&self, levels: &[usize]) -> Option<&str> {
        let is_it =
            |dropped: &&DroppedArm| self.stage.arms.get(dropped.arm).is_some_and(|arm| arm.levels == levels);
        self.dropped.iter().find(is_it).map(|dropped| dropped.reason.as_str())
    }
}
