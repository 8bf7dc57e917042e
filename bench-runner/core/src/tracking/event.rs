//! Events of a tracking log: one line each, in the order of time, never changed afterwards.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::history::SeriesKey;
use crate::stats::UncertainValue;

/// Version of the log's lines.
pub(super) const VERSION: u32 = 1;

/// A series, whatever its anchor is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeriesId {
    /// Name of the project.
    pub project: String,
    /// The workload.
    pub workload: String,
    /// Name of what is tracked, such as `branch=main`.
    pub variant: String,
    /// Name of the metric.
    pub metric: String,
}

impl From<&SeriesKey> for SeriesId {
    fn from(key: &SeriesKey) -> Self {
        Self {
            project: key.project.clone(),
            workload: key.workload.clone(),
            variant: key.variant.clone(),
            metric: key.metric.clone(),
        }
    }
}

/// State of something tracked: the commit of a branch, the version of a toolchain or a linker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tip {
    /// Name of the project.
    pub project: String,
    /// Name of what is tracked, such as `branch=main`.
    pub variant: String,
    /// A full commit, or a version.
    pub state: String,
}

/// One line of a log.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum TrackEvent {
    /// A night ended.
    Night(Night),
    /// A series became suspicious.
    Suspected(Suspicion),
    /// Builds that were made for a suspicion were judged. If they confirm it, this raises an alarm.
    Looked(Look),
    /// The command for alarms accepted one.
    Delivered {
        /// Number of the alarm.
        alarm: u32,
    },
    /// A user has seen an alarm.
    Acknowledged {
        /// Number of the alarm.
        alarm: u32,
        /// The user's words.
        reason: String,
    },
    /// An alarm ended.
    Resolved {
        /// Number of the alarm.
        alarm: u32,
        /// The level that returned, or the user's words.
        reason: String,
    },
    /// A user accepted the level of a series.
    Blessed(Blessing),
}

/// A night that was built.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Night {
    /// Name of the run.
    pub run: String,
    /// True if nothing was new, so that the anchors were built alone.
    pub null: bool,
    /// States of all that was built.
    pub tips: Vec<Tip>,
    /// Versions of the anchors' compilers, by project.
    pub anchors: BTreeMap<String, String>,
    /// Commits of the anchors, by project.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub commits: BTreeMap<String, String>,
    /// States that were built and have no valid value, so that the next night builds them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<Tip>,
}

/// Kind of a suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuspicionKind {
    /// The newest night differs from the level before it.
    Step,
    /// The level differs from the accepted one.
    Level,
}

/// One step of a level.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// State before it; empty until it is known.
    pub from: String,
    /// State after it; empty until it is known.
    pub to: String,
    /// The step on the log scale.
    pub change: UncertainValue,
    /// Index of the last value that is surely before it, and of the first that is surely after it.
    #[serde(skip)]
    pub places: (usize, usize),
}

/// A suspicion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspicion {
    /// Number in the log.
    pub number: u32,
    /// The series.
    pub series: SeriesId,
    /// The kind.
    pub kind: SuspicionKind,
    /// Run with the newest value.
    pub run: String,
    /// Run with the last value at the level before.
    pub before_run: String,
    /// State at that run.
    pub from: String,
    /// State at the newest run.
    pub to: String,
    /// Name of the anchor that `change` and `level` are ratios to.
    #[serde(default)]
    pub anchor: String,
    /// Change on the log scale, as the history shows it.
    pub change: UncertainValue,
    /// Level before, on the log scale.
    pub level: UncertainValue,
    /// Standard deviation of a night about its level, on the log scale.
    pub noise: f64,
    /// Steps that the level took since the accepted one.
    pub contributions: Vec<Contribution>,
}

/// Answer of the builds that were made for a suspicion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LookOutcome {
    /// Slower by more than the tolerance.
    Confirmed,
    /// Not slower by more than the tolerance.
    Dismissed,
    /// Neither was shown.
    Unsure,
    /// Too few rounds fit into the time, or the control differed from the baseline: the next night looks again.
    NoAnswer,
    /// The state cannot be built any more, or the anchor is another one: the values of later nights are judged instead.
    Superseded,
}

/// Result of the builds that were made for a suspicion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Number of the suspicion.
    pub suspicion: u32,
    /// The run; `None` if none could be made.
    pub run: Option<String>,
    /// The answer.
    pub outcome: LookOutcome,
    /// Change on the log scale, from these builds alone.
    pub change: Option<UncertainValue>,
    /// Reason without an answer, as a clause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Number of the alarm that it raises.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarm: Option<u32>,
}

impl Look {
    /// A look without builds.
    pub fn without_builds(suspicion: &Suspicion, outcome: LookOutcome, reason: String) -> Self {
        Self {
            suspicion: suspicion.number,
            run: None,
            outcome,
            change: None,
            reason: Some(reason),
            alarm: None,
        }
    }
}

/// Outcome of a night, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NightOutcome {
    /// A new alarm.
    Regression,
    /// It was stopped.
    Interrupted,
    /// Something could not be built, updated or delivered.
    Partial,
    /// A suspicion is neither confirmed nor dismissed.
    Unsure,
    /// No new alarm.
    Passed,
}

impl NightOutcome {
    /// The outcome as written in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Regression => "regression",
            Self::Interrupted => "interrupted",
            Self::Partial => "partial",
            Self::Unsure => "unsure",
            Self::Passed => "passed",
        }
    }
}

/// A level that a user accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Blessing {
    /// The series.
    pub series: SeriesId,
    /// The run whose level it is.
    pub run: String,
    /// The user's words.
    pub reason: String,
}
