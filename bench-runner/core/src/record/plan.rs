//! The plan: everything that a run will do, decided before the first build.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::design::{Design, PlanOrigin, Visits};
use super::fidelity::Fidelity;
use super::ids::{BlockId, Pin};

/// Version of the plan, the manifest and the sample file; a reader refuses what is newer than its own.
pub const FORMAT_VERSION: u32 = 2;

/// Everything that one run does on one machine. Values only: it can be written down, shipped and read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT_VERSION`] of the program that made it.
    pub format: u32,
    /// Name of the scenario, several joined by `+`.
    pub scenario: String,
    /// Draws every order of the run.
    pub seed: u64,
    /// How often work trees and target directories are laid out anew within the run; at least 1.
    pub sessions: u32,
    /// What the whole run may take, where it is limited.
    pub time_budget: Option<Duration>,
    /// The projects that the blocks name.
    pub projects: Vec<PlannedProject>,
    /// The blocks, in the order in which they are measured.
    pub blocks: Vec<Block>,
    /// Values that were asked for and are left out here, each with its reason.
    pub skipped: Vec<Skipped>,
    /// The search, track or gate that asked for it, if it is a stage of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<PlanOrigin>,
}

impl Plan {
    /// The plan as indented JSON, as docs/FORMAT.md describes it.
    ///
    /// # Errors
    /// None for a plan that was made by planning or by reading.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// How many comparisons it plans: variants against their baselines, twins left out. All of them count in the
    /// correction for many comparisons.
    pub fn planned_comparisons(&self) -> usize {
        let arms = self.blocks.iter().flat_map(|block| &block.arms);
        arms.filter(|arm| arm.role == Role::Variant).count()
    }
}

/// A project of the plan: its manifest as text, so that a plan is complete in itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedProject {
    /// Name that the blocks use.
    pub name: String,
    /// What fixes its source.
    pub pin: Pin,
    /// The corpus manifest, as TOML.
    pub manifest: String,
    /// Where the manifest's relative paths start, for local projects only.
    pub base: Option<String>,
    /// What is worth knowing about the state of the source, such as uncommitted changes.
    pub notes: Vec<String>,
    /// Files that git ignores, if the copy of a local project was to have any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<IgnoredFiles>,
}

/// Files of a local project that git ignores and that its pin does not cover. Their contents are never recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgnoredFiles {
    /// Hash of those that came along, in the form of a pin of a tree.
    pub hash: String,
    /// Paths of those that came along, relative to the project.
    pub files: Vec<String>,
    /// Paths of those that were left out, relative to the project.
    pub left_out: Vec<String>,
}

/// A set of variants built in the same rounds and compared with each other and with nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Its name within the run.
    pub id: BlockId,
    /// Keys of the axes that vary in it, in the order of the scenario.
    pub axes: Vec<String>,
    /// What is built in each round: the baseline first, its twin second where there is one, then the variants.
    pub arms: Vec<Arm>,
    /// When to stop.
    pub sampling: Sampling,
    /// The commits that are replayed, by project, oldest first: the first is what the others build upon.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub commits: BTreeMap<String, Vec<String>>,
    /// How far what is built is what the user's own `cargo build` builds, for each project and variant of the user's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fidelity: Vec<Fidelity>,
    /// Which combinations of its axes it builds; `None` if nobody designed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design: Option<Design>,
    /// In which visits it is measured; `None` for one visit to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<Visits>,
}

impl Block {
    /// Position of the baseline among the arms.
    pub fn baseline(&self) -> usize {
        self.arms.iter().position(|arm| arm.role == Role::Baseline).unwrap_or(0)
    }

    /// The workloads of its arms, each once and in their order, joined by `+`.
    pub fn workload(&self) -> String {
        let mut workloads: Vec<&str> = Vec::new();
        for arm in &self.arms {
            if !workloads.contains(&arm.variant.workload.as_str()) {
                workloads.push(&arm.variant.workload);
            }
        }
        workloads.join("+")
    }

    /// Position of the twin among the arms.
    pub fn twin(&self) -> Option<usize> {
        self.arms.iter().position(|arm| arm.role == Role::Twin)
    }
}

/// One thing that is built in every round of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// What it is there for.
    pub role: Role,
    /// What is built.
    pub variant: Variant,
    /// Names of variants of the scenario that are the same thing on this machine, built once as this one.
    pub aliases: Vec<String>,
    /// What its settings change besides what their axes are named for, as `linker=mold: …`.
    pub co_changes: Vec<String>,
    /// Whether its first build fills what later ones take from, as a setting declares: later builds may do much less.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub primed: bool,
}

/// What an arm is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// What the others are compared with.
    Baseline,
    /// A second, identical copy of the baseline.
    Twin,
    /// Something else.
    Variant,
}

impl Role {
    /// The word in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Twin => "twin",
            Self::Variant => "variant",
        }
    }
}

/// One value on every axis of a block; what is not named stays as the project and cargo have it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Readable name, such as `linker=mold`.
    pub name: String,
    /// Name of the project.
    pub project: String,
    /// The workload.
    pub workload: String,
    /// The commit of the project, where `rev` is an axis of the block.
    pub rev: Option<String>,
    /// Values of the other axes, by key, as the scenario writes them.
    pub settings: BTreeMap<String, String>,
}

/// Key of the setting that is the text of a file.
pub const SNIPPET: &str = "snippet";
/// Key of the setting that is the user's own configuration.
pub const AS_CONFIGURED: &str = "as-configured";
/// Keys of settings whose values are whole texts. They stand in the plan alone; samples name the variant.
pub const TEXT_SETTINGS: [&str; 2] = [SNIPPET, AS_CONFIGURED];

impl Variant {
    /// The source tree that it builds: variants of one tree share a work tree.
    pub fn tree(&self) -> TreeId {
        TreeId { project: self.project.clone(), rev: self.rev.clone() }
    }

    /// Whether each of its builds begins with an empty target directory, so that all of them do the same work.
    pub(crate) fn starts_from_nothing(&self) -> bool {
        const FROM_NOTHING: [&str; 6] = ["clean", "check", "clippy", "test", "doc", "deps-only"];
        FROM_NOTHING.contains(&self.workload.as_str())
    }

    /// Whether it builds one commit after another.
    pub fn replays(&self) -> bool {
        self.workload.split(':').next() == Some("replay")
    }
}

/// A source tree of a plan: a project, or one of its commits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId {
    /// Name of the project.
    pub project: String,
    /// The commit, where one is named.
    pub rev: Option<String>,
}

/// How a block is sampled and when it stops.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// Untimed builds of each variant before the first round, at least 1.
    pub warmup: u32,
    /// No stop for precision before this many rounds.
    pub min_rounds: u32,
    /// No more rounds than this.
    pub max_rounds: u32,
    /// Half-width of the interval to reach, as a share (0.015 is 1.5 %); `None` builds `max_rounds` without looking.
    pub precision: Option<f64>,
    /// What is worth talking about, as a share.
    pub margin: f64,
    /// A build that takes longer is ended and recorded as timed out.
    pub timeout: Duration,
}

/// A value that was asked for and is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// The block or matrix it was asked for in.
    pub block: String,
    /// The variant, such as `linker=wild`.
    pub variant: String,
    /// Why it is left out.
    pub reason: String,
    /// A command or setting that would help.
    pub help: Option<String>,
}
