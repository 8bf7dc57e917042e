//! One matrix → its blocks: the product of the axes and the whole variants, without those that are excluded,
//! cannot be built on this machine, have no meaning under the workload, or are the same as another variant.

mod arms;
mod fraction;
mod memo;
mod projects;
mod rows;

use std::collections::{BTreeMap, HashSet};

use bench_runner_core::record::{
    AS_CONFIGURED, Arm, Block, BlockId, Plan, Refusal, Role, Sampling, Skipped, Variant,
};

use super::workload;
use super::{ProjectView, World};
use crate::axes::{self, ParsedSettings, STRUCTURAL, Setting};
use crate::build::Linking;
use crate::scenario::{Exclusion, Matrix, MatrixDesign, RequestError, RequestWord, Scenario};
use crate::workloads::{SourceChange, StartState, Workload};
use arms::{BlockArms, ResolvedVariant};
use fraction::{LeftOutCombinations, choose_rows};
use projects::{add_projects, name_among, resolve_projects};

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
        (Some(_), Some(word)) => Some(name_among(&projects, word, memo.world)?),
        _ => None,
    };
    let project_choices: Vec<Option<&ProjectView>> = match listed("project") {
        Some(_) => vec![None],
        None => projects.iter().map(Some).collect(),
    };
    let workload_choices: Vec<Option<&RequestWord>> = match listed("workload") {
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
            let builder = BlockBuilder { matrix, projects: &projects, baseline_project, fixed };
            let (block, skipped) = builder.block(scenario, memo)?;
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

struct BlockBuilder<'a> {
    matrix: &'a Matrix,
    projects: &'a [ProjectView],
    /// Name of the baseline's project, if project is an axis and the baseline names one.
    baseline_project: Option<&'a str>,
    fixed: Fixed<'a>,
}

/// Rows of a block after a decision on each.
#[derive(Default)]
struct ChosenRows {
    arms: BlockArms,
    skipped: Vec<Skipped>,
    /// Reason for leaving out the baseline, if it is.
    baseline_left: Option<Refusal>,
    /// Combinations of a fraction that cannot be built.
    left_out: LeftOutCombinations,
}

impl<'a> BlockBuilder<'a> {
    fn block<W: World + ?Sized>(
        &self,
        scenario: &Scenario,
        memo: &mut Memo<'_, W>,
    ) -> Result<(Option<Block>, Vec<Skipped>), W::Error> {
        let rows = self.rows(memo)?;
        self.check_comparable(&rows)?;
        let requested = rows.len();
        let is_whole = |row: &&Variant| !self.is_product(row) || row.name == AS_CONFIGURED;
        let whole: Vec<String> = rows.iter().filter(is_whole).map(|row| row.name.clone()).collect();
        let ChosenRows { arms, mut skipped, baseline_left, left_out } = self.choose(rows, memo)?;
        let mut arms = arms.arms;
        self.check_names(&arms)?;
        if let Some(refusal) = baseline_left {
            skipped.push(self.skipped("all", refusal));
            return Ok((None, skipped));
        }
        let stands_alone = self.matrix.alone && arms.iter().any(|arm| !arm.aliases.is_empty());
        if arms.len() < 2 && requested > 1 && !stands_alone {
            skipped.push(self.skipped("all", Refusal::new(Self::why_nothing_to_compare(&arms)?)));
            return Ok((None, skipped));
        }
        if self.matrix.twin {
            let twin = Arm { role: Role::Twin, aliases: Vec::new(), ..arms[0].clone() };
            arms.insert(1, twin);
        }
        let mut axes = self.keys();
        axes.retain(|key| {
            STRUCTURAL.contains(&key.as_str())
                || arms.iter().any(|arm| arm.variant.settings.contains_key(key))
        });
        let commits = self.commits(&arms, memo)?;
        let mut block = Block {
            id: self.fixed.id.clone(),
            axes,
            arms,
            sampling: sampling(scenario),
            commits,
            fidelity: Vec::new(),
            design: None,
            visits: None,
        };
        if let Some(rows) = self.fraction() {
            let whole: Vec<&str> = whole.iter().map(String::as_str).collect();
            choose_rows(&mut block, rows, &whole, left_out.values()).map_err(|refusal| {
                let what = format!("`{}` cannot be a fraction: {}", self.fixed.id, refusal.what);
                RequestError::usage(what, refusal.help)
            })?;
        }
        Ok((Some(block), skipped))
    }

    /// Decides on each row.
    fn choose<W: World + ?Sized>(
        &self,
        rows: Vec<Variant>,
        memo: &mut Memo<'_, W>,
    ) -> Result<ChosenRows, W::Error> {
        let mut chosen = ChosenRows::default();
        let varied = self.varied_keys();
        for (at, variant) in rows.into_iter().enumerate() {
            let of_fraction = self.fraction().is_some() && self.is_product(&variant);
            match self.decide(&variant, &chosen.arms, memo)? {
                Err(refusal) => {
                    if at == 0 {
                        let reason = format!("its baseline is left out: {}", refusal.what);
                        chosen.baseline_left = Some(Refusal::new(reason));
                    }
                    if of_fraction {
                        chosen.left_out.add(&variant, &varied, refusal);
                    } else {
                        chosen.skipped.push(self.skipped(&variant.name, refusal));
                    }
                }
                Ok(resolved) => {
                    if of_fraction {
                        chosen.left_out.keep(&variant, &varied);
                    }
                    let role = if at == 0 { Role::Baseline } else { Role::Variant };
                    chosen.arms.add(role, variant, resolved);
                }
            }
        }
        let by_reason = chosen.left_out.by_reason();
        let skipped = by_reason.map(|(name, refusal)| self.skipped(&name, refusal));
        chosen.skipped.extend(skipped.collect::<Vec<_>>());
        Ok(chosen)
    }

    fn check_names(&self, arms: &[Arm]) -> Result<(), RequestError> {
        let mut names = HashSet::new();
        match arms.iter().find(|arm| !names.insert(arm.variant.name.as_str())) {
            None => Ok(()),
            Some(twice) => {
                let message =
                    format!("two variants of `{}` are called `{}`", self.fixed.id, twice.variant.name);
                Err(RequestError::usage(message, Some("use values without spaces".into())))
            }
        }
    }

    /// The wanted number of combinations, if the block is a fraction.
    fn fraction(&self) -> Option<Option<u32>> {
        match self.matrix.design {
            MatrixDesign::Fraction { rows } => Some(rows),
            MatrixDesign::Product => None,
        }
    }

    /// The commits that arms of the block replay, by project.
    fn commits<W: World + ?Sized>(
        &self,
        arms: &[Arm],
        memo: &mut Memo<'_, W>,
    ) -> Result<BTreeMap<String, Vec<String>>, RequestError> {
        let mut commits = BTreeMap::new();
        for variant in arms.iter().map(|arm| &arm.variant) {
            if let SourceChange::Replayed(count) = workload::find(&variant.workload)?.sources
                && let Ok(listed) = memo.commits(self.project(variant)?, count as usize + 1)
            {
                commits.insert(variant.project.clone(), listed);
            }
        }
        Ok(commits)
    }

    /// Refuses variants that cannot be compared in one block.
    fn check_comparable(&self, rows: &[Variant]) -> Result<(), RequestError> {
        let Some((baseline, others)) = rows.split_first().filter(|_| !self.matrix.mixed) else {
            return Ok(());
        };
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
    fn exclusion(&self, variant: &Variant) -> Option<&Exclusion> {
        let all = |exclude: &&Exclusion| {
            exclude.when.iter().all(|(key, value)| value_of(key, variant) == Some(value.as_str()))
        };
        self.matrix.exclude.iter().find(all)
    }

    fn skipped(&self, variant: &str, refusal: Refusal) -> Skipped {
        let (block, variant) = (self.fixed.id.to_string(), variant.to_owned());
        Skipped { block, variant, reason: refusal.what, help: refusal.help }
    }

    /// Checks whether a variant can be built together with the arms chosen so far, and resolves it.
    fn decide<W: World + ?Sized>(
        &self,
        variant: &Variant,
        chosen: &BlockArms,
        memo: &mut Memo<'_, W>,
    ) -> Result<Result<ResolvedVariant, Refusal>, RequestError> {
        let project = self.project(variant)?;
        if let Some(exclude) = self.exclusion(variant) {
            return Ok(Err(Refusal::new(exclude.reason.clone())));
        }
        let workload = workload::find(&variant.workload)?;
        let settings = memo.parser.parse(&variant.settings).map_err(RequestError::from)?;
        if let Err(refusal) = self.check(variant, (project, &workload), chosen, memo) {
            return Ok(Err(refusal));
        }
        Ok(self.resolve_variant(variant, &workload, settings, memo))
    }

    /// Checks that the project, the toolchain and the other arms of the block allow the variant's workload
    /// and commit.
    fn check<W: World + ?Sized>(
        &self,
        variant: &Variant,
        (project, workload): (&ProjectView, &Workload),
        chosen: &BlockArms,
        memo: &mut Memo<'_, W>,
    ) -> Result<(), Refusal> {
        workload::check(variant, workload, project)?;
        if let Some(reason) = self.sources_conflict(variant, workload, chosen) {
            return Err(Refusal::new(reason).with_help("put the two workloads into blocks of their own"));
        }
        if let SourceChange::Replayed(count) = workload.sources {
            workload::check_commit_count(count, &memo.commits(project, count as usize + 1)?)?;
        }
        memo.world.goal(&variant.tree(), workload.goal, &variant.settings)?;
        match &variant.rev {
            Some(rev) => memo.world.revision(project, rev),
            None => Ok(()),
        }
    }

    /// Resolves a variant on this machine. Refused if a setting is not available.
    fn resolve_variant<W: World + ?Sized>(
        &self,
        variant: &Variant,
        workload: &Workload,
        settings: ParsedSettings,
        memo: &mut Memo<'_, W>,
    ) -> Result<ResolvedVariant, Refusal> {
        if let Some(reason) = settings.conflict(workload.goal) {
            return Err(Refusal::new(reason));
        }
        let tree = variant.tree();
        let mut identity = vec![variant.project.clone(), variant.workload.clone()];
        identity.extend(variant.rev.clone());
        let (mut linking, mut pinned) = (None, Vec::new());
        for setting in settings.iter() {
            let Setting { key, value, .. } = setting;
            if !value.applies_to(workload.goal) || value.is_default() {
                continue;
            }
            let about_host =
                || value.co_changes(&settings).iter().any(|change| axes::is_about_host_units(change));
            if value.is_for_linking() || about_host() {
                linking = memo.linking(&tree, workload.goal, &variant.settings);
            }
            let idle = value.is_for_linking() && linking.is_some_and(Linking::calls_no_linker);
            let available = memo.probe(&tree, &setting).as_ref().map_err(Refusal::clone)?;
            pinned.extend(available.pinned.clone().map(|text| (key.to_owned(), text)));
            if available.already_set {
                continue;
            }
            let same = if idle { "nothing is linked" } else { &available.identity };
            identity.push(format!("{key}={same}"));
        }
        let identity = identity.join("\n");
        Ok(ResolvedVariant { identity, sources: workload.sources, linking, settings, pinned })
    }

    /// Reason why a workload does not fit into a block with the others: all arms of one tree build the same
    /// files.
    fn sources_conflict(
        &self,
        variant: &Variant,
        workload: &Workload,
        chosen: &BlockArms,
    ) -> Option<&'static str> {
        let idle = workload.start == StartState::Warm && workload.sources == SourceChange::AsPinned;
        if idle && self.another_workload_edits(&variant.project) {
            return Some("the edits of another variant of the block would give it something to build");
        }
        let others = chosen.sources.get(&variant.tree()).into_iter().flatten();
        let differ = |other: &SourceChange| !workload::are_compatible_sources(workload.sources, *other);
        others
            .into_iter()
            .any(differ)
            .then_some("another variant of the block changes the same sources in another way")
    }

    /// True if some workload of the block changes the sources of `project` from round to round.
    fn another_workload_edits(&self, project: &str) -> bool {
        let mut by_axis =
            self.matrix.axes.iter().filter(|(key, _)| key == "workload").flat_map(|(_, words)| words);
        let project = self.projects.iter().find(|view| view.planned.name == project);
        by_axis.any(|word| match workload::find(&word.text).map(|workload| workload.sources) {
            Ok(SourceChange::Edited(class)) => project.is_some_and(|project| project.has_edit(class)),
            Ok(sources) => sources.changes_between_rounds(),
            Err(_) => false,
        })
    }

    /// Reason why a block that asked for more than one variant has at most one left.
    fn why_nothing_to_compare(arms: &[Arm]) -> Result<String, RequestError> {
        let Some(arm) = arms.first() else { return Ok("nothing of it can be built here".into()) };
        let workload = workload::find(&arm.variant.workload)?;
        let settings = axes::parse_all(&arm.variant.settings).map_err(RequestError::from)?;
        let idle = settings.iter().filter(|setting| !setting.value.applies_to(workload.goal));
        let idle: Vec<&str> = idle.map(|setting| setting.key).collect();
        if !idle.is_empty() {
            return Ok(format!("{} is not applicable under `{}`", idle.join(" and "), arm.variant.workload));
        }
        if arm.aliases.is_empty() {
            return Ok(format!("only {} is left to build", arm.variant.name));
        }
        let aliases = arm.aliases.join(", ");
        Ok(match arm.variant.name.as_str() {
            AS_CONFIGURED => format!("{aliases} is what you have: there is nothing to compare"),
            name => format!("{name} and {aliases} are the same here: there is nothing to compare"),
        })
    }
}

/// Value of `variant` for a key of an exclusion.
fn value_of<'v>(key: &str, variant: &'v Variant) -> Option<&'v str> {
    match key {
        "project" => Some(&variant.project),
        "workload" => Some(&variant.workload),
        "rev" => variant.rev.as_deref(),
        _ => variant.settings.get(key).map(String::as_str),
    }
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
