//! Edits that fit all commits that a plan compares. They are proposed for what is checked out, and another commit may
//! not have the same place.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;

use bench_runner_core::record::{Plan, TreeId};
use bench_runner_measure::corpus::{EditClass, Project, edits};
use bench_runner_measure::workloads::{self, SourceChange};

use super::resolved::ResolvedProject;
use super::{Projects, tree_of};

impl Projects {
    /// Replaces proposed edits of projects whose commits are compared by edits that fit all of these commits, if they
    /// do not fit and others do. Edits of a manifest stay.
    pub(crate) fn fit_edits(&self, plan: &mut Plan) {
        for name in plan.projects.iter().map(|project| project.name.clone()).collect::<Vec<_>>() {
            let Some(own) = self.resolved.borrow().get(&tree_of(&name)).cloned() else { continue };
            if !own.declared.edits.is_empty() {
                continue;
            }
            let (trees, classes) = edited_trees(plan, &name);
            if trees.iter().all(|tree| tree.rev.is_none()) {
                continue;
            }
            let Some(dirs) = self.directories(&trees) else { continue };
            let fits = |project: &Project| {
                classes.iter().all(|class| {
                    // The measured edit stays one of the same class, such as one in a function.
                    let kind = own.project.edit_of(*class).map(|edit| edit.class);
                    let edit = project.edit_of(*class).filter(|edit| Some(edit.class) == kind);
                    edit.is_some_and(|edit| dirs.iter().all(|dir| edits::check(dir, edit).is_ok()))
                })
            };
            // The last variant is usually the newest commit.
            let (Some(last), false) = (dirs.last(), fits(&own.project)) else { continue };
            let found = edits::propose_for_all(last, &dirs, &self.sources.cargo, &own.declared.build);
            // The project as it was before edits were proposed, with a lock file that was made for it.
            let proposed: String = own.project.edits.iter().map(edits::as_toml).collect();
            let mut project = own.project.clone();
            project.text.truncate(project.text.len() - proposed.len());
            project.edits = found.unwrap_or_default();
            project.text.extend(project.edits.iter().map(edits::as_toml));
            if !fits(&project) {
                // The check of the plan says which edit does not fit which commit.
                continue;
            }
            for planned in plan.projects.iter_mut().filter(|planned| planned.name == name) {
                planned.manifest.clone_from(&project.text);
            }
            self.replace_project(&trees, &name, &project);
        }
    }

    /// Directories of pinned trees; `None` if one is not in the cache.
    fn directories(&self, trees: &[TreeId]) -> Option<Vec<PathBuf>> {
        let resolved = self.resolved.borrow();
        trees.iter().map(|tree| Some(resolved.get(tree)?.source.as_ref()?.dir())).collect()
    }

    /// Gives a project and its commits other edits.
    fn replace_project(&self, trees: &[TreeId], name: &str, project: &Project) {
        let mut resolved = self.resolved.borrow_mut();
        for tree in trees.iter().cloned().chain([tree_of(name)]) {
            let Some(old) = resolved.get(&tree) else { continue };
            let mut view = old.view.clone();
            view.planned.manifest.clone_from(&project.text);
            view.edits = project.edits.iter().map(|edit| edit.class).collect();
            let new = ResolvedProject {
                declared: old.declared.clone(),
                project: project.clone(),
                source: old.source.clone(),
                context: old.context.clone(),
                contexts: RefCell::new(old.contexts.borrow().clone()),
                queries: old.queries.clone(),
                view,
            };
            resolved.insert(tree, Rc::new(new));
        }
    }
}

/// Trees of a project that the plan edits, in its order, and the classes of edits.
fn edited_trees(plan: &Plan, name: &str) -> (Vec<TreeId>, BTreeSet<Option<EditClass>>) {
    let (mut trees, mut classes) = (Vec::new(), BTreeSet::new());
    let arms = plan.blocks.iter().flat_map(|block| &block.arms);
    for variant in arms.map(|arm| &arm.variant).filter(|variant| variant.project == name) {
        let workload = workloads::find(&variant.workload);
        if let Ok(SourceChange::Edited(class)) = workload.map(|workload| workload.sources) {
            if !trees.contains(&variant.tree()) {
                trees.push(variant.tree());
            }
            classes.insert(class);
        }
    }
    (trees, classes)
}
