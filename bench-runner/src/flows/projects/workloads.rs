//! Preparations for the workloads of a plan besides sources and toolchains: checked edits, stubs of crates,
//! commits.

use bench_runner_core::record::{Block, Plan, TreeId, Variant};
use bench_runner_measure::corpus::{edits, sources};
use bench_runner_measure::run::{PreparedTree, PreparedTrees};
use bench_runner_measure::scenario::RequestError;
use bench_runner_measure::workloads::{self, SourceChange};

use super::Projects;
use crate::flows::FlowError;

/// Checks that the edits of `plan` apply before the first build, and adds stubs and commits to its prepared
/// trees.
pub(super) fn prepare(
    projects: &Projects,
    plan: &Plan,
    prepared_trees: &mut PreparedTrees,
) -> Result<(), FlowError> {
    for block in &plan.blocks {
        for variant in block.arms.iter().map(|arm| &arm.variant) {
            let Ok(workload) = workloads::find(&variant.workload) else { continue };
            let Some(prepared) = prepared_trees.get_mut(&variant.tree()) else { continue };
            match workload.sources {
                SourceChange::AsPinned => {}
                SourceChange::Edited(class) => check(prepared, class, variant)?,
                SourceChange::Skeleton if prepared.stubs.is_empty() => {
                    let tree = &prepared.source.dir();
                    let stubs = edits::stubs(tree, &projects.sources.cargo);
                    prepared.stubs = stubs.map_err(anyhow::Error::from)?;
                }
                SourceChange::Skeleton => {}
                SourceChange::Replayed(_) => fetch_commits(projects, block, &variant.tree(), prepared)?,
            }
        }
    }
    Ok(())
}

/// Help if the place of an edit is not in each of the commits that are compared.
const COMMITS_HELP: &str = "compare full builds alone (`--workload clean`), or give the project a manifest with an edit whose \
    anchor is in all commits";

fn check(
    prepared: &PreparedTree,
    class: Option<bench_runner_measure::corpus::EditClass>,
    variant: &Variant,
) -> Result<(), RequestError> {
    let Some(edit) = prepared.project.edit_of(class) else { return Ok(()) };
    edits::check(&prepared.source.dir(), edit).map_err(|error| {
        let of: String = variant.rev.iter().map(|rev| format!(" in commit {rev}")).collect();
        // The edit was chosen in one of the commits, and its place need not be in the others.
        let help = match variant.rev {
            Some(_) => Some(COMMITS_HELP.to_owned()),
            None => error.help(),
        };
        RequestError::usage(format!("{}{of}: {error}", prepared.project.origin), help)
    })
}

/// Fetches the commits that `block` replays and their dependencies into the cache.
fn fetch_commits(
    projects: &Projects,
    block: &Block,
    tree: &TreeId,
    prepared: &mut PreparedTree,
) -> Result<(), FlowError> {
    for commit in block.commits.get(&tree.project).into_iter().flatten() {
        if prepared.commits.contains_key(commit) {
            continue;
        }
        let pinned = sources::pin_revision(
            &prepared.project.source_request(),
            commit,
            Some(&prepared.source),
            &projects.sources,
        )?;
        if let Some((other, _)) = prepared.commits.iter().find(|(_, other)| other.root != pinned.root) {
            let message = format!(
                "the commits {commit} and {other} of `{}` are not laid out alike: one needs more of its repository",
                prepared.project.name
            );
            let help = "replay fewer commits, or the project in the root of the repository";
            return Err(RequestError::usage(message, Some(help.to_owned())).into());
        }
        for context in prepared.drivers.iter().map(|configured| &configured.context) {
            let Some(toolchain) = &context.toolchain else { continue };
            // A commit whose dependencies are not available fails to build, and the others are still
            // measured.
            let _ = projects.fetch_dependencies(&pinned.dir(), toolchain, &context.in_force);
        }
        prepared.commits.insert(commit.clone(), pinned);
    }
    Ok(())
}
