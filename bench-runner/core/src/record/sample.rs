//! One timed build, and what became of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::ids::{BlockId, Pin, SharedText};
use super::plan::Role;

/// One build: where it stands in the experiment, and what became of it. What all builds of an arm have in common is
/// shared, because runs have very many builds of few arms.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Number within the run, from 1, in the order in which the builds were made.
    pub number: u32,
    /// The block.
    pub block: BlockId,
    /// The session, from 1.
    pub session: u32,
    /// Name of the project.
    pub project: SharedText,
    /// Pin of the project.
    pub pin: Arc<Pin>,
    /// The workload.
    pub workload: SharedText,
    /// Name of the variant; a twin has the baseline's.
    pub variant: SharedText,
    /// What the arm is there for.
    pub role: Role,
    /// The value on each axis, as the scenario writes it.
    pub settings: Arc<BTreeMap<String, String>>,
    /// Whether it counts.
    pub phase: Phase,
    /// The round, from 1; 0 in a warm-up.
    pub round: u32,
    /// Place within the round, from 1.
    pub position: u32,
    /// 1, and more where a round was taken again.
    pub attempt: u32,
    /// Number of the visit to the block, from 1; `None` in a file that has no visits.
    pub visit: Option<u32>,
    /// Number of the edit that was in place; 0 is the source as it was pinned.
    pub edit: u64,
    /// What was built just before in the same block, as `role:variant`; empty for the first.
    pub predecessor: Option<SharedText>,
    /// When the build was started.
    pub started_at: SystemTime,
    /// What became of it.
    pub outcome: Outcome,
    /// Which units were compiled, where the driver can tell.
    pub rebuilt: Option<Rebuilt>,
    /// Size of the executables and libraries of the project itself, where there are any.
    pub artifact_bytes: Option<u64>,
    /// What else the machine did meanwhile.
    pub interference: Interference,
    /// What a compiler cache did in it, where there was one and it could be asked.
    pub cache: Option<CacheUse>,
}

/// What a compiler cache did in one build: calls of the compiler, by what became of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheUse {
    /// Answered from the cache.
    pub hits: u64,
    /// Not in the cache, but put there.
    pub misses: u64,
    /// Of a kind that no cache takes.
    pub not_cacheable: u64,
}

/// Whether a sample counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// RunRecord, not counted.
    Warmup,
    /// Counted.
    Measured,
}

impl Phase {
    /// The word in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warmup => "warmup",
            Self::Measured => "measured",
        }
    }
}

/// What became of a build. A timing exists only where the build ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It ended well, at this cost.
    Built(Cost),
    /// It ended with an error: the exit code, or `None` where a signal ended it.
    Failed {
        /// Exit code of the build command.
        exit_code: Option<i32>,
    },
    /// It was ended after the time limit.
    TimedOut,
    /// It could not be started.
    NotStarted,
}

impl Outcome {
    /// The word in the files.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Built(_) => "ok",
            Self::Failed { .. } => "failed",
            Self::TimedOut => "timed-out",
            Self::NotStarted => "not-started",
        }
    }

    /// The cost, where the build ended well.
    pub fn cost(&self) -> Option<&Cost> {
        match self {
            Self::Built(cost) => Some(cost),
            _ => None,
        }
    }
}

/// What a build took. CPU time is that of every process the build started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// From just before the build's own program is executed until its process has been reaped.
    pub wall: Duration,
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the kernel.
    pub sys: Duration,
    /// Largest resident set of any single process of the build, bytes.
    pub max_rss: u64,
    /// Largest memory of all processes of the build together, bytes, where the kernel tells (cgroup v2).
    pub peak_memory: Option<u64>,
    /// What the kernel counted for its processes.
    pub activity: Activity,
}

/// Sums of what the kernel counted for the processes of a build, as far as their parents waited for them. `None` if it
/// was not counted or, in a file, if the program that wrote it did not know the count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Page faults that took no reading from disk.
    pub minor_faults: Option<u64>,
    /// Page faults that waited for a reading from disk.
    pub major_faults: Option<u64>,
    /// Times that a process gave up its CPU, mostly to wait.
    pub voluntary_switches: Option<u64>,
    /// Times that a process had its CPU taken away.
    pub involuntary_switches: Option<u64>,
    /// Bytes of files that were written, as far as they were to reach a disk: 0 on file systems in memory.
    pub written_bytes: Option<u64>,
}

/// The set of units that a build compiled.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rebuilt {
    /// How many.
    pub count: u32,
    /// Short hash of the sorted names; equal hashes mean equal sets.
    pub set: SharedText,
}

/// What the machine did besides, between the start and the end of one sample. `None` where it does not tell.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Interference {
    /// Load average over one minute at the start.
    pub load: Option<f64>,
    /// CPU time that a hypervisor gave to others, over all CPUs.
    pub steal: Option<Duration>,
    /// Time in which some task waited for disk (pressure stall information, `some`).
    pub io_pressure: Option<Duration>,
    /// Time in which some task waited for memory (pressure stall information, `some`).
    pub memory_pressure: Option<Duration>,
    /// CPU time of processes outside the build, over all CPUs.
    pub foreign_cpu: Option<Duration>,
    /// Events of thermal throttling, over all CPUs.
    pub throttled: Option<u64>,
    /// Processes of the build that still ran when it had ended and had to be ended.
    pub stragglers: u32,
}

/// Why a block was not sampled further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// Every interval was narrow enough at a look.
    Precision,
    /// The largest number of rounds was reached.
    MaxRounds,
    /// The next round would not have fitted into the time budget.
    Budget,
    /// Fewer than two variants could be built.
    NothingToCompare,
    /// The run was interrupted.
    Interrupted,
    /// A command of the project that is not timed did not end well.
    CommandFailed,
}

impl StopReason {
    /// The reason as words that read after "stopped: ".
    pub fn describe(self) -> &'static str {
        match self {
            Self::Precision => "the precision was reached",
            Self::MaxRounds => "all rounds were done",
            Self::Budget => "the time budget was used up",
            Self::NothingToCompare => "fewer than two variants could be built",
            Self::Interrupted => "the run was interrupted",
            Self::CommandFailed => "a command of the project that is not timed failed",
        }
    }
}

/// How sampling of a block ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEnd {
    /// The block.
    pub block: BlockId,
    /// Why no more rounds were made.
    pub stopped: StopReason,
    /// Complete rounds.
    pub rounds: u32,
    /// Arms that were not timed, or not to the end.
    pub not_timed: Vec<NotTimed>,
    /// Names of variants whose first build turned out to fill a cache that their later builds take from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primed: Vec<String>,
    /// What was found out about its builds that a reader of its verdict should know, as whole sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// An arm that was not timed, or not to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTimed {
    /// What the arm is there for.
    pub role: Role,
    /// Name of the variant.
    pub variant: String,
    /// Why.
    pub reason: String,
}
