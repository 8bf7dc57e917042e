//! A baseline chosen after the run: the arm of each block, and the number of pairs it was chosen from.
//!
//! A baseline that is chosen after seeing the results may be the arm with the best result. Therefore every
//! pair of arms of every planned block counts in the correction: whichever arm is chosen, its comparisons are
//! among them.

use super::result::PostHoc;
use crate::record::{Arm, Block, Plan, Role, Skipped, Variant};
use crate::suggest::suggest;

/// A baseline requested after the run: the name of a variant, or values of axes such as `linker=mold`,
/// separated by commas. If several arms of a block have these values, axes that are not named are as in the planned
/// baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedBaseline(String);

/// A baseline that no block has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UnknownBaseline {
    /// The problem.
    pub message: String,
    /// A hint: the name that was probably meant, or the valid names.
    pub help: String,
}

/// Largest number of names that a message lists.
const LISTED: usize = 12;

impl RequestedBaseline {
    /// Accepts any text; only a plan can show if the baseline exists.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Checks that some block of these plans has the baseline.
    ///
    /// # Errors
    ///
    /// If none has it, with the valid names.
    pub fn check(&self, plans: &[&Plan]) -> Result<(), UnknownBaseline> {
        let blocks: Vec<&Block> = plans.iter().flat_map(|plan| &plan.blocks).collect();
        if blocks.iter().any(|block| self.arm_in(block).is_ok()) {
            return Ok(());
        }
        Err(self.explain_unknown(&blocks))
    }

    fn explain_unknown(&self, blocks: &[&Block]) -> UnknownBaseline {
        let requested = &self.0;
        let arms: Vec<&Arm> = blocks.iter().flat_map(|block| candidates(block)).map(|(_, arm)| arm).collect();
        let names = distinct(arms.iter().map(|arm| &arm.variant.name));
        let Some(pairs) = self.pairs() else {
            return unknown_baseline(
                format!("no variant is called `{requested}`"),
                requested,
                &names,
                "there are",
            );
        };
        for (key, value) in pairs {
            let values = distinct(arms.iter().filter_map(|arm| value_of(&arm.variant, key)));
            if values.is_empty() {
                let axes = distinct(blocks.iter().flat_map(|block| &block.axes));
                return unknown_baseline(
                    format!("`{requested}`: no block has an axis `{key}`"),
                    key,
                    &axes,
                    "the axes are",
                );
            }
            if !arms.iter().any(|arm| has_value(arm, key, value)) {
                let message = format!("`{requested}`: no variant has the value `{value}` of `{key}`");
                return unknown_baseline(message, value, &values, "the values are");
            }
        }
        match blocks.iter().find_map(|block| self.arm_in(block).err().filter(|found| found.several)) {
            Some(several) => UnknownBaseline {
                message: format!("`{requested}` could be more than one variant"),
                help: format!("{}; name one of them", several.reason),
            },
            None => unknown_baseline(
                format!("no block has a variant with {requested}"),
                requested,
                &names,
                "there are",
            ),
        }
    }

    /// Index of the requested arm: the arm of that name, else the one with these values that equals the
    /// planned baseline in everything else, else the only one with these values.
    fn arm_in(&self, block: &Block) -> Result<usize, NoSuchArm> {
        let named = |arm: &Arm| arm.variant.name == self.0 || arm.aliases.contains(&self.0);
        if let Some((at, _)) = candidates(block).find(|(_, arm)| named(arm)) {
            return Ok(at);
        }
        let pairs = self.pairs().unwrap_or_default();
        let has_all = |arm: &Arm| pairs.iter().all(|(key, value)| has_value(arm, key, value));
        let found: Vec<_> = candidates(block).filter(|(_, arm)| !pairs.is_empty() && has_all(arm)).collect();
        let planned = block.arms.get(block.baseline());
        let like_planned = |arm: &Arm| {
            let others = block.axes.iter().filter(|axis| pairs.iter().all(|(key, _)| key != axis));
            planned.is_some_and(|planned| {
                others.into_iter().all(|key| value_of(&arm.variant, key) == value_of(&planned.variant, key))
            })
        };
        match found.as_slice() {
            [] => Err(NoSuchArm { reason: format!("no variant here is `{}`", self.0), several: false }),
            [(only, _)] => Ok(*only),
            several => {
                several.iter().find(|(_, arm)| like_planned(arm)).map(|(at, _)| *at).ok_or_else(|| {
                    let names: Vec<&str> = several.iter().map(|(_, arm)| arm.variant.name.as_str()).collect();
                    NoSuchArm {
                        reason: format!("several variants have it: {}", list_names(&names)),
                        several: true,
                    }
                })
            }
        }
    }

    /// The text as `KEY=V,KEY=V`; `None` if a part has no `=`.
    fn pairs(&self) -> Option<Vec<(&str, &str)>> {
        self.0.split(',').map(|pair| pair.trim().split_once('=')).collect()
    }
}

/// Reason why a block does not have the baseline.
struct NoSuchArm {
    reason: String,
    several: bool,
}

/// The arms that can be a baseline, with their indices.
fn candidates(block: &Block) -> impl Iterator<Item = (usize, &Arm)> {
    block.arms.iter().enumerate().filter(|(_, arm)| arm.role != Role::Twin)
}

pub(super) fn value_of<'v>(variant: &'v Variant, key: &str) -> Option<&'v str> {
    match key {
        "project" => Some(&variant.project),
        "workload" => Some(&variant.workload),
        "rev" => variant.rev.as_deref(),
        key => variant.settings.get(key).map(String::as_str),
    }
}

/// Returns true if the arm has this value, or an alias that has it; of aliases only the names are known.
fn has_value(arm: &Arm, key: &str, value: &str) -> bool {
    let is = |word: &str| word.split_once('=') == Some((key, value));
    value_of(&arm.variant, key) == Some(value) || arm.aliases.iter().any(|alias| alias.split(' ').any(is))
}

/// Builds the error, with the name that was probably meant or, if none is close, all known names.
fn unknown_baseline(message: String, word: &str, known: &[&str], what: &str) -> UnknownBaseline {
    let holding = || known.iter().find(|name| name.split(['=', ' ']).any(|part| part == word)).copied();
    let help = match suggest(word, known.iter().copied()).or_else(holding) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("{what} {}", list_names(known)),
    };
    UnknownBaseline { message, help }
}

fn distinct<'t, S: AsRef<str> + ?Sized + 't>(texts: impl Iterator<Item = &'t S>) -> Vec<&'t str> {
    let mut all: Vec<&str> = Vec::new();
    for text in texts.map(AsRef::as_ref) {
        if !all.contains(&text) {
            all.push(text);
        }
    }
    all
}

fn list_names(names: &[&str]) -> String {
    let mut text = names.iter().take(LISTED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", names.len() - LISTED));
    }
    text
}

/// A baseline that was chosen after the run.
pub(super) struct ChosenBaseline {
    /// Index of the baseline in each block; `None` if the block does not have it.
    pub(super) arms: Vec<Option<usize>>,
    /// Description for the result of the comparison.
    pub(super) post_hoc: PostHoc,
}

impl ChosenBaseline {
    /// Finds the requested arm in each block of the plan; `None` if it is the planned baseline in every block
    /// that has it.
    pub(super) fn of(plan: &Plan, requested: &RequestedBaseline) -> Option<Self> {
        let found: Vec<_> = plan.blocks.iter().map(|block| requested.arm_in(block)).collect();
        let planned = |(arm, block): (&Result<usize, NoSuchArm>, &Block)| {
            arm.as_ref().map_or(true, |arm| *arm == block.baseline())
        };
        if found.iter().any(Result::is_ok) && found.iter().zip(&plan.blocks).all(planned) {
            return None;
        }
        let left_out = |(arm, block): (&Result<usize, NoSuchArm>, &Block)| {
            let reason = arm.as_ref().err()?.reason.clone();
            Some(Skipped { block: block.id.to_string(), variant: "all".to_owned(), reason, help: None })
        };
        let left_out = found.iter().zip(&plan.blocks).filter_map(left_out).collect();
        let pairs =
            plan.blocks.iter().map(|block| candidates(block).count()).map(|k| k * k.saturating_sub(1) / 2);
        let post_hoc = PostHoc { baseline: requested.0.clone(), pairs: pairs.sum(), left_out };
        Some(Self { arms: found.into_iter().map(Result::ok).collect(), post_hoc })
    }
}
