//! `manifest.json`: what was run, where, with what, and how it ended.
//!
//! Outside of the plan, keys of a newer program are left alone; [`unknown_key`] finds them where none may be.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::record::{BlockEnd, Plan};

/// The manifest of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of the format.
    pub format: u32,
    /// Who wrote it.
    pub program: ProgramEntry,
    /// Name of the run, also that of its directory.
    pub run: String,
    /// How far it got.
    pub status: Status,
    /// UTC, RFC 3339.
    pub started_at: String,
    /// UTC, RFC 3339; the last time, where the run was resumed.
    pub ended_at: Option<String>,
    /// Where it ran.
    pub machine: MachineEntry,
    /// Compilers, linkers and other tools that took part.
    pub tools: Vec<ToolEntry>,
    /// Parallel jobs of every build.
    pub jobs: usize,
    /// How CPU time, memory and processes of a build were counted, as sentences.
    pub accounting: Vec<String>,
    /// What was to be done.
    pub plan: Plan,
    /// How each block ended, in the order in which they did.
    pub blocks: Vec<BlockEnd>,
    /// Where the time went.
    pub time: TimeSpent,
    /// Places at which the run was taken up again, UTC.
    pub resumed_at: Vec<String>,
}

/// The program that wrote a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProgramEntry {
    /// `bench-runner`.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// How far a run got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It has not ended, or ended without a word.
    Running,
    /// It was ended by hand and can be resumed.
    Interrupted,
    /// The harness itself failed; it can be resumed.
    Broken,
    /// It is done, and nothing will be changed any more.
    Complete,
}

/// The machine, as far as readers of a bundle need it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MachineEntry {
    /// Name of the directory below `results/`.
    pub directory: String,
    /// Shared by machines that are alike.
    pub class: String,
    /// Tells machines of a class apart.
    pub instance: String,
    /// One line for captions.
    pub summary: String,
    /// Everything that was found out about it: facts, provenance, and its state before and after.
    pub details: Value,
}

/// A tool that took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolEntry {
    /// Its name, such as `rustc` or `mold`.
    pub name: String,
    /// What it says of itself.
    pub version: String,
    /// Hash of the program.
    pub sha256: String,
}

/// Where the wall time of a run went, nanoseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeSpent {
    /// Everything, from the first block's start to the end of the last one.
    pub total_ns: u64,
    /// Measured builds.
    pub measured_ns: u64,
    /// Warm-up builds.
    pub warmup_ns: u64,
    /// Declared settling: target directories removed, sources read, dirty pages written.
    pub settling_ns: u64,
    /// Work trees laid out and removed, preparing and trying out commands of the projects.
    pub layout_ns: u64,
}

impl TimeSpent {
    /// What is in none of the parts.
    pub fn other_ns(&self) -> u64 {
        self.total_ns.saturating_sub(self.measured_ns + self.warmup_ns + self.settling_ns + self.layout_ns)
    }
}

/// The place of a key that stands in `raw` and is not understood, such as `machine.color`. `known` is what `raw` was
/// understood as, written down again. The plan refuses such keys by itself.
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

/// Adds to `ours` what stands in `raw` outside of the plan and is not understood, so that a program that resumes a run
/// loses nothing that a newer one wrote down.
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
