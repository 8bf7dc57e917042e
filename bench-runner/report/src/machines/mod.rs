//! Several runs, of one machine or many → ratios side by side, reproduction of a run, decisions for machine
//! classes.
//!
//! Pure: manifests and comparisons are passed in as values. Ratios are combined only within the same
//! comparison, and seconds of two machines are never pooled. Blocks that are not the same comparison are
//! refused with the reason. Runs of one machine are combined as separate runs, machines of one class as
//! separate machines (docs/METHODOLOGY.md has the formulas). Verdicts are those of the single runs; none is
//! computed here.
//!
//! Independent of how runs are measured and of how results are displayed.

mod agreement;
mod decision;
mod grouping;
mod reproduction;
mod run;
mod setup_differences;
mod table;
#[cfg(test)]
pub(crate) mod tests;
mod values;

use bench_runner_core::bundle::{Manifest, Status};

pub use decision::{
    ClassDecision, DailySavings, Decisions, MemoryLimit, Rule, RuleFit, SwitchCandidate, SwitchChoice,
    SwitchQuestion, WorkloadSavings, decide,
};
pub use reproduction::{
    ReproducedVerdict, Reproduction, ReproductionOutcome, TwoRatios, compare_reproduction,
};
pub use run::{ComparedRun, PeakMemory};
pub use setup_differences::SetupDifference;
pub(crate) use values::as_ratio;
pub use values::{
    Agreement, ClassRatio, MachineCell, MachineRatio, MachineRuns, MultiRunBlock, RefusedBlock, RunRatio,
    SideBySide, VariantRow, Verdicts,
};

use run::deduplicate;

/// Puts runs side by side.
pub fn side_by_side(runs: &[ComparedRun<'_>]) -> SideBySide {
    let (kept, mut remarks) = deduplicate(runs);
    let (machines, machine_of_run) = machines(&kept);
    let unfinished = kept.iter().filter(|run| run.manifest.status != Status::Complete);
    remarks.extend(unfinished.map(|run| format!("the run {} is not complete", run.manifest.run)));
    if machines.len() == 1 && kept.len() > 1 {
        let name = &machines[0].name;
        remarks.push(format!("all runs are of {name}, so nothing says whether another machine agrees"));
    }
    if let Some(chosen) = kept.iter().find_map(|run| run.comparison.post_hoc.as_ref()) {
        remarks.push(format!("post hoc: compared with `{}`, chosen after the runs", chosen.baseline));
    }
    let (groups, refused) = grouping::comparable_groups(&kept);
    let mut blocks: Vec<MultiRunBlock> =
        groups.iter().map(|group| table::multi_run_block(group, &machine_of_run, &machines)).collect();
    agreement::correct_p_values(&mut blocks);
    let differences = setup_differences::find(&kept, &machine_of_run, machines.len());
    SideBySide { machines, blocks, refused, differences, remarks }
}

/// The machines, and for each run the index of its machine.
fn machines(runs: &[ComparedRun<'_>]) -> (Vec<MachineRuns>, Vec<usize>) {
    let (mut machines, mut firsts): (Vec<MachineRuns>, Vec<&Manifest>) = (Vec::new(), Vec::new());
    let mut machine_of_run = Vec::new();
    for run in runs {
        let machine = &run.manifest.machine;
        let like = |(known, first): (&MachineRuns, &&Manifest)| {
            known.instance == machine.instance && setup_differences::same_tools(first, run.manifest)
        };
        let index = machines.iter().zip(&firsts).position(like).unwrap_or_else(|| {
            let numbered = format!("{} (", machine.directory);
            let same =
                |known: &&MachineRuns| known.name == machine.directory || known.name.starts_with(&numbered);
            let again = machines.iter().filter(same).count();
            let more = if again > 0 { format!(" ({})", again + 1) } else { String::new() };
            machines.push(MachineRuns {
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
        machines[index].runs.push(run.manifest.run.clone());
        machine_of_run.push(index);
    }
    (machines, machine_of_run)
}

/// Heading letter of a machine: A, B, … Z, A2, …
fn key(index: usize) -> String {
    let letter = char::from(b'A' + (index % 26) as u8);
    if index < 26 { letter.to_string() } else { format!("{letter}{}", index / 26 + 1) }
}
