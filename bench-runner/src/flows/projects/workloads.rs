//! What the workloads of a plan take beside sources and toolchains: edits that apply, empty crates, commits.

use bench_runner_core::record::{Block, Plan, TreeId, Variant};
use bench_runner_measure::corpus::{edits, sources};
use bench_runner_measure::run::{Workshop, Workshops};
use bench_runner_measure::scenario::RequestError;
use bench_runner_measure::workloads::{self, SourceChange};

use super::Projects;
use crate::flows::FlowError;

/// Checks that the edits of `plan` apply, before the first build and not after it, and adds to its workshops what their
/// workloads take.
pub(super) fn prepare(projects: &Projects, plan: &Plan, workshops: &mut Workshops) -> Result<(), FlowError> {
    for block in &plan.blocks {
        for variant in block.arms.iter().map(|arm| &arm.variant) {
            let Ok(workload) = workloads::find(&variant.workload) else { continue };
            let Some(workshop) = workshops.get_mut(&variant.tree()) else { continue };
            match workload.sources {
                SourceChange::AsPinned => {}
                SourceChange::Edited(class) => check(workshop, class, variant)?,
                SourceChange::Skeleton if workshop.stubs.is_empty() => {
                    let tree = &workshop.source.dir();
                    let stubs = edits::stubs(tree, &projects.sources.cargo);
                    workshop.stubs = stubs.map_err(anyhow::Error::from)?;
                }
                SourceChange::Skeleton => {}
                SourceChange::Replayed(_) => bring_in(projects, block, &variant.tree(), workshop)?,
            }
        }
    }
    Ok(())
}

fn check(
    workshop: &Workshop,
    class: Option<bench_runner_measure::corpus::EditClass>,
    variant: &Variant,
) -> Result<(), RequestError> {
    let Some(edit) = workshop.project.edit_of(class) else { return Ok(()) };
    edits::check(&workshop.source.dir(), edit).map_err(|error| {
        let of: String = variant.rev.iter().map(|rev| format!(" in commit {rev}")).collect();
        RequestError::usage(format!("{}{of}: {error}", workshop.project.origin), error.help())
    })
}

/// Brings the commits that `block` replays into the cache, and what they depend on.
fn bring_in(
    projects: &Projects,
    block: &Block,
    tree: &TreeId,
    workshop: &mut Workshop,
) -> Result<(), FlowError> {
    for commit in block.commits.get(&tree.project).into_iter().flatten() {
        if workshop.commits.contains_key(commit) {
            continue;
        }
        let pinned = sources::pin_revision(
            &workshop.project.source_request(),
            commit,
            Some(&workshop.source),
            &projects.sources,
        )?;
        if let Some((other, _)) = workshop.commits.iter().find(|(_, other)| other.root != pinned.root) {
            let message = format!(
                "the commits {commit} and {other} of `{}` are not laid out alike: one needs more of its repository",
                workshop.project.name
            );
            let help = "replay fewer commits, or the project in the root of the repository";
            return Err(RequestError::usage(message, Some(help.to_owned())).into());
        }
        for context in workshop.kits.iter().map(|kit| &kit.context) {
            let Some(toolchain) = &context.toolchain else { continue };
            // A commit whose dependencies cannot be had does not build, and the others go on.
            let _ = projects.fetch_dependencies(&pinned.dir(), toolchain, &context.in_force);
        }
        workshop.commits.insert(commit.clone(), pinned);
    }
    Ok(())
}
