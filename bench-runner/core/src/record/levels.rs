//! Combinations of axis values among the arms of a block.

use super::plan::{Block, Role, TEXT_SETTINGS};

/// Combinations of axis values among the arms of a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockLevels<'a> {
    /// Keys of the axes of settings, each with its values in the order of the arms: the first is that of the first
    /// combination.
    pub axes: Vec<(&'a str, Vec<&'a str>)>,
    /// Indices of the arms that have a value on every axis, the twin left out, each with one index into the values
    /// of every axis.
    pub arms: Vec<(usize, Vec<usize>)>,
}

impl<'a> BlockLevels<'a> {
    /// The combinations of a block. Whole variants, which set none or only some of the axes, are not among them.
    pub fn of(block: &'a Block) -> Self {
        const NOT_SETTINGS: [&str; 2] = ["project", "workload"];
        let is_setting = |key: &&str| !TEXT_SETTINGS.contains(key) && !NOT_SETTINGS.contains(key);
        let keys = block.axes.iter().map(String::as_str).filter(is_setting);
        let mut axes: Vec<(&str, Vec<&str>)> = keys.map(|key| (key, Vec::new())).collect();
        let mut arms = Vec::new();
        for (at, arm) in block.arms.iter().enumerate().filter(|(_, arm)| arm.role != Role::Twin) {
            let value = |key: &str| match key {
                "rev" => arm.variant.rev.as_deref(),
                _ => arm.variant.settings.get(key).map(String::as_str),
            };
            let Some(values) = axes.iter().map(|(key, _)| value(key)).collect::<Option<Vec<&str>>>() else {
                continue;
            };
            let level = |((_, known), value): (&mut (&str, Vec<&'a str>), &'a str)| {
                known.iter().position(|other| *other == value).unwrap_or_else(|| {
                    known.push(value);
                    known.len() - 1
                })
            };
            arms.push((at, axes.iter_mut().zip(values).map(level).collect()));
        }
        Self { axes, arms }
    }

    /// Number of values of each axis.
    pub fn counts(&self) -> Vec<usize> {
        self.axes.iter().map(|(_, values)| values.len()).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::record::{Arm, BlockId, Sampling, Variant};

    #[test]
    fn whole_variants_and_the_twin_are_no_combinations() {
        let arm = |role, settings: &[(&str, &str)]| Arm {
            role,
            variant: Variant {
                name: String::new(),
                project: "p".into(),
                workload: "clean".into(),
                rev: None,
                settings: settings.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
            },
            aliases: vec![],
            co_changes: vec![],
            primed: false,
        };
        let block = Block {
            id: BlockId::new("m", "p", "clean"),
            axes: ["debug", "as-configured", "lto"].map(str::to_owned).to_vec(),
            arms: vec![
                arm(Role::Baseline, &[("as-configured", "x")]),
                arm(Role::Twin, &[("as-configured", "x")]),
                arm(Role::Variant, &[("debug", "none"), ("lto", "off")]),
                arm(Role::Variant, &[("debug", "none"), ("lto", "fat")]),
                arm(Role::Variant, &[("lto", "fat")]),
                arm(Role::Variant, &[("debug", "full"), ("lto", "off"), ("as-configured", "x")]),
            ],
            sampling: Sampling {
                warmup: 1,
                min_rounds: 3,
                max_rounds: 3,
                precision: None,
                margin: 0.03,
                timeout: std::time::Duration::ZERO,
            },
            commits: BTreeMap::new(),
            fidelity: vec![],
            design: None,
            visits: None,
        };
        let levels = BlockLevels::of(&block);
        assert_eq!(levels.axes, [("debug", vec!["none", "full"]), ("lto", vec!["off", "fat"])]);
        assert_eq!(levels.arms, [(2, vec![0, 0]), (3, vec![0, 1]), (5, vec![1, 0])]);
    }
}
