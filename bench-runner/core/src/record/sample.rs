//! One build, its outcome and its cost.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use super::ids::{BlockId, Pin, SharedText};
use super::plan::Role;

/// One build: its position in the experiment and its outcome. Values that are the same for all builds of an
/// arm are shared, because runs have very many builds of few arms.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Number within the run, from 1, in the order of building.
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
    /// Role of the arm.
    pub role: Role,
    /// Value on each axis, in the notation of the scenario.
    pub settings: Arc<BTreeMap<String, String>>,
    /// Phase, which decides if the sample counts.
    pub phase: Phase,
    /// The round, from 1; 0 in a warm-up.
    pub round: u32,
    /// Position within the round, from 1.
    pub position: u32,
    /// Number of the attempt: 1, or more if the round was repeated.
    pub attempt: u32,
    /// Number of the visit to the block, from 1; `None` in a file that has no visits.
    pub visit: Option<u32>,
    /// Number of the applied edit; 0 is the pinned source.
    pub edit: u64,
    /// Previous build in the same block, as `role:variant`; `None` for the first.
    pub predecessor: Option<SharedText>,
    /// Start time of the build.
    pub started_at: SystemTime,
    /// Outcome of the build.
    pub outcome: Outcome,
    /// Units that were compiled, if the driver reports them.
    pub rebuilt: Option<Rebuilt>,
    /// Size of the project's own executables and libraries, if there are any.
    pub artifact_bytes: Option<u64>,
    /// Other activity on the machine during the build.
    pub interference: Interference,
    /// Compiler cache statistics of the build, if a cache was used and could be queried.
    pub cache: Option<CacheUse>,
}

/// Compiler cache statistics of one build: compiler calls by result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CacheUse {
    /// Answered from the cache.
    pub hits: u64,
    /// Not in the cache, but put there.
    pub misses: u64,
    /// Of a kind that the cache does not accept.
    pub not_cacheable: u64,
}

/// Phase of a sample, which decides if it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Recorded, not counted.
    Warmup,
    /// Counted.
    Measured,
}

impl Phase {
    /// The phase as written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Warmup => "warmup",
            Self::Measured => "measured",
        }
    }
}

/// Outcome of a build. Only a successful build has a timing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The build succeeded, at this cost.
    Built(Cost),
    /// The build failed: with an exit code, or `None` if a signal killed it.
    Failed {
        /// Exit code of the build command.
        exit_code: Option<i32>,
    },
    /// The build was killed at the time limit.
    TimedOut,
    /// The build could not be started.
    NotStarted,
}

impl Outcome {
    /// The outcome as written in files.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Built(_) => "ok",
            Self::Failed { .. } => "failed",
            Self::TimedOut => "timed-out",
            Self::NotStarted => "not-started",
        }
    }

    /// The cost, if the build succeeded.
    pub fn cost(&self) -> Option<&Cost> {
        match self {
            Self::Built(cost) => Some(cost),
            _ => None,
        }
    }
}

/// Time, CPU time and memory of a build. CPU time covers every process that the build started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// Time from just before the build's program is executed until its process is reaped.
    pub wall: Duration,
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the kernel.
    pub sys: Duration,
    /// Largest resident set of any single process of the build, bytes.
    pub max_rss: u64,
    /// Peak memory of all processes of the build together, bytes, if the kernel reports it (cgroup v2).
    pub peak_memory: Option<u64>,
    /// Kernel counters of the build's processes.
    pub activity: Activity,
}

/// Sums of kernel counters over the processes of a build, as far as their parents waited for them. `None` if
/// the counter was not read or, in a file, if the program that wrote it did not know the counter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// Page faults that did not read from disk.
    pub minor_faults: Option<u64>,
    /// Page faults that waited for a read from disk.
    pub major_faults: Option<u64>,
    /// Times that a process gave up the CPU, mostly to wait.
    pub voluntary_switches: Option<u64>,
    /// Times that a process was preempted.
    pub involuntary_switches: Option<u64>,
    /// Bytes written to files that were to reach a disk: 0 on file systems in memory.
    pub written_bytes: Option<u64>,
}

/// Set of units that a build compiled.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Rebuilt {
    /// Number of units.
    pub count: u32,
    /// Short hash of the sorted names; equal hashes mean equal sets.
    pub set: SharedText,
}

/// Other activity on the machine between the start and the end of one sample. `None` if the machine does not
/// report it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Interference {
    /// Load average over one minute at the start of the build.
    pub load: Option<f64>,
    /// CPU time that a hypervisor gave to other guests, over all CPUs.
    pub steal: Option<Duration>,
    /// Time during which some task waited for the disk (pressure stall information, `some`).
    pub io_pressure: Option<Duration>,
    /// Time during which some task waited for memory (pressure stall information, `some`).
    pub memory_pressure: Option<Duration>,
    /// CPU time of processes that do not belong to the build, over all CPUs.
    pub foreign_cpu: Option<Duration>,
    /// Thermal throttling events, over all CPUs.
    pub throttled: Option<u64>,
    /// Leaked processes: those still running when the build had ended, and killed then.
    pub stragglers: u32,
}

/// Reason for ending the sampling of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StopReason {
    /// Every interval was narrow enough at an interim look.
    Precision,
    /// The largest number of rounds was reached.
    MaxRounds,
    /// The next round would not have fit into the time budget.
    Budget,
    /// Fewer than two variants could be built.
    NothingToCompare,
    /// The run was interrupted.
    Interrupted,
    /// An untimed command of the project failed.
    CommandFailed,
}

impl StopReason {
    /// The reason, in words that follow "stopped: ".
    pub fn describe(self) -> &'static str {
        match self {
            Self::Precision => "the target precision was reached",
            Self::MaxRounds => "all planned rounds are done",
            Self::Budget => "the next round did not fit into the time budget",
            Self::NothingToCompare => "fewer than two variants could be built",
            Self::Interrupted => "the run was interrupted",
            Self::CommandFailed => "an untimed command of the project failed",
        }
    }
}

/// End of the sampling of a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockEnd {
    /// The block.
    pub block: BlockId,
    /// Reason for not building more rounds.
    pub stopped: StopReason,
    /// Number of complete rounds.
    pub rounds: u32,
    /// Arms that were not timed, or not to the end.
    pub not_timed: Vec<NotTimed>,
    /// Names of variants whose first build turned out to fill a cache that their later builds read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primed: Vec<String>,
    /// Findings about the builds that a reader of the verdict should know, as whole sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// An arm that was not timed, or not to the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotTimed {
    /// Role of the arm.
    pub role: Role,
    /// Name of the variant.
    pub variant: String,
    /// Reason for not timing it.
    pub reason: String,
}
