//! What several runs say together, as values.

use bench_runner_core::compare::{Ratio, Verdict};
use bench_runner_core::record::{BlockId, short_hash};
use bench_runner_core::stats::{Combined, Known, Spread};

use super::setup_differences::SetupDifference;

/// What several runs say together.
#[derive(Debug, Clone, PartialEq)]
pub struct SideBySide {
    /// The machines, in the order in which their runs were given.
    pub machines: Vec<MachineRuns>,
    /// The blocks that at least two runs have.
    pub blocks: Vec<MultiRunBlock>,
    /// What cannot be put beside the others.
    pub refused: Vec<RefusedBlock>,
    /// What differs between the machines and lets ratios differ.
    pub differences: Vec<SetupDifference>,
    /// What else has to be known, as sentences.
    pub remarks: Vec<String>,
}

impl SideBySide {
    /// A name made from the runs, the same in whatever order they were given: that of the directory of its plots.
    pub fn name(&self) -> String {
        let of_machine = |machine: &MachineRuns| {
            machine.runs.iter().map(|run| format!("{}/{run}", machine.instance)).collect::<Vec<_>>()
        };
        let mut runs: Vec<String> = self.machines.iter().flat_map(of_machine).collect();
        runs.sort_unstable();
        format!("together-{}", short_hash(&runs.join("\n")))
    }
}

/// A machine with its runs: one column of the tables. A machine whose tools have changed between its runs has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MachineRuns {
    /// A letter for headings.
    pub key: String,
    /// Its name, that of its directory.
    pub name: String,
    /// Shared by machines that are alike.
    pub class: String,
    /// Tells machines of a class apart.
    pub instance: String,
    /// One line about it.
    pub summary: String,
    /// Names of its runs.
    pub runs: Vec<String>,
}

/// A block that is the same comparison in several runs.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiRunBlock {
    /// The block.
    pub id: BlockId,
    /// A readable title.
    pub title: String,
    /// What the others are compared with.
    pub baseline: String,
    /// Margin of relevance, as a share.
    pub margin: f64,
    /// Places of the machines that have it.
    pub machines: Vec<usize>,
    /// Its variants.
    pub rows: Vec<VariantRow>,
}

/// A variant on every machine.
#[derive(Debug, Clone, PartialEq)]
pub struct VariantRow {
    /// Its name.
    pub variant: String,
    /// One cell for each of the block's machines, in their order.
    pub cells: Vec<MachineCell>,
    /// Classes that several of these machines share, put together.
    pub classes: Vec<ClassRatio>,
    /// Whether the machines agree; `None` where fewer than two have a ratio.
    pub agreement: Option<Agreement>,
}

/// What a machine says of a variant.
#[derive(Debug, Clone, PartialEq)]
pub enum MachineCell {
    /// It has a ratio.
    Known(MachineRatio),
    /// There it is the same thing as the baseline.
    Baseline,
    /// Why there is no ratio.
    Nothing(String),
}

/// A variant's ratio on one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct MachineRatio {
    /// The runs with their ratios; at least one.
    pub runs: Vec<RunRatio>,
    /// The log-ratio over them.
    pub combined: Combined,
}

/// A variant's ratio in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRatio {
    /// Name of the run.
    pub run: String,
    /// The ratio, with its verdict.
    pub ratio: Ratio,
}

/// A variant's ratio over the machines of one class.
#[derive(Debug, Clone, PartialEq)]
pub struct ClassRatio {
    pub class: String,
    /// How many machines.
    pub machines: usize,
    /// The log-ratio over them.
    pub combined: Combined,
}

/// What cannot be put beside the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedBlock {
    /// Title of the block.
    pub block: String,
    pub run: String,
    pub reason: String,
}

impl MachineRatio {
    /// The verdict of all of its runs; `None` where they differ.
    pub fn verdict(&self) -> Option<Verdict> {
        let first = self.runs.first()?.ratio.verdict;
        self.runs.iter().all(|run| run.ratio.verdict == first).then_some(first)
    }

    /// How the verdicts of its runs lie.
    pub fn verdicts(&self) -> Verdicts {
        Verdicts::summarize(self.runs.iter().map(|run| run.ratio.verdict))
    }

    /// The verdicts in a word or two, for where there is little room.
    pub(crate) fn verdict_word(&self) -> String {
        match self.verdicts() {
            Verdicts::Same(verdict) => verdict.as_str().to_owned(),
            Verdicts::Open(verdict) => format!("partly {}", verdict.as_str()),
            Verdicts::Contrary => "contradictory".to_owned(),
        }
    }

    /// The verdicts in words: one, with how many runs say it where others could not tell, or those of the runs in their
    /// order where they contradict each other.
    pub(crate) fn verdict_text(&self) -> String {
        let words = || self.runs.iter().map(|run| run.ratio.verdict.as_str());
        match self.verdicts() {
            Verdicts::Same(verdict) => verdict.as_str().to_owned(),
            Verdicts::Open(verdict) => {
                let saying = words().filter(|word| *word == verdict.as_str()).count();
                format!("{} in {saying} of {} runs", verdict.as_str(), self.runs.len())
            }
            Verdicts::Contrary => words().collect::<Vec<_>>().join(", "),
        }
    }

    /// The ratio with its plain 95 % interval: that of the run where there is one, over the runs where there are several.
    pub fn ratio(&self) -> (f64, (f64, f64)) {
        match self.runs.as_slice() {
            [one] => (one.ratio.ratio, (one.ratio.low, one.ratio.high)),
            _ => as_ratio(&self.combined.known),
        }
    }
}

/// A log-ratio as a ratio with its 95 % interval.
pub(crate) fn as_ratio(known: &Known) -> (f64, (f64, f64)) {
    let (low, high) = known.interval(bench_runner_core::stats::LEVEL);
    let ratio = bench_runner_core::stats::ratio;
    (ratio(known.value), (ratio(low), ratio(high)))
}

/// Whether the machines that have a ratio of a variant agree.
#[derive(Debug, Clone, PartialEq)]
pub struct Agreement {
    /// How their verdicts lie.
    pub verdicts: Verdicts,
    /// Whether there is a ratio that lies in the intervals of all of them.
    pub overlap: bool,
    /// How far the ratios lie apart beyond chance; `None` where it cannot be said.
    pub spread: Option<Spread>,
    /// The p-value of the spread as it counts among all variants of the table (Holm).
    pub p_adjusted: Option<f64>,
}

/// How several verdicts lie: those of several machines in all of their runs, or those of the runs of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdicts {
    /// All are the same; or none says anything, which is `undecided`.
    Same(Verdict),
    /// Those that say something say the same, and some say nothing: no contradiction.
    Open(Verdict),
    /// Two say different things.
    Contrary,
}

impl Verdicts {
    /// How these lie.
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

/// Whether a verdict is more than that nothing was shown.
pub(super) fn is_conclusive(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Faster | Verdict::Slower | Verdict::Equivalent)
}
