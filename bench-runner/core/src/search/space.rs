//! The space of a search: axes with their levels, combinations that must not be built, and the user's own one.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::refusal::SearchRefusal;

/// Largest number of combinations, forbidden ones included. Planning reads all of them for every row that it
/// exchanges; with 100,000 that takes some seconds, with a million minutes.
pub const MAX_COMBINATIONS: usize = 100_000;

/// All combinations that a search may try.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchSpace {
    /// The axes; elsewhere in a search they are known by their index.
    pub axes: Vec<SearchAxis>,
    /// Combinations that must not be nominated: all that contain one of these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub forbidden: Vec<ForbiddenCombination>,
    /// Level of each axis in the user's own configuration. It is always built, also if it is forbidden.
    pub as_configured: Vec<usize>,
    /// Pairs of axes, by key, whose levels may be worth more or less together than each by itself. Other pairs may
    /// too, but are expected to do it less.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interactions: Vec<[String; 2]>,
}

/// An axis of the space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchAxis {
    /// Key of the axis, such as `linker`.
    pub key: String,
    /// Names of its levels, each once. The user's own value is among them.
    pub levels: Vec<String>,
}

/// Levels of some axes, by key and name, that must not be combined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ForbiddenCombination(pub BTreeMap<String, String>);

impl SearchSpace {
    /// Settings of a combination: name of the level by key of the axis.
    pub fn settings(&self, levels: &[usize]) -> BTreeMap<String, String> {
        let setting =
            |(axis, level): (&SearchAxis, &usize)| Some((axis.key.clone(), axis.levels.get(*level)?.clone()));
        self.axes.iter().zip(levels).filter_map(setting).collect()
    }

    /// All combinations that may be nominated, the last axis varying fastest.
    ///
    /// # Errors
    ///
    /// If the space contradicts itself, or has more than [`MAX_COMBINATIONS`] or fewer than two combinations.
    pub fn allowed(&self) -> Result<Vec<Vec<usize>>, SearchRefusal> {
        let count = self.check()?;
        let forbidden = self.forbidden_levels()?;
        let of_number = |number: usize| {
            let mut rest = number;
            let mut levels = vec![0; self.axes.len()];
            for (level, axis) in levels.iter_mut().zip(&self.axes).rev() {
                *level = rest % axis.levels.len();
                rest /= axis.levels.len();
            }
            levels
        };
        let is_allowed = |levels: &Vec<usize>| {
            !forbidden.iter().any(|one| one.iter().all(|(axis, level)| levels[*axis] == *level))
        };
        let allowed: Vec<Vec<usize>> = (0..count).map(of_number).filter(is_allowed).collect();
        if allowed.iter().all(|one| *one == self.as_configured) {
            return Err(SearchRefusal::NothingToSearch { allowed: allowed.len() });
        }
        Ok(allowed)
    }

    /// The pairs of axes that may interact, by index.
    ///
    /// # Errors
    ///
    /// If a pair names an unknown axis, or one twice.
    pub(super) fn named_interactions(&self) -> Result<Vec<[usize; 2]>, SearchRefusal> {
        let of = |pair: &[String; 2]| {
            let [one, other] = [self.axis(&pair[0])?, self.axis(&pair[1])?];
            if one == other { Err(SearchRefusal::DuplicateAxis(pair[0].clone())) } else { Ok([one, other]) }
        };
        self.interactions.iter().map(of).collect()
    }

    /// Returns the number of combinations of all levels.
    fn check(&self) -> Result<usize, SearchRefusal> {
        for (at, axis) in self.axes.iter().enumerate() {
            if self.axes[..at].iter().any(|other| other.key == axis.key) {
                return Err(SearchRefusal::DuplicateAxis(axis.key.clone()));
            }
            let mut seen = BTreeSet::new();
            if let Some(level) = axis.levels.iter().find(|level| !seen.insert(*level)) {
                return Err(SearchRefusal::DuplicateLevel { axis: axis.key.clone(), level: level.clone() });
            }
        }
        let is_known = |(axis, level): (&SearchAxis, &usize)| *level < axis.levels.len();
        if self.as_configured.len() != self.axes.len()
            || !self.axes.iter().zip(&self.as_configured).all(is_known)
        {
            return Err(SearchRefusal::UnknownAsConfigured);
        }
        self.named_interactions()?;
        // A level that is forbidden by itself, as the untouched one of a required setting is, makes no combinations.
        let is_forbidden = |axis: &SearchAxis, level: &String| {
            self.forbidden.iter().any(|one| one.0.len() == 1 && one.0.get(&axis.key) == Some(level))
        };
        let possible =
            |axis: &SearchAxis| axis.levels.iter().filter(|level| !is_forbidden(axis, level)).count();
        let product = |levels: &dyn Fn(&SearchAxis) -> usize| {
            self.axes.iter().try_fold(1usize, |product, axis| product.checked_mul(levels(axis)))
        };
        let all = product(&|axis| axis.levels.len());
        let possible = product(&possible);
        all.filter(|_| possible.is_some_and(|possible| possible <= MAX_COMBINATIONS)).ok_or_else(|| {
            let product = possible;
            let mut axes: Vec<(String, usize)> =
                self.axes.iter().map(|axis| (axis.key.clone(), axis.levels.len())).collect();
            axes.sort_by_key(|(_, levels)| std::cmp::Reverse(*levels));
            SearchRefusal::TooManyCombinations { limit: MAX_COMBINATIONS, product, axes }
        })
    }

    fn axis(&self, key: &str) -> Result<usize, SearchRefusal> {
        let found = self.axes.iter().position(|axis| axis.key == key);
        found.ok_or_else(|| SearchRefusal::UnknownAxis(key.to_owned()))
    }

    /// The forbidden combinations as indices of axes and levels.
    fn forbidden_levels(&self) -> Result<Vec<Vec<(usize, usize)>>, SearchRefusal> {
        let of = |one: &ForbiddenCombination| {
            if one.0.is_empty() {
                return Err(SearchRefusal::ForbidsEverything);
            }
            let known = |(key, name): (&String, &String)| {
                let axis = self.axis(key)?;
                let level = self.axes[axis].levels.iter().position(|level| level == name);
                let unknown = || SearchRefusal::UnknownLevel { axis: key.clone(), level: name.clone() };
                Ok((axis, level.ok_or_else(unknown)?))
            };
            one.0.iter().map(known).collect()
        };
        self.forbidden.iter().map(of).collect()
    }
}
