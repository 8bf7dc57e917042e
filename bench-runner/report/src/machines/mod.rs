//! Several runs, of one machine or of many → what they say together: ratios side by side, whether a run was reproduced,
//! what to decide.
//!
//! Pure: manifests and comparisons go in as values. Only ratios of the same comparison meet here, and never seconds of
//! two machines. What is not the same comparison is refused with the reason. Runs of one machine are put together as
//! separate runs, machines of one class as separate machines (docs/METHODOLOGY.md has the formulas). Nothing here is
//! judged anew: the verdicts are those of the single runs.
//!
//! Knows nothing of how the runs came about, and nothing of how this is shown.

mod agreement;
mod decision;
mod differences;
mod reproduced;
mod same;
mod table;
#[cfg(test)]
pub(crate) mod tests;

use bench_runner_core::bundle::{Manifest, Status};
use bench_runner_core::compare::{Comparison, Ratio, Verdict};
use bench_runner_core::record::{BlockId, short_hash};
use bench_runner_core::stats::{Combined, Known};

pub use agreement::{Agreement, Verdicts};
pub use decision::{
    Candidate, Choice, Decisions, Fits, MemoryLimit, OfClass, OfWorkload, Question, Rule, Saved, decide,
};
pub use differences::Difference;
pub use reproduced::{Outcome, Reproduced, ReproducedRow, TwoRatios, reproduced};

/// A run and what its samples say.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// What was run, where, with what.
    pub manifest: &'a Manifest,
    /// What it says.
    pub comparison: &'a Comparison,
    /// Largest memory seen, where it was looked for.
    pub memory: &'a [Memory],
}

/// The most memory that a measured build of an arm took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Memory {
    /// The block.
    pub block: BlockId,
    /// Name of the variant.
    pub variant: String,
    /// Bytes.
    pub bytes: u64,
    /// Whether it is that of all processes together, and not that of the largest one.
    pub all_processes: bool,
}

/// What several runs say together.
#[derive(Debug, Clone, PartialEq)]
pub struct SideBySide {
    /// The machines, in the order in which their runs were given.
    pub machines: Vec<Machine>,
    /// The blocks that at least two runs have.
    pub blocks: Vec<BlockTogether>,
    /// What cannot be put beside the others.
    pub refused: Vec<Refused>,
    /// What differs between the machines and lets ratios differ.
    pub differences: Vec<Difference>,
    /// What else has to be known, as sentences.
    pub remarks: Vec<String>,
}

impl SideBySide {
    /// A name made from the runs, the same in whatever order they were given: that of the directory of its plots.
    pub fn name(&self) -> String {
        let of_machine = |machine: &Machine| {
            machine.runs.iter().map(|run| format!("{}/{run}", machine.instance)).collect::<Vec<_>>()
        };
        let mut runs: Vec<String> = self.machines.iter().flat_map(of_machine).collect();
        runs.sort_unstable();
        format!("together-{}", short_hash(&runs.join("\n")))
    }
}

/// A machine with its runs: one column of the tables. A machine whose tools have changed between its runs has several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
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
pub struct BlockTogether {
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
    pub rows: Vec<Row>,
}

/// A variant on every machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Its name.
    pub variant: String,
    /// One cell for each of the block's machines, in their order.
    pub cells: Vec<Cell>,
    /// Classes that several of these machines share, put together.
    pub classes: Vec<OfClassRatio>,
    /// Whether the machines agree; `None` where fewer than two have a ratio.
    pub agreement: Option<Agreement>,
}

/// What a machine says of a variant.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// It has a ratio.
    Known(Standing),
    /// There it is the same thing as the baseline.
    Baseline,
    /// Why there is no ratio.
    Nothing(String),
}

/// A variant's ratio on one machine.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// The runs with their ratios; at least one.
    pub runs: Vec<OfRun>,
    /// The log-ratio over them.
    pub combined: Combined,
}

/// A variant's ratio in one run.
#[derive(Debug, Clone, PartialEq)]
pub struct OfRun {
    /// Name of the run.
    pub run: String,
    /// The ratio, with its verdict.
    pub ratio: Ratio,
}

/// A variant's ratio over the machines of one class.
#[derive(Debug, Clone, PartialEq)]
pub struct OfClassRatio {
    /// The class.
    pub class: String,
    /// How many machines.
    pub machines: usize,
    /// The log-ratio over them.
    pub combined: Combined,
}

/// What cannot be put beside the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Title of the block.
    pub block: String,
    /// The run.
    pub run: String,
    /// Why.
    pub reason: String,
}

impl Standing {
    /// The verdict of all of its runs; `None` where they differ.
    pub fn verdict(&self) -> Option<Verdict> {
        let first = self.runs.first()?.ratio.verdict;
        self.runs.iter().all(|run| run.ratio.verdict == first).then_some(first)
    }

    /// How the verdicts of its runs lie.
    pub fn verdicts(&self) -> Verdicts {
        Verdicts::of(self.runs.iter().map(|run| run.ratio.verdict))
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

/// Puts runs side by side.
pub fn side_by_side(runs: &[Run<'_>]) -> SideBySide {
    let (kept, mut remarks) = each_once(runs);
    let (machines, of_run) = machines(&kept);
    let unfinished = kept.iter().filter(|run| run.manifest.status != Status::Complete);
    remarks.extend(unfinished.map(|run| format!("the run {} is not complete", run.manifest.run)));
    if machines.len() == 1 && kept.len() > 1 {
        let name = &machines[0].name;
        remarks.push(format!("all runs are of {name}, so nothing says whether another machine agrees"));
    }
    if let Some(chosen) = kept.iter().find_map(|run| run.comparison.post_hoc.as_ref()) {
        remarks.push(format!("post hoc: compared with `{}`, chosen after the runs", chosen.baseline));
    }
    let (groups, refused) = same::groups(&kept);
    let mut blocks: Vec<BlockTogether> =
        groups.iter().map(|group| table::of_group(group, &of_run, &machines)).collect();
    agreement::correct(&mut blocks);
    let differences = differences::of(&kept, &of_run, machines.len());
    SideBySide { machines, blocks, refused, differences, remarks }
}

/// Every run once, however many copies of its bundle were given.
fn each_once<'a>(runs: &[Run<'a>]) -> (Vec<Run<'a>>, Vec<String>) {
    let (mut kept, mut remarks): (Vec<Run<'a>>, Vec<String>) = (Vec::new(), Vec::new());
    for run in runs {
        if kept.iter().any(|known| same_run(known, run)) {
            remarks.push(format!("the run {} was given more than once and counts once", run.manifest.run));
        } else {
            kept.push(*run);
        }
    }
    remarks.dedup();
    (kept, remarks)
}

fn same_run(one: &Run<'_>, other: &Run<'_>) -> bool {
    let of = |run: &Run<'_>| (run.manifest.run.clone(), run.manifest.machine.instance.clone());
    of(one) == of(other)
}

/// The machines, and for each run the place of its machine.
fn machines(runs: &[Run<'_>]) -> (Vec<Machine>, Vec<usize>) {
    let (mut machines, mut firsts): (Vec<Machine>, Vec<&Manifest>) = (Vec::new(), Vec::new());
    let mut of_run = Vec::new();
    for run in runs {
        let machine = &run.manifest.machine;
        let like = |(known, first): (&Machine, &&Manifest)| {
            known.instance == machine.instance && differences::same_tools(first, run.manifest)
        };
        let place = machines.iter().zip(&firsts).position(like).unwrap_or_else(|| {
            let numbered = format!("{} (", machine.directory);
            let same =
                |known: &&Machine| known.name == machine.directory || known.name.starts_with(&numbered);
            let again = machines.iter().filter(same).count();
            let more = if again > 0 { format!(" ({})", again + 1) } else { String::new() };
            machines.push(Machine {
                key: key(machines.len()),
                name: format!("{}{more}", machine.directory),
                class: machine.class.clone(),
                instance: machine.instance.clone(),
                summary: machine.summary.clone(),
                runs: Vec::new(),
            });
            firsts.push(run.manifest);
            machines.len() - 1
        });
        machines[place].runs.push(run.manifest.run.clone());
        of_run.push(place);
    }
    (machines, of_run)
}

/// A, B, … Z, A2, …
fn key(place: usize) -> String {
    let letter = char::from(b'A' + (place % 26) as u8);
    if place < 26 { letter.to_string() } else { format!("{letter}{}", place / 26 + 1) }
}
