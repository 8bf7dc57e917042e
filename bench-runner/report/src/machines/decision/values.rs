//! Rules and decisions, as values.

use std::collections::BTreeMap;

use crate::machines::values::RefusedBlock;

/// By what a class decides.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// How much slower a workload may become, as a share.
    pub max_slower: f64,
    /// How much memory a build may take.
    pub memory: MemoryLimit,
    /// Seconds per day that must be saved for a switch to be worth it; 0 for anything at all.
    pub worth: f64,
    /// How many builds a day there are of each workload.
    pub per_day: Vec<(String, f64)>,
}

/// How much memory a build may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryLimit {
    /// As much as the machine has.
    Class,
    /// So many bytes.
    Bytes(u64),
}

/// The decisions, and what could not be taken into account.
#[derive(Debug, Clone, PartialEq)]
pub struct Decisions {
    /// One for each question, that is, for each project, matrix and baseline.
    pub questions: Vec<SwitchQuestion>,
    /// Blocks that say nothing here.
    pub refused: Vec<RefusedBlock>,
    /// What else has to be known, as sentences.
    pub remarks: Vec<String>,
}

/// A baseline that could be left for a variant.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchQuestion {
    pub project: String,
    /// The matrix that made the blocks.
    pub matrix: String,
    /// What is built now.
    pub baseline: String,
    /// The decision on each class.
    pub classes: Vec<ClassDecision>,
    /// A variant that fits every class and is worth it on at least one: that which saves most in sum.
    pub for_all: Option<String>,
}

/// What a class of machines should do.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassDecision {
    pub class: String,
    /// How many machines of it were measured.
    pub machines: usize,
    /// What to do.
    pub choice: SwitchChoice,
    /// The variants, those that save most first.
    pub candidates: Vec<SwitchCandidate>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchChoice {
    /// Build the variant of this name from now on.
    Switch(String),
    /// No variant is worth it.
    Stay,
    /// It cannot be said.
    NotKnown,
}

impl SwitchChoice {
    /// The word in files and tables.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Switch(_) => "switch",
            Self::Stay => "stay",
            Self::NotKnown => "not known",
        }
    }
}

/// A variant on one class.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchCandidate {
    /// Its name.
    pub variant: String,
    /// What it sets.
    pub settings: BTreeMap<String, String>,
    pub fits: RuleFit,
    /// What it saves; `None` where a workload that counts has no result.
    pub saved: Option<DailySavings>,
    /// Its workloads, as far as they were measured.
    pub workloads: Vec<WorkloadSavings>,
    /// Names of the runs that it was measured in.
    pub runs: Vec<String>,
}

/// Whether a variant fits a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleFit {
    /// The rule holds.
    Yes,
    /// The rule is broken, and where.
    No(String),
    /// Why it cannot be said.
    NotKnown(String),
    /// No run of the class has it, so it is no choice there.
    Absent,
}

/// What a variant saves in a day, in seconds of a class' machines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DailySavings {
    /// The estimate.
    pub seconds: f64,
    /// Lower end of its interval.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// A variant under one workload on one class.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadSavings {
    pub workload: String,
    /// Builds a day.
    pub per_day: f64,
    /// The ratio with its plain 95 % interval.
    pub ratio: (f64, (f64, f64)),
    /// Seconds saved by one build, with the 95 % interval.
    pub saved: (f64, (f64, f64)),
    /// The most memory that a build took, bytes.
    pub memory: Option<u64>,
    /// Whether that is all processes together, and not the largest one alone.
    pub all_processes: bool,
}

impl SwitchCandidate {
    pub(super) fn is_worth_it(&self, rule: &Rule) -> bool {
        self.fits == RuleFit::Yes && self.saved.is_some_and(|saved| saved.low > rule.worth)
    }
}
