//! Rules and decisions, as values.

use std::collections::BTreeMap;

use crate::machines::values::RefusedBlock;

/// Rule for the decision of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Largest allowed slowdown of a workload, as a fraction.
    pub max_slower: f64,
    /// Memory limit of a build.
    pub memory: MemoryLimit,
    /// Seconds per day that a switch must save; 0 for any savings.
    pub worth: f64,
    /// Builds per day of each workload.
    pub per_day: Vec<(String, f64)>,
}

/// Memory limit of a build.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryLimit {
    /// Memory of the class's smallest machine.
    Class,
    /// Number of bytes.
    Bytes(u64),
}

/// Decisions, with blocks that could not be used and remarks.
#[derive(Debug, Clone, PartialEq)]
pub struct Decisions {
    /// One question for each project, matrix and baseline.
    pub questions: Vec<SwitchQuestion>,
    /// Blocks that could not be used.
    pub refused: Vec<RefusedBlock>,
    /// Further remarks, as sentences.
    pub remarks: Vec<String>,
}

/// The question whether to replace a baseline by a variant.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchQuestion {
    pub project: String,
    /// Matrix that the blocks come from.
    pub matrix: String,
    /// Name of the baseline, which is built today.
    pub baseline: String,
    /// Decision for each class.
    pub classes: Vec<ClassDecision>,
    /// Variant that fits every class and is worth switching to on at least one; of several, the one with the
    /// largest total savings.
    pub for_all: Option<String>,
}

/// Decision for a class of machines.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassDecision {
    pub class: String,
    /// Number of its machines that were measured.
    pub machines: usize,
    pub choice: SwitchChoice,
    /// Variants, largest savings first.
    pub candidates: Vec<SwitchCandidate>,
}

/// Recommended action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SwitchChoice {
    /// Switch to the variant of this name.
    Switch(String),
    /// No variant is worth switching to.
    Stay,
    /// The data do not decide.
    NotKnown,
}

impl SwitchChoice {
    /// Word for files and tables.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Switch(_) => "switch",
            Self::Stay => "stay",
            Self::NotKnown => "not known",
        }
    }
}

/// A variant and its evidence on one class.
#[derive(Debug, Clone, PartialEq)]
pub struct SwitchCandidate {
    pub variant: String,
    pub settings: BTreeMap<String, String>,
    pub fits: RuleFit,
    /// Savings per day; `None` if a workload of the rule has no result.
    pub saved: Option<DailySavings>,
    /// Workloads of the rule that were measured.
    pub workloads: Vec<WorkloadSavings>,
    /// Names of the runs with this variant.
    pub runs: Vec<String>,
}

/// Result of applying the rule to a variant on a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleFit {
    /// The rule holds.
    Yes,
    /// The rule is broken, with the reason.
    No(String),
    /// The data do not decide, with the reason.
    NotKnown(String),
    /// No run of the class has the variant, so it cannot be chosen.
    Absent,
}

/// Time saved per day, in seconds of a class's machines.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DailySavings {
    /// Estimate.
    pub seconds: f64,
    /// Lower end of the interval.
    pub low: f64,
    /// Upper end of the interval.
    pub high: f64,
}

/// Savings of a variant under one workload on one class.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkloadSavings {
    pub workload: String,
    /// Builds per day.
    pub per_day: f64,
    /// Ratio with its plain 95% interval.
    pub ratio: (f64, (f64, f64)),
    /// Seconds saved by one build, with the 95% interval.
    pub saved: (f64, (f64, f64)),
    /// Largest peak memory of a build, in bytes.
    pub memory: Option<u64>,
    /// True if the memory is that of all processes together, false if that of the largest process.
    pub all_processes: bool,
}

impl SwitchCandidate {
    pub(super) fn is_worth_it(&self, rule: &Rule) -> bool {
        self.fits == RuleFit::Yes && self.saved.is_some_and(|saved| saved.low > rule.worth)
    }
}
