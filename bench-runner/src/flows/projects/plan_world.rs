//! The implementation of [`World`]: the projects of a word, their properties, and the settings available on
//! this machine.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use bench_runner_core::record::{PlannedProject, Refusal, TreeId};
use bench_runner_measure::axes::{self, Available, Setting, Settings};
use bench_runner_measure::build::{Goal, Linking};
use bench_runner_measure::corpus::sources;
use bench_runner_measure::corpus::{Project, catalogue, local};
use bench_runner_measure::plan::{ProjectView, World};
use bench_runner_measure::scenario::{RequestError, RequestWord};

use super::{Places, Projects, tree_of};
use crate::flows::FlowError;

impl Projects {
    /// Checks that a word stands for a project, as far as possible without cargo and without network.
    pub(crate) fn check(&self, word: &RequestWord) -> Result<(), RequestError> {
        match ProjectWord::of(word) {
            ProjectWord::Manifest(_) | ProjectWord::Name(_) => self.select(word).map(drop),
            ProjectWord::Directory(path) => local::directory(path)
                .map(drop)
                .map_err(|error| word.refuse(Refusal { what: error.to_string(), help: error.help() })),
        }
    }

    /// The directory whose repository has the commits of a project. The corpus is opened only for a name.
    pub(crate) fn repository_of(project: &str, places: &Places) -> Result<PathBuf, FlowError> {
        let word = RequestWord::from_command_line(project);
        if let ProjectWord::Directory(path) = ProjectWord::of(&word) {
            return Ok(path.to_owned());
        }
        let selected = Self::open(places, true, false)?.select(&word)?;
        let directories: Vec<Option<PathBuf>> = selected.iter().map(Project::own_directory).collect();
        match directories.as_slice() {
            [Some(directory)] => Ok(directory.clone()),
            _ => {
                let refusal = Refusal::new(format!("`{project}` is not one directory of your own"))
                    .with_help(
                        "commits are compared in a repository of yours: name its directory, such as `./`",
                    );
                Err(word.refuse(refusal).into())
            }
        }
    }

    /// Name of a single project.
    pub(crate) fn name_of(project: &str, places: &Places) -> Result<String, FlowError> {
        let word = RequestWord::from_command_line(project);
        Ok(Self::open(places, true, false)?.single(&word)?.name)
    }

    /// The project of a word that stands for only one.
    pub(crate) fn single(&self, word: &RequestWord) -> Result<Project, RequestError> {
        let mut selected = self.select(word)?;
        match (selected.pop(), selected.len()) {
            (Some(one), 0) => Ok(one),
            (_, others) => {
                let refusal = Refusal::new(format!("`{}` is {} projects", word.text, others + 1));
                Err(word.refuse(refusal.with_help("name a single one")))
            }
        }
    }

    /// The project of a word that names a single one, as plans see it.
    pub(crate) fn single_view(&self, word: &RequestWord) -> Result<ProjectView, FlowError> {
        self.single(word)?;
        let view = self.projects(word)?.pop();
        Ok(view.with_context(|| format!("`{}` is not known", word.text))?)
    }

    /// The projects of a word: a directory, a manifest file, a name, or `tag:…`.
    fn select(&self, word: &RequestWord) -> Result<Vec<Project>, RequestError> {
        match ProjectWord::of(word) {
            ProjectWord::Manifest(path) => {
                let project = catalogue::read(path)
                    .map_err(|error| word.refuse(Refusal { what: error.to_string(), help: error.help() }))?;
                Ok(vec![project])
            }
            ProjectWord::Directory(path) => {
                let project = local::project(path, &self.sources)
                    .map_err(|error| word.refuse(Refusal { what: error.to_string(), help: error.help() }))?;
                Ok(vec![project])
            }
            ProjectWord::Name(name) => {
                let selected = self
                    .catalogue
                    .select(name)
                    .map_err(|error| word.refuse(Refusal { what: error.to_string(), help: error.help() }))?;
                Ok(selected.into_iter().cloned().collect())
            }
        }
    }
}

/// The forms of a word for projects.
pub(crate) enum ProjectWord<'w> {
    Manifest(&'w Path),
    Directory(&'w Path),
    Name(&'w str),
}

impl<'w> ProjectWord<'w> {
    pub(crate) fn of(word: &'w RequestWord) -> Self {
        match word.text.as_str() {
            text if text.ends_with(".toml") => Self::Manifest(Path::new(text)),
            text if text.contains('/') || text == "." || text == ".." => Self::Directory(Path::new(text)),
            text => Self::Name(text),
        }
    }
}

impl World for Projects {
    type Error = FlowError;

    fn projects(&self, word: &RequestWord) -> Result<Vec<ProjectView>, FlowError> {
        let projects = self.select(word)?;
        let is_known = |project: &Project| {
            self.resolved
                .borrow()
                .get(&tree_of(&project.name))
                .is_some_and(|known| known.declared == *project)
        };
        // In parallel: nothing is being timed yet.
        let new: Vec<Project> = projects.iter().filter(|project| !is_known(project)).cloned().collect();
        let requests: Vec<_> = new.iter().map(Project::source_request).collect();
        let pinned = sources::pin_all(&requests, &self.sources);
        let mut pinned: HashMap<&str, _> =
            new.iter().map(|project| project.name.as_str()).zip(pinned).collect();
        let resolved =
            projects.iter().map(|project| self.resolve(project, pinned.remove(project.name.as_str())));
        let own = matches!(ProjectWord::of(word), ProjectWord::Directory(_));
        resolved.map(|resolved| Ok(ProjectView { own, ..resolved?.view.clone() })).collect()
    }

    fn planned_project(&self, project: &PlannedProject) -> Result<ProjectView, FlowError> {
        Ok(self.resolved_as_planned(project)?.view.clone())
    }

    fn revision(&self, project: &ProjectView, rev: &str) -> Result<(), Refusal> {
        let resolved = self.resolved.borrow().get(&tree_of(&project.planned.name)).cloned();
        let resolved = resolved.ok_or_else(not_known)?;
        let at = self.resolved_at(&resolved, rev).map_err(|error| error.refusal())?;
        self.check_commit(&at, rev)
    }

    fn commits(&self, project: &ProjectView, count: usize) -> Result<Vec<String>, Refusal> {
        let resolved = self.resolved.borrow().get(&tree_of(&project.planned.name)).cloned();
        let resolved = resolved.ok_or_else(not_known)?;
        sources::commits(&resolved.project.source_request(), count, &self.sources)
            .map_err(|error| Refusal { what: error.to_string(), help: error.help() })
    }

    fn goal(&self, tree: &TreeId, goal: Goal, settings: &Settings) -> Result<(), Refusal> {
        let all = self.resolved.borrow();
        // Until a commit is resolved, the project's own toolchain stands in for its toolchain.
        let resolved = all.get(tree).or_else(|| all.get(&tree_of(&tree.project)));
        let context = resolved.and_then(|resolved| self.context_of(resolved, settings).ok());
        let toolchain = context.as_ref().and_then(|context| context.toolchain.as_ref());
        toolchain.map_or(Ok(()), |toolchain| toolchain.check_goal(goal, axes::toolchain_name(settings)))
    }

    fn linking(&self, tree: &TreeId, goal: Goal, settings: &Settings) -> Option<Linking> {
        let resolved = self.resolved.borrow().get(tree).cloned()?;
        self.linking_of(&resolved, goal, settings)
    }

    fn planned_build(&self, tree: &TreeId, goal: Goal, settings: &Settings) -> Option<String> {
        let resolved = self.resolved.borrow().get(tree).cloned()?;
        self.planned_build_of(&resolved, goal, settings)
    }

    fn as_configured(&self, project: &ProjectView) -> Result<String, FlowError> {
        let resolved = self.resolved.borrow().get(&tree_of(&project.planned.name)).cloned();
        self.user_configuration(resolved.as_deref()).map_err(|error| {
            let help = error.help.unwrap_or_else(|| {
                "correct it, or compare without your own configuration by `--on as-it-is`".to_owned()
            });
            let message = format!("cargo did not say {}: {}", error.what, error.reason);
            RequestError::usage(message, Some(help)).into()
        })
    }

    fn probe(&self, tree: &TreeId, setting: &Setting<'_>) -> Result<Available, Refusal> {
        match self.resolved.borrow().get(tree) {
            Some(resolved) => self.probe_at(resolved, setting),
            None => Err(not_known()),
        }
    }
}

fn not_known() -> Refusal {
    Refusal::new("the project is not known")
}
