//! Results of several runs together, as values.

use bench_runner_core::compare::{Ratio, Verdict};
use bench_runner_core::record::{BlockId, short_hash};
use bench_runner_core::stats::{Combined, Spread, UncertainValue};

use super::setup_differences::SetupDifference;

/// Several runs side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct SideBySide {
    /// Machines, in the order in which their runs were given.
    pub machines: Vec<MachineRuns>,
    /// Blocks that are the same comparison in at least two runs.
    pub blocks: Vec<MultiRunBlock>,
    /// Blocks that cannot be compared with those of the other runs.
    pub refused: Vec<RefusedBlock>,
    /// Differences in setup between the machines, which can make ratios differ.
    pub differences: Vec<SetupDifference>,
    /// Further remarks, as sentences.
    pub remarks: Vec<String>,
}

impl SideBySide {
    /// Name derived from the runs, independent of their order, for the directory of the plots.
    pub fn name(&self) -> String {
        let of_machine = |machine: &MachineRuns| {
            machine.runs.iter().map(|run| format!("{}/{run}", machine.instance)).collect::<Vec<_>>()
        };
        let mut runs: Vec<String> = self.machines.iter().flat_map(of_machine).collect();
        runs.sort_unstable();
        format!("together-{}", short_hash(&runs.join("\n")))
    }
}

/// A machine with its runs: one column of the tables. A machine whose tools or jobs changed between its runs
/// has several columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineRuns {
    /// Letter for headings.
    pub key: String,
    /// Name of the machine's directory, numbered if the machine has several columns.
    pub name: String,
    /// Class, shared by machines that are alike.
    pub class: String,
    /// Distinguishes the machines of a class.
    pub instance: String,
    /// Description in one line.
    pub summary: String,
    /// Names of the runs.
    pub runs: Vec<String>,
}

/// A block that is the same comparison in several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiRunBlock {
    pub id: BlockId,
    pub title: String,
    /// Name of the variant that the others are compared with.
    pub baseline: String,
    /// Equivalence margin, as a fraction.
    pub margin: f64,
    /// Indices of the machines that have the block.
    pub machines: Vec<usize>,
    pub rows: Vec<VariantRow>,
}

/// A variant on every machine.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantRow {
    pub variant: String,
    /// One cell for each of the block's machines, in their order.
    pub cells: Vec<MachineCell>,
    /// Combined ratios of the classes that have several of these machines.
    pub classes: Vec<ClassRatio>,
    /// Agreement of the machines; `None` if fewer than two have a ratio.
    pub agreement: Option<Agreement>,
}

/// Result of a variant on one machine.
#[derive(Debug, Clone, PartialEq)]
pub enum MachineCell {
    Known(MachineRatio),
    /// The variant is identical to the baseline on this machine.
    Baseline,
    /// No ratio, with the reason.
    Nothing(String),
}

/// A variant's ratio on one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineRatio {
    /// Ratio of each run; at least one.
    pub runs: Vec<RunRatio>,
    /// Combined log-ratio.
    pub combined: Combined,
}

/// A variant's ratio in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRatio {
    pub run: String,
    pub ratio: Ratio,
}

/// A variant's ratio over the machines of one class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassRatio {
    pub class: String,
    /// Number of machines.
    pub machines: usize,
    /// Combined log-ratio.
    pub combined: Combined,
}

/// A block that cannot be compared with those of the other runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedBlock {
    /// Title of the block.
    pub block: String,
    pub run: String,
    pub reason: String,
}

impl MachineRatio {
    /// Verdict shared by all runs; `None` if their verdicts differ.
    pub fn verdict(&self) -> Option<Verdict> {
        let first = self.runs.first()?.ratio.verdict;
        self.runs.iter().all(|run| run.ratio.verdict == first).then_some(first)
    }

    /// Summary of the runs' verdicts.
    pub fn verdicts(&self) -> Verdicts {
        Verdicts::summarize(self.runs.iter().map(|run| run.ratio.verdict))
    }

    /// Verdicts in one or two words, for narrow columns.
    pub(crate) fn verdict_word(&self) -> String {
        match self.verdicts() {
            Verdicts::Same(verdict) => verdict.as_str().to_owned(),
            Verdicts::Open(verdict) => format!("partly {}", verdict.as_str()),
            Verdicts::Contrary => "contradictory".to_owned(),
        }
    }

    /// Verdicts in words: a single verdict, with the number of its runs if other runs are inconclusive, or
    /// the verdict of each run in order if they contradict each other.
    pub(crate) fn verdict_text(&self) -> String {
        match (self.verdicts(), self.runs.as_slice()) {
            (Verdicts::Same(_), [only]) => only.ratio.verdict_text(),
            (Verdicts::Same(verdict), _) => verdict.as_str().to_owned(),
            (Verdicts::Open(verdict), runs) => {
                let saying = runs.iter().filter(|run| run.ratio.verdict == verdict).count();
                format!("{} in {saying} of {} runs", verdict.as_str(), runs.len())
            }
            (Verdicts::Contrary, runs) => {
                runs.iter().map(|run| run.ratio.verdict_text()).collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// Ratio with its plain 95% interval: that of the only run, or the combined one of several runs.
    pub fn ratio(&self) -> (f64, (f64, f64)) {
        match self.runs.as_slice() {
            [one] => (one.ratio.ratio, (one.ratio.low, one.ratio.high)),
            _ => as_ratio(&self.combined.mean),
        }
    }
}

/// A log-ratio as a ratio with its 95% interval.
pub(crate) fn as_ratio(known: &UncertainValue) -> (f64, (f64, f64)) {
    let (low, high) = known.interval(bench_runner_core::stats::LEVEL);
    let ratio = bench_runner_core::stats::ratio;
    (ratio(known.value), (ratio(low), ratio(high)))
}

/// Agreement of the machines that have a ratio of a variant.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    pub verdicts: Verdicts,
    /// True if some ratio is in the intervals of all machines.
    pub overlap: bool,
    /// Spread of the ratios beyond chance; `None` if it cannot be estimated.
    pub spread: Option<Spread>,
    /// p-value of the spread, corrected over all variants of all blocks (Holm).
    pub p_adjusted: Option<f64>,
}

/// Summary of several verdicts: those of several machines over all their runs, or those of one machine's
/// runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdicts {
    /// All are the same; `undecided` if none is conclusive.
    Same(Verdict),
    /// The conclusive ones are the same and others are inconclusive: not a contradiction.
    Open(Verdict),
    /// Two conclusive ones differ.
    Contrary,
}

impl Verdicts {
    pub(super) fn summarize(all: impl Iterator<Item = Verdict> + Clone) -> Self {
        let mut conclusive = all.clone().filter(|verdict| is_conclusive(*verdict));
        let Some(first) = conclusive.next() else { return Self::Same(Verdict::Undecided) };
        if conclusive.any(|other| other != first) {
            Self::Contrary
        } else if all.clone().all(is_conclusive) {
            Self::Same(first)
        } else {
            Self::Open(first)
        }
    }
}

/// True for the verdicts `faster`, `slower` and `equivalent`.
pub(super) fn is_conclusive(verdict: Verdict) -> bool {
    verdict.is_conclusive()
}
