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
mod run;
mod same;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod values;

use bench_runner_core::bundle::{Manifest, Status};

pub use decision::{
    Candidate, Choice, Decisions, Fits, MemoryLimit, OfClass, OfWorkload, Question, Rule, Saved, decide,
};
pub use differences::Difference;
pub use reproduced::{Outcome, Reproduced, ReproducedRow, TwoRatios, reproduced};
pub use run::{Memory, Run};
pub(crate) use values::as_ratio;
pub use values::{
    Agreement, BlockTogether, Cell, Machine, MachineRatio, OfClassRatio, OfRun, Refused, Row, SideBySide,
    Verdicts,
};

use run::each_once;

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
