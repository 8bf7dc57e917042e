//! One matrix → its blocks: the product of the axes and the whole variants, less what is excluded, what this machine
//! lacks, what has no meaning under the workload, and what is the same thing by another name.

mod memo;
mod projects;
mod rows;

use std::collections::{BTreeMap, BTreeSet};

use bench_runner_core::record::{Arm, Block, BlockId, Plan, Role, Sampling, Skipped, TreeId, Variant};

use super::workload;
use super::{ProjectView, World};
use crate::axes::{self, Availability, STRUCTURAL};
use crate::build::Linking;
use crate::scenario::{Exclude, Matrix, RequestError, Scenario, Word};
use crate::workloads::{Sources, Start, Workload};
use projects::{add_projects, one_of, resolve_projects};

pub(super) use memo::Memo;

/// Adds the blocks of `matrix` to `plan`.
pub(super) fn add<W: World + ?Sized>(
    plan: &mut Plan,
    scenario: &Scenario,
    matrix: &Matrix,
    qualify: bool,
    memo: &mut Memo<'_, W>,
) -> Result<(), W::Error> {
    let name = if qualify && matrix.name != scenario.name {
        format!("{}.{}", scenario.name, matrix.name)
    } else {
        matrix.name.clone()
    };
    let listed =
        |key: &str| matrix.axes.iter().find(|(axis, _)| axis == key).map(|(_, words)| words.as_slice());
    let projects = resolve_projects(listed("project").unwrap_or(&matrix.projects), memo.world)?;
    let baseline_project = match (listed("project"), matrix.baseline.value("project")) {
        (Some(_), Some(word)) => Some(one_of(&projects, word, memo.world)?),
        _ => None,
    };
    let project_choices: Vec<Option<&ProjectView>> = match listed("project") {
        Some(_) => vec![None],
        None => projects.iter().map(Some).collect(),
    };
    let workload_choices: Vec<Option<&Word>> = match listed("workload") {
        Some(_) => vec![None],
        None => matrix.workloads.iter().map(Some).collect(),
    };
    for project in &project_choices {
        for workload in &workload_choices {
            let id = BlockId::new(
                &name,
                project.map_or("*", |project| &project.planned.name),
                workload.map_or("*", |workload| &workload.text),
            );
            if plan.blocks.iter().any(|block| block.id == id) {
                let help = "name a scenario or a project once".to_owned();
                return Err(RequestError::usage(format!("two blocks are called `{id}`"), Some(help)).into());
            }
            let fixed = Fixed { id, project: *project, workload: workload.map(|word| word.text.as_str()) };
            let baseline_project = baseline_project.as_deref();
            let draft = Draft { matrix, projects: &projects, baseline_project, fixed };
            let (block, skipped) = draft.block(scenario, memo)?;
            plan.skipped.extend(skipped);
            if let Some(block) = block {
                add_projects(plan, &block, &projects)?;
                plan.blocks.push(block);
            }
        }
    }
    Ok(())
}

struct Fixed<'a> {
    id: BlockId,
    project: Option<&'a ProjectView>,
    workload: Option<&'a str>,
}

struct Draft<'a> {
    matrix: &'a Matrix,
    projects: &'a [ProjectView],
    /// Name of the baseline's project, where project is an axis and the baseline names one.
    baseline_project: Option<&'a str>,
    fixed: Fixed<'a>,
}

/// The arms of a block so far.
#[derive(Default)]
struct Kept {
    arms: Vec<Arm>,
    /// Places among them.
    by_identity: BTreeMap<String, usize>,
    /// What becomes of the sources of each tree, under the workloads that build it; each once.
    sources: BTreeMap<TreeId, Vec<Sources>>,
}

impl Kept {
    /// Adds a variant, or its name where there is the same thing already.
    fn add(&mut self, role: Role, variant: Variant, built: Built) {
        let Built { identity, sources, linking } = built;
        if let Some(&same) = self.by_identity.get(&identity) {
            self.arms[same].aliases.push(variant.name);
            return;
        }
        self.by_identity.insert(identity, self.arms.len());
        let of_tree = self.sources.entry(variant.tree()).or_default();
        if !of_tree.contains(&sources) {
            of_tree.push(sources);
        }
        let co_changes = co_changes(&variant, linking);
        let primed = axes::fills(&variant.settings);
        self.arms.push(Arm { role, variant, aliases: Vec::new(), co_changes, primed });
    }
}

/// Whether a combination can be built, and what makes it the same as another.
enum Fate {
    Built(Built),
    Left { reason: String, help: Option<String> },
}

/// What is built.
struct Built {
    /// Equal ones are the same thing.
    identity: String,
    sources: Sources,
    /// What it links, where that is known and matters.
    linking: Option<Linking>,
}

impl<'a> Draft<'a> {
    fn block<W: World + ?Sized>(
        &self,
        scenario: &Scenario,
        memo: &mut Memo<'_, W>,
    ) -> Result<(Option<Block>, Vec<Skipped>), W::Error> {
        let rows = self.rows(memo)?;
        self.comparable(&rows)?;
        let asked = rows.len();
        let mut skipped = Vec::new();
        let mut kept = Kept::default();
        let mut baseline_left = None;
        for (at, variant) in rows.into_iter().enumerate() {
            match self.fate(&variant, &kept, memo)? {
                Fate::Left { reason, help } => {
                    if at == 0 {
                        baseline_left = Some(format!("its baseline is left out: {reason}"));
                    }
                    skipped.push(self.skipped(&variant.name, reason, help));
                }
                Fate::Built(built) => {
                    let role = if at == 0 { Role::Baseline } else { Role::Variant };
                    kept.add(role, variant, built);
                }
            }
        }
        let mut kept = kept.arms;
        let mut names = BTreeSet::new();
        if let Some(twice) = kept.iter().find(|arm| !names.insert(arm.variant.name.as_str())) {
            let message = format!("two variants of `{}` are called `{}`", self.fixed.id, twice.variant.name);
            return Err(RequestError::usage(message, Some("use values without spaces".into())).into());
        }
        if let Some(reason) = baseline_left {
            skipped.push(self.skipped("all", reason, None));
            return Ok((None, skipped));
        }
        if kept.len() < 2 && asked > 1 {
            skipped.push(self.skipped("all", Self::nothing_to_compare(&kept)?, None));
            return Ok((None, skipped));
        }
        if self.matrix.twin {
            let twin = Arm { role: Role::Twin, aliases: Vec::new(), ..kept[0].clone() };
            kept.insert(1, twin);
        }
        let mut axes = self.keys();
        axes.retain(|key| {
            STRUCTURAL.contains(&key.as_str())
                || kept.iter().any(|arm| arm.variant.settings.contains_key(key))
        });
        let commits = self.commits(&kept, memo)?;
        let block = Block {
            id: self.fixed.id.clone(),
            axes,
            arms: kept,
            sampling: sampling(scenario),
            commits,
            fidelity: Vec::new(),
            design: None,
            visits: None,
        };
        Ok((Some(block), skipped))
    }

    /// The commits that arms of the block replay, by project.
    fn commits<W: World + ?Sized>(
        &self,
        arms: &[Arm],
        memo: &mut Memo<'_, W>,
    ) -> Result<BTreeMap<String, Vec<String>>, RequestError> {
        let mut commits = BTreeMap::new();
        for variant in arms.iter().map(|arm| &arm.variant) {
            if let Sources::Replayed(count) = workload::find(&variant.workload)?.sources
                && let Ok(listed) = memo.commits(self.project(variant)?, count as usize + 1)
            {
                commits.insert(variant.project.clone(), listed);
            }
        }
        Ok(commits)
    }

    /// Refuses what must not stand in one block.
    fn comparable(&self, rows: &[Variant]) -> Result<(), RequestError> {
        let Some((baseline, others)) = rows.split_first() else { return Ok(()) };
        for other in others.iter().filter(|row| self.exclusion(row).is_none()) {
            if let Some(reason) = axes::incomparable(&baseline.settings, &other.settings) {
                let message = format!(
                    "`{}` and `{}` of `{}` cannot be compared: {reason}",
                    baseline.name, other.name, self.fixed.id
                );
                let help = "choose another baseline, or leave such rows out by an [[exclude]]".to_owned();
                return Err(RequestError::usage(message, Some(help)));
            }
        }
        Ok(())
    }

    /// The exclusion that leaves a variant out.
    fn exclusion(&self, variant: &Variant) -> Option<&Exclude> {
        let all = |exclude: &&Exclude| {
            exclude.when.iter().all(|(key, value)| value_of(key, variant) == Some(value.as_str()))
        };
        self.matrix.exclude.iter().find(all)
    }

    fn skipped(&self, variant: &str, reason: String, help: Option<String>) -> Skipped {
        Skipped { block: self.fixed.id.to_string(), variant: variant.to_owned(), reason, help }
    }

    /// `sources` are those of the arms of the block so far.
    fn fate<W: World + ?Sized>(
        &self,
        variant: &Variant,
        kept: &Kept,
        memo: &mut Memo<'_, W>,
    ) -> Result<Fate, RequestError> {
        let left = |reason: String, help: Option<String>| Ok(Fate::Left { reason, help });
        let project = self.project(variant)?;
        if let Some(exclude) = self.exclusion(variant) {
            return left(exclude.reason.clone(), None);
        }
        let workload = workload::find(&variant.workload)?;
        if let Some((reason, help)) = workload::lack(variant, project) {
            return left(reason, help);
        }
        if let Some(reason) = self.beside(variant, &workload, kept) {
            return left(reason.into(), Some("put the two workloads into blocks of their own".into()));
        }
        if let Sources::Replayed(count) = workload.sources {
            let listed = memo.commits(project, count as usize + 1);
            if let Some((reason, help)) = workload::too_few(count, listed) {
                return left(reason, help);
            }
        }
        let tree = variant.tree();
        if let Availability::Missing { reason, help } =
            memo.world.goal(&tree, workload.goal, &variant.settings)
        {
            return left(reason, help);
        }
        let mut identity = vec![variant.project.clone(), variant.workload.clone()];
        if let Some(rev) = &variant.rev {
            match memo.world.revision(project, rev) {
                Availability::Available { identity: same, .. } => identity.push(same),
                Availability::Missing { reason, help } => return left(reason, help),
            }
        }
        if let Some(reason) = axes::conflict(&variant.settings, workload.goal) {
            return left(reason, None);
        }
        let mut linking = None;
        for setting in axes::each(&variant.settings) {
            let key = setting.key;
            let axis = axes::find(key).map_err(|error| RequestError::usage(error.message, None))?;
            if !axis.matters(workload.goal) || axis.is_nothing(setting.value) {
                continue;
            }
            let about_host =
                || axis.co_changes(&setting).iter().any(|change| axes::is_about_host_units(change));
            if axis.is_for_linking() || about_host() {
                linking = memo.linking(&tree, workload.goal, &variant.settings);
            }
            let idle = axis.is_for_linking() && linking.is_some_and(Linking::is_nothing);
            match memo.probe(&tree, axis, &setting) {
                Availability::Available { .. } if idle => identity.push(format!("{key}=nothing is linked")),
                Availability::Available { identity: same, .. } => identity.push(format!("{key}={same}")),
                Availability::Missing { reason, help } => return left(reason.clone(), help.clone()),
            }
        }
        Ok(Fate::Built(Built { identity: identity.join("\n"), sources: workload.sources, linking }))
    }

    /// Why a workload cannot stand in one block with the others, where that is so: all arms of one tree build the same
    /// files.
    fn beside(&self, variant: &Variant, workload: &Workload, kept: &Kept) -> Option<&'static str> {
        let idle = workload.start == Start::Warm && workload.sources == Sources::AsPinned;
        if idle && self.edits_beside(&variant.project) {
            return Some("the edits of another variant of the block would give it something to build");
        }
        let others = kept.sources.get(&variant.tree()).into_iter().flatten();
        let differ = |other: &Sources| !workload::same_sources(workload.sources, *other);
        others
            .into_iter()
            .any(differ)
            .then_some("another variant of the block changes the same sources in another way")
    }

    /// Whether some workload of the block changes the sources of `project` from round to round.
    fn edits_beside(&self, project: &str) -> bool {
        let mut by_axis =
            self.matrix.axes.iter().filter(|(key, _)| key == "workload").flat_map(|(_, words)| words);
        let project = self.projects.iter().find(|view| view.planned.name == project);
        by_axis.any(|word| match workload::find(&word.text).map(|workload| workload.sources) {
            Ok(Sources::Edited(class)) => project.is_some_and(|project| project.has_edit(class)),
            Ok(sources) => sources.change(),
            Err(_) => false,
        })
    }

    /// Why a block that asked for more than one variant has only one left.
    fn nothing_to_compare(kept: &[Arm]) -> Result<String, RequestError> {
        let Some(arm) = kept.first() else { return Ok("nothing of it can be built here".into()) };
        let workload = workload::find(&arm.variant.workload)?;
        let idle: Vec<&str> = arm
            .variant
            .settings
            .keys()
            .filter(|key| axes::find(key).is_ok_and(|axis| !axis.matters(workload.goal)))
            .map(String::as_str)
            .collect();
        if !idle.is_empty() {
            return Ok(format!("{} is not applicable under `{}`", idle.join(" and "), arm.variant.workload));
        }
        if arm.aliases.is_empty() {
            return Ok(format!("only {} is left to build", arm.variant.name));
        }
        Ok(format!("{} and {} are the same thing here", arm.variant.name, arm.aliases.join(", ")))
    }
}

/// What an exclusion may speak of.
fn value_of<'v>(key: &str, variant: &'v Variant) -> Option<&'v str> {
    match key {
        "project" => Some(&variant.project),
        "workload" => Some(&variant.workload),
        "rev" => variant.rev.as_deref(),
        _ => variant.settings.get(key).map(String::as_str),
    }
}

/// What the settings of a variant change besides what their axes are named for, in a build that links this.
fn co_changes(variant: &Variant, linking: Option<Linking>) -> Vec<String> {
    let of = |setting: axes::Setting<'_>| {
        let axis = axes::find(setting.key).ok();
        let changes = axis.map(|axis| axis.co_changes(&setting)).unwrap_or_default();
        let what = if axes::WHOLE.contains(&setting.key) {
            variant.name.clone()
        } else {
            format!("{}={}", setting.key, setting.value)
        };
        let for_linking = axis.is_some_and(|axis| axis.is_for_linking());
        let happens = |change: &&&str| {
            let reaches = |linking: Linking| linking.host && (linking.host_shares_flags || !for_linking);
            !axes::is_about_host_units(change) || linking.is_none_or(reaches)
        };
        changes.iter().filter(happens).map(|change| format!("{what}: {change}")).collect::<Vec<_>>()
    };
    axes::each(&variant.settings).flat_map(of).collect()
}

fn sampling(scenario: &Scenario) -> Sampling {
    let spec = &scenario.sampling;
    Sampling {
        warmup: spec.warmup,
        min_rounds: spec.min_rounds,
        max_rounds: spec.max_rounds,
        precision: spec.precision,
        margin: spec.margin,
        timeout: spec.timeout,
    }
}
