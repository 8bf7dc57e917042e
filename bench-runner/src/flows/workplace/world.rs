//! What a plan asks of the world: which projects a word stands for, what they are, and what can be had here.

use std::collections::BTreeMap;
use std::path::Path;

use bench_runner_core::record::{PlannedProject, Refusal, TreeId};
use bench_runner_measure::axes::{self, Available, Setting, Settings};
use bench_runner_measure::build::{Goal, Linking};
use bench_runner_measure::corpus::sources;
use bench_runner_measure::corpus::{Project, local};
use bench_runner_measure::plan::{PlanError, ProjectView, World};
use bench_runner_measure::scenario::{RequestError, Word};

use super::{Workplace, tree_of};
use crate::flows::{FlowError, refusal_of};

impl Workplace {
    /// The projects that a word stands for: a directory, a manifest file, a name, or `tag:…`.
    pub(super) fn select(&self, word: &Word) -> Result<Vec<Project>, RequestError> {
        let path = Path::new(&word.text);
        if word.text.ends_with(".toml") {
            let project = bench_runner_measure::corpus::catalogue::read(path)
                .map_err(|error| word.refuse(FlowError::from(error).refusal()))?;
            return Ok(vec![project]);
        }
        if word.text.contains('/') || word.text == "." || word.text == ".." {
            return Ok(vec![
                local::project(path, &self.sources).map_err(|error| word.refuse(refusal_of(&error)))?,
            ]);
        }
        let selected = self.catalogue.select(&word.text);
        selected
            .map(|projects| projects.into_iter().cloned().collect())
            .map_err(|error| word.refuse(FlowError::from(error).refusal()))
    }
}

impl World for Workplace {
    fn projects(&self, word: &Word) -> Result<Vec<ProjectView>, PlanError> {
        let projects = self.select(word)?;
        let is_known = |project: &Project| {
            self.benches.borrow().get(&tree_of(&project.name)).is_some_and(|known| known.asked == *project)
        };
        // At once: nothing is timed yet.
        let new: Vec<Project> = projects.iter().filter(|project| !is_known(project)).cloned().collect();
        let pinned = sources::pin_all(&new, &self.sources);
        let mut pinned: BTreeMap<&str, _> =
            new.iter().map(|project| project.name.as_str()).zip(pinned).collect();
        let benches =
            projects.iter().map(|project| self.put_on_bench(project, pinned.remove(project.name.as_str())));
        benches.map(|bench| Ok(bench.map_err(PlanError::from)?.view.clone())).collect()
    }

    fn planned(&self, project: &PlannedProject) -> Result<ProjectView, PlanError> {
        Ok(self.bench_of_plan(project).map_err(PlanError::from)?.view.clone())
    }

    fn revision(&self, project: &ProjectView, rev: &str) -> Result<(), Refusal> {
        let bench = self.benches.borrow().get(&tree_of(&project.planned.name)).cloned();
        let bench = bench.ok_or_else(not_known)?;
        self.bench_of_revision(&bench, rev).map(drop).map_err(|error| error.refusal())
    }

    fn commits(&self, project: &ProjectView, count: usize) -> Result<Vec<String>, Refusal> {
        let bench = self.benches.borrow().get(&tree_of(&project.planned.name)).cloned();
        let bench = bench.ok_or_else(not_known)?;
        sources::commits(&bench.project, count, &self.sources).map_err(|error| refusal_of(&error))
    }

    fn goal(&self, tree: &TreeId, goal: Goal, settings: &Settings) -> Result<(), Refusal> {
        let benches = self.benches.borrow();
        // Before a commit is on the bench, the project's own toolchain stands for it.
        let bench = benches.get(tree).or_else(|| benches.get(&tree_of(&tree.project)));
        let context = bench.and_then(|bench| self.context_of(bench, settings).ok());
        let toolchain = context.as_ref().and_then(|context| context.toolchain.as_ref());
        toolchain.map_or(Ok(()), |toolchain| toolchain.can(goal, axes::toolchain_of(settings)))
    }

    fn linking(&self, tree: &TreeId, goal: Goal, settings: &Settings) -> Option<Linking> {
        let bench = self.benches.borrow().get(tree).cloned()?;
        self.linking_of(&bench, goal, settings)
    }

    fn as_configured(&self, project: &ProjectView) -> Result<String, PlanError> {
        let bench = self.benches.borrow().get(&tree_of(&project.planned.name)).cloned();
        self.configured(bench.as_deref()).map_err(|error| {
            let help = error.help.unwrap_or_else(|| "put it right, or leave `as-configured` out".to_owned());
            let message = format!("cargo did not say {}: {}", error.what, error.reason);
            RequestError::usage(message, Some(help)).into()
        })
    }

    fn probe(&self, tree: &TreeId, setting: &Setting<'_>) -> Result<Available, Refusal> {
        match self.benches.borrow().get(tree) {
            Some(bench) => self.probe_at(bench, setting),
            None => Err(not_known()),
        }
    }
}

fn not_known() -> Refusal {
    Refusal::new("the project is not known")
}
