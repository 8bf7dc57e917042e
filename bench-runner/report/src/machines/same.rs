//! What is the same comparison: same project at the same pin, built the same way, under the same workload, against the
//! same baseline, by the same margin.

use std::collections::BTreeSet;

use bench_runner_core::compare::BlockResult;
use bench_runner_core::record::{Block, BlockId, PlannedProject, Variant};

use super::run::Run;
use super::values::Refused;

/// A block of one run.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Place of the run.
    pub(super) run: usize,
    /// The run.
    pub(super) of: Run<'a>,
    /// What was planned.
    pub(super) planned: &'a Block,
    /// What it says.
    pub(super) result: &'a BlockResult,
}

impl<'a> Subject<'a> {
    /// The blocks of a run.
    pub(super) fn all(run: usize, of: Run<'a>) -> impl Iterator<Item = Self> {
        of.comparison.blocks.iter().filter_map(move |result| {
            let planned = of.manifest.plan.blocks.iter().find(|block| block.id == result.id)?;
            Some(Self { run, of, planned, result })
        })
    }

    /// What the others are compared with.
    pub(super) fn baseline(&self) -> Option<&'a Variant> {
        self.planned.arms.get(self.result.baseline).map(|arm| &arm.variant)
    }

    /// That it cannot be put beside the others.
    pub(super) fn refused(&self, reason: String) -> Refused {
        Refused { block: self.result.title.clone(), run: self.of.manifest.run.clone(), reason }
    }

    fn project(&self, name: &str) -> Option<&'a PlannedProject> {
        self.of.manifest.plan.projects.iter().find(|project| project.name == name)
    }

    fn projects(&self) -> BTreeSet<&'a str> {
        self.planned.arms.iter().map(|arm| arm.variant.project.as_str()).collect()
    }
}

/// Whether two variants are built the same way, whatever they are called.
pub(super) fn same_variant(one: &Variant, other: &Variant) -> bool {
    let of = |variant: &Variant| {
        (variant.project.clone(), variant.workload.clone(), variant.rev.clone(), variant.settings.clone())
    };
    of(one) == of(other)
}

/// Why two blocks of one id are not the same comparison, as half sentences; nothing where they are.
pub(super) fn differences(one: &Subject<'_>, other: &Subject<'_>) -> Vec<String> {
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
            (Some(a), Some(b)) if built(&a.manifest) != built(&b.manifest) => {
                found.push(format!(
                    "the manifests of {name} differ, so that something else is built or edited"
                ));
            }
            _ => {}
        }
    }
    if one.result.margin != other.result.margin {
        let [a, b] = [one, other].map(|subject| subject.result.margin * 100.0);
        found.push(format!("the margin is {a} % there and {b} % here (`--margin` sets one for all)"));
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

/// What of a manifest decides about what is built: all but its words and its estimates.
fn built(manifest: &str) -> Option<toml::Table> {
    let mut table: toml::Table = manifest.parse().ok()?;
    for key in ["summary", "tags", "estimate"] {
        table.remove(key);
    }
    Some(table)
}

/// The blocks of some runs by their id, and those of one id by whether they are the same comparison: the largest group
/// first, of equal ones that of the first run.
pub(super) fn alike<'a>(runs: &[Run<'a>]) -> Vec<Vec<Vec<Subject<'a>>>> {
    let subjects: Vec<Subject<'a>> =
        runs.iter().enumerate().flat_map(|(place, run)| Subject::all(place, *run)).collect();
    let mut ids: Vec<&BlockId> = Vec::new();
    for subject in &subjects {
        if !ids.contains(&&subject.result.id) {
            ids.push(&subject.result.id);
        }
    }
    let of_id = |id: &BlockId| {
        let mut alike: Vec<Vec<Subject<'a>>> = Vec::new();
        for subject in subjects.iter().filter(|subject| subject.result.id == *id) {
            match alike.iter_mut().find(|group| differences(&group[0], subject).is_empty()) {
                Some(group) => group.push(*subject),
                None => alike.push(vec![*subject]),
            }
        }
        alike.sort_by_key(|group| std::cmp::Reverse(group.len()));
        alike
    };
    ids.into_iter().map(of_id).collect()
}

/// Blocks that are the same comparison, each group with at least two runs, and what is in none.
pub(super) fn groups<'a>(runs: &[Run<'a>]) -> (Vec<Vec<Subject<'a>>>, Vec<Refused>) {
    let (mut groups, mut refused) = (Vec::new(), Vec::new());
    for alike in alike(runs) {
        refused.extend(refusals(&alike));
        groups.extend(alike.into_iter().filter(|group| group.len() > 1));
    }
    (groups, refused)
}

/// What of the groups of one id is not beside the first of them, or all alone.
pub(super) fn refusals(alike: &[Vec<Subject<'_>>]) -> Vec<Refused> {
    match alike {
        [] => Vec::new(),
        [only] => match only.as_slice() {
            [one] => vec![one.refused("no other run has this block".to_owned())],
            _ => Vec::new(),
        },
        [first, others @ ..] => {
            let reason = |subject: &Subject<'_>| {
                format!("beside {}: {}", first[0].of.manifest.run, differences(&first[0], subject).join("; "))
            };
            others.iter().flatten().map(|subject| subject.refused(reason(subject))).collect()
        }
    }
}
