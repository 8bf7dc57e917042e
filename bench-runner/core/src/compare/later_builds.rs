//! Check that an arm's later builds from nothing do the same kind of work as its first one: the last line of
//! defense against builds that find what an earlier one has left.
//!
//! Under a workload that starts from nothing, all builds do the same work. If the later ones need under half
//! or over twice the CPU time of the first, compile another set of units, or write under half the bytes, then
//! something outside of the target directory was kept, and the measurement is not what the workload promises.
//! The median of the later builds counts (for sets of units, the set that most of them have): one odd build
//! is noise, a lasting change is not. The minimum values exclude the start of the machine, when the first
//! build reads toolchains from disk, and builds that are too short to judge.

use std::collections::HashMap;

use super::cells::Cells;
use super::result::{ChangedArm, LaterBuildChange};
use crate::record::{ArmBuilds, Cost, Sample};
use crate::stats::median;

/// Number of later builds needed to detect a lasting change.
const MIN_LATER: usize = 3;
/// Largest factor between medians of the same kind of work.
const FACTOR: f64 = 2.0;
/// Smallest change of CPU time in user mode, in seconds: reading a toolchain from disk only costs time in the
/// kernel.
const MIN_USER_SECONDS: f64 = 0.1;
/// Smallest decrease of bytes written.
const MIN_BYTES: f64 = (1 << 20) as f64;

/// The arms whose later builds differ in kind from their first. A plan of format 1 does not record which arms
/// are primed; there, arms count as primed if a compiler cache of the harness took part in their builds.
pub(super) fn changed_arms(cells: &Cells<'_>, format: u32) -> Vec<ChangedArm> {
    let of_arm = |(at, arm): (usize, &crate::record::Arm)| {
        let builds = cells.builds(at)?;
        let turned_out = cells.end.is_some_and(|end| end.primed.contains(&arm.variant.name));
        let exempt = arm.primed || turned_out || !arm.variant.starts_from_nothing();
        let first = builds.warmups.first().filter(|_| !exempt)?;
        let changes = if format < 2 && first.cache.is_some() { Vec::new() } else { changes(builds) };
        (!changes.is_empty()).then_some(ChangedArm { arm: at, changes })
    };
    cells.block.arms.iter().enumerate().filter_map(of_arm).collect()
}

fn changes(builds: &ArmBuilds<'_>) -> Vec<LaterBuildChange> {
    let mut successful =
        builds.warmups.iter().chain(&builds.measured).filter_map(|sample| successful_build(sample));
    let Some((first, first_cost)) = successful.next() else { return Vec::new() };
    let later: Vec<(&Sample, &Cost)> = successful.collect();
    if later.len() < MIN_LATER {
        return Vec::new();
    }
    let costs: Vec<&Cost> = later.iter().map(|(_, cost)| *cost).collect();
    [cpu_change(first_cost, &costs), units_change(first, &later), written_change(first_cost, &costs)]
        .into_iter()
        .flatten()
        .collect()
}

fn successful_build<'a>(sample: &&'a Sample) -> Option<(&'a Sample, &'a Cost)> {
    let sample: &'a Sample = sample;
    Some((sample, sample.outcome.cost()?))
}

fn cpu_change(first: &Cost, later: &[&Cost]) -> Option<LaterBuildChange> {
    let user = |cost: &Cost| cost.user.as_secs_f64();
    let all = |cost: &Cost| (cost.user + cost.sys).as_secs_f64();
    let (first_s, later_s) = (all(first), median_of(later, all)?);
    let differs = later_s < first_s / FACTOR || later_s > first_s * FACTOR;
    let moved = (median_of(later, user)? - user(first)).abs() >= MIN_USER_SECONDS;
    (differs && moved).then_some(LaterBuildChange::Cpu { first: first_s, later: later_s })
}

/// The set that more than half of the later builds have, if it differs from the first one's.
fn units_change(first: &Sample, later: &[(&Sample, &Cost)]) -> Option<LaterBuildChange> {
    let first = first.rebuilt.as_ref()?;
    let sets: Vec<_> = later.iter().filter_map(|(sample, _)| sample.rebuilt.as_ref()).collect();
    let mut counts: HashMap<&str, usize> = HashMap::new();
    sets.iter().for_each(|rebuilt| *counts.entry(rebuilt.set.as_str()).or_default() += 1);
    let usual = sets.iter().find(|rebuilt| 2 * counts[rebuilt.set.as_str()] > later.len())?;
    (usual.set != first.set).then_some(LaterBuildChange::Units { first: first.count, later: usual.count })
}

fn written_change(first: &Cost, later: &[&Cost]) -> Option<LaterBuildChange> {
    let bytes = |cost: &Cost| cost.activity.written_bytes.map(|bytes| bytes as f64);
    let first = bytes(first)?;
    let known: Vec<f64> = later.iter().filter_map(|cost| bytes(cost)).collect();
    let later = median(&known).filter(|_| known.len() >= MIN_LATER)?;
    (later < first / FACTOR && first - later >= MIN_BYTES)
        .then_some(LaterBuildChange::Written { first: first as u64, later: later as u64 })
}

fn median_of(costs: &[&Cost], value: impl Fn(&Cost) -> f64) -> Option<f64> {
    median(&costs.iter().map(|cost| value(cost)).collect::<Vec<_>>())
}
