//! Estimates of the effects of one block.

use super::missing::{name, why_not_counted};
use super::product::{Product, ProductArm};
use crate::compare::cells::Cells;
use crate::compare::judge::JudgedBlock;
use crate::compare::notes::pluralize;
use crate::compare::result::{CombinationMean, EffectRatio, NoAxisEffects, level_name};
use crate::stats::{CellPair, Estimate, Factorial, FactorialCell, InteractionTest, MIN_ROUNDS, log_table};

/// Number of pairs of combinations from which on there is something to average.
const AVERAGED_FROM: usize = 2;

/// The fitted product of a block.
pub(super) struct BlockFactorial<'a> {
    pub(super) product: Product<'a>,
    pub(super) factorial: Factorial,
    pub(super) interactions: Vec<TestedPair>,
    /// An effect for each level besides the reference levels, by factor and level.
    pub(super) effects: Vec<EstimatedLevel>,
    /// Number of complete rounds that lack a time.
    left_out: usize,
}

/// A test for an interaction, and whether it was found.
pub(super) struct TestedPair {
    pub(super) factors: [usize; 2],
    pub(super) test: InteractionTest,
    pub(super) p_adjusted: f64,
    pub(super) found: bool,
}

/// The effect of a level.
pub(super) struct EstimatedLevel {
    pub(super) factor: usize,
    pub(super) level: usize,
    /// Pairs of combinations with the level and with the reference level.
    pub(super) pairs: Vec<CellPair>,
    pub(super) estimate: LevelEstimate,
}

pub(super) enum LevelEstimate {
    Averaged {
        estimate: Estimate,
        /// Combinations of the other axes, if they are not all.
        only: Option<String>,
        may_differ: Option<f64>,
    },
    Separate(Vec<SeparateEstimate>),
    Missing(String),
}

/// Effect at some levels of other factors.
pub(super) struct SeparateEstimate {
    /// Factors and levels.
    pub(super) at: Vec<(usize, usize)>,
    estimate: Estimate,
}

impl<'a> BlockFactorial<'a> {
    /// Fits a product; its interactions are not judged yet.
    pub(super) fn of(
        product: Product<'a>,
        cells: &Cells<'_>,
        judged: &JudgedBlock,
    ) -> Result<Self, NoAxisEffects> {
        if !judged.invalid.is_empty() {
            return Err(NoAxisEffects::Invalid);
        }
        let (columns, combinations) = columns(&product, cells);
        let table = log_table(&cells.table, &columns);
        if table.len() < MIN_ROUNDS {
            return Err(NoAxisEffects::FewRounds { rounds: table.len(), needed: MIN_ROUNDS });
        }
        // τ² is the variance between two directories.
        let of_directory = 0.5 * judged.remaining_offset_variance(cells);
        let left_out = cells.table.len() - table.len();
        let factorial = Factorial::of(&table, combinations, judged.stretch(), of_directory);
        let factorial = factorial.ok_or(NoAxisEffects::FewCombinations)?;
        let mut block = Self { product, factorial, interactions: Vec::new(), effects: Vec::new(), left_out };
        block.effects = block.averages();
        block.interactions = block.tested_pairs();
        let is_missing = |effect: &EstimatedLevel| matches!(effect.estimate, LevelEstimate::Missing(_));
        if block.effects.iter().all(is_missing) {
            return Err(NoAxisEffects::FewCombinations);
        }
        Ok(block)
    }

    /// The estimates that are averages, in order.
    pub(super) fn averaged(&self) -> Vec<Estimate> {
        let of_effect = |effect: &EstimatedLevel| match &effect.estimate {
            LevelEstimate::Averaged { estimate, .. } => Some(*estimate),
            LevelEstimate::Separate(_) | LevelEstimate::Missing(_) => None,
        };
        self.effects.iter().filter_map(of_effect).collect()
    }

    /// The estimates at single levels, in order.
    pub(super) fn separate(&self) -> Vec<Estimate> {
        let of_effect = |effect: &EstimatedLevel| match &effect.estimate {
            LevelEstimate::Separate(parts) => parts.iter().map(|part| part.estimate).collect(),
            LevelEstimate::Averaged { .. } | LevelEstimate::Missing(_) => Vec::new(),
        };
        self.effects.iter().flat_map(of_effect).collect()
    }

    /// Replaces averages by effects at single levels where an interaction was found.
    pub(super) fn separate_interacting(&mut self) {
        for at in 0..self.effects.len() {
            let EstimatedLevel { factor, pairs, estimate, .. } = &self.effects[at];
            let partners = self.partners(*factor);
            if partners.is_empty() || matches!(estimate, LevelEstimate::Missing(_)) {
                continue;
            }
            let mut groups: Vec<(Vec<(usize, usize)>, Vec<CellPair>)> = Vec::new();
            for pair in pairs {
                let levels = &self.factorial.cells()[pair.0].levels;
                let settings: Vec<(usize, usize)> =
                    partners.iter().map(|other| (*other, levels[*other])).collect();
                match groups.iter_mut().find(|(known, _)| *known == settings) {
                    Some((_, pairs)) => pairs.push(*pair),
                    None => groups.push((settings, vec![*pair])),
                }
            }
            groups.sort_by(|(one, _), (other, _)| one.cmp(other));
            let parts = groups.into_iter();
            let parts =
                parts.map(|(at, pairs)| SeparateEstimate { at, estimate: self.factorial.effect(&pairs) });
            self.effects[at].estimate = LevelEstimate::Separate(parts.collect());
        }
    }

    /// Keys and values of factors and levels.
    pub(super) fn settings_at(&self, at: &[(usize, usize)]) -> Vec<(String, Option<String>)> {
        let setting = |(factor, level): &(usize, usize)| {
            let factor = &self.product.factors[*factor];
            (factor.key.to_owned(), factor.levels[*level].map(str::to_owned))
        };
        at.iter().map(setting).collect()
    }

    /// Means of all combinations of the levels of two factors; empty if the reference levels have none.
    pub(super) fn means(&self, factors: [usize; 2]) -> Vec<CombinationMean> {
        let at = |wanted: [usize; 2]| -> Vec<usize> {
            let cells = self.factorial.cells().iter().enumerate();
            cells
                .filter(|(_, cell)| factors.map(|factor| cell.levels[factor]) == wanted)
                .map(|(at, _)| at)
                .collect()
        };
        let reference = at([0, 0]);
        let [one, other] = factors.map(|factor| &self.product.factors[factor].levels);
        let levels = (0..one.len()).flat_map(|a| (0..other.len()).map(move |b| [a, b]));
        let mean = |levels: [usize; 2]| {
            let cells = at(levels);
            if cells.is_empty() || reference.is_empty() {
                return None;
            }
            let EffectRatio { ratio, low, high, .. } =
                EffectRatio::of(&self.factorial.difference(&cells, &reference));
            let levels = [one[levels[0]], other[levels[1]]].map(|level| level.map(str::to_owned));
            Some(CombinationMean { levels, ratio, low, high })
        };
        levels.filter_map(mean).collect()
    }

    /// Statements on builds and variants that do not count.
    pub(super) fn notes(&self, cells: &Cells<'_>) -> Vec<String> {
        let mut notes = Vec::new();
        if self.left_out > 0 {
            let rounds = pluralize(self.left_out, "round");
            notes.push(format!("Without {rounds} in which a build of a combination failed."));
        }
        if !self.product.outside.is_empty() {
            let names =
                self.product.outside.iter().map(|arm| format!("`{}`", cells.block.arms[*arm].variant.name));
            let names = names.collect::<Vec<_>>().join(", ");
            notes.push(format!("Not a combination of these axes: {names}."));
        }
        notes
    }

    fn averages(&self) -> Vec<EstimatedLevel> {
        let factors = self.product.factors.iter().enumerate();
        let levels = factors.flat_map(|(factor, of)| (1..of.levels.len()).map(move |level| (factor, level)));
        let effect = |(factor, level): (usize, usize)| {
            let pairs = self.factorial.pairs(factor, level);
            let estimate = if pairs.len() < AVERAGED_FROM {
                LevelEstimate::Missing(self.why_no_average(factor, &pairs))
            } else {
                LevelEstimate::Averaged {
                    estimate: self.factorial.effect(&pairs),
                    only: self.restriction(factor, &pairs),
                    may_differ: self
                        .factorial
                        .largest_deviation(factor, &pairs)
                        .map(|d| d.min(700.0).exp_m1()),
                }
            };
            EstimatedLevel { factor, level, pairs, estimate }
        };
        levels.map(effect).collect()
    }

    fn tested_pairs(&self) -> Vec<TestedPair> {
        let all = self.product.factor_pairs();
        let test = |factors: &[usize; 2]| {
            let test = self.factorial.interaction(*factors, &all)?;
            Some(TestedPair { factors: *factors, test, p_adjusted: 1.0, found: false })
        };
        all.iter().filter_map(test).collect()
    }

    /// The factors that interact with a factor.
    fn partners(&self, factor: usize) -> Vec<usize> {
        let found = self.interactions.iter().filter(|pair| pair.found && pair.factors.contains(&factor));
        found.flat_map(|pair| pair.factors).filter(|other| *other != factor).collect()
    }

    /// Combinations of the other factors that pairs have, if they are not all: by factor where these are all that
    /// its levels allow, else by number.
    fn restriction(&self, factor: usize, pairs: &[CellPair]) -> Option<String> {
        let others = || self.product.factors.iter().enumerate().filter(|(other, _)| *other != factor);
        let all: usize = others().map(|(_, of)| of.levels.len()).product();
        if pairs.len() == all {
            return None;
        }
        let mut possible = 1;
        let mut parts = Vec::new();
        for (other, of) in others() {
            let has = |level: &usize| {
                pairs.iter().any(|pair| self.factorial.cells()[pair.0].levels[other] == *level)
            };
            let levels: Vec<usize> = (0..of.levels.len()).filter(has).collect();
            possible *= levels.len();
            if levels.len() < of.levels.len() {
                let names: Vec<String> =
                    levels.iter().map(|level| level_name(of.key, of.levels[*level])).collect();
                parts.push(names.join(" or "));
            }
        }
        let by_factor = possible == pairs.len() && !parts.is_empty();
        Some(if by_factor {
            parts.join(", ")
        } else {
            format!("{} of {all} combinations of the other axes", pairs.len())
        })
    }

    fn why_no_average(&self, factor: usize, pairs: &[CellPair]) -> String {
        let of = &self.product.factors[factor];
        let reference = level_name(of.key, of.levels[0]);
        match pairs.first() {
            None => format!("no combination of the other axes has times with it and with {reference}"),
            Some((cell, _)) => {
                let name = name(&self.product, &self.factorial.cells()[*cell].levels);
                format!("only `{name}` has a counterpart with {reference}, so there is nothing to average")
            }
        }
    }
}

/// Arms whose times are fitted, and for each combination that counts its columns among them.
fn columns(product: &Product<'_>, cells: &Cells<'_>) -> (Vec<usize>, Vec<FactorialCell>) {
    let counts = |arm: usize| why_not_counted(cells, arm).is_none();
    let twin = cells.reference.twin.filter(|twin| counts(*twin));
    let (mut columns, mut combinations) = (Vec::new(), Vec::new());
    for ProductArm { arm, levels } in product.arms.iter().filter(|arm| counts(arm.arm)) {
        let copy = twin.filter(|_| *arm == cells.reference.baseline);
        let first = columns.len();
        columns.extend(std::iter::once(*arm).chain(copy));
        combinations
            .push(FactorialCell { levels: levels.clone(), columns: (first..columns.len()).collect() });
    }
    (columns, combinations)
}
