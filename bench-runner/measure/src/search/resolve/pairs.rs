//! ProbedAxis of two axes that do not go together.

use super::ForbiddenPair;
use super::World;
use super::levels::ProbedAxis;
use super::machine::{KeyValue, Machine};

/// The pairs of levels that conflict, and those of which this machine cannot use one because of the other.
pub(super) fn forbidden_pairs<W: World + ?Sized>(
    axes: &[ProbedAxis],
    machine: &mut Machine<'_, W>,
) -> Vec<ForbiddenPair> {
    let mut found = Vec::new();
    for (one, other) in pairs_of_levels(axes) {
        let settings: Vec<KeyValue<'_>> =
            [one, other].into_iter().filter_map(|at| setting(axes, at)).collect();
        if let (2, Some(reason)) = (settings.len(), machine.conflict(&settings)) {
            found.push(ForbiddenPair { levels: [one, other], reason });
        }
    }
    for axis in 0..axes.len() {
        for level in 1..axes[axis].levels.len() {
            for pair in refused_pairs(axes, (axis, level), machine) {
                let known = |known: &ForbiddenPair| pair.levels.iter().all(|at| known.levels.contains(at));
                if !found.iter().any(known) {
                    found.push(pair);
                }
            }
        }
    }
    found
}

/// Index of an axis and of one of its levels.
type LevelIndex = (usize, usize);

fn setting(axes: &[ProbedAxis], (axis, level): LevelIndex) -> Option<KeyValue<'_>> {
    Some((axes[axis].key.as_str(), axes[axis].levels[level].value.as_deref()?))
}

fn pairs_of_levels(axes: &[ProbedAxis]) -> impl Iterator<Item = (LevelIndex, LevelIndex)> {
    let levels = |axis: usize| (0..axes[axis].levels.len()).map(move |level| (axis, level));
    (0..axes.len()).flat_map(move |last| {
        (0..last).flat_map(move |first| {
            levels(first).flat_map(move |one| levels(last).map(move |other| (one, other)))
        })
    })
}

/// The levels of other axes with which this machine cannot use a level, whatever the further axes are at that its
/// probe reads.
fn refused_pairs<W: World + ?Sized>(
    axes: &[ProbedAxis],
    at: LevelIndex,
    machine: &mut Machine<'_, W>,
) -> Vec<ForbiddenPair> {
    let Some(own) = setting(axes, at) else { return Vec::new() };
    let keys = machine.dependencies(own);
    let read: Vec<usize> = (0..axes.len()).filter(|axis| keys.contains(&axes[*axis].key)).collect();
    let mut refused = Vec::new();
    for context in contexts(axes, &read) {
        let others: Vec<KeyValue<'_>> = context.iter().filter_map(|at| setting(axes, *at)).collect();
        refused.push((machine.probe(own, &others).err(), context));
    }
    let levels = read.iter().flat_map(|axis| (0..axes[*axis].levels.len()).map(move |level| (*axis, level)));
    levels
        .filter_map(|other| {
            let with = refused.iter().filter(|(_, context)| context.contains(&other));
            let reasons: Option<Vec<_>> = with.map(|(refusal, _)| refusal.as_ref()).collect();
            let reason = reasons?.first()?.what.clone();
            Some(ForbiddenPair { levels: [at, other], reason })
        })
        .collect()
}

/// All choices of a level for each of these axes.
fn contexts(axes: &[ProbedAxis], of: &[usize]) -> Vec<Vec<LevelIndex>> {
    of.iter().fold(vec![Vec::new()], |contexts, axis| {
        let extended = contexts.iter().flat_map(|context| {
            let levels = 0..axes[*axis].levels.len();
            levels.map(|level| [context.as_slice(), &[(*axis, level)]].concat())
        });
        extended.collect()
    })
}
