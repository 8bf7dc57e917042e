//! The projects of a matrix, and the projects of a plan.

use std::collections::HashSet;

use bench_runner_core::record::{Block, Plan, Refusal};

use crate::plan::{ProjectView, World};
use crate::scenario::{RequestError, RequestWord};

/// The name of the project that `word` selects among `projects`.
pub(super) fn name_among<W: World + ?Sized>(
    projects: &[ProjectView],
    word: &RequestWord,
    world: &W,
) -> Result<String, W::Error> {
    let named = resolve_projects(std::slice::from_ref(word), world)?;
    let among = |view: &&ProjectView| named.iter().any(|named| named.planned.name == view.planned.name);
    let found: Vec<&ProjectView> = projects.iter().filter(among).collect();
    match found[..] {
        [one] => Ok(one.planned.name.clone()),
        _ => {
            let names: Vec<&str> = projects.iter().map(|view| view.planned.name.as_str()).collect();
            let message =
                format!("the baseline's project `{}` is not one of {}", word.text, names.join(", "));
            Err(word.refuse(Refusal::new(message)).into())
        }
    }
}

/// The projects for all words, each once.
pub(super) fn resolve_projects<W: World + ?Sized>(
    words: &[RequestWord],
    world: &W,
) -> Result<Vec<ProjectView>, W::Error> {
    let mut projects: Vec<ProjectView> = Vec::new();
    for word in words {
        for project in world.projects(word)? {
            match projects.iter().find(|other| other.planned.name == project.planned.name) {
                None => projects.push(project),
                Some(other) if other.planned == project.planned => {}
                Some(_) => {
                    return Err(word.refuse(duplicate_project(&project.planned.name)).into());
                }
            }
        }
    }
    Ok(projects)
}

/// Adds to a plan the `projects` that `block` builds.
pub(super) fn add_projects(
    plan: &mut Plan,
    block: &Block,
    projects: &[ProjectView],
) -> Result<(), RequestError> {
    let used: HashSet<&str> = block.arms.iter().map(|arm| arm.variant.project.as_str()).collect();
    for project in projects.iter().filter(|project| used.contains(project.planned.name.as_str())) {
        match plan.projects.iter().find(|other| other.name == project.planned.name) {
            None => plan.projects.push(project.planned.clone()),
            Some(other) if *other == project.planned => {}
            Some(other) => return Err(RequestError::from(duplicate_project(&other.name))),
        }
    }
    Ok(())
}

fn duplicate_project(name: &str) -> Refusal {
    Refusal::new(format!("two projects are called `{name}`"))
        .with_help("give one of them another name in a manifest of its own")
}
