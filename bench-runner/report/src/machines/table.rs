//! A block of several runs → its variants on every machine.

use bench_runner_core::compare::{ArmResult, Ratio, Verdict};
use bench_runner_core::record::{Role, Variant};
use bench_runner_core::stats::{UncertainValue, equal_weight_mean, weighted_mean};

use super::agreement;
use super::same::{Subject, same_variant};
use super::values::{BlockTogether, Cell, Machine, MachineRatio, OfClassRatio, OfRun, Row};

/// `of_run` has the place of each run's machine.
pub(super) fn of_group(group: &[Subject<'_>], of_run: &[usize], machines: &[Machine]) -> BlockTogether {
    let mut places: Vec<usize> = group.iter().map(|subject| of_run[subject.run]).collect();
    places.sort_unstable();
    places.dedup();
    let row = |variant: &&Variant| {
        let cells: Vec<Cell> = places
            .iter()
            .map(|place| {
                let own: Vec<&Subject<'_>> =
                    group.iter().filter(|subject| of_run[subject.run] == *place).collect();
                cell(&own, variant)
            })
            .collect();
        let classes = classes(&cells, &places, machines);
        let agreement = agreement::of(&cells);
        Row { variant: variant.name.clone(), cells, classes, agreement }
    };
    let first = &group[0];
    BlockTogether {
        id: first.result.id.clone(),
        title: first.result.title.clone(),
        baseline: first.baseline().map(|variant| variant.name.clone()).unwrap_or_default(),
        margin: first.result.margin,
        rows: variants(group).iter().map(row).collect(),
        machines: places,
    }
}

/// The variants of all runs, each once.
fn variants<'a>(group: &[Subject<'a>]) -> Vec<&'a Variant> {
    let mut found: Vec<&Variant> = Vec::new();
    for subject in group {
        let compared = subject.planned.arms.iter().enumerate();
        let compared = compared.filter(|(at, arm)| *at != subject.result.baseline && arm.role != Role::Twin);
        for (_, arm) in compared {
            if !found.iter().any(|known| same_variant(known, &arm.variant)) {
                found.push(&arm.variant);
            }
        }
    }
    found
}

/// What the runs of one machine say of a variant.
fn cell(own: &[&Subject<'_>], variant: &Variant) -> Cell {
    let found: Vec<(&str, Result<Ratio, Lacks>)> =
        own.iter().map(|subject| (subject.of.manifest.run.as_str(), ratio_of(subject, variant))).collect();
    let with_ratio = |(run, found): &(&str, Result<Ratio, Lacks>)| {
        found.as_ref().ok().map(|ratio| OfRun { run: (*run).to_owned(), ratio: *ratio })
    };
    let runs: Vec<OfRun> = found.iter().filter_map(with_ratio).collect();
    let known: Vec<UncertainValue> = runs.iter().map(|run| run.ratio.log_ratio()).collect();
    if let Some(combined) = weighted_mean(&known) {
        return Cell::Known(MachineRatio { runs, combined });
    }
    let mut lacks = found.into_iter().filter_map(|(_, found)| found.err());
    match lacks.next() {
        Some(Lacks::Baseline) => Cell::Baseline,
        Some(Lacks::Ratio(reason)) => Cell::Nothing(reason),
        None => Cell::Nothing("its ratio is no number".to_owned()),
    }
}

/// Why a run has no ratio of a variant.
pub(super) enum Lacks {
    /// It is the same thing as the baseline there.
    Baseline,
    /// Another reason.
    Ratio(String),
}

/// The ratio of a variant in one run, if it says anything.
pub(super) fn ratio_of(subject: &Subject<'_>, variant: &Variant) -> Result<Ratio, Lacks> {
    let (at, arm) = arm_of(subject, variant).ok_or_else(|| Lacks::Ratio(left_out(subject, variant)))?;
    if at == subject.result.baseline {
        return Err(Lacks::Baseline);
    }
    match arm.ratio {
        Some(ratio) if ratio.verdict == Verdict::Invalid => {
            Err(Lacks::Ratio(format!("invalid: {}", subject.result.why_invalid().join("; "))))
        }
        Some(ratio) => Ok(ratio),
        None => Err(Lacks::Ratio(without_ratio(arm))),
    }
}

/// The arm that a variant is built as, with its place.
pub(super) fn arm_of<'a>(subject: &Subject<'a>, variant: &Variant) -> Option<(usize, &'a ArmResult)> {
    let planned = subject.planned.arms.iter().enumerate().filter(|(_, arm)| arm.role != Role::Twin);
    let place = planned.clone().find(|(_, arm)| same_variant(&arm.variant, variant));
    // Two values that are the same thing on a machine are built once, under one of their names.
    let place = place.or_else(|| planned.clone().find(|(_, arm)| arm.aliases.contains(&variant.name)));
    place.and_then(|(at, _)| subject.result.arms.get(at).map(|arm| (at, arm)))
}

fn left_out(subject: &Subject<'_>, variant: &Variant) -> String {
    let of_block = |skipped: &&bench_runner_core::record::Skipped| {
        let matrix = subject.result.id.as_str().split('/').next().unwrap_or_default();
        let here = skipped.block == subject.result.id.as_str()
            || skipped.block.split('/').next().is_some_and(|name| name == matrix);
        here && (skipped.variant == variant.name || skipped.variant == "all")
    };
    let skipped = subject.of.comparison.skipped.iter().find(of_block);
    skipped.map_or_else(|| "not in this run".to_owned(), |skipped| format!("left out: {}", skipped.reason))
}

fn without_ratio(arm: &ArmResult) -> String {
    match &arm.not_timed {
        Some(reason) => format!("not timed: {reason}"),
        None if arm.points.is_empty() => "no build ended well".to_owned(),
        None => "too few rounds for an interval".to_owned(),
    }
}

/// Classes of which at least two machines have a ratio. Of a machine with several columns the last one counts.
fn classes(cells: &[Cell], places: &[usize], machines: &[Machine]) -> Vec<OfClassRatio> {
    let mut of_class: Vec<(&str, Vec<(&str, UncertainValue)>)> = Vec::new();
    for (cell, place) in cells.iter().zip(places) {
        let (Cell::Known(standing), machine) = (cell, &machines[*place]) else { continue };
        let known = (machine.instance.as_str(), standing.combined.mean);
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
        Some(OfClassRatio { class: class.to_owned(), machines: of.len(), combined })
    };
    of_class.into_iter().filter_map(put_together).collect()
}
