//! `corpus`: the pinned projects.

mod add;
mod verify;

use anyhow::Context as _;
use bench_runner_measure::corpus::sources;
use bench_runner_measure::corpus::{Project, Source, catalogue};
use bench_runner_measure::host::MeasuringLock;
use bench_runner_measure::process;

use super::{Exit, columns};
use crate::built_in;
use crate::flows::{FlowError, Places, VerifyOptions, Workplace};

/// The pinned projects
///
/// Examples:
///   bench-runner corpus fetch tag:quick
///   bench-runner corpus add ../mine
#[derive(Debug, Clone, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
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
    Verify(verify::Args),
    Add(add::Args),
}

/// Carries out the verb.
pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    match &args.action {
        Action::List { json } => {
            list(&built_in::catalogue(places.checkout.as_deref())?, *json);
            Ok(Exit::Done)
        }
        Action::Fetch { projects } => {
            let _lock = not_while_measuring()?;
            let workplace = Workplace::open(places, false, true)?;
            fetch(&workplace, &selected(&workplace, projects)?)
        }
        Action::Verify(args) => verify::run(args, places),
        Action::Add(args) => add::run(args, places),
    }
}

fn list(catalogue: &bench_runner_measure::corpus::Catalogue, json: bool) {
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
    let all = workplace.catalogue();
    if words.is_empty() {
        return Ok(all.projects().cloned().collect());
    }
    let mut projects: Vec<Project> = Vec::new();
    for word in words {
        if word.ends_with(".toml") {
            projects.push(catalogue::read(word.as_ref())?);
            continue;
        }
        for project in all.select(word)? {
            if projects.iter().all(|other| other.name != project.name) {
                projects.push(project.clone());
            }
        }
    }
    Ok(projects)
}

/// Sources at once, then dependencies one after another: cargo keeps its home locked for as long as it fetches, so that
/// several would only wait for each other. One that fails does not keep the others from being fetched.
fn fetch(workplace: &Workplace, projects: &[Project]) -> Result<Exit, FlowError> {
    let mut failed = None;
    for (project, pinned) in projects.iter().zip(sources::pin_all(projects, workplace.sources())) {
        let pinned = pinned.map_err(FlowError::from).and_then(|pinned| workplace.locked(project, pinned));
        match pinned.and_then(|pinned| workplace.dependencies(project, &pinned).map(|()| pinned)) {
            Ok(pinned) => {
                let (files, tree) = (pinned.files.len(), pinned.tree_hash());
                println!("{}: {files} files, {}, tree {tree}", project.name, pinned.pin);
                pinned.notes.iter().for_each(|note| println!("{}: {note}", project.name));
            }
            Err(error) => {
                if let Some(error) = failed.replace(error) {
                    println!("{}", error.in_full());
                }
            }
        }
    }
    failed.map_or(Ok(Exit::Done), Err)
}

/// The right to measure, without which nothing is fetched: it would be in the way of a clock that runs.
fn not_while_measuring() -> Result<MeasuringLock, FlowError> {
    Ok(MeasuringLock::acquire(&super::lock_dir()).map_err(anyhow::Error::from)?)
}

/// What building outside of a run takes; from here on an interrupt ends what is being built.
fn building() -> Result<VerifyOptions, FlowError> {
    process::install_interrupts().context("failed to listen to signals")?;
    let exe = std::env::current_exe().context("failed to find this program's own file")?;
    Ok(VerifyOptions { exe, lock_dir: super::lock_dir() })
}
