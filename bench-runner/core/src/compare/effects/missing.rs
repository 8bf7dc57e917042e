//! Combinations of a product that do not count, and why.

use super::product::Product;
use crate::compare::baseline::value_of;
use crate::compare::cells::Cells;
use crate::compare::result::level_name;
use crate::record::Skipped;
use crate::stats::usual_arms;

/// Number of names that a note lists.
const LISTED: usize = 3;

/// Reason why the builds of an arm do not count for effects; `None` if they count.
pub(super) fn why_not_counted(cells: &Cells<'_>, arm: usize) -> Option<String> {
    if let Some(reason) = &cells.not_timed[arm] {
        return Some(reason.clone());
    }
    if cells.has_timed_out(arm) {
        return Some("a build took longer than the time limit, so its time is not known".to_owned());
    }
    let is_usual = usual_arms(&cells.table).contains(&arm);
    (!is_usual).then(|| "fewer than half of its builds succeeded".to_owned())
}

/// Notes on the combinations of a product that were not built or do not count, one for each reason.
pub(super) fn notes(cells: &Cells<'_>, product: &Product<'_>, skipped: &[Skipped]) -> Vec<String> {
    let mut reasons: Vec<(String, Vec<String>)> = Vec::new();
    for levels in product.combinations() {
        let Some(reason) = why_missing(cells, product, skipped, &levels) else { continue };
        let name = format!("`{}`", name(product, &levels));
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(name),
            None => reasons.push((reason, vec![name])),
        }
    }
    reasons.into_iter().map(|(reason, names)| format!("Without {}: {reason}.", list(&names))).collect()
}

/// Name of a combination, such as `linker=mold debug=none`.
pub(super) fn name(product: &Product<'_>, levels: &[usize]) -> String {
    let parts = product.factors.iter().zip(levels);
    parts.map(|(factor, level)| level_name(factor.key, factor.levels[*level])).collect::<Vec<_>>().join(" ")
}

/// Other names of the product's arms that are combinations of its axes: the levels of the name, as far as the
/// product has them, with the index of the arm.
pub(super) fn aliases<'a>(
    cells: &'a Cells<'_>,
    product: &Product<'_>,
) -> Vec<(Vec<(&'a str, &'a str)>, usize)> {
    let of_arm = |arm: usize| {
        let names = cells.block.arms[arm].aliases.iter();
        names.filter_map(move |name| Some((settings_of_name(name, &cells.block.axes)?, arm)))
    };
    product.arms.iter().flat_map(|arm| of_arm(arm.arm)).collect()
}

/// Notes on values of the axes that are the same builds as other values, so that they have no effects.
pub(super) fn merged_levels(cells: &Cells<'_>, product: &Product<'_>) -> Vec<String> {
    let mut merged: Vec<String> = Vec::new();
    for (settings, arm) in aliases(cells, product) {
        for (key, value) in settings {
            let of_arm = value_of(&cells.block.arms[arm].variant, key);
            let levels = product.factors.iter().find(|factor| factor.key == key).map(|factor| &factor.levels);
            let is_level = levels.map_or(of_arm == Some(value), |levels| levels.contains(&Some(value)));
            let note = format!("{key}={value} is the same build as {} here.", level_name(key, of_arm));
            if !is_level && !merged.contains(&note) {
                merged.push(note);
            }
        }
    }
    merged
}

fn why_missing(
    cells: &Cells<'_>,
    product: &Product<'_>,
    skipped: &[Skipped],
    levels: &[usize],
) -> Option<String> {
    if let Some(arm) = product.arm_at(levels) {
        return why_not_counted(cells, arm);
    }
    let is_it = |settings: &[(&str, &str)]| {
        product.factors.iter().zip(levels).all(|(factor, level)| {
            let value = settings.iter().find(|(key, _)| *key == factor.key).map(|(_, value)| *value);
            value == factor.levels[*level]
        })
    };
    if let Some((_, arm)) = aliases(cells, product).into_iter().find(|(settings, _)| is_it(settings)) {
        return Some(format!("the same build as `{}` here", cells.block.arms[arm].variant.name));
    }
    let of_block = skipped.iter().filter(|skipped| skipped.block == cells.block.id.to_string());
    let reason = of_block.into_iter().find_map(|skipped| {
        let settings = settings_of_name(&skipped.variant, &cells.block.axes)?;
        is_it(&settings).then(|| skipped.reason.clone())
    });
    Some(reason.unwrap_or_else(|| "not among the variants".to_owned()))
}

/// The settings in the name of a combination, such as `linker=mold debug=none`. `None` if it is the name of a whole
/// variant.
fn settings_of_name<'n>(name: &'n str, axes: &'n [String]) -> Option<Vec<(&'n str, &'n str)>> {
    let mut starts: Vec<(usize, &str)> = Vec::new();
    for axis in axes {
        let begins = |at: &usize| {
            let (before, rest) = name.split_at(*at);
            (before.is_empty() || before.ends_with(' ')) && rest[axis.len()..].starts_with('=')
        };
        starts.extend(
            name.match_indices(axis.as_str()).map(|(at, _)| at).find(begins).map(|at| (at, axis.as_str())),
        );
    }
    starts.sort_unstable();
    let ends = starts.iter().skip(1).map(|(at, _)| at - 1).chain([name.len()]);
    let setting = |((at, axis), end): (&(usize, &'n str), usize)| (*axis, &name[at + axis.len() + 1..end]);
    let settings: Vec<_> = starts.iter().zip(ends).map(setting).collect();
    (starts.first()?.0 == 0).then_some(settings)
}

fn list(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] if names.len() <= LISTED => format!("{} and {last}", first.join(", ")),
        _ => format!("{} and {} more", names[..LISTED].join(", "), names.len() - LISTED),
    }
}
