//! Design of a block: the request behind the plan, the chosen combinations, and the visits.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::plan::{Block, Role, TEXT_SETTINGS};

/// Larger task that a plan is one stage of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanOrigin {
    /// Verb that made the request, such as `search`, `track` or `gate`. Readers show unknown words unchanged.
    pub by: String,
    /// Name of the search, of the tracking file, or of the subject of the gate.
    pub request: String,
    /// The stage, such as `screening`, `head-to-head-2` or `confirmation`; empty if there is only one.
    pub stage: String,
}

/// Combinations of axis values that a block builds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Design {
    /// Method by which the combinations were chosen.
    pub kind: DesignKind,
    /// Number of combinations that are built.
    pub rows: u32,
    /// Number of combinations that the axes allow, without the excluded ones.
    pub of: u64,
    /// Seed of the choice, if it is random.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<u64>,
    /// D-efficiency of the rows, from 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub efficiency: Option<f64>,
    /// Pairs of axes whose interaction the rows were chosen to estimate, in addition to the effect of each
    /// axis.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interactions: Vec<[String; 2]>,
    /// Effects that contain part of an interaction of two axes, the largest share first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliasing: Vec<DesignAliasing>,
    /// Values that are not built together, or not at all: combinations with all values of an entry are left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<BTreeMap<String, String>>,
}

/// Effects of an axis that contain part of an interaction of two axes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DesignAliasing {
    /// Key of the axis.
    pub axis: String,
    /// Keys of the two axes that interact.
    pub interaction: [String; 2],
    /// Share of the interaction in the effect: with 0.3, an interaction of the size of an effect can move the
    /// estimate by 0.3 times its size.
    pub share: f64,
}

/// Method by which the combinations of a design were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DesignKind {
    /// All combinations.
    Full,
    /// Combinations that differ from the baseline in one axis.
    OneAtATime,
    /// A fraction chosen for estimating effects. It nominates candidates and gives no verdicts.
    Fraction,
}

/// Visits in which a block is measured. During a visit no other block is built.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Visits {
    /// The first visits, in order, each as the total number of rounds of the block when the visit ends. Later
    /// visits go to the blocks where the time is worth most.
    pub until: Vec<u32>,
    /// True if work trees and target directories are kept from one visit to the next.
    pub keep: bool,
}

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
