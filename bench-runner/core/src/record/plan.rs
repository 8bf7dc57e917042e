//! The plan: everything that a run will do, decided before the first build.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::design::{Design, DesignKind, PlanOrigin, Visits};
use super::fidelity::Fidelity;
use super::ids::{BlockId, Pin};

/// Version of the plan, the manifest and the sample file; a reader rejects newer versions.
pub const FORMAT_VERSION: u32 = 2;

/// Everything that one run does on one machine. It contains only values and can be saved, sent and read back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT_VERSION`] of the program that made the plan.
    pub format: u32,
    /// Name of the scenario; several names are joined by `+`.
    pub scenario: String,
    /// Seed of every random order of the run.
    pub seed: u64,
    /// Number of times that work trees and target directories are recreated within the run; at least 1.
    pub sessions: u32,
    /// Time limit of the whole run, if there is one.
    pub time_budget: Option<Duration>,
    /// Projects used by the blocks.
    pub projects: Vec<PlannedProject>,
    /// Blocks in the order in which they are measured.
    pub blocks: Vec<Block>,
    /// Values that were requested and are skipped here, each with the reason.
    pub skipped: Vec<Skipped>,
    /// The search, track or gate that requested the plan, if the plan is a stage of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<PlanOrigin>,
}

impl Plan {
    /// Returns the plan as indented JSON, as described in docs/FORMAT.md.
    ///
    /// # Errors
    ///
    /// Never for a plan that was made by planning or by reading.
    pub fn to_json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }

    /// Reads a plan from JSON, without judging what it says.
    ///
    /// # Errors
    ///
    /// If the text is not JSON, or not a plan of this version of the format.
    pub fn from_json(text: &str) -> serde_json::Result<Self> {
        serde_json::from_str(text)
    }

    /// Number of planned comparisons: variants against their baselines, without the twins and without
    /// fractions, which judge nothing. All of them count in the correction for multiple comparisons.
    pub fn planned_comparisons(&self) -> usize {
        let judged = self.blocks.iter().filter(|block| !block.is_fraction());
        let arms = judged.flat_map(|block| &block.arms);
        arms.filter(|arm| arm.role == Role::Variant).count()
    }
}

/// A project of the plan, with the text of its manifest, so that a plan is self-contained.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedProject {
    /// Name used by the blocks.
    pub name: String,
    /// Pin of the source.
    pub pin: Pin,
    /// Corpus manifest, as TOML.
    pub manifest: String,
    /// Base directory of the manifest's relative paths, for local projects only.
    pub base: Option<String>,
    /// Notes on the state of the source, such as uncommitted changes.
    pub notes: Vec<String>,
    /// Files that git ignores, if the copy of a local project was to include any of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ignored: Option<IgnoredFiles>,
}

/// Files of a local project that git ignores and that its pin does not cover. Their contents are never
/// recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IgnoredFiles {
    /// Hash of the copied files, in the form of a tree pin.
    pub hash: String,
    /// Paths of the copied files, relative to the project.
    pub files: Vec<String>,
    /// Paths of the files that were not copied, relative to the project.
    pub left_out: Vec<String>,
}

/// A set of variants that are built in the same rounds and compared only with each other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    /// Name of the block within the run.
    pub id: BlockId,
    /// Keys of the axes that vary in the block, in the order of the scenario.
    pub axes: Vec<String>,
    /// Arms that each round builds: the baseline first, then the twin if there is one, then the variants.
    pub arms: Vec<Arm>,
    /// Sampling and stopping rule.
    pub sampling: Sampling,
    /// Commits that are replayed, by project, oldest first: the others build on top of the first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub commits: BTreeMap<String, Vec<String>>,
    /// Comparison with the user's own `cargo build`, for each project and for each of the user's own
    /// variants.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fidelity: Vec<Fidelity>,
    /// Combinations of axis values that the block builds; `None` if they were not designed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub design: Option<Design>,
    /// Visits in which the block is measured; `None` if one visit measures all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visits: Option<Visits>,
}

impl Block {
    /// Index of the baseline among the arms.
    pub fn baseline(&self) -> usize {
        self.arms.iter().position(|arm| arm.role == Role::Baseline).unwrap_or(0)
    }

    /// Workloads of the arms, each once and in order, joined by `+`.
    pub fn workload(&self) -> String {
        let mut workloads: Vec<&str> = Vec::new();
        for arm in &self.arms {
            if !workloads.contains(&arm.variant.workload.as_str()) {
                workloads.push(&arm.variant.workload);
            }
        }
        workloads.join("+")
    }

    /// True if the combinations are a fraction, which nominates a combination and gives no verdicts.
    pub fn is_fraction(&self) -> bool {
        self.design.as_ref().is_some_and(|design| design.kind == DesignKind::Fraction)
    }

    /// Index of the twin among the arms.
    pub fn twin(&self) -> Option<usize> {
        self.arms.iter().position(|arm| arm.role == Role::Twin)
    }
}

/// One of the builds in every round of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arm {
    /// Role of the arm in the experiment.
    pub role: Role,
    /// The variant that is built.
    pub variant: Variant,
    /// Names of other variants of the scenario that are identical on this machine; they are built once, as
    /// this one.
    pub aliases: Vec<String>,
    /// Side effects of the settings beyond what their axes are named for, as `linker=mold: …`.
    pub co_changes: Vec<String>,
    /// True if a setting declares that the first build fills a cache which later builds read: those may do
    /// much less work.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub primed: bool,
}

/// Role of an arm in the experiment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The arm that the others are compared with.
    Baseline,
    /// A second, identical copy of the baseline.
    Twin,
    /// An arm to be compared with the baseline.
    Variant,
}

impl Role {
    /// The role as written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Twin => "twin",
            Self::Variant => "variant",
        }
    }
}

/// One value on every axis of a block; everything not named is as the project and cargo define it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// Readable name, such as `linker=mold`.
    pub name: String,
    /// Name of the project.
    pub project: String,
    /// The workload.
    pub workload: String,
    /// The commit of the project, if `rev` is an axis of the block.
    pub rev: Option<String>,
    /// Values of the other axes by key, in the notation of the scenario.
    pub settings: BTreeMap<String, String>,
}

/// Key of the setting whose value is the text of a file.
pub const SNIPPET: &str = "snippet";
/// Key of the setting whose value is the user's own configuration.
pub const AS_CONFIGURED: &str = "as-configured";
/// Keys of settings whose values are whole texts. Only the plan contains the texts; samples name the variant.
pub const TEXT_SETTINGS: [&str; 2] = [SNIPPET, AS_CONFIGURED];

impl Variant {
    /// The source tree that the variant builds: variants with the same tree share a work tree.
    pub fn tree(&self) -> TreeId {
        TreeId { project: self.project.clone(), rev: self.rev.clone() }
    }

    /// Returns true if each build starts with an empty target directory, so that all builds do the same work.
    pub fn starts_from_nothing(&self) -> bool {
        const FROM_NOTHING: [&str; 6] = ["clean", "check", "clippy", "test", "doc", "deps-only"];
        FROM_NOTHING.contains(&self.workload.as_str())
    }

    /// Returns true if the variant builds one commit after another.
    pub fn replays(&self) -> bool {
        self.workload.split(':').next() == Some("replay")
    }
}

/// A source tree of a plan: a project at its pin or at one of its commits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId {
    /// Name of the project.
    pub project: String,
    /// The commit, if one is named.
    pub rev: Option<String>,
}

/// Sampling and stopping rule of a block.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sampling {
    /// Number of untimed builds of each variant before the first round, at least 1.
    pub warmup: u32,
    /// Number of rounds before sampling may stop because the precision is reached.
    pub min_rounds: u32,
    /// Largest number of rounds.
    pub max_rounds: u32,
    /// Half-width of the interval to reach, as a fraction (0.015 is 1.5%); `None` builds `max_rounds` without
    /// interim looks.
    pub precision: Option<f64>,
    /// Equivalence margin, the smallest difference that matters, as a fraction.
    pub margin: f64,
    /// Time limit of a build; a longer one is killed and recorded as timed out.
    pub timeout: Duration,
}

/// A value that was requested and is skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Skipped {
    /// The block or matrix that requested the value.
    pub block: String,
    /// The variant, such as `linker=wild`.
    pub variant: String,
    /// Reason for skipping.
    pub reason: String,
    /// A command or setting that would help.
    pub help: Option<String>,
}
