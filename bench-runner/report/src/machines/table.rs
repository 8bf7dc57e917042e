//! A block of several runs → ratios of its variants on every machine.

use bench_runner_core::compare::{ArmResult, Ratio, Verdict};
use bench_runner_core::record::{Role, Variant};
use bench_runner_core::stats::{UncertainValue, equal_weight_mean, weighted_mean};

use super::agreement;
use super::grouping::{RunBlock, same_variant};
use super::values::{
    ClassRatio, MachineCell, MachineRatio, MachineRuns, MultiRunBlock, RunRatio, VariantRow,
};

/// `machine_of_run` has the index of each run's machine.
pub(super) fn multi_run_block(
    group: &[RunBlock<'_>],
    machine_of_run: &[usize],
    machines: &[MachineRuns],
) -> MultiRunBlock {
    let mut indices: Vec<usize> = group.iter().map(|block| machine_of_run[block.run_index]).collect();
    indices.sort_unstable();
    indices.dedup();
    let row = |variant: &&Variant| {
        let cells: Vec<MachineCell> = indices
            .iter()
            .map(|index| {
                let own: Vec<&RunBlock<'_>> =
                    group.iter().filter(|block| machine_of_run[block.run_index] == *index).collect();
                cell(&own, variant)
            })
            .collect();
        let classes = class_ratios(&cells, &indices, machines);
        let agreement = agreement::between_machines(&cells);
        VariantRow { variant: variant.name.clone(), cells, classes, agreement }
    };
    let first = &group[0];
    MultiRunBlock {
        id: first.result.id.clone(),
        title: first.result.title.clone(),
        baseline: first.baseline().map(|variant| variant.name.clone()).unwrap_or_default(),
        margin: first.result.margin,
        rows: variants(group).iter().map(row).collect(),
        machines: indices,
    }
}

/// Variants of all runs, without duplicates.
fn variants<'a>(group: &[RunBlock<'a>]) -> Vec<&'a Variant> {
    let mut found: Vec<&Variant> = Vec::new();
    for block in group {
        let compared = block.planned.arms.iter().enumerate();
        let compared = compared.filter(|(at, arm)| *at != block.result.baseline && arm.role != Role::Twin);
        for (_, arm) in compared {
            if !found.iter().any(|known| same_variant(known, &arm.variant)) {
                found.push(&arm.variant);
            }
        }
    }
    found
}

/// Result of a variant on one machine, over its runs.
fn cell(own: &[&RunBlock<'_>], variant: &Variant) -> MachineCell {
    let found: Vec<(&str, Result<Ratio, NoRatio>)> =
        own.iter().map(|block| (block.run.manifest.run.as_str(), variant_ratio(block, variant))).collect();
    let with_ratio = |(run, found): &(&str, Result<Ratio, NoRatio>)| {
        found.as_ref().ok().map(|ratio| RunRatio { run: (*run).to_owned(), ratio: *ratio })
    };
    let runs: Vec<RunRatio> = found.iter().filter_map(with_ratio).collect();
    let known: Vec<UncertainValue> = runs.iter().map(|run| run.ratio.log_ratio()).collect();
    if let Some(combined) = weighted_mean(&known) {
        return MachineCell::Known(MachineRatio { runs, combined });
    }
    let mut reasons = found.into_iter().filter_map(|(_, found)| found.err());
    match reasons.next() {
        Some(NoRatio::SameAsBaseline) => MachineCell::Baseline,
        Some(NoRatio::Because(reason)) => MachineCell::Nothing(reason),
        None => MachineCell::Nothing("its ratio is no number".to_owned()),
    }
}

/// Reason why a run has no ratio of a variant.
pub(super) enum NoRatio {
    /// The variant is identical to the baseline in this run.
    SameAsBaseline,
    Because(String),
}

/// Ratio of a variant in one run, unless it is invalid.
pub(super) fn variant_ratio(block: &RunBlock<'_>, variant: &Variant) -> Result<Ratio, NoRatio> {
    let (at, arm) = find_arm(block, variant).ok_or_else(|| NoRatio::Because(why_left_out(block, variant)))?;
    if at == block.result.baseline {
        return Err(NoRatio::SameAsBaseline);
    }
    match arm.ratio {
        Some(ratio) if ratio.verdict == Verdict::Invalid => {
            Err(NoRatio::Because(format!("invalid: {}", block.result.why_invalid().join("; "))))
        }
        Some(ratio) => Ok(ratio),
        None => Err(NoRatio::Because(why_no_ratio(arm))),
    }
}

/// Arm that builds a variant, with its index.
pub(super) fn find_arm<'a>(block: &RunBlock<'a>, variant: &Variant) -> Option<(usize, &'a ArmResult)> {
    let planned = block.planned.arms.iter().enumerate().filter(|(_, arm)| arm.role != Role::Twin);
    let found = planned.clone().find(|(_, arm)| same_variant(&arm.variant, variant));
    // Two values that are identical on a machine are built once, under one of their names.
    let found = found.or_else(|| planned.clone().find(|(_, arm)| arm.aliases.contains(&variant.name)));
    found.and_then(|(at, _)| block.result.arms.get(at).map(|arm| (at, arm)))
}

fn why_left_out(block: &RunBlock<'_>, variant: &Variant) -> String {
    let of_block = |skipped: &&bench_runner_core::record::Skipped| {
        let matrix = block.result.id.as_str().split('/').next().unwrap_or_default();
        let here = skipped.block == block.result.id.as_str()
            || skipped.block.split('/').next().is_some_and(|name| name == matrix);
        here && (skipped.variant == variant.name || skipped.variant == "all")
    };
    let skipped = block.run.comparison.skipped.iter().find(of_block);
    skipped.map_or_else(|| "not in this run".to_owned(), |skipped| format!("skipped: {}", skipped.reason))
}

fn why_no_ratio(arm: &ArmResult) -> String {
    match &arm.not_timed {
        Some(reason) => format!("not timed: {reason}"),
        None if arm.points.is_empty() => "no build succeeded".to_owned(),
        None => "too few rounds for an interval".to_owned(),
    }
}

/// Ratios of classes with at least two machines that have a ratio. Of a machine with several columns, the
/// last one counts.
fn class_ratios(cells: &[MachineCell], indices: &[usize], machines: &[MachineRuns]) -> Vec<ClassRatio> {
    let mut of_class: Vec<(&str, Vec<(&str, UncertainValue)>)> = Vec::new();
    for (cell, index) in cells.iter().zip(indices) {
        let (MachineCell::Known(machine_ratio), machine) = (cell, &machines[*index]) else { continue };
        let known = (machine.instance.as_str(), machine_ratio.combined.mean);
        match of_class.iter_mut().find(|(class, _)| *class == machine.class) {
            Some((_, instances)) => {
                instances.retain(|(instance, _)| *instance != machine.instance);
                instances.push(known);
            }
            None => of_class.push((&machine.class, vec![known])),
        }
    }
    let put_together = |(class, instances): (&str, Vec<(&str, UncertainValue)>)| {
        let of: Vec<UncertainValue> = instances.iter().map(|(_, known)| *known).collect();
        let combined = equal_weight_mean(&of).filter(|_| of.len() > 1)?;
        Some(ClassRatio { class: class.to_owned(), machines: of.len(), combined })
    };
    of_class.into_iter().filter_map(put_together).collect()
}
