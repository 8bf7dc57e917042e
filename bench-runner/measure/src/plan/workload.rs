//! Requirements of a workload on its project, and conflicts between workloads of one block.

use bench_runner_core::record::{Refusal, Variant};

use super::ProjectView;
use crate::build::Goal;
use crate::scenario::RequestError;
use crate::workloads::{self, SourceChange, StartState, Workload};

/// The workload with this name.
pub(super) fn find(name: &str) -> Result<Workload, RequestError> {
    workloads::find(name).map_err(RequestError::from)
}

/// Checks that the project of a variant has everything that its workload needs.
pub(crate) fn check(variant: &Variant, workload: &Workload, project: &ProjectView) -> Result<(), Refusal> {
    let of_cargo = matches!(workload.sources, SourceChange::Skeleton | SourceChange::Replayed(_))
        || workload.start == StartState::AfterRelease;
    if !project.cargo && workload.goal != Goal::Build {
        return Err(Refusal::new(format!("a command project has no {}", workload.name)));
    }
    if !project.cargo && of_cargo {
        return Err(Refusal::new(format!("`{}` is for cargo projects", workload.name)));
    }
    if let SourceChange::Edited(class) = workload.sources
        && !project.has_edit(class)
    {
        return Err(no_edit(class.map(|class| class.as_str()), project));
    }
    if matches!(workload.sources, SourceChange::Replayed(_)) && variant.rev.is_some() {
        return Err(Refusal::new("a commit is named, and `replay` builds several"));
    }
    if matches!(workload.sources, SourceChange::Replayed(_))
        && variant.settings.get("cache").is_some_and(|cache| cache != "off")
    {
        return Err(Refusal::new(
            "`replay` comes to the same commits again, and a cache would know them by then",
        ));
    }
    let profile = variant.settings.get("profile").or(project.profile.as_ref());
    if workload.start == StartState::AfterRelease
        && profile.is_some_and(|profile| profile == "release" || profile == "bench")
    {
        return Err(Refusal::new("what it builds lies where a release build leaves it")
            .with_help("compare under `clean`, or name another profile"));
    }
    Ok(())
}

fn no_edit(class: Option<&str>, project: &ProjectView) -> Refusal {
    let name = &project.planned.name;
    match class {
        Some(_) if !project.cargo => Refusal::new("the project has no edit to make"),
        None if !project.cargo => Refusal::new("the project has no edit to make")
            .with_help(format!("add `edit` beside the build command in the manifest of `{name}`")),
        None => Refusal::new("the project has no edit to make")
            .with_help(format!("add an [[edit]] to the manifest of `{name}`")),
        Some(class) => Refusal::new(format!("the project has no edit of class `{class}`"))
            .with_help(format!("add an [[edit]] with `class = \"{class}\"` to the manifest of `{name}`")),
    }
}

/// Checks that `count` commits can be replayed. `listed` also includes the commit to start from.
pub(super) fn check_commit_count(count: u32, listed: &[String]) -> Result<(), Refusal> {
    if listed.len() > count as usize {
        return Ok(());
    }
    Err(match listed.len().saturating_sub(1) {
        0 => Refusal::new("it has no commit that builds upon another one"),
        most => Refusal::new(format!("it has {most} commits to replay, not {count}"))
            .with_help(format!("ask for `replay:{most}`")),
    })
}

/// True if variants of one tree can build these two kinds of sources in the same round. A build from nothing
/// accepts any edit or commit; the block checks builds that start warm and expect no edit.
pub(super) fn are_compatible_sources(one: SourceChange, other: SourceChange) -> bool {
    let pinned = |sources| sources == SourceChange::AsPinned;
    one == other
        || pinned(one) && other.changes_between_rounds()
        || pinned(other) && one.changes_between_rounds()
}
