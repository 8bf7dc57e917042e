//! `manifest.json`: plan, machine, tools, progress and end of a run.
//!
//! Outside of the plan, keys of a newer program are preserved; [`unknown_key`] finds them where they are not
//! allowed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::{BlockEnd, Plan};

/// The manifest of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format.
    pub format: u32,
    /// The program that wrote the bundle.
    pub program: ProgramEntry,
    /// Name of the run and of its directory.
    pub run: String,
    /// Progress of the run.
    pub status: Status,
    /// Start of the run in UTC, RFC 3339.
    pub started_at: String,
    /// End of the run in UTC, RFC 3339; the last end, if the run was resumed.
    pub ended_at: Option<String>,
    /// The machine that the run was measured on.
    pub machine: MachineEntry,
    /// Compilers, linkers and other tools that were used.
    pub tools: Vec<ToolEntry>,
    /// Number of parallel jobs of every build.
    pub jobs: usize,
    /// Methods of counting CPU time, memory and processes of a build, as sentences.
    pub accounting: Vec<String>,
    /// The plan of the run.
    pub plan: Plan,
    /// End of each block, in the order in which the blocks ended.
    pub blocks: Vec<BlockEnd>,
    /// Wall time of the run by purpose.
    pub time: TimeSpent,
    /// Times at which the run was resumed, UTC.
    pub resumed_at: Vec<String>,
}

/// The program that wrote a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramEntry {
    /// `bench-runner`.
    pub name: String,
    /// Version of the program.
    pub version: String,
}

/// Progress of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// The run is still in progress or crashed.
    Running,
    /// The run was interrupted and can be resumed.
    Interrupted,
    /// The harness itself failed; it can be resumed.
    Broken,
    /// The run is complete, and the bundle is final.
    Complete,
}

/// The machine, with the details that readers of a bundle need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MachineEntry {
    /// Name of the directory below `results/`.
    pub directory: String,
    /// Machine class, the same for machines that are alike.
    pub class: String,
    /// Identifier of the machine within its class.
    pub instance: String,
    /// One-line summary for captions.
    pub summary: String,
    /// All facts about the machine: hardware, provenance, and its state before and after the run.
    pub details: Value,
}

/// A tool that was used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolEntry {
    /// Name of the tool, such as `rustc` or `mold`.
    pub name: String,
    /// Version that the tool reports.
    pub version: String,
    /// Hash of the executable.
    pub sha256: String,
}

/// Wall time of a run by purpose, nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSpent {
    /// Total time, from the start of the first block to the end of the last one.
    pub total_ns: u64,
    /// Measured builds.
    pub measured_ns: u64,
    /// Warm-up builds.
    pub warmup_ns: u64,
    /// Declared settling: removing target directories, reading sources, writing dirty pages.
    pub settling_ns: u64,
    /// Creating and removing work trees, preparing and checking the commands of the projects.
    pub layout_ns: u64,
}

impl TimeSpent {
    /// Time that is in none of the parts.
    pub fn other_ns(&self) -> u64 {
        self.total_ns.saturating_sub(self.measured_ns + self.warmup_ns + self.settling_ns + self.layout_ns)
    }
}

/// Returns the path of a key in `raw` that is not understood, such as `machine.color`. `known` is `raw` after
/// parsing and serializing it again. The plan rejects unknown keys by itself.
pub(super) fn unknown_key(raw: &Value, known: &Value) -> Option<String> {
    let join = |key: &str, below: String| {
        if below.is_empty() || below.starts_with('[') {
            format!("{key}{below}")
        } else {
            format!("{key}.{below}")
        }
    };
    match (raw, known) {
        (Value::Object(raw), Value::Object(known)) => {
            raw.iter().find_map(|(key, value)| match known.get(key) {
                None => Some(key.clone()),
                Some(_) if key == "plan" => None,
                Some(known) => unknown_key(value, known).map(|below| join(key, below)),
            })
        }
        (Value::Array(raw), Value::Array(known)) => {
            raw.iter().zip(known).enumerate().find_map(|(at, (raw, known))| {
                unknown_key(raw, known).map(|below| join(&format!("[{at}]"), below))
            })
        }
        _ => None,
    }
}

/// Adds to `ours` the keys of `raw`, outside of the plan, that are not understood, so that resuming a run
/// loses nothing written by a newer program.
pub(super) fn keep_unknown_keys(raw: &Value, ours: &mut Value) {
    match (raw, ours) {
        (Value::Object(raw), Value::Object(ours)) => {
            for (key, value) in raw.iter().filter(|(key, _)| *key != "plan") {
                match ours.get_mut(key) {
                    Some(known) => keep_unknown_keys(value, known),
                    None => drop(ours.insert(key.clone(), value.clone())),
                }
            }
        }
        (Value::Array(raw), Value::Array(ours)) => {
            raw.iter().zip(ours).for_each(|(raw, ours)| keep_unknown_keys(raw, ours));
        }
        _ => {}
    }
}
