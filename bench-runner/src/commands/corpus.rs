//! `corpus`: the pinned projects.

mod add;
mod verify;

use anyhow::Context as _;
use bench_runner_measure::corpus::sources;
use bench_runner_measure::corpus::{Project, catalogue};
use bench_runner_measure::host::MeasuringLock;
use bench_runner_measure::process;

use super::layout::{columns, list_width};
use super::session::own_program;
use super::{Exit, open_projects, with_help};
use crate::built_in;
use crate::flows::{FlowError, Places, Projects, VerifyOptions};

/// Projects at pinned revisions: list, fetch, verify or add them
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: CorpusAction,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum CorpusAction {
    /// List the built-in projects and those in `corpus/`, which take precedence
    #[command(after_help = "Example:\n  bench-runner corpus list")]
    List {
        /// Print one JSON document
        #[arg(long)]
        json: bool,
    },
    /// Download projects and their dependencies into the cache
    #[command(after_help = "Example:\n  bench-runner corpus fetch tag:quick")]
    Fetch {
        /// Names, `tag:NAME`, or manifests (`*.toml`) [default: all]
        #[arg(value_name = "PROJECT")]
        projects: Vec<String>,
    },
    Verify(verify::Args),
    Add(add::Args),
}

const EXAMPLES: &str = "\
Examples:
  bench-runner corpus list
  bench-runner corpus fetch tag:quick
  bench-runner corpus add grex@1.4.6";

pub(crate) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    match &args.action {
        CorpusAction::List { json } => {
            list(&built_in::catalogue(places.checkout.as_deref())?, *json);
            Ok(Exit::Done)
        }
        CorpusAction::Fetch { projects: words } => {
            let projects = open_projects(places, false, true)?;
            let selected = select(&projects, words)?;
            let _lock = measuring_lock()?;
            fetch(&projects, &selected)
        }
        CorpusAction::Verify(args) => verify::run(args, places),
        CorpusAction::Add(args) => add::run(args, places),
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
        outln!("{:#}", serde_json::Value::Array(catalogue.projects().map(entry).collect()));
        return;
    }
    let row = |project: &Project| {
        let kind = project.source.kind().to_owned();
        vec![project.name.clone(), version(project), kind, project.tags.join(" "), project.summary.clone()]
    };
    out!("{}", columns(&catalogue.projects().map(row).collect::<Vec<_>>(), list_width()));
}

fn version(project: &Project) -> String {
    project.source.version().unwrap_or_else(|| "-".to_owned())
}

fn select(projects: &Projects, words: &[String]) -> Result<Vec<Project>, FlowError> {
    let all = projects.catalogue();
    if words.is_empty() {
        return Ok(all.projects().cloned().collect());
    }
    let mut selected: Vec<Project> = Vec::new();
    for word in words {
        if word.ends_with(".toml") {
            selected.push(catalogue::read(word.as_ref())?);
            continue;
        }
        for project in all.select(word)? {
            if selected.iter().all(|other| other.name != project.name) {
                selected.push(project.clone());
            }
        }
    }
    Ok(selected)
}

/// Fetches sources in parallel, then dependencies one after another: cargo keeps its home locked while it
/// fetches, so parallel calls would only wait. If one project fails, the others are still fetched.
fn fetch(projects: &Projects, selected: &[Project]) -> Result<Exit, FlowError> {
    let requests: Vec<_> = selected.iter().map(Project::source_request).collect();
    let mut failed = None;
    for (project, pinned) in selected.iter().zip(sources::pin_all(&requests, projects.sources())) {
        let pinned =
            pinned.map_err(FlowError::from).and_then(|pinned| projects.with_lock_file(project, pinned));
        match pinned.and_then(|pinned| projects.fetch_dependencies_of(project, &pinned).map(|()| pinned)) {
            Ok(pinned) => {
                let (files, tree) = (pinned.files.len(), pinned.tree_hash());
                outln!("{}: {files} files, {}, tree {tree}", project.name, pinned.pin);
                pinned.notes.iter().for_each(|note| outln!("{}: {note}", project.name));
            }
            Err(error) => {
                if let Some(error) = failed.replace(error) {
                    outln!("{}", with_help(&error.refusal()));
                }
            }
        }
    }
    failed.map_or(Ok(Exit::Done), Err)
}

/// The measuring lock: fetching would disturb a measurement.
fn measuring_lock() -> Result<MeasuringLock, FlowError> {
    Ok(MeasuringLock::acquire(&super::lock_dir())?)
}

/// Options for building outside of a run; from now on an interrupt ends the builds.
fn verify_options() -> Result<VerifyOptions, FlowError> {
    process::install_interrupts().context("failed to listen to signals")?;
    Ok(VerifyOptions { exe: own_program()?, lock_dir: super::lock_dir() })
}
