//! A plan made elsewhere → the same plan for this machine: variants that cannot be built here are skipped
//! with the reason.

use std::collections::BTreeMap;

use bench_runner_core::record::{Arm, Block, FORMAT_VERSION, Plan, Refusal, Role, Skipped, Variant, Visits};

use super::workload;
use super::{ProjectView, World};
use crate::axes::{self, ParsedSettings};
use crate::scenario::{RequestError, SamplingSpec};
use crate::workloads::Workload;

/// Checks `plan` against this program and this machine.
///
/// # Errors
/// If it names an unknown axis, value, workload or project.
pub fn adapt_plan<W: World + ?Sized>(mut plan: Plan, world: &W) -> Result<Plan, W::Error> {
    check(&plan)?;
    let views: BTreeMap<String, ProjectView> = plan
        .projects
        .iter()
        .map(|project| Ok((project.name.clone(), world.planned_project(project)?)))
        .collect::<Result<_, W::Error>>()?;
    let mut blocks = Vec::with_capacity(plan.blocks.len());
    for mut block in std::mem::take(&mut plan.blocks) {
        let mut skipped = Vec::new();
        let mut arms = Vec::new();
        let mut lost = false;
        for mut arm in std::mem::take(&mut block.arms) {
            // Aliases were found on the machine that made the plan.
            for alias in std::mem::take(&mut arm.aliases) {
                let reason = format!("it was the same thing as {} where the plan was made", arm.variant.name);
                skipped.push(skipped_as(&block, &alias, Refusal::new(reason)));
            }
            match adapt_arm(&mut arm, &views, world)? {
                Ok(()) => arms.push(arm),
                Err(refusal) if arm.role != Role::Twin => {
                    lost = true;
                    skipped.push(skipped_as(&block, &arm.variant.name, refusal));
                }
                Err(_) => {}
            }
        }
        let baseline = arms.iter().any(|arm| arm.role == Role::Baseline);
        let comparable = arms.iter().any(|arm| arm.role == Role::Variant) || !lost;
        block.arms = arms;
        if baseline && comparable {
            blocks.push(block);
        } else {
            let reason = if baseline {
                "only its baseline can be built here"
            } else {
                "its baseline cannot be built here"
            };
            skipped.push(skipped_as(&block, "all", Refusal::new(reason)));
        }
        plan.skipped.extend(skipped);
    }
    plan.blocks = blocks;
    plan.format = FORMAT_VERSION;
    Ok(plan)
}

/// Makes the checks that need no machine: `plan` names only known axes, values, workloads and projects, and
/// does not contradict itself.
///
/// # Errors
/// For the first entry that could not be built on any machine.
pub fn check(plan: &Plan) -> Result<(), RequestError> {
    let refuse = |message: String| Err(wrong(Refusal::new(message)));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    if plan.scenario.is_empty() || plan.scenario.starts_with('.') || !plan.scenario.chars().all(plain) {
        return refuse(format!("`{}` is not a name of a scenario", plan.scenario));
    }
    for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
        if let Some(refusal) = unknown(variant, plan) {
            return Err(wrong(refusal));
        }
    }
    for block in &plan.blocks {
        let baseline = block.arms.get(block.baseline()).map(|arm| &arm.variant);
        for (variant, baseline) in block.arms.iter().map(|arm| &arm.variant).zip(baseline.into_iter().cycle())
        {
            if let Some(reason) = axes::incomparable(&baseline.settings, &variant.settings) {
                return refuse(format!("`{}` and `{}`: {reason}", baseline.name, variant.name));
            }
        }
        let replayed = block.arms.iter().map(|arm| &arm.variant).find(|variant| {
            let workload = crate::workloads::find(&variant.workload);
            let count = match workload.map(|workload| workload.sources) {
                Ok(crate::workloads::SourceChange::Replayed(count)) => count as usize,
                _ => return false,
            };
            block.commits.get(&variant.project).is_none_or(|commits| commits.len() <= count)
        });
        if let Some(variant) = replayed {
            return refuse(format!(
                "block `{}` does not say which commits of `{}` to replay",
                block.id, variant.project
            ));
        }
        let ascends = |visits: &Visits| {
            visits.until.first().is_some_and(|&first| first > 0) && visits.until.is_sorted_by(|a, b| a < b)
        };
        if !block.visits.as_ref().is_none_or(ascends) {
            return refuse(format!(
                "the visits to block `{}` do not end after more and more rounds",
                block.id
            ));
        }
        let sampling = &block.sampling;
        let spec = SamplingSpec {
            warmup: sampling.warmup,
            min_rounds: sampling.min_rounds,
            max_rounds: sampling.max_rounds,
            precision: sampling.precision,
            margin: sampling.margin,
            time_budget: plan.time_budget,
            timeout: sampling.timeout,
            sessions: plan.sessions,
        };
        if let Some(contradiction) = spec.contradiction() {
            return refuse(format!("block `{}`: {contradiction}", block.id));
        }
    }
    Ok(())
}

fn wrong(refusal: Refusal) -> RequestError {
    let what = format!("the plan is wrong: {}", refusal.what);
    RequestError::from(Refusal { what, ..refusal })
}

/// The first unknown name in `variant`, as a refusal.
fn unknown(variant: &Variant, plan: &Plan) -> Option<Refusal> {
    if plan.projects.iter().all(|project| project.name != variant.project) {
        let (name, project) = (&variant.name, &variant.project);
        return Some(Refusal::new(format!("`{name}` names the project `{project}`, which it does not have")));
    }
    let workload = crate::workloads::find(&variant.workload).err();
    workload.or_else(|| axes::parse_all(&variant.settings).err())
}

fn skipped_as(block: &Block, variant: &str, refusal: Refusal) -> Skipped {
    let (block, variant) = (block.id.to_string(), variant.to_owned());
    Skipped { block, variant, reason: refusal.what, help: refusal.help }
}

/// Checks that an arm can be built here, and updates the fields that this program derives from its settings.
fn adapt_arm<W: World + ?Sized>(
    arm: &mut Arm,
    views: &BTreeMap<String, ProjectView>,
    world: &W,
) -> Result<Result<(), Refusal>, RequestError> {
    let variant = &mut arm.variant;
    let view = views.get(&variant.project).ok_or_else(|| {
        let (name, project) = (&variant.name, &variant.project);
        wrong(Refusal::new(format!("`{name}` names the project `{project}`, which it does not have")))
    })?;
    let workload = crate::workloads::find(&variant.workload).map_err(wrong)?;
    let settings = axes::parse_all(&variant.settings).map_err(wrong)?;
    arm.primed = settings.need_priming();
    let pinned = available(variant, &workload, &settings, view, world);
    Ok(pinned.map(|pinned| variant.settings.extend(pinned)))
}

/// Checks that a variant can be built here. Returns the values to pin.
fn available<W: World + ?Sized>(
    variant: &Variant,
    workload: &Workload,
    settings: &ParsedSettings,
    view: &ProjectView,
    world: &W,
) -> Result<Vec<(String, String)>, Refusal> {
    workload::check(variant, workload, view)?;
    let tree = variant.tree();
    world.goal(&tree, workload.goal, &variant.settings)?;
    if let Some(rev) = &variant.rev {
        world.revision(view, rev)?;
    }
    let mut pinned = Vec::new();
    for setting in settings.iter() {
        if setting.value.applies_to(workload.goal) && !setting.value.is_default() {
            let here = world.probe(&tree, &setting)?;
            pinned.extend(here.pinned.map(|text| (setting.key.to_owned(), text)));
        }
    }
    settings.conflict(workload.goal).map_or(Ok(pinned), |reason| Err(Refusal::new(reason)))
}
