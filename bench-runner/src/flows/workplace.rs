//! The projects, brought in and made ready: words of a request → pinned sources, toolchains, drivers, and what a
//! plan has to know of them.

mod bench;
mod tools;
mod workloads;
mod world;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Context as _;

use super::FlowError;
use crate::axes;
use crate::build::{Answers, CargoDriver, CommandDriver, Driver, Lacking, Toolchain};
use crate::corpus::sources::{self, Cache, FetchTool, Sources};
use crate::corpus::{Catalogue, Project, Source};
use crate::plan::Typical;
use crate::process::find_in_path;
use crate::record::{Plan, PlannedProject, TreeId};
use crate::run::{self, Kit, Workshop, Workshops};
use crate::scenario::RequestError;
use bench::Bench;

/// Where things are.
#[derive(Debug, Clone)]
pub struct Places {
    /// The enclosing checkout, or the current directory: the home of `corpus/` and `scenarios/`.
    pub checkout: Option<PathBuf>,
    /// The cache.
    pub cache: PathBuf,
    /// The results.
    pub results: PathBuf,
    /// The plots.
    pub plots: PathBuf,
}

/// Everything about projects that a plan or a run asks for, each found out once.
pub struct Workplace {
    catalogue: Catalogue,
    sources: Sources,
    path: OsString,
    /// Whether sources that are not in the cache are fetched.
    fetch: bool,
    benches: RefCell<BTreeMap<TreeId, Rc<Bench>>>,
    toolchains: RefCell<BTreeMap<PathBuf, Toolchain>>,
    /// Those that variants name.
    named: RefCell<BTreeMap<String, Result<Toolchain, Lacking>>>,
}

impl Workplace {
    /// A workplace with the corpus of `places`. With `offline` nothing is ever fetched; without `fetch` only what
    /// is in the cache is looked at.
    pub fn open(places: &Places, offline: bool, fetch: bool) -> Result<Self, FlowError> {
        crate::corpus::parents::check(&places.cache)?;
        let cache = Cache::at(&places.cache).context("failed to find the cache directory")?;
        let path = std::env::var_os("PATH").unwrap_or_default();
        let sources = Sources {
            cargo: find_in_path("cargo", &path).unwrap_or_else(|| "cargo".into()),
            cache,
            offline: offline || !fetch,
            user_home: sources::user_cargo_home(),
            exclude: vec![places.results.clone(), places.plots.clone(), places.cache.clone()],
        };
        sources::prepare_homes(&sources.cache, sources.user_home.as_deref())?;
        Ok(Self {
            catalogue: Catalogue::load(places.checkout.as_deref())?,
            sources,
            path,
            fetch,
            benches: RefCell::default(),
            toolchains: RefCell::default(),
            named: RefCell::default(),
        })
    }

    /// The corpus.
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// How sources are fetched and kept.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The cargo home for building.
    pub fn building_home(&self) -> PathBuf {
        self.sources.cache.building_home()
    }

    /// Everything that building what `plan` names takes, dependencies in place.
    pub fn workshops(&self, plan: &Plan) -> Result<Workshops, FlowError> {
        let mut workshops = Workshops::new();
        for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
            let tree = variant.tree();
            if let Some(planned) = plan.projects.iter().find(|planned| planned.name == tree.project)
                && !workshops.contains_key(&tree)
            {
                let workshop = self.workshop(planned, &tree, &named_toolchains(plan, &tree))?;
                workshops.insert(tree, workshop);
            }
        }
        workloads::prepare(self, plan, &mut workshops)?;
        run::rehearse(plan, &workshops)?;
        Ok(workshops)
    }

    /// Everything that building `project` with its own toolchain takes, dependencies in place.
    pub fn workshop_of(&self, project: &Project) -> Result<Workshop, FlowError> {
        let planned = self.put_on_bench(project, None)?.view.planned.clone();
        self.workshop(&planned, &tree_of(&project.name), &[None])
    }

    /// The projects of `plan` that are not in the cache yet, about which less is known than there will be.
    pub fn not_fetched(&self, plan: &Plan) -> Vec<String> {
        let benches = self.benches.borrow();
        let missing =
            |name: &&String| benches.get(&tree_of(name)).is_some_and(|bench| bench.source.is_none());
        plan.projects.iter().map(|project| &project.name).filter(missing).cloned().collect()
    }

    /// What builds of the projects of `plan` roughly take, where manifests tell.
    pub fn typical(&self, plan: &Plan) -> Typical {
        let benches = self.benches.borrow();
        let of = |planned: &PlannedProject| {
            Some((planned.name.clone(), benches.get(&tree_of(&planned.name))?.view.typical.clone()))
        };
        plan.projects.iter().filter_map(of).collect()
    }

    /// Brings the dependencies of the sources in `tree` into the cache, for this host.
    pub fn fetch_dependencies(&self, tree: &Path, toolchain: &Toolchain) -> Result<(), FlowError> {
        let tool = FetchTool {
            cargo: toolchain.cargo.clone(),
            rustc: Some(toolchain.rustc.clone()),
            target: Some(toolchain.host.clone()),
        };
        Ok(sources::fetch_dependencies(tree, &tool, &self.sources)?)
    }

    fn workshop(
        &self,
        planned: &PlannedProject,
        tree: &TreeId,
        toolchains: &[Option<String>],
    ) -> Result<Workshop, FlowError> {
        let own = self.bench_of_plan(planned)?;
        let bench = match &tree.rev {
            None => own,
            Some(rev) => self.bench_of_revision(&own, rev)?,
        };
        self.check_requirements(&bench.project)?;
        let source = bench
            .source
            .clone()
            .with_context(|| format!("the source of `{}` is not in the cache", planned.name))?;
        if let Some(toolchain) = &bench.context.toolchain {
            self.fetch_dependencies(&source.dir(), toolchain)?;
        }
        let kits = toolchains.iter().map(|toolchain| self.kit(&bench, toolchain.as_deref()));
        let kits: Vec<Kit> = kits.collect::<Result<_, _>>()?;
        for toolchain in
            kits.iter().filter(|kit| kit.toolchain.is_some()).filter_map(|kit| kit.context.toolchain.as_ref())
        {
            // Older ones keep what they fetch elsewhere. One that cannot even fetch fails in its first build, with cargo's
            // own words, and the others go on.
            let _ = self.fetch_dependencies(&source.dir(), toolchain);
        }
        let (stubs, commits) = (Vec::new(), BTreeMap::new());
        Ok(Workshop { project: bench.project.clone(), source, kits, stubs, commits })
    }

    /// What builds a project with the toolchain of this name, or with its own.
    fn kit(&self, bench: &Bench, toolchain: Option<&str>) -> Result<Kit, FlowError> {
        let settings = toolchain.map(|name| ("toolchain".to_owned(), name.to_owned())).into_iter().collect();
        let context = self.context_of(bench, &settings).map_err(anyhow::Error::from)?.into_owned();
        let project = &bench.project;
        let path = self.path.to_string_lossy().into_owned();
        let build = project.build.clone();
        let driver: Box<dyn Driver> = match (&project.source, &context.toolchain) {
            (Source::Command(command), _) => Box::new(CommandDriver { source: command.clone(), build, path }),
            (_, Some(toolchain)) => {
                let (toolchain, config) = (toolchain.clone(), context.config.clone());
                let answers = Answers::default();
                Box::new(CargoDriver { toolchain, build, config, path, answers })
            }
            (_, None) => return Err(anyhow::anyhow!("no toolchain was found for `{}`", project.name).into()),
        };
        Ok(Kit { toolchain: toolchain.map(str::to_owned), driver, context })
    }

    /// The programs that a project's manifest asks for must be there.
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

/// The tree of a project that no commit is named of.
fn tree_of(project: &str) -> TreeId {
    TreeId { project: project.to_owned(), rev: None }
}

/// The toolchains that variants of a tree name in a plan, each once.
fn named_toolchains(plan: &Plan, tree: &TreeId) -> Vec<Option<String>> {
    let mut names: Vec<Option<String>> = Vec::new();
    for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
        let name = axes::toolchain_of(&variant.settings).map(str::to_owned);
        if variant.tree() == *tree && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}
