//! What a workload asks of a project, and what it cannot stand beside.

use bench_runner_core::record::Variant;

use super::ProjectView;
use crate::build::{Goal, Lacking};
use crate::scenario::RequestError;
use crate::workloads::{self, Sources, Start, Workload};

/// The workload that a plan names.
pub(super) fn find(name: &str) -> Result<Workload, RequestError> {
    workloads::find(name).map_err(|error| RequestError::usage(error.message, Some(error.help)))
}

/// What the project lacks for the workload of a variant, with what would help.
pub(super) fn lack(variant: &Variant, project: &ProjectView) -> Option<(String, Option<String>)> {
    let workload = workloads::find(&variant.workload).ok()?;
    let of_cargo = matches!(workload.sources, Sources::Skeleton | Sources::Replayed(_))
        || workload.start == Start::AfterRelease;
    if !project.cargo && workload.goal != Goal::Build {
        return Some((format!("a command project has no {}", workload.name), None));
    }
    if !project.cargo && of_cargo {
        return Some((format!("`{}` is for cargo projects", workload.name), None));
    }
    if let Sources::Edited(class) = workload.sources
        && !project.has_edit(class)
    {
        return Some(no_edit(class.map(|class| class.as_str()), project));
    }
    if matches!(workload.sources, Sources::Replayed(_)) && variant.rev.is_some() {
        return Some(("a commit is named, and `replay` builds several".to_owned(), None));
    }
    if matches!(workload.sources, Sources::Replayed(_))
        && variant.settings.get("cache").is_some_and(|cache| cache != "off")
    {
        let reason = "`replay` comes to the same commits again, and a cache would know them by then";
        return Some((reason.to_owned(), None));
    }
    let profile = variant.settings.get("profile").or(project.profile.as_ref());
    if workload.start == Start::AfterRelease
        && profile.is_some_and(|profile| profile == "release" || profile == "bench")
    {
        let help = "compare under `clean`, or name another profile".to_owned();
        return Some(("what it builds lies where a release build leaves it".to_owned(), Some(help)));
    }
    None
}

fn no_edit(class: Option<&str>, project: &ProjectView) -> (String, Option<String>) {
    let name = &project.planned.name;
    match class {
        _ if !project.cargo => {
            let help = format!("add `edit` beside the build command in the manifest of `{name}`");
            ("the project has no edit to make".to_owned(), Some(help).filter(|_| class.is_none()))
        }
        None => {
            let help = format!("add an [[edit]] to the manifest of `{name}`");
            ("the project has no edit to make".to_owned(), Some(help))
        }
        Some(class) => {
            let help = format!("add an [[edit]] with `class = \"{class}\"` to the manifest of `{name}`");
            (format!("the project has no edit of class `{class}`"), Some(help))
        }
    }
}

/// Why `count` commits cannot be replayed, where that is so. `listed` are as many and one to start from.
pub(super) fn too_few(count: u32, listed: Result<Vec<String>, Lacking>) -> Option<(String, Option<String>)> {
    match listed {
        Err(Lacking { reason, help }) => Some((reason, help)),
        Ok(listed) if listed.len() > count as usize => None,
        Ok(listed) => match listed.len().saturating_sub(1) {
            0 => Some(("it has no commit that builds upon another one".to_owned(), None)),
            most => {
                let reason = format!("it has {most} commits to replay, not {count}");
                Some((reason, Some(format!("ask for `replay:{most}`"))))
            }
        },
    }
}

/// Whether variants of one tree can build these two kinds of sources in the same round. A build from nothing builds
/// whatever edit or commit is in place; which builds only start warm is another matter.
pub(super) fn same_sources(one: Sources, other: Sources) -> bool {
    let pinned = |sources| sources == Sources::AsPinned;
    one == other || pinned(one) && other.change() || pinned(other) && one.change()
}
