//! A plan that was made elsewhere → the same plan for this machine: what is lacking here is left out with the reason.

use std::collections::BTreeMap;

use bench_runner_core::record::{Block, FORMAT_VERSION, Plan, Role, Skipped, Variant};

use super::workload;
use super::{ProjectView, World};
use crate::axes::{self, Availability};
use crate::scenario::{RequestError, SamplingSpec};

/// Checks `plan` against this program and this machine.
///
/// # Errors
/// Where it names an axis, a value, a workload or a project that is not known.
pub fn refit<W: World + ?Sized>(mut plan: Plan, world: &W) -> Result<Plan, W::Error> {
    check(&plan)?;
    let views: BTreeMap<String, ProjectView> = plan
        .projects
        .iter()
        .map(|project| Ok((project.name.clone(), world.planned(project)?)))
        .collect::<Result<_, W::Error>>()?;
    let mut blocks = Vec::with_capacity(plan.blocks.len());
    for mut block in std::mem::take(&mut plan.blocks) {
        let mut skipped = Vec::new();
        let mut arms = Vec::new();
        let mut lost = false;
        for mut arm in std::mem::take(&mut block.arms) {
            // What is the same thing by another name was found out where the plan was made.
            for alias in std::mem::take(&mut arm.aliases) {
                let reason = format!("it was the same thing as {} where the plan was made", arm.variant.name);
                skipped.push(left_out(&block, &alias, reason, None));
            }
            match lack(&arm.variant, &views, world)? {
                None => {
                    arm.primed = axes::fills(&arm.variant.settings);
                    arms.push(arm);
                }
                Some((reason, help)) if arm.role != Role::Twin => {
                    lost = true;
                    skipped.push(left_out(&block, &arm.variant.name, reason, help));
                }
                Some(_) => {}
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
            skipped.push(left_out(&block, "all", reason.to_owned(), None));
        }
        plan.skipped.extend(skipped);
    }
    plan.blocks = blocks;
    plan.format = FORMAT_VERSION;
    Ok(plan)
}

/// Checks what needs no machine: every axis, value, workload and project that `plan` names is known, and it does not
/// contradict itself.
///
/// # Errors
/// For the first thing that no machine could carry out.
pub fn check(plan: &Plan) -> Result<(), RequestError> {
    let wrong = |message: String| Err(RequestError::usage(format!("the plan is wrong: {message}"), None));
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.+".contains(c);
    if plan.scenario.is_empty() || plan.scenario.starts_with('.') || !plan.scenario.chars().all(plain) {
        return wrong(format!("`{}` is not a name of a scenario", plan.scenario));
    }
    for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
        if let Some(message) = unknown(variant, plan) {
            return wrong(message);
        }
    }
    for block in &plan.blocks {
        let baseline = block.arms.get(block.baseline()).map(|arm| &arm.variant);
        for (variant, baseline) in block.arms.iter().map(|arm| &arm.variant).zip(baseline.into_iter().cycle())
        {
            if let Some(reason) = axes::incomparable(&baseline.settings, &variant.settings) {
                return wrong(format!("`{}` and `{}`: {reason}", baseline.name, variant.name));
            }
        }
        let replayed = block.arms.iter().map(|arm| &arm.variant).find(|variant| {
            let workload = crate::workloads::find(&variant.workload);
            let count = match workload.map(|workload| workload.sources) {
                Ok(crate::workloads::Sources::Replayed(count)) => count as usize,
                _ => return false,
            };
            block.commits.get(&variant.project).is_none_or(|commits| commits.len() <= count)
        });
        if let Some(variant) = replayed {
            return wrong(format!(
                "block `{}` does not say which commits of `{}` to replay",
                block.id, variant.project
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
            return wrong(format!("block `{}`: {contradiction}", block.id));
        }
    }
    Ok(())
}

/// What `variant` names that is not known.
fn unknown(variant: &Variant, plan: &Plan) -> Option<String> {
    if plan.projects.iter().all(|project| project.name != variant.project) {
        return Some(format!(
            "`{}` names the project `{}`, which it does not have",
            variant.name, variant.project
        ));
    }
    if let Err(error) = crate::workloads::find(&variant.workload) {
        return Some(error.message);
    }
    let checked = |setting: axes::Setting<'_>| {
        axes::find(setting.key).and_then(|axis| axis.parse(setting.key, setting.value)).err()
    };
    axes::each(&variant.settings).find_map(checked).map(|error| error.message)
}

fn left_out(block: &Block, variant: &str, reason: String, help: Option<String>) -> Skipped {
    Skipped { block: block.id.to_string(), variant: variant.to_owned(), reason, help }
}

/// What a variant lacks here, with what would help.
fn lack<W: World + ?Sized>(
    variant: &Variant,
    views: &BTreeMap<String, ProjectView>,
    world: &W,
) -> Result<Option<(String, Option<String>)>, RequestError> {
    let wrong = |message: String| RequestError::usage(format!("the plan is wrong: {message}"), None);
    let Some(view) = views.get(&variant.project) else {
        return Err(wrong(format!(
            "`{}` names the project `{}`, which it does not have",
            variant.name, variant.project
        )));
    };
    let workload = crate::workloads::find(&variant.workload);
    let workload = workload.map_err(|error| wrong(error.message))?;
    if let Some(lack) = workload::lack(variant, view) {
        return Ok(Some(lack));
    }
    if let Availability::Missing { reason, help } =
        world.goal(&variant.tree(), workload.goal, &variant.settings)
    {
        return Ok(Some((reason, help)));
    }
    if let Some(rev) = &variant.rev
        && let Availability::Missing { reason, help } = world.revision(view, rev)
    {
        return Ok(Some((reason, help)));
    }
    for setting in axes::each(&variant.settings) {
        let axis = axes::find(setting.key).map_err(|error| wrong(error.message))?;
        axis.parse(setting.key, setting.value).map_err(|error| wrong(error.message))?;
        if !axis.matters(workload.goal) || axis.is_nothing(setting.value) {
            continue;
        }
        if let Availability::Missing { reason, help } = world.probe(&variant.tree(), &setting) {
            return Ok(Some((reason, help)));
        }
    }
    Ok(axes::conflict(&variant.settings, workload.goal).map(|reason| (reason, None)))
}
