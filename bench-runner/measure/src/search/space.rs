//! The combinations that a search can choose from on this machine.

use std::collections::BTreeMap;

use bench_runner_core::record::Refusal;
use bench_runner_core::search::MAX_COMBINATIONS;

use super::UNTOUCHED;
use crate::axes::Settings;

/// The axes of a search with the levels that this machine can do. A combination has one level of each axis, by
/// its index, in the order of the axes.
#[derive(Debug, Clone, PartialEq)]
pub struct AvailableSpace {
    /// Axes that vary: each has at least two levels, of which the first leaves the setting untouched.
    pub axes: Vec<SpaceAxis>,
    /// Required settings, which every combination has and `as-configured` has not.
    pub required: Settings,
    pub forbidden: Vec<ForbiddenPair>,
    pub dropped: Vec<DroppedLevel>,
    /// Whether cargo said what it would build, so that values that change nothing are known.
    pub builds_are_known: bool,
    /// Number of combinations without forbidden pairs.
    pub combinations: usize,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceAxis {
    pub key: String,
    pub levels: Vec<SpaceLevel>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpaceLevel {
    /// Value on the axis; `None` leaves the setting as the user has it.
    pub value: Option<String>,
    /// Other values of the space that are the same here.
    pub aliases: Vec<String>,
}

/// Levels of two axes that do not go together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForbiddenPair {
    /// Index of the axis and of the level of each.
    pub levels: [(usize, usize); 2],
    pub reason: String,
}

/// A value of the space file that no combination has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedLevel {
    pub key: String,
    pub value: String,
    pub refusal: Refusal,
}

impl SpaceLevel {
    /// The level with this name, without aliases.
    pub fn named(name: &str) -> Self {
        Self { value: (name != UNTOUCHED).then(|| name.to_owned()), aliases: Vec::new() }
    }

    /// The value, or the word for an untouched setting.
    pub fn name(&self) -> &str {
        self.value.as_deref().unwrap_or(UNTOUCHED)
    }
}

impl AvailableSpace {
    /// Returns true if a combination has no forbidden pair.
    pub fn allows(&self, combination: &[usize]) -> bool {
        let has = |(axis, level): &(usize, usize)| combination.get(*axis) == Some(level);
        !self.forbidden.iter().any(|pair| pair.levels.iter().all(has))
    }

    /// All allowed combinations, the last axis varying fastest.
    pub fn all_combinations(&self) -> Vec<Vec<usize>> {
        let mut found = Vec::with_capacity(self.combinations);
        self.visit(|combination| found.push(combination.to_vec()));
        found
    }

    /// The combination with these levels, by key; other axes are untouched. `None` if there is no such level.
    pub fn combination(&self, levels: &BTreeMap<String, String>) -> Option<Vec<usize>> {
        let known = levels.keys().all(|key| self.axes.iter().any(|axis| axis.key == *key));
        let level = |axis: &SpaceAxis| match levels.get(&axis.key) {
            None => Some(0),
            Some(name) => axis.levels.iter().position(|level| level.name() == name),
        };
        known.then(|| self.axes.iter().map(level).collect())?
    }

    /// Settings of a combination, without those that it leaves untouched.
    pub fn settings(&self, combination: &[usize]) -> Settings {
        let mut settings = self.required.clone();
        settings.extend(self.changes(combination).map(|(key, value)| (key.to_owned(), value.to_owned())));
        settings
    }

    /// Short name of a combination: what it changes, such as `linker=mold debug=none`. Required settings are part
    /// of the name only if it changes nothing else.
    pub fn name(&self, combination: &[usize]) -> String {
        let words = |settings: Vec<(&str, &str)>| {
            let words = settings.iter().map(|(key, value)| format!("{key}={value}"));
            // A name is one line, even if a value has several.
            words.collect::<Vec<_>>().join(" ").lines().collect::<Vec<_>>().join("; ")
        };
        let changes: Vec<(&str, &str)> = self.changes(combination).collect();
        let required: Vec<(&str, &str)> =
            self.required.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        match (changes.is_empty(), required.is_empty()) {
            (false, _) => words(changes),
            (true, false) => words(required),
            (true, true) => UNTOUCHED.to_owned(),
        }
    }

    /// Keys and values that a combination sets, in the order of the axes.
    fn changes<'a>(&'a self, combination: &'a [usize]) -> impl Iterator<Item = (&'a str, &'a str)> {
        let chosen = self.axes.iter().zip(combination);
        chosen
            .filter_map(|(axis, level)| Some((axis.key.as_str(), axis.levels.get(*level)?.value.as_deref()?)))
    }

    /// Checks the number of combinations of all levels, forbidden ones included.
    ///
    /// # Errors
    /// If there are more than [`MAX_COMBINATIONS`].
    pub(super) fn check_size(&self, name: &str) -> Result<(), Refusal> {
        let levels: Vec<usize> = self.axes.iter().map(|axis| axis.levels.len()).collect();
        let product = levels.iter().try_fold(1usize, |product, levels| product.checked_mul(*levels));
        if product.is_some_and(|product| product <= MAX_COMBINATIONS) {
            return Ok(());
        }
        let number = product.map_or_else(|| "very many".to_owned(), |product| product.to_string());
        let levels: Vec<String> =
            self.axes.iter().map(|axis| format!("{} of `{}`", axis.levels.len(), axis.key)).collect();
        Err(Refusal::new(format!(
            "the space `{name}` has {number} combinations here, more than {MAX_COMBINATIONS}: {}",
            levels.join(", ")
        ))
        .with_help("list fewer values in the file, or fix some axes by `--require`"))
    }

    /// Number of allowed combinations.
    pub(super) fn count(&self) -> usize {
        let mut count = 0;
        self.visit(|_| count += 1);
        count
    }

    /// Calls `each` with every allowed combination.
    fn visit(&self, mut each: impl FnMut(&[usize])) {
        let mut pairs: BTreeMap<(usize, usize), Vec<(usize, usize)>> = BTreeMap::new();
        for ForbiddenPair { levels: [one, other], .. } in &self.forbidden {
            let (first, last) = if one.0 < other.0 { (one, other) } else { (other, one) };
            pairs.entry(*last).or_default().push(*first);
        }
        let fits = |chosen: &[usize], level: usize| {
            let forbidden = pairs.get(&(chosen.len(), level)).into_iter().flatten();
            !forbidden.clone().any(|(axis, other)| chosen[*axis] == *other)
        };
        let mut chosen: Vec<usize> = Vec::with_capacity(self.axes.len());
        let mut next = 0;
        loop {
            let levels = self.axes.get(chosen.len()).map_or(0, |axis| axis.levels.len());
            match (next..levels).find(|level| fits(&chosen, *level)) {
                Some(level) => {
                    chosen.push(level);
                    next = 0;
                    if chosen.len() < self.axes.len() {
                        continue;
                    }
                    each(&chosen);
                }
                None if chosen.is_empty() => return,
                None => {}
            }
            // The next level of the last axis that was chosen.
            let Some(last) = chosen.pop() else { return };
            next = last + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn axis(key: &str, values: &[&str]) -> SpaceAxis {
        let names = std::iter::once(UNTOUCHED).chain(values.iter().copied());
        SpaceAxis { key: key.to_owned(), levels: names.map(SpaceLevel::named).collect() }
    }

    fn space(axes: Vec<SpaceAxis>, forbidden: &[[(usize, usize); 2]]) -> AvailableSpace {
        let pair = |levels: &[(usize, usize); 2]| ForbiddenPair { levels: *levels, reason: String::new() };
        let mut space = AvailableSpace {
            axes,
            required: Settings::new(),
            forbidden: forbidden.iter().map(pair).collect(),
            dropped: Vec::new(),
            builds_are_known: true,
            combinations: 0,
        };
        space.combinations = space.count();
        space
    }

    #[test]
    fn a_combination_has_a_short_name_and_settings() {
        let mut space = space(vec![axis("linker", &["lld", "mold"]), axis("debug", &["none"])], &[]);
        assert_eq!(space.name(&[2, 1]), "linker=mold debug=none");
        assert_eq!((space.name(&[0, 0]), space.settings(&[0, 0]).len()), ("as-configured".to_owned(), 0));
        space.required.insert("strip".to_owned(), "none".to_owned());
        assert_eq!((space.name(&[0, 0]), space.name(&[1, 0])), ("strip=none".into(), "linker=lld".into()));
        let settings: Vec<String> =
            space.settings(&[1, 0]).iter().map(|(key, value)| format!("{key}={value}")).collect();
        assert_eq!(settings, ["linker=lld", "strip=none"]);
        let find = |key: &str, value: &str| space.combination(&[(key.into(), value.into())].into());
        assert_eq!(find("linker", "mold"), Some(vec![2, 0]));
        assert_eq!(find("linker", "as-configured"), Some(vec![0, 0]));
        assert_eq!((find("linker", "gold"), find("lto", "fat")), (None, None));
    }

    proptest! {
        #[test]
        fn combinations_are_the_product_without_forbidden_pairs(
            levels in proptest::collection::vec(1usize..4, 1..5),
            pairs in proptest::collection::vec(((0usize..5, 0usize..4), (0usize..5, 0usize..4)), 0..6),
        ) {
            let axes: Vec<SpaceAxis> =
                levels.iter().map(|more| axis("x", &["1", "2", "3"][..*more - 1])).collect();
            let pairs: Vec<[(usize, usize); 2]> = pairs
                .into_iter()
                .filter(|(one, other)| one.0 != other.0 && one.0.max(other.0) < axes.len())
                .map(|(one, other)| [one, other])
                .collect();
            let space = space(axes, &pairs);
            let count: usize = levels.iter().product();
            let mut expected = Vec::new();
            for number in 0..count {
                let mut rest = number;
                let mut combination: Vec<usize> = Vec::new();
                for of in levels.iter().rev() {
                    combination.insert(0, rest % of);
                    rest /= of;
                }
                if space.allows(&combination) {
                    expected.push(combination);
                }
            }
            prop_assert_eq!(space.combinations, expected.len());
            prop_assert_eq!(space.all_combinations(), expected);
        }
    }
}
