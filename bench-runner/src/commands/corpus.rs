//! `corpus`: the pinned projects.

use super::{Exit, columns};
use crate::corpus::sources;
use crate::corpus::{Project, Source, edits};
use crate::flows::{FlowError, Places, Workplace};

/// The pinned projects
///
/// Example:
///   bench-runner corpus fetch tag:quick
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Action {
    /// All projects: those built in, and those of the checkout, which win by name
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Bring projects and their dependencies into the cache
    Fetch {
        /// Names or `tag:NAME` [default: all]
        #[arg(value_name = "PROJECT")]
        projects: Vec<String>,
    },
    /// Fetch, check every pin, and check that every edit applies
    Verify {
        /// Names or `tag:NAME` [default: all]
        #[arg(value_name = "PROJECT")]
        projects: Vec<String>,
        /// Fetch nothing
        #[arg(long)]
        offline: bool,
    },
}

/// Carries out the verb.
pub fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    match &args.action {
        Action::List { json } => {
            list(&crate::corpus::Catalogue::load(places.checkout.as_deref())?, *json);
            Ok(Exit::Done)
        }
        Action::Fetch { projects } => {
            let workplace = Workplace::open(places, false, true)?;
            fetch(&workplace, &selected(&workplace, projects)?)
        }
        Action::Verify { projects, offline } => {
            let workplace = Workplace::open(places, *offline, true)?;
            let mut flawed = false;
            for project in selected(&workplace, projects)? {
                flawed |= !verify(&workplace, &project);
            }
            Ok(if flawed { Exit::Flawed } else { Exit::Done })
        }
    }
}

fn list(catalogue: &crate::corpus::Catalogue, json: bool) {
    if json {
        let entry = |project: &Project| {
            serde_json::json!({
                "name": project.name,
                "kind": project.source.kind(),
                "version": version(project),
                "tags": project.tags,
                "summary": project.summary,
                "origin": project.origin,
            })
        };
        println!("{:#}", serde_json::Value::Array(catalogue.projects().map(entry).collect()));
        return;
    }
    let row = |project: &Project| {
        let kind = project.source.kind().to_owned();
        vec![project.name.clone(), version(project), kind, project.tags.join(" "), project.summary.clone()]
    };
    print!("{}", columns(&catalogue.projects().map(row).collect::<Vec<_>>()));
}

fn version(project: &Project) -> String {
    match &project.source {
        Source::CratesIo(source) => source.version.clone(),
        Source::Git(source) => source.rev[..12].to_owned(),
        Source::Path(_) | Source::Command(_) | Source::Generated(_) => "-".to_owned(),
    }
}

fn selected(workplace: &Workplace, words: &[String]) -> Result<Vec<Project>, FlowError> {
    let catalogue = workplace.catalogue();
    if words.is_empty() {
        return Ok(catalogue.projects().cloned().collect());
    }
    let mut projects: Vec<Project> = Vec::new();
    for word in words {
        for project in catalogue.select(word)? {
            if projects.iter().all(|other| other.name != project.name) {
                projects.push(project.clone());
            }
        }
    }
    Ok(projects)
}

/// Sources at once, then dependencies one after another, because cargo lets only one fetch at a time. One that fails
/// does not keep the others from being fetched.
fn fetch(workplace: &Workplace, projects: &[Project]) -> Result<Exit, FlowError> {
    let mut failed = None;
    for (project, pinned) in projects.iter().zip(sources::pin_all(projects, workplace.sources())) {
        let pinned = pinned.map_err(FlowError::from);
        match pinned.and_then(|pinned| dependencies(workplace, project, &pinned).map(|()| pinned)) {
            Ok(pinned) => {
                let (files, tree) = (pinned.files.len(), pinned.tree_hash());
                println!("{}: {files} files, {}, tree {tree}", project.name, pinned.pin);
                pinned.notes.iter().for_each(|note| println!("{}: {note}", project.name));
            }
            Err(error) => {
                if let Some(error) = failed.replace(error) {
                    println!("{error}");
                }
            }
        }
    }
    failed.map_or(Ok(Exit::Done), Err)
}

fn bring(workplace: &Workplace, project: &Project) -> Result<sources::Pinned, FlowError> {
    let pinned = sources::pin(project, workplace.sources())?;
    dependencies(workplace, project, &pinned)?;
    Ok(pinned)
}

fn dependencies(workplace: &Workplace, project: &Project, pinned: &sources::Pinned) -> Result<(), FlowError> {
    if matches!(project.source, Source::Command(_)) {
        return Ok(());
    }
    let dir = pinned.dir();
    workplace.fetch_dependencies(&dir, &workplace.toolchain(&dir)?)
}

/// Whether everything about a project is as its manifest says; prints what is not.
fn verify(workplace: &Workplace, project: &Project) -> bool {
    let pinned = match bring(workplace, project) {
        Ok(pinned) => pinned,
        Err(error) => {
            println!("{}: {error}", project.name);
            return false;
        }
    };
    let broken: Vec<String> = project
        .edits
        .iter()
        .filter_map(|edit| {
            Some(format!("edit `{}`: {}", edit.name, edits::check(&pinned.dir(), edit).err()?))
        })
        .collect();
    match broken.as_slice() {
        [] => println!("{}: {}, {} edits apply", project.name, pinned.pin, project.edits.len()),
        broken => broken.iter().for_each(|reason| println!("{}: {reason}", project.name)),
    }
    broken.is_empty()
}
