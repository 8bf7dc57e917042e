//! Effects from a fraction of a product, and the combination that it nominates.

use std::collections::BTreeMap;

use super::missing::why_not_counted;
use crate::compare::cells::Cells;
use crate::compare::judge::JudgedBlock;
use crate::compare::notes::{pluralize, with_separators};
use crate::compare::result::{
    AveragedEffect, AxisEffect, AxisEffects, EffectMethod, EffectRatio, LevelEffect, LevelResult,
    NoAxisEffects, Nomination,
};
use crate::record::{BlockLevels, Design};
use crate::stats::{FactorialCell, LackOfFit, MIN_ROUNDS, MainEffects, log_table};

/// Number of mixed effects that a note lists.
const LISTED: usize = 3;

/// The effects of a fraction by the model without interactions; `None` if fewer than two axes vary.
pub(super) fn fraction_effects(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
) -> Option<Result<AxisEffects, NoAxisEffects>> {
    let fraction = CountedFraction::of(cells);
    (fraction.axes.iter().filter(|(_, levels)| levels.len() > 1).count() > 1)
        .then(|| fraction.effects(cells, judged))
}

/// The combinations of a fraction whose builds count.
struct CountedFraction<'a> {
    /// Axes with their levels, each with at least one combination that counts. The first level is that of the reference
    /// combination.
    axes: Vec<(&'a str, Vec<&'a str>)>,
    /// The reference combination first.
    combinations: Vec<FactorialCell>,
    /// Arm of each combination.
    arms: Vec<usize>,
    /// Arms by column of the table: those of the combinations, the control, and whole variants, which count for the
    /// rounds only.
    columns: Vec<usize>,
    /// Names of combinations that do not count, with reasons.
    lost: Vec<(String, String)>,
}

impl<'a> CountedFraction<'a> {
    fn of(cells: &Cells<'a>) -> Self {
        let planned = BlockLevels::of(cells.block);
        let (mut counted, mut lost) = (Vec::new(), Vec::new());
        for (arm, levels) in &planned.arms {
            match why_not_counted(cells, *arm) {
                None => counted.push((*arm, levels)),
                Some(reason) => lost.push((cells.block.arms[*arm].variant.name.clone(), reason)),
            }
        }
        // The reference is the baseline, or the first combination if the baseline is a whole variant.
        if let Some(at) = counted.iter().position(|(arm, _)| Some(*arm) == cells.baseline) {
            counted[..=at].rotate_right(1);
        }
        let mut axes: Vec<(&str, Vec<&str>)> =
            planned.axes.iter().map(|(key, _)| (*key, Vec::new())).collect();
        let mut combinations = Vec::new();
        let (mut arms, mut columns) = (Vec::new(), Vec::new());
        let twin = cells.reference.twin.filter(|twin| why_not_counted(cells, *twin).is_none());
        for (arm, levels) in counted {
            let copy = twin.filter(|_| arm == cells.reference.baseline);
            let first = columns.len();
            columns.extend(std::iter::once(arm).chain(copy));
            let values = planned.axes.iter().zip(levels).map(|((_, values), level)| values[*level]);
            let levels =
                axes.iter_mut().zip(values).map(|((_, known), value)| index_in(known, value)).collect();
            combinations.push(FactorialCell { levels, columns: (first..columns.len()).collect() });
            arms.push(arm);
        }
        let is_whole = |arm: &usize| {
            let known = planned.arms.iter().any(|(combination, _)| combination == arm);
            !known && !columns.contains(arm) && why_not_counted(cells, *arm).is_none()
        };
        let whole: Vec<usize> = (0..cells.block.arms.len()).filter(is_whole).collect();
        columns.extend(whole);
        Self { axes, combinations, arms, columns, lost }
    }

    fn effects(&self, cells: &Cells<'_>, judged: &JudgedBlock) -> Result<AxisEffects, NoAxisEffects> {
        if !judged.invalid.is_empty() {
            return Err(NoAxisEffects::Invalid);
        }
        let table = log_table(&cells.table, &self.columns);
        if table.len() < MIN_ROUNDS {
            return Err(NoAxisEffects::FewRounds { rounds: table.len(), needed: MIN_ROUNDS });
        }
        // τ² is the variance between two directories.
        let of_directory = 0.5 * judged.remaining_offset_variance(cells);
        let widening = (judged.stretch(), cells.control_after(table.len()));
        let counts = self.axes.iter().map(|(_, levels)| levels.len()).collect();
        let fit = MainEffects::of(&table, counts, &self.combinations, widening, of_directory)
            .ok_or(NoAxisEffects::FewCombinations)?;
        let varied = self.axes.iter().enumerate().filter(|(_, (_, levels))| levels.len() > 1);
        let axes = varied.map(|(axis, (key, levels))| AxisEffect {
            axis: (*key).to_owned(),
            reference: Some(levels[0].to_owned()),
            levels: (1..levels.len()).map(|level| level_effect(&fit, axis, level, levels[level])).collect(),
        });
        let design = cells.block.design.as_ref();
        let nomination = self.nomination(&fit, design);
        let mut notes = Vec::new();
        notes.extend(nomination.as_ref().map(|nomination| format!("Nominated: {}.", nomination.describe())));
        notes.push(fit_sentence(fit.misfit(), self.combinations.len()));
        notes.extend(design.and_then(aliasing_sentence));
        notes.extend(self.lost.iter().map(|(name, reason)| format!("Without `{name}`: {reason}.")));
        if table.len() < cells.table.len() {
            let rounds = pluralize(cells.table.len() - table.len(), "round");
            notes.push(format!("Without {rounds} in which a build of a combination failed."));
        }
        Ok(AxisEffects {
            method: EffectMethod::Fraction,
            rounds: fit.rounds(),
            combinations: self.combinations.len(),
            family: 0,
            axes: axes.collect(),
            interactions: Vec::new(),
            nomination,
            notes,
        })
    }

    /// The combination with the smallest prediction that can be built.
    fn nomination(&self, fit: &MainEffects, design: Option<&Design>) -> Option<Nomination> {
        let left_out = design.map(|design| design.left_out.as_slice()).unwrap_or_default();
        let reference = &self.combinations.first()?.levels;
        let mut best: Option<(f64, Vec<usize>)> = None;
        let mut levels = vec![0; self.axes.len()];
        loop {
            let predicted = fit.predicted(&levels);
            // Between equals the one that comes first, beginning with the reference combination.
            let is_better = best.as_ref().is_none_or(|(lowest, _)| predicted < lowest - 1e-9);
            if is_better && !self.is_left_out(&levels, left_out) {
                best = Some((predicted, levels.clone()));
            }
            let Some(axis) =
                (0..levels.len()).rev().find(|axis| levels[*axis] + 1 < self.axes[*axis].1.len())
            else {
                break;
            };
            levels[axis] += 1;
            levels[axis + 1..].fill(0);
        }
        let (_, levels) = best?;
        let setting = |((key, values), level): (&(&str, Vec<&str>), &usize)| {
            ((*key).to_owned(), values[*level].to_owned())
        };
        let built = self.combinations.iter().position(|cell| cell.levels == levels);
        Some(Nomination {
            settings: self.axes.iter().zip(&levels).map(setting).collect(),
            arm: built.map(|at| self.arms[at]),
            is_reference: levels == *reference,
            of: design.map_or(self.combinations.len() as u64, |design| design.of),
            ratio: EffectRatio::of(&fit.difference(&levels, reference)),
            lack_of_fit: fit.misfit(),
        })
    }

    fn is_left_out(&self, levels: &[usize], left_out: &[BTreeMap<String, String>]) -> bool {
        let value = |wanted: &str| {
            let at = self.axes.iter().position(|(key, _)| *key == wanted)?;
            Some(self.axes[at].1[levels[at]])
        };
        left_out.iter().any(|together| together.iter().all(|(key, text)| value(key) == Some(text)))
    }
}

impl Nomination {
    /// The nomination and what it is worth, without a full stop.
    pub fn describe(&self) -> String {
        if self.is_reference {
            return "none, because no combination is predicted to be faster than the reference values"
                .to_owned();
        }
        let EffectRatio { ratio, low, high, .. } = self.ratio;
        let built = if self.arm.is_some() { "" } else { ", which was not built" };
        format!(
            "`{}`{built}, predicted to take {ratio:.3}× the time of the reference values (95% interval {low:.3}–{high:.3}×), \
             but as the best of {} combinations it is likely to gain less; a fraction gives no verdicts: measure it head to \
             head",
            self.name(),
            with_separators(&self.of.to_string())
        )
    }
}

/// Index of a value, which is added if it is new.
fn index_in<'a>(known: &mut Vec<&'a str>, value: &'a str) -> usize {
    known.iter().position(|other| *other == value).unwrap_or_else(|| {
        known.push(value);
        known.len() - 1
    })
}

fn level_effect(fit: &MainEffects, axis: usize, level: usize, name: &str) -> LevelEffect {
    let ratio = EffectRatio::of(&fit.effect(axis, level, 0));
    LevelEffect {
        level: Some(name.to_owned()),
        result: LevelResult::Averaged(AveragedEffect { ratio, pairs: 0, only: None, may_differ: None }),
    }
}

fn fit_sentence(misfit: Option<LackOfFit>, combinations: usize) -> String {
    match misfit {
        None => {
            "There are no more combinations than effects, so nothing shows whether the effects simply add up."
                .to_owned()
        }
        Some(LackOfFit { p, widens: false, .. }) => format!(
            "The {combinations} combinations give no sign that the effects do not simply add up (lack of fit: p = {p:.2})."
        ),
        Some(LackOfFit { p, .. }) => format!(
            "The {combinations} combinations differ by more than effects that simply add up (lack of fit: p = {}): values of \
             different axes may act together. The intervals allow for that.",
            if p < 0.001 { "<0.001".to_owned() } else { format!("{p:.3}") }
        ),
    }
}

fn aliasing_sentence(design: &Design) -> Option<String> {
    if design.aliasing.is_empty() {
        return None;
    }
    let named = design.aliasing.iter().take(LISTED).map(|one| {
        let [a, b] = &one.interaction;
        format!("{a} and {b} act on {} ({:.2})", one.axis, one.share)
    });
    let more = match design.aliasing.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Some(format!(
        "Where values of two axes act together, the estimates of other effects change with them, by this share: {}{more}.",
        named.collect::<Vec<_>>().join("; ")
    ))
}
