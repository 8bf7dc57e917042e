//! Commits of a project that are compared: whether cargo accepts their sources, and remarks about them.

use bench_runner_core::record::{Plan, Refusal, TreeId};
use bench_runner_measure::corpus::sources::SourcesRefusal;

use super::Projects;
use super::resolved::ResolvedProject;
use crate::flows::FlowError;

/// Help about a commit that cannot be built as it is.
const HELP: &str =
    "a commit stays as it is: compare others, or its sources in a directory where you have corrected this";

impl Projects {
    /// Refuses a commit whose sources cargo refuses, so that the plan leaves out this commit alone. Fetches its
    /// dependencies, which is how cargo is asked; other errors end the run when its sources are prepared.
    pub(super) fn check_commit(&self, at: &ResolvedProject, rev: &str) -> Result<(), Refusal> {
        let tree = TreeId { project: at.project.name.clone(), rev: Some(rev.to_owned()) };
        if let Some(known) = self.checked.borrow().get(&tree) {
            return known.clone();
        }
        let checked = self.fetch_commit(at);
        self.checked.borrow_mut().insert(tree, checked.clone());
        checked
    }

    fn fetch_commit(&self, at: &ResolvedProject) -> Result<(), Refusal> {
        let (Some(source), Some(toolchain)) = (&at.source, &at.context.toolchain) else { return Ok(()) };
        let fetched = self.fetch_dependencies(&source.dir(), toolchain, &at.context.in_force);
        let Err(FlowError::Source(error)) = fetched else { return Ok(()) };
        let what = match error.refusal_of_sources() {
            Some(SourcesRefusal::OutdatedLock) => {
                "its Cargo.lock does not fit its Cargo.toml, and builds are `--locked`".to_owned()
            }
            Some(SourcesRefusal::Other) => format!("cargo refuses its sources: {error}"),
            None => return Ok(()),
        };
        Err(Refusal::new(what).with_help(HELP))
    }

    /// Adds remarks about the commits of a plan to its projects.
    pub(crate) fn note_commits(&self, plan: &mut Plan) {
        let resolved = self.resolved.borrow();
        let mut trees: Vec<TreeId> = Vec::new();
        for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
            if !trees.contains(&variant.tree()) {
                trees.push(variant.tree());
            }
        }
        for tree in trees {
            let source = resolved.get(&tree).and_then(|at| at.source.as_ref());
            let (Some(rev), Some(source)) = (&tree.rev, source) else { continue };
            let planned = plan.projects.iter_mut().find(|planned| planned.name == tree.project);
            let notes = source.notes.iter().map(|note| format!("commit {rev}: {note}"));
            planned.into_iter().for_each(|planned| planned.notes.extend(notes.clone()));
        }
    }
}
