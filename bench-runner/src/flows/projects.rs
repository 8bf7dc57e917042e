//! The projects of a request: words → pinned sources, toolchains, drivers, and views for planning.

mod adopting;
mod resolved;
mod resolving;
mod fidelity;
mod commits;
mod fitting_edits;
mod programs;
mod tools;
mod workloads;
mod plan_world;

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Context as _;
use bench_runner_core::record::{Plan, PlannedProject, Refusal, TreeId};
use bench_runner_measure::axes::Context;
use bench_runner_measure::build::{CommandDriver, Driver, SettingsInForce, Toolchain};
use bench_runner_measure::corpus::cache_place::CachePlace;
use bench_runner_measure::corpus::sources::{self, CacheDir, FetchContext, FetchTool};
use bench_runner_measure::corpus::{BuildTool, Catalogue, Project};
use bench_runner_measure::plan::EstimatesByProject;
use bench_runner_measure::process::find_in_path;
use bench_runner_measure::run::{self, ConfiguredDriver, DriverKey, PreparedTree, PreparedTrees};
use bench_runner_measure::scenario::RequestError;

use super::FlowError;
use crate::built_in;
pub(crate) use plan_world::ProjectWord;
use resolved::ResolvedProject;

/// Paths of the program's directories.
#[derive(Debug, Clone)]
pub struct Places {
    /// The enclosing checkout, or the current directory, with `corpus/` and `scenarios/`.
    pub checkout: Option<PathBuf>,
    pub cache: Rc<CachePlace>,
    pub results: PathBuf,
    /// The results directory around `results`, which a search has within the usual one.
    pub results_around: Option<PathBuf>,
    pub plots: PathBuf,
}

/// Everything about projects that a plan or a run needs, each part determined once.
pub struct Projects {
    catalogue: Catalogue,
    sources: FetchContext,
    path: OsString,
    /// True if sources that are not in the cache are fetched.
    fetch: bool,
    /// True if the user forbids all network access.
    offline: bool,
    resolved: RefCell<HashMap<TreeId, Rc<ResolvedProject>>>,
    toolchains: RefCell<HashMap<PathBuf, Toolchain>>,
    /// The toolchains that variants name.
    named: RefCell<HashMap<String, Result<Toolchain, Refusal>>>,
    /// The commits whose sources cargo was asked about.
    checked: RefCell<HashMap<TreeId, Result<(), Refusal>>>,
}

/// Directories that are no sources, since this program writes them.
fn own_output(places: &Places) -> Vec<PathBuf> {
    let others = [places.results.clone(), places.plots.clone(), places.cache.dir().to_owned()];
    places.results_around.iter().cloned().chain(others).collect()
}

impl Projects {
    /// Opens the corpus of `places` and the cache. With `offline` nothing is ever fetched; without `fetch`
    /// only sources in the cache are used.
    pub fn open(places: &Places, offline: bool, fetch: bool) -> Result<Self, FlowError> {
        places.cache.prepare()?;
        let cache = CacheDir::at(places.cache.dir()).context("failed to find the cache directory")?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let sources = FetchContext {
            cargo: find_in_path("cargo", &path).unwrap_or_else(|| "cargo".into()),
            cache,
            offline: offline || !fetch,
            user_home: sources::user_cargo_home(),
            exclude: own_output(places),
            layouts: sources::CargoLayouts::default(),
        };
        sources::prepare_homes(&sources.cache, sources.user_home.as_deref())?;
        Ok(Self {
            catalogue: built_in::catalogue(places.checkout.as_deref())?,
            sources,
            path,
            fetch,
            offline,
            resolved: RefCell::default(),
            toolchains: RefCell::default(),
            named: RefCell::default(),
            checked: RefCell::default(),
        })
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    pub fn sources(&self) -> &FetchContext {
        &self.sources
    }

    /// The cargo home for building.
    pub(crate) fn building_home(&self) -> PathBuf {
        self.sources.cache.building_home()
    }

    /// Prepares everything that is needed to build the trees of `plan`, including dependencies.
    pub(crate) fn prepare_trees(&self, plan: &Plan) -> Result<PreparedTrees, FlowError> {
        let mut prepared_trees = PreparedTrees::new();
        for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
            let tree = variant.tree();
            if let Some(planned) = plan.projects.iter().find(|planned| planned.name == tree.project)
                && !prepared_trees.contains_key(&tree)
            {
                let prepared = self.prepare_tree(planned, &tree, &driver_keys(plan, &tree))?;
                prepared_trees.insert(tree, prepared);
            }
        }
        workloads::prepare(self, plan, &mut prepared_trees)?;
        run::check_commands(plan, &prepared_trees)?;
        Ok(prepared_trees)
    }

    /// Prepares everything that is needed to build `project` with its own toolchain, including dependencies.
    pub(crate) fn prepare_tree_of(&self, project: &Project) -> Result<PreparedTree, FlowError> {
        let planned = self.resolve(project, None)?.view.planned.clone();
        self.prepare_project(&planned)
    }

    /// Same as [`Self::prepare_tree_of`], for a project that a plan names.
    pub(crate) fn prepare_project(&self, planned: &PlannedProject) -> Result<PreparedTree, FlowError> {
        self.prepare_tree(planned, &tree_of(&planned.name), &[DriverKey::default()])
    }

    /// The projects of `plan` that are not in the cache yet; some of their settings are still unknown.
    pub(crate) fn not_fetched(&self, plan: &Plan) -> Vec<String> {
        let all = self.resolved.borrow();
        let missing =
            |name: &&String| all.get(&tree_of(name)).is_some_and(|resolved| resolved.source.is_none());
        plan.projects.iter().map(|project| &project.name).filter(missing).cloned().collect()
    }

    /// Rough build times and sizes of the projects of `plan`, from their manifests.
    pub fn estimates(&self, plan: &Plan) -> EstimatesByProject {
        let all = self.resolved.borrow();
        let of = |planned: &PlannedProject| {
            Some((planned.name.clone(), all.get(&tree_of(&planned.name))?.view.estimate.clone()))
        };
        plan.projects.iter().filter_map(of).collect()
    }

    /// Fetches the dependencies of the sources in `tree` into the cache, for this host and for the configured
    /// targets.
    fn fetch_dependencies(
        &self,
        tree: &Path,
        toolchain: &Toolchain,
        in_force: &SettingsInForce,
    ) -> Result<(), FlowError> {
        fetch_dependencies(tree, toolchain, in_force, &self.sources)
    }

    fn prepare_tree(
        &self,
        planned: &PlannedProject,
        tree: &TreeId,
        keys: &[DriverKey],
    ) -> Result<PreparedTree, FlowError> {
        let own = self.resolved_as_planned(planned)?;
        let resolved = match &tree.rev {
            None => own,
            Some(rev) => self.resolved_at(&own, rev)?,
        };
        self.check_requirements(&resolved.project)?;
        let source = resolved
            .source
            .clone()
            .with_context(|| format!("the source of `{}` is not in the cache", planned.name))?;
        if let Some(toolchain) = &resolved.context.toolchain {
            self.fetch_dependencies(&source.dir(), toolchain, &resolved.context.in_force)?;
            // What cargo could not say without them, it can now.
            if let Some(queries) = &resolved.queries {
                queries.forget();
            }
        }
        let drivers = keys.iter().map(|key| self.configured_driver(&resolved, key));
        let drivers: Vec<ConfiguredDriver> = drivers.collect::<Result<_, _>>()?;
        for configured in drivers.iter().filter(|configured| configured.key != DriverKey::default()) {
            let Some(toolchain) = &configured.context.toolchain else { continue };
            // Older toolchains store fetched crates elsewhere. One that cannot even fetch fails in its first
            // build, with cargo's own message, and the others are still measured.
            let _ = self.fetch_dependencies(&source.dir(), toolchain, &configured.context.in_force);
        }
        let (stubs, commits) = (Vec::new(), BTreeMap::new());
        Ok(PreparedTree { project: resolved.project.clone(), source, drivers, stubs, commits })
    }

    /// The driver of a project with the toolchain and configuration of `key`.
    fn configured_driver(
        &self,
        resolved: &ResolvedProject,
        key: &DriverKey,
    ) -> Result<ConfiguredDriver, FlowError> {
        let context = self.context_of(resolved, &key.settings()).map_err(anyhow::Error::from)?;
        let project = &resolved.project;
        let driver: Box<dyn Driver> = match (&project.build.tool, &context.toolchain, &resolved.queries) {
            (BuildTool::Command(command), _, _) => {
                let path = self.path.to_string_lossy().into_owned();
                Box::new(CommandDriver { command: command.clone(), build: project.build.clone(), path })
            }
            (BuildTool::Cargo, Some(toolchain), Some(queries)) => {
                let config = context.config.clone();
                Box::new(self.cargo_driver(project, toolchain.clone(), config, queries.clone()))
            }
            _ => return Err(anyhow::anyhow!("no toolchain was found for `{}`", project.name).into()),
        };
        Ok(ConfiguredDriver { key: key.clone(), driver, context: Context::clone(&context) })
    }

    /// Checks that the programs required by a project's manifest are on PATH.
    fn check_requirements(&self, project: &Project) -> Result<(), RequestError> {
        let missing = |name: &&String| find_in_path(name, &self.path).is_none();
        let missing: Vec<&str> = project.build.requires.iter().filter(missing).map(String::as_str).collect();
        if missing.is_empty() {
            return Ok(());
        }
        let message = format!("`{}` needs {}, which is not on PATH", project.name, missing.join(" and "));
        Err(RequestError::usage(message, Some("install it, or leave the project out".into())))
    }
}

/// Fetches the dependencies of the sources in `tree` into the cache, for the host and for the configured
/// targets.
fn fetch_dependencies(
    tree: &Path,
    toolchain: &Toolchain,
    in_force: &SettingsInForce,
    with: &FetchContext,
) -> Result<(), FlowError> {
    let mut targets = vec![toolchain.host.clone()];
    // Cargo cannot fetch for a target that is described in a file; in this case it fetches for all targets.
    let described = in_force.named.iter().any(|target| target.ends_with(".json"));
    targets.extend(in_force.named.iter().filter(|target| **target != toolchain.host).cloned());
    let tool = FetchTool {
        cargo: toolchain.cargo.clone(),
        rustc: Some(toolchain.rustc.clone()),
        targets: if described { Vec::new() } else { targets },
    };
    Ok(sources::fetch_dependencies(tree, &tool, with)?)
}

/// The tree of a project without a named commit.
fn tree_of(project: &str) -> TreeId {
    TreeId { project: project.to_owned(), rev: None }
}

/// The toolchains and configurations of a tree's variants in a plan, each pair once.
fn driver_keys(plan: &Plan, tree: &TreeId) -> Vec<DriverKey> {
    let mut keys: Vec<DriverKey> = Vec::new();
    for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
        let key = DriverKey::of(&variant.settings);
        if variant.tree() == *tree && !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}
