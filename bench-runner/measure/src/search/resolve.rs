//! Space file, requirements and this machine → the space that a search can choose from.

use bench_runner_core::record::{AS_CONFIGURED, Refusal};

use super::read::{COUNTS_THREADS, share_of_threads};
use super::requirement::check_each_key_once;
use super::{
    Allowance, AvailableSpace, DeclaredAxis, DroppedLevel, ForbiddenPair, Requirement, SpaceAxis, SpaceFile,
    SpaceLevel, UNTOUCHED,
};
use crate::axes::{self, Settings};
use crate::build::Goal;
use crate::plan::{ProjectView, World};
use crate::scenario::RequestError;
use crate::workloads;

mod levels;
mod machine;
mod pairs;

use levels::{ProbedAxis, ProbedLevel};
use machine::Machine;

/// The project that is searched for, and what is built of it.
#[derive(Debug, Clone, Copy)]
pub struct SearchedProject<'a> {
    pub view: &'a ProjectView,
    pub workloads: &'a [String],
    /// Number of threads of this machine.
    pub threads: usize,
}

/// The space of `file` on this machine: without values that cannot be used here, with values that are the same
/// here counted once, and with the pairs of levels that do not go together.
///
/// # Errors
/// If requirements contradict each other or cannot be met here, or the space has one combination or more than
/// [`MAX_COMBINATIONS`](bench_runner_core::search::MAX_COMBINATIONS).
pub fn available_space<W: World + ?Sized>(
    file: &SpaceFile,
    requirements: &[Requirement],
    allowed: &[Allowance],
    project: SearchedProject<'_>,
    world: &W,
) -> Result<AvailableSpace, W::Error> {
    let refused = |refusal: Refusal| W::Error::from(RequestError::from(refusal));
    check_each_key_once(requirements).map_err(refused)?;
    let mut required = Settings::new();
    for Requirement { key, value } in requirements.iter().filter(|one| one.value != UNTOUCHED) {
        required.insert(key.clone(), value.clone());
    }
    let mut base = required.clone();
    base.insert(AS_CONFIGURED.to_owned(), world.as_configured(project.view)?);
    let mut machine = Machine::new(world, project, goals(project.workloads).map_err(refused)?, base);
    check_required(&mut machine, &required).map_err(refused)?;

    let free = |axis: &&DeclaredAxis| requirements.iter().all(|one| one.key != axis.key);
    let mut dropped = Vec::new();
    let declared: Vec<&DeclaredAxis> = file.axes.iter().filter(free).collect();
    let mut levels = levels::probe_all(&declared, allowed, &mut machine, &mut dropped);
    let mut forbidden = pairs::forbidden_pairs(&levels, &mut machine);
    forbidden.extend(file.exclude.iter().filter_map(|pair| excluded(pair, &levels, project.threads)));
    drop_impossible(&mut levels, &mut forbidden, &mut dropped);
    hint_at_nightly(&mut dropped, &mut machine);
    let mut space = finish(levels, forbidden, required, dropped);
    space.builds_are_known = machine.planned_builds(&[]).is_some();
    space.check_size(&file.name).map_err(refused)?;
    space.combinations = space.count();
    if space.combinations > 1 { Ok(space) } else { Err(refused(nothing_to_search(file, &space))) }
}

/// The goals of some workloads, each once.
fn goals(workloads: &[String]) -> Result<Vec<Goal>, Refusal> {
    let mut goals = Vec::new();
    for name in workloads {
        let goal = workloads::find(name)?.goal;
        if !goals.contains(&goal) {
            goals.push(goal);
        }
    }
    Ok(goals)
}

/// Checks that required settings can be had here, and together.
fn check_required<W: World + ?Sized>(
    machine: &mut Machine<'_, W>,
    required: &Settings,
) -> Result<(), Refusal> {
    if let Some(reason) = machine.conflict(&[]) {
        return Err(Refusal::new(format!("the requirements contradict each other: {reason}"))
            .with_help("leave one of them out"));
    }
    for (key, value) in required {
        if let Err(Refusal { what, help }) = machine.probe((key, value), &[]) {
            return Err(Refusal { what: format!("`{key}={value}` is required, but {what}"), help });
        }
    }
    Ok(())
}

/// A pair of levels that the file leaves out, if both are left here.
fn excluded(pair: &super::ExcludedPair, levels: &[ProbedAxis], threads: usize) -> Option<ForbiddenPair> {
    let find = |(key, word): &(String, crate::scenario::RequestWord)| {
        let axis = levels.iter().position(|axis| axis.key == *key)?;
        let text = levels::in_numbers(&word.text, threads);
        let is = |level: &ProbedLevel| level.names().any(|name| *name == text);
        let level = if text == UNTOUCHED { Some(0) } else { levels[axis].levels.iter().position(is) };
        Some((axis, level?))
    };
    let [one, other] = &pair.when;
    Some(ForbiddenPair { levels: [find(one)?, find(other)?], reason: pair.reason.clone() })
}

/// Drops levels that go together with no level of some other axis, until there are none.
fn drop_impossible(
    levels: &mut [ProbedAxis],
    forbidden: &mut Vec<ForbiddenPair>,
    dropped: &mut Vec<DroppedLevel>,
) {
    while let Some(((axis, level), reason)) = impossible(levels, forbidden) {
        let ProbedLevel { value, refused_alone, .. } = levels[axis].levels.remove(level);
        dropped.push(DroppedLevel {
            key: levels[axis].key.clone(),
            value: value.unwrap_or_else(|| UNTOUCHED.to_owned()),
            refusal: refused_alone.unwrap_or_else(|| Refusal::new(reason)),
        });
        forbidden.retain(|pair| !pair.levels.contains(&(axis, level)));
        // The levels behind it have moved.
        for at in forbidden.iter_mut().flat_map(|pair| &mut pair.levels) {
            if at.0 == axis && at.1 > level {
                at.1 -= 1;
            }
        }
    }
}

/// A level that is forbidden with every level of another axis, and the reason of the first such pair.
fn impossible(levels: &[ProbedAxis], forbidden: &[ForbiddenPair]) -> Option<((usize, usize), String)> {
    let reason = |one: (usize, usize), other: (usize, usize)| {
        let pair = forbidden.iter().find(|pair| pair.levels.contains(&one) && pair.levels.contains(&other));
        pair.map(|pair| &pair.reason)
    };
    // Untouched settings stay: `as-configured` is always built.
    let all = levels.iter().enumerate().flat_map(|(axis, of)| (1..of.levels.len()).map(move |at| (axis, at)));
    let mut impossible = all.filter_map(|one| {
        let others = levels.iter().enumerate().filter(|(axis, _)| *axis != one.0);
        let mut never = others.filter_map(|(axis, of)| {
            let reasons = (0..of.levels.len()).map(|level| reason(one, (axis, level)));
            reasons.collect::<Option<Vec<&String>>>()?.first().map(|reason| (*reason).clone())
        });
        never.next().map(|reason| (one, reason))
    });
    impossible.next()
}

/// Adds a hint to what was dropped because it needs a nightly toolchain, if the space would have one.
fn hint_at_nightly<W: World + ?Sized>(dropped: &mut [DroppedLevel], machine: &mut Machine<'_, W>) {
    const KEY: &str = "toolchain";
    let is_nightly = |level: &&DroppedLevel| level.key == KEY && level.value.starts_with("nightly");
    let Some(nightly) = dropped.iter().find(is_nightly).map(|level| level.value.clone()) else { return };
    for DroppedLevel { key, value, refusal } in dropped.iter_mut().filter(|level| level.key != KEY) {
        if machine.probe((key, value), &[]).err().as_ref() != Some(refusal) {
            continue;
        }
        const ALLOW: &str = "add `--allow nightly`";
        refusal.help = match machine.probe((key, value), &[(KEY, &nightly)]) {
            Ok(_) => Some(ALLOW.to_owned()),
            // Something else is missing too, such as a component.
            Err(Refusal { help: Some(more), what }) if what != refusal.what => {
                Some(format!("{ALLOW}, and run `{more}`"))
            }
            Err(_) => continue,
        };
    }
}

/// The axes that have a choice left.
fn finish(
    levels: Vec<ProbedAxis>,
    forbidden: Vec<ForbiddenPair>,
    required: Settings,
    dropped: Vec<DroppedLevel>,
) -> AvailableSpace {
    let varies: Vec<bool> = levels.iter().map(|axis| axis.levels.len() > 1).collect();
    let new_index = |axis: usize| varies[..axis].iter().filter(|varies| **varies).count();
    let kept = |pair: ForbiddenPair| {
        let both = pair.levels.iter().all(|(axis, _)| varies[*axis]);
        let levels = pair.levels.map(|(axis, level)| (new_index(axis), level));
        both.then_some(ForbiddenPair { levels, ..pair })
    };
    let axis = |ProbedAxis { key, levels }: ProbedAxis| SpaceAxis {
        key,
        levels: levels
            .into_iter()
            .map(|level| SpaceLevel { value: level.value, aliases: level.aliases })
            .collect(),
    };
    AvailableSpace {
        forbidden: forbidden.into_iter().filter_map(kept).collect(),
        axes: levels.into_iter().filter(|axis| axis.levels.len() > 1).map(axis).collect(),
        required,
        dropped,
        builds_are_known: false,
        combinations: 0,
    }
}

fn nothing_to_search(file: &SpaceFile, space: &AvailableSpace) -> Refusal {
    let reasons = space.dropped.iter().map(|DroppedLevel { key, value, refusal }| {
        let help = refusal.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("\n  {key}={value}: {}{help}", refusal.what)
    });
    let reasons: String = reasons.collect();
    let what = format!("the space `{}` has one combination here, so there is nothing to search", file.name);
    let help = "compare two configurations with `bench-runner run`, or list more values in the space";
    Refusal::new(format!("{what}{reasons}")).with_help(help)
}

#[cfg(test)]
mod tests;
