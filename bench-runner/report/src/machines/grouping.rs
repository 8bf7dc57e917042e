//! Groups blocks of several runs by comparison: same project at the same pin, built the same way, under the
//! same workload, against the same baseline, with the same margin.

use std::collections::BTreeSet;

use bench_runner_core::compare::BlockResult;
use bench_runner_core::record::{Block, BlockId, PlannedProject, Variant};

use super::run::ComparedRun;
use super::values::RefusedBlock;

/// A block of one run.
#[derive(Clone, Copy)]
pub(super) struct RunBlock<'a> {
    /// Index of the run.
    pub(super) run_index: usize,
    pub(super) run: ComparedRun<'a>,
    pub(super) planned: &'a Block,
    pub(super) result: &'a BlockResult,
}

impl<'a> RunBlock<'a> {
    /// Blocks of a run.
    pub(super) fn all(run_index: usize, run: ComparedRun<'a>) -> impl Iterator<Item = Self> {
        run.comparison.blocks.iter().filter_map(move |result| {
            let planned = run.manifest.plan.blocks.iter().find(|block| block.id == result.id)?;
            Some(Self { run_index, run, planned, result })
        })
    }

    /// Variant that the others are compared with.
    pub(super) fn baseline(&self) -> Option<&'a Variant> {
        self.planned.arms.get(self.result.baseline).map(|arm| &arm.variant)
    }

    /// The block as one that cannot be compared with the others.
    pub(super) fn refuse(&self, reason: String) -> RefusedBlock {
        RefusedBlock { block: self.result.title.clone(), run: self.run.manifest.run.clone(), reason }
    }

    fn project(&self, name: &str) -> Option<&'a PlannedProject> {
        self.run.manifest.plan.projects.iter().find(|project| project.name == name)
    }

    fn projects(&self) -> BTreeSet<&'a str> {
        self.planned.arms.iter().map(|arm| arm.variant.project.as_str()).collect()
    }
}

/// True if two variants are built the same way, regardless of their names.
pub(super) fn same_variant(one: &Variant, other: &Variant) -> bool {
    let of = |variant: &Variant| {
        (variant.project.clone(), variant.workload.clone(), variant.rev.clone(), variant.settings.clone())
    };
    of(one) == of(other)
}

/// Reasons why two blocks with the same id are not the same comparison, as half sentences; empty if they are.
pub(super) fn comparison_differences(one: &RunBlock<'_>, other: &RunBlock<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for name in one.projects().intersection(&other.projects()) {
        match (one.project(name), other.project(name)) {
            (Some(a), Some(b)) if a.pin != b.pin => {
                found.push(format!("{name} is pinned at {} there and at {} here", a.pin, b.pin));
            }
            (
                Some(PlannedProject { ignored: Some(a), .. }),
                Some(PlannedProject { ignored: Some(b), .. }),
            ) if a.hash != b.hash => {
                found.push(format!("the files of {name} that git ignores differ"));
            }
            (Some(a), Some(b)) if build_settings(&a.manifest) != build_settings(&b.manifest) => {
                found.push(format!(
                    "the manifests of {name} differ, so that something else is built or edited"
                ));
            }
            _ => {}
        }
    }
    if one.result.margin != other.result.margin {
        let [a, b] = [one, other].map(|block| block.result.margin * 100.0);
        found.push(format!("the margin is {a}% there and {b}% here (`--margin` sets one for all)"));
    }
    match (one.baseline(), other.baseline()) {
        (Some(a), Some(b)) if !same_variant(a, b) => found.push(if a.name == b.name {
            format!("the baseline `{}` has other settings", a.name)
        } else {
            format!("the baseline is `{}` there and `{}` here", a.name, b.name)
        }),
        _ => {}
    }
    if one.planned.commits != other.planned.commits {
        found.push("other commits are replayed".to_owned());
    }
    found
}

/// Parts of a project's manifest that affect what is built: all except its description, tags and estimates, and the place of a
/// local project, whose pin is what it contains.
fn build_settings(manifest: &str) -> Option<toml::Table> {
    let mut table: toml::Table = manifest.parse().ok()?;
    for key in ["summary", "tags", "estimate"] {
        table.remove(key);
    }
    if let Some(source) = table.get_mut("source").and_then(|source| source.as_table_mut()) {
        source.remove("path");
    }
    Some(table)
}

/// Blocks of runs grouped by id, then by comparison: largest group first, of equal ones that of the first
/// run.
pub(super) fn group_by_comparison<'a>(runs: &[ComparedRun<'a>]) -> Vec<Vec<Vec<RunBlock<'a>>>> {
    let blocks: Vec<RunBlock<'a>> =
        runs.iter().enumerate().flat_map(|(index, run)| RunBlock::all(index, *run)).collect();
    let mut ids: Vec<&BlockId> = Vec::new();
    for block in &blocks {
        if !ids.contains(&&block.result.id) {
            ids.push(&block.result.id);
        }
    }
    let of_id = |id: &BlockId| {
        let mut alike: Vec<Vec<RunBlock<'a>>> = Vec::new();
        for block in blocks.iter().filter(|block| block.result.id == *id) {
            match alike.iter_mut().find(|group| comparison_differences(&group[0], block).is_empty()) {
                Some(group) => group.push(*block),
                None => alike.push(vec![*block]),
            }
        }
        alike.sort_by_key(|group| std::cmp::Reverse(group.len()));
        alike
    };
    ids.into_iter().map(of_id).collect()
}

/// Groups of blocks that are the same comparison in at least two runs, and the blocks that are in no group.
pub(super) fn comparable_groups<'a>(runs: &[ComparedRun<'a>]) -> (Vec<Vec<RunBlock<'a>>>, Vec<RefusedBlock>) {
    let (mut groups, mut refused) = (Vec::new(), Vec::new());
    for alike in group_by_comparison(runs) {
        refused.extend(refusals(&alike));
        groups.extend(alike.into_iter().filter(|group| group.len() > 1));
    }
    (groups, refused)
}

/// Blocks of one id that are not in its first group, or the only block of that id.
pub(super) fn refusals(alike: &[Vec<RunBlock<'_>>]) -> Vec<RefusedBlock> {
    match alike {
        [] => Vec::new(),
        [only] => match only.as_slice() {
            [one] => vec![one.refuse("no other run has this comparison".to_owned())],
            _ => Vec::new(),
        },
        [first, others @ ..] => {
            let reason = |block: &RunBlock<'_>| {
                format!(
                    "beside {}: {}",
                    first[0].run.manifest.run,
                    comparison_differences(&first[0], block).join("; ")
                )
            };
            others.iter().flatten().map(|block| block.refuse(reason(block))).collect()
        }
    }
}
