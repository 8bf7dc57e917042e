//! The product of axes in a block: which arms cross which axes.
//!
//! A product is recognized by the settings of the arms, however they were requested. Two levels of an axis are
//! crossed if at least two combinations of the other axes have both; an axis with crossed levels is a factor, and
//! a product has at least two. Whole variants that do not fit in are left out.

use std::collections::{BTreeMap, BTreeSet};

use crate::compare::baseline::value_of;
use crate::record::{Block, Role, TEXT_SETTINGS};

/// Keys that every variant has, besides its settings.
const STRUCTURAL: [&str; 3] = ["project", "workload", "rev"];

/// Number of common combinations from which on two levels are crossed.
const CROSSED_FROM: usize = 2;

/// The product of axes in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Product<'a> {
    /// The axes that are crossed, in the order of the block.
    pub(super) factors: Vec<Factor<'a>>,
    /// The arms of the product, in the order of the plan.
    pub(super) arms: Vec<ProductArm>,
    /// Indices of the other arms, without the twin.
    pub(super) outside: Vec<usize>,
}

/// An axis of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Factor<'a> {
    pub(super) key: &'a str,
    /// The reference level, then the others in the order of the plan; `None` if an arm does not set the axis.
    pub(super) levels: Vec<Option<&'a str>>,
}

/// An arm of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProductArm {
    /// Index in the block.
    pub(super) arm: usize,
    /// Level of each factor.
    pub(super) levels: Vec<usize>,
}

impl<'a> Product<'a> {
    /// The product of a block whose arms are compared with the arm `baseline`; `None` if it does not cross axes.
    pub(super) fn of(block: &'a Block, baseline: usize) -> Option<Self> {
        let keys = varied_keys(block);
        let mut arms = arms_with_common_texts(block, baseline);
        let factors = loop {
            let before = arms.len();
            let levels: Vec<Crossing<'_>> =
                keys.iter().map(|key| Crossing::of(block, &keys, key, &arms)).collect();
            // An axis that nothing crosses: the other values are those of whole variants.
            let mut uncrossed = keys.iter().zip(&levels);
            let uncrossed = uncrossed.find(|(_, of)| of.crossed.is_empty() && of.all.len() > 1);
            if let Some((key, _)) = uncrossed {
                let common = most_common(block, baseline, key, &arms);
                arms.retain(|arm| value(block, *arm, key) == common);
                continue;
            }
            // A variant that does not set an axis is a whole variant, unless such variants cross the others.
            arms.retain(|arm| {
                let mut values = keys.iter().zip(&levels);
                values.all(|(key, of)| {
                    let value = value(block, *arm, key);
                    value.is_some() || of.all.len() < 2 || of.crossed.contains(&value)
                })
            });
            if arms.len() == before {
                let crossed = keys.iter().zip(levels).filter(|(_, crossing)| !crossing.crossed.is_empty());
                break crossed.map(|(key, _)| Factor::of(block, baseline, key, &arms)).collect::<Vec<_>>();
            }
        };
        if factors.len() < 2 {
            return None;
        }
        let levels_of = |arm: usize| {
            let level = |factor: &Factor<'_>| {
                factor.levels.iter().position(|level| *level == value(block, arm, factor.key))
            };
            factors.iter().filter_map(level).collect()
        };
        let outside = others(block).filter(|arm| !arms.contains(arm)).collect();
        let arms = arms.into_iter().map(|arm| ProductArm { arm, levels: levels_of(arm) }).collect();
        Some(Self { factors, arms, outside })
    }

    /// Number of effects: the levels besides the reference levels.
    pub(super) fn effects(&self) -> usize {
        self.factors.iter().map(|factor| factor.levels.len() - 1).sum()
    }

    /// Number of pairs of levels of one factor.
    pub(super) fn pairs(&self) -> usize {
        self.factors.iter().map(|factor| factor.levels.len() * (factor.levels.len() - 1) / 2).sum()
    }

    /// All pairs of factors.
    pub(super) fn factor_pairs(&self) -> Vec<[usize; 2]> {
        (0..self.factors.len()).flat_map(|one| (0..one).map(move |other| [other, one])).collect()
    }

    /// The arm with these levels, as an index in the block.
    pub(super) fn arm_at(&self, levels: &[usize]) -> Option<usize> {
        self.arms.iter().find(|arm| arm.levels == levels).map(|arm| arm.arm)
    }

    /// All combinations of levels, the last factor varying fastest.
    pub(super) fn combinations(&self) -> Vec<Vec<usize>> {
        let mut all = vec![Vec::new()];
        for factor in &self.factors {
            let longer = |levels: &Vec<usize>| {
                let levels = levels.clone();
                (0..factor.levels.len()).map(move |level| levels.iter().copied().chain([level]).collect())
            };
            all = all.iter().flat_map(longer).collect();
        }
        all
    }
}

impl<'a> Factor<'a> {
    /// Its reference level is that of the baseline, or the first in the plan if the baseline has another one.
    fn of(block: &'a Block, baseline: usize, key: &'a str, arms: &[usize]) -> Self {
        let mut levels: Vec<Option<&str>> = Vec::new();
        for arm in arms {
            let value = value(block, *arm, key);
            if !levels.contains(&value) {
                levels.push(value);
            }
        }
        if let Some(at) = levels.iter().position(|level| *level == value(block, baseline, key)) {
            levels[..=at].rotate_right(1);
        }
        Self { key, levels }
    }
}

/// Levels of one axis among some arms.
struct Crossing<'a> {
    all: BTreeSet<Option<&'a str>>,
    /// Those that are crossed with another one.
    crossed: BTreeSet<Option<&'a str>>,
}

impl<'a> Crossing<'a> {
    fn of(block: &'a Block, keys: &[&'a str], key: &str, arms: &[usize]) -> Self {
        let mut by_others: BTreeMap<Vec<Option<&str>>, BTreeSet<Option<&str>>> = BTreeMap::new();
        for arm in arms {
            let others =
                keys.iter().filter(|other| **other != key).map(|other| value(block, *arm, other)).collect();
            by_others.entry(others).or_default().insert(value(block, *arm, key));
        }
        let mut common: BTreeMap<[Option<&str>; 2], usize> = BTreeMap::new();
        for levels in by_others.values() {
            for (at, one) in levels.iter().enumerate() {
                levels.iter().skip(at + 1).for_each(|other| *common.entry([*one, *other]).or_default() += 1);
            }
        }
        let crossed = common.into_iter().filter(|(_, count)| *count >= CROSSED_FROM);
        Self {
            all: by_others.values().flatten().copied().collect(),
            crossed: crossed.flat_map(|(pair, _)| pair).collect(),
        }
    }
}

/// Keys on which arms differ and whose values are not whole texts, in the order of the block.
fn varied_keys(block: &Block) -> Vec<&str> {
    let listed = block.axes.iter().map(String::as_str);
    let unlisted = STRUCTURAL.into_iter().filter(|key| block.axes.iter().all(|axis| axis != key));
    let is_varied = |key: &&str| {
        let mut values = others(block).map(|arm| value(block, arm, key));
        let first = values.next();
        !TEXT_SETTINGS.contains(key) && values.any(|value| Some(value) != first)
    };
    listed.chain(unlisted).filter(is_varied).collect()
}

/// The largest group of arms with the same texts; of equal ones that with the baseline, or the first.
fn arms_with_common_texts(block: &Block, baseline: usize) -> Vec<usize> {
    let mut groups: Vec<(Vec<Option<&str>>, Vec<usize>)> = Vec::new();
    for arm in others(block) {
        let texts: Vec<Option<&str>> = TEXT_SETTINGS.iter().map(|key| value(block, arm, key)).collect();
        match groups.iter_mut().find(|(known, _)| *known == texts) {
            Some((_, arms)) => arms.push(arm),
            None => groups.push((texts, vec![arm])),
        }
    }
    // The last of equal ones is the maximum.
    let largest = groups.into_iter().rev().max_by_key(|(_, arms)| (arms.len(), arms.contains(&baseline)));
    largest.map(|(_, arms)| arms).unwrap_or_default()
}

/// The baseline's value if some of the arms have it, else the most common one.
fn most_common<'a>(block: &'a Block, baseline: usize, key: &str, arms: &[usize]) -> Option<&'a str> {
    let count = |wanted: Option<&str>| arms.iter().filter(|arm| value(block, **arm, key) == wanted).count();
    let of_baseline = value(block, baseline, key);
    if count(of_baseline) > 0 {
        return of_baseline;
    }
    arms.iter().rev().map(|arm| value(block, *arm, key)).max_by_key(|value| count(*value)).flatten()
}

/// Indices of the arms without the twin.
fn others(block: &Block) -> impl Iterator<Item = usize> {
    let arms = block.arms.iter().enumerate();
    arms.filter(|(_, arm)| arm.role != Role::Twin).map(|(at, _)| at)
}

fn value<'b>(block: &'b Block, arm: usize, key: &str) -> Option<&'b str> {
    value_of(&block.arms[arm].variant, key)
}
