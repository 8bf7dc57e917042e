//! Plan → what the builds of each comparison do, in words: profile, edits, and the command that measures the
//! comparison again.

mod command;

use std::collections::BTreeMap;

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, PartialCommand, Verdict};
use bench_runner_core::record::{Block, Plan, PlannedProject, Proof, Role, Variant};
use bench_runner_measure::axes;
use bench_runner_measure::build::Goal;
use bench_runner_measure::corpus::{Edit, EditChange, EditClass, Project};
use bench_runner_measure::workloads::{self, SourceChange};

use command::{command, head_to_head_command};

/// Projects of a plan by name.
pub(super) type PlannedProjects<'a> = BTreeMap<&'a str, Project>;

/// The projects of `plan` whose manifests this version can read.
pub(super) fn planned_projects<'p>(plan: &'p Plan) -> PlannedProjects<'p> {
    let named =
        |planned: &'p PlannedProject| Some((planned.name.as_str(), Project::from_plan(planned).ok()?));
    plan.projects.iter().filter_map(named).collect()
}

/// Adds to each comparison what its plan says about the builds.
pub(super) fn add_conditions(comparison: &mut Comparison, plan: &Plan) {
    let projects = planned_projects(plan);
    for block in &mut comparison.blocks {
        let Some(planned) = plan.blocks.iter().find(|planned| planned.id == block.id) else { continue };
        block.setup.profiles = distinct(planned, |variant| profile(variant, &projects));
        block.setup.edits = distinct(planned, |variant| edit(variant, &projects));
        block.setup.values = values(planned, &block.proofs);
        block.setup.command = command(plan, planned, &projects);
        block.setup.undecided = undecided_command(plan, planned, &projects, block);
        if let Some(Ok(effects)) = &mut block.effects
            && let Some(nomination) = effects.nomination.as_ref().filter(|nominee| !nominee.is_reference)
            && let Some(command) = head_to_head_command(planned, nomination, &projects)
        {
            effects.notes.push(format!("Head to head: `{command}`"));
            block.setup.head_to_head = Some(command);
        }
    }
}

/// The command that measures the undecided variants of a comparison again, if others are decided.
fn undecided_command(
    plan: &Plan,
    planned: &Block,
    projects: &PlannedProjects<'_>,
    block: &BlockResult,
) -> Option<PartialCommand> {
    let is_undecided = |arm: &ArmResult| arm.ratio.is_some_and(|ratio| ratio.verdict == Verdict::Undecided);
    let is_kept = |arm: &ArmResult| arm.role != Role::Variant || is_undecided(arm);
    let count = |role: Role| block.arms.iter().filter(|arm| arm.role == role && is_kept(arm)).count();
    let is_planned = block.arms.get(block.baseline)?.role == Role::Baseline;
    if !is_planned || count(Role::Variant) == 0 || block.arms.iter().all(is_kept) {
        return None;
    }
    let arms = planned.arms.iter().zip(&block.arms);
    let kept = arms.filter(|(_, arm)| is_kept(arm)).map(|(planned, _)| planned.clone()).collect();
    let seconds = |arm: &ArmResult| arm.wall().map(|wall| wall.median);
    let total: f64 = block.arms.iter().filter_map(seconds).sum();
    let time = block.arms.iter().filter(|arm| is_kept(arm)).filter_map(seconds).sum::<f64>() / total;
    let command = command(plan, &Block { arms: kept, ..planned.clone() }, projects)?;
    Some(PartialCommand { command, time })
}

/// The distinct values of the block's variants, in order.
fn distinct(block: &Block, of: impl Fn(&Variant) -> Option<String>) -> Vec<String> {
    let mut values = Vec::new();
    for value in block.arms.iter().filter_map(|arm| of(&arm.variant)) {
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// Meanings of values that vary in the block and whose names do not give them.
fn values(block: &Block, proofs: &[Proof]) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for arm in &block.arms {
        let of_arm: Vec<&Proof> = proofs
            .iter()
            .filter(|proof| proof.role == arm.role && proof.variant == arm.variant.name)
            .collect();
        let varying = arm.variant.settings.iter().filter(|(key, _)| block.axes.contains(key));
        for meaning in varying.filter_map(|(key, value)| axes::meaning(key, value, &of_arm)) {
            if !values.contains(&meaning) {
                values.push(meaning);
            }
        }
    }
    values
}

/// The cargo profile of a variant's builds; `None` if the project is not built by cargo.
fn profile(variant: &Variant, projects: &PlannedProjects<'_>) -> Option<String> {
    let project = projects.get(variant.project.as_str())?;
    if !project.build.tool.is_cargo() {
        return None;
    }
    let goal = workloads::find(&variant.workload).ok().map(|workload| workload.goal);
    let default = if goal == Some(Goal::Test) { "test" } else { "dev" };
    let named = variant.settings.get("profile").or(project.build.profile.as_ref());
    Some(named.map_or_else(|| default.to_owned(), String::clone))
}

/// The change that is made before each round, as a clause such as `a function body in src/main.rs`.
fn edit(variant: &Variant, projects: &PlannedProjects<'_>) -> Option<String> {
    let project = projects.get(variant.project.as_str())?;
    let SourceChange::Edited(class) = workloads::find(&variant.workload).ok()?.sources else { return None };
    let clause = edit_clause(project.edit_of(class)?);
    Some(if projects.len() > 1 { format!("{clause} of {}", project.name) } else { clause })
}

fn edit_clause(edit: &Edit) -> String {
    let what = match edit.class {
        EditClass::Body => "a function body",
        EditClass::Signature => "a public function's signature",
        EditClass::NewItem => "an item that is not used",
        EditClass::Comment => "a comment",
        EditClass::Leaf => "a crate that other crates need",
        EditClass::Root => "a crate that no other crate needs",
        EditClass::MacroInput => "the input of a derive macro",
        EditClass::BuildScript => "a build script",
        EditClass::Manifest => "a Cargo.toml",
        EditClass::Patch => "the sources, by a patch",
    };
    match &edit.change {
        EditChange::Text(change) => format!("{what} in {}", change.file.display()),
        EditChange::Patch { .. } => format!("{what} (`{}`)", edit.name),
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::workload_phrase;
    use bench_runner_measure::toml_reader::SourceText;

    use super::*;

    #[test]
    fn every_workload_has_a_name_in_plain_words() {
        for workload in workloads::ALL {
            let phrase = workload_phrase(workload.name, None);
            assert!(phrase != workload.name && phrase.contains(' '), "{phrase}");
        }
    }

    #[test]
    fn an_edit_says_what_it_changes_and_where() {
        let text = "name = \"p\"\nsummary = \"s\"\n[source]\nkind = \"crates-io\"\nname = \"p\"\nversion = \"1.0.0\"\n\
                    sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n\
                    [[edit]]\nname = \"e\"\nclass = \"signature\"\nfile = \"src/lib.rs\"\nanchor = \"x\"\ninsert = \"{n}\"\n";
        let project = Project::parse(&SourceText::new("p", text), None).unwrap();
        let projects = BTreeMap::from([("p", project)]);
        let variant = |workload: &str, settings: &[(&str, &str)]| Variant {
            name: "v".into(),
            project: "p".into(),
            workload: workload.into(),
            rev: None,
            settings: settings.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        };
        let of = |workload: &str| edit(&variant(workload, &[]), &projects);
        assert_eq!(of("incremental").unwrap(), "a public function's signature in src/lib.rs");
        assert_eq!((of("incremental:body"), of("clean")), (None, None));
        assert_eq!(profile(&variant("clean", &[]), &projects).unwrap(), "dev");
        assert_eq!(profile(&variant("test", &[]), &projects).unwrap(), "test");
        assert_eq!(profile(&variant("clean", &[("profile", "release")]), &projects).unwrap(), "release");
    }
}
