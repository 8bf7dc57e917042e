//! The projects, brought in and made ready: words of a request → pinned sources, toolchains, drivers, and what a
//! plan has to know of them.

mod workloads;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::Context as _;

use super::FlowError;
use crate::axes::{self, Availability, Context, Setting, Settings};
use crate::build::{
    CargoDriver, CommandDriver, Driver, Goal, Lacking, Toolchain, config_of_tree, files_above, user_settings,
};
use crate::corpus::sources::{self, Cache, FetchTool, Pinned, SourceError, Sources};
use crate::corpus::{Catalogue, Project, Source, edits, local};
use crate::plan::{PlanError, ProjectView, Typical, World};
use crate::process::{ToolCall, check_tool, find_in_path};
use crate::record::{Plan, PlannedProject, TreeId};
use crate::run::{self, Kit, Workshop, Workshops};
use crate::scenario::{RequestError, Word};
use crate::spanned::SourceText;

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

/// What is worth knowing of a lock file that was made.
const NOTE_OF_LOCK: &str =
    "it has no Cargo.lock: cargo made one in the copy, and it stands in the plan's manifest";

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

/// One project on the bench.
struct Bench {
    /// As its manifest has it.
    asked: Project,
    /// The same, with edits where the manifest has none.
    project: Project,
    /// `None` where it was not to be fetched and is not in the cache.
    source: Option<Pinned>,
    context: Context,
    view: ProjectView,
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

    /// The tools that the settings of `plan` bring into play.
    pub fn tools(&self, plan: &Plan) -> Vec<axes::Tool> {
        let benches = self.benches.borrow();
        let mut tools: Vec<axes::Tool> = Vec::new();
        if !self.toolchains(plan).is_empty() {
            tools.extend(self.c_compiler());
        }
        for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
            let Some(bench) = benches.get(&variant.tree()) else { continue };
            for setting in axes::each(&variant.settings) {
                if let Availability::Available { tool: Some(tool), .. } = self.probe_at(bench, &setting)
                    && !tools.contains(&tool)
                {
                    tools.push(tool);
                }
            }
        }
        tools
    }

    /// The C compiler, through which rustc links; `None` where there is none under its usual name.
    fn c_compiler(&self) -> Option<axes::Tool> {
        let path = find_in_path("cc", &self.path)?;
        let said = check_tool(&ToolCall::new(&path, ["--version"])).ok()?;
        let version = said.stdout.lines().next()?.to_owned();
        Some(axes::Tool { name: "cc".into(), path, version })
    }

    /// The toolchains that build something in `plan`.
    pub fn toolchains(&self, plan: &Plan) -> Vec<Toolchain> {
        let benches = self.benches.borrow();
        let mut all: Vec<Toolchain> = Vec::new();
        for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
            let context = benches.get(&variant.tree()).map(|bench| self.context_of(bench, &variant.settings));
            if let Some(Ok(Context { toolchain: Some(toolchain), .. })) = context
                && all.iter().all(|other| other.sysroot != toolchain.sysroot)
            {
                all.push(toolchain);
            }
        }
        all
    }

    /// What axes may look at for a variant with these settings.
    fn context_of(&self, bench: &Bench, settings: &Settings) -> Result<Context, Lacking> {
        match (axes::toolchain_of(settings), &bench.context.toolchain) {
            (Some(name), Some(_)) => {
                Ok(Context { toolchain: Some(self.named_toolchain(name)?), ..bench.context.clone() })
            }
            _ => Ok(bench.context.clone()),
        }
    }

    fn named_toolchain(&self, name: &str) -> Result<Toolchain, Lacking> {
        let mut named = self.named.borrow_mut();
        named.entry(name.to_owned()).or_insert_with(|| Toolchain::named(name, &self.path)).clone()
    }

    fn probe_at(&self, bench: &Bench, setting: &Setting<'_>) -> Availability {
        let axis = match axes::find(setting.key) {
            Ok(axis) => axis,
            Err(error) => return Availability::Missing { reason: error.message, help: None },
        };
        match self.context_of(bench, setting.beside) {
            Ok(context) => axis.probe(setting, &context),
            Err(Lacking { reason, help }) => Availability::Missing { reason, help },
        }
    }

    /// The toolchain for sources in `tree`.
    pub fn toolchain(&self, tree: &Path) -> Result<Toolchain, FlowError> {
        if let Some(known) = self.toolchains.borrow().get(tree) {
            return Ok(known.clone());
        }
        let toolchain = Toolchain::of_tree(tree, &self.path).map_err(anyhow::Error::from)?;
        self.toolchains.borrow_mut().insert(tree.to_owned(), toolchain.clone());
        Ok(toolchain)
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

    /// The toolchains that rustup has installed, as it names them; none where there is no rustup.
    pub fn installed_toolchains(&self) -> Vec<String> {
        let Some(rustup) = find_in_path("rustup", &self.path) else { return Vec::new() };
        let said = check_tool(&ToolCall::new(rustup, ["toolchain", "list"])).map(|output| output.stdout);
        said.unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// What axes may look at where no project is named, with the toolchain of that name or else the usual one.
    pub fn plain_context(&self, toolchain: Option<&str>) -> Result<Context, Lacking> {
        let usual = || self.toolchain(&self.sources.cache.nowhere());
        let toolchain = match toolchain {
            Some(name) => self.named_toolchain(name)?,
            None => usual().map_err(|error| Lacking { reason: error.to_string(), help: None })?,
        };
        let tools = self.tools_dir();
        Ok(Context {
            toolchain: Some(toolchain),
            config: None,
            manifest: None,
            path: self.path.clone(),
            tools,
        })
    }

    /// Where links to tools lie.
    fn tools_dir(&self) -> PathBuf {
        self.sources.cache.root().join("tools")
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
        let context = self.context_of(bench, &settings).map_err(anyhow::Error::from)?;
        let project = &bench.project;
        let path = self.path.to_string_lossy().into_owned();
        let build = project.build.clone();
        let driver: Box<dyn Driver> = match (&project.source, &context.toolchain) {
            (Source::Command(command), _) => Box::new(CommandDriver { source: command.clone(), build, path }),
            (_, Some(toolchain)) => {
                let (toolchain, config) = (toolchain.clone(), context.config.clone());
                Box::new(CargoDriver { toolchain, build, config, path })
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

    /// The project as the plan has it, at the plan's pin.
    fn bench_of_plan(&self, planned: &PlannedProject) -> Result<Rc<Bench>, FlowError> {
        let known = self.benches.borrow().get(&tree_of(&planned.name)).cloned();
        let bench = match known {
            Some(bench) => bench,
            None => {
                let text =
                    SourceText::new(format!("manifest of {} in the plan", planned.name), &planned.manifest);
                let project = Project::parse(&text, planned.base.as_ref().map(PathBuf::from))
                    .map_err(|error| FlowError::Request(error.into()))?;
                let before = sources::recall_of(&project, &planned.pin, &self.sources)?;
                self.put_on_bench(&project, before.map(Ok))?
            }
        };
        match &bench.source {
            Some(source) if source.pin != planned.pin => Err(RequestError::usage(
                format!(
                    "the plan pins `{}` at {}, and its source is at {}",
                    planned.name, planned.pin, source.pin
                ),
                Some("make a new plan, or bring the source back to its pin".into()),
            )
            .into()),
            _ => Ok(bench),
        }
    }

    /// Puts a project on the bench, with its source where that was pinned before.
    fn put_on_bench(
        &self,
        project: &Project,
        before: Option<Result<Pinned, SourceError>>,
    ) -> Result<Rc<Bench>, FlowError> {
        if let Some(known) = self.benches.borrow().get(&tree_of(&project.name))
            && known.asked == *project
        {
            return Ok(known.clone());
        }
        let source = match before.unwrap_or_else(|| sources::pin(project, &self.sources)) {
            Ok(source) => Some(source),
            // A plan may speak of what is not fetched yet, as long as its pin is known.
            Err(SourceError::Offline { .. }) if !self.fetch => None,
            Err(error) => return Err(error.into()),
        };
        let asked = project.clone();
        let (project, source, made) = self.with_lock(project, source)?;
        let project = &project;
        let (pin, mut notes) = match &source {
            Some(source) => (source.pin.clone(), source.notes.clone()),
            None => {
                let pin = sources::stated_pin(&project.source);
                (pin.with_context(|| format!("`{}` has no pin", project.name))?, Vec::new())
            }
        };
        notes.extend(made);
        let context = self.context(project, source.as_ref())?;
        if let Some(config) = &context.config {
            notes.extend(note_of_config(config));
        }
        let cargo = !matches!(project.source, Source::Command(_));
        let project = &self.with_edits(project, source.as_ref());
        let own_edit = matches!(&project.source, Source::Command(command) if command.edit.is_some());
        let view = ProjectView {
            planned: PlannedProject {
                name: project.name.clone(),
                pin,
                manifest: project.text.clone(),
                base: base_of(project),
                notes,
            },
            cargo,
            edits: project.edits.iter().map(|edit| edit.class).collect(),
            own_edit,
            profile: project.build.profile.clone(),
            typical: project.estimate.clone(),
        };
        let bench = Rc::new(Bench { asked, project: project.clone(), source, context, view });
        self.benches.borrow_mut().insert(tree_of(&project.name), bench.clone());
        Ok(bench)
    }

    /// The source of a project with a lock file, where it is a local one that has none.
    pub fn locked(&self, project: &Project, pinned: Pinned) -> Result<Pinned, FlowError> {
        let (_, pinned, made) = self.with_lock(project, Some(pinned))?;
        let mut pinned = pinned.context("the source is known")?;
        pinned.notes.extend(made);
        Ok(pinned)
    }

    /// A local project with a lock file, where it has none: it goes into its manifest, so that a plan pins it.
    fn with_lock(
        &self,
        project: &Project,
        source: Option<Pinned>,
    ) -> Result<(Project, Option<Pinned>, Option<String>), FlowError> {
        let Some(pinned) = &source else { return Ok((project.clone(), None, None)) };
        let Some(lock) = sources::missing_lock(project, pinned, &self.sources)? else {
            return Ok((project.clone(), source, None));
        };
        let locked = local::with_lock(project, &lock);
        let project = locked.map_err(|error| RequestError::usage(error.to_string(), None))?;
        let pinned = sources::pin(&project, &self.sources)?;
        Ok((project, Some(pinned), Some(NOTE_OF_LOCK.to_owned())))
    }

    /// A project with edits that were chosen for it, where its manifest has none and cargo builds it. They go into its
    /// manifest, so that a plan names them.
    fn with_edits(&self, project: &Project, source: Option<&Pinned>) -> Project {
        let mut project = project.clone();
        let cargo = !matches!(project.source, Source::Command(_));
        if let Some(source) = source.filter(|_| cargo && project.edits.is_empty()) {
            // What cannot be read here is told by the first build in cargo's own words.
            let found = edits::propose(&source.dir(), &self.sources.cargo, &project.build);
            project.edits = found.unwrap_or_default();
            project.text.extend(project.edits.iter().map(edits::as_toml));
        }
        project
    }

    /// The project of `bench` as its commit `rev` has it.
    fn bench_of_revision(&self, bench: &Bench, rev: &str) -> Result<Rc<Bench>, FlowError> {
        let id = TreeId { project: bench.project.name.clone(), rev: Some(rev.to_owned()) };
        if let Some(known) = self.benches.borrow().get(&id) {
            return Ok(known.clone());
        }
        let project = bench.project.clone();
        let source = match sources::pin_revision(&project, rev, &self.sources) {
            Ok(source) => Some(source),
            // A plan may speak of a commit that is not fetched yet.
            Err(SourceError::Offline { .. }) if !self.fetch => None,
            Err(error) => return Err(error.into()),
        };
        let context = self.context(&project, source.as_ref())?;
        let (asked, view) = (project.clone(), bench.view.clone());
        let bench = Rc::new(Bench { asked, project, source, context, view });
        self.benches.borrow_mut().insert(id, bench.clone());
        Ok(bench)
    }

    fn context(&self, project: &Project, source: Option<&Pinned>) -> Result<Context, FlowError> {
        let tools = self.tools_dir();
        let path = self.path.clone();
        if matches!(project.source, Source::Command(_)) {
            return Ok(Context { toolchain: None, config: None, manifest: None, path, tools });
        }
        let Some(source) = source else {
            let toolchain = Some(self.toolchain(&self.sources.cache.nowhere())?);
            return Ok(Context { toolchain, config: None, manifest: None, path, tools });
        };
        let dir = source.dir();
        let manifest = std::fs::read_to_string(dir.join("Cargo.toml"))
            .with_context(|| format!("project `{}` has no readable Cargo.toml", project.name))?;
        let manifest = manifest
            .parse()
            .map_err(|error| anyhow::anyhow!("Cargo.toml of `{}` is not valid: {error}", project.name))?;
        let config = config_of_tree(&source.tree, &source.root).map_err(anyhow::Error::from)?;
        Ok(Context { toolchain: Some(self.toolchain(&dir)?), config, manifest: Some(manifest), path, tools })
    }

    /// The projects that a word stands for: a directory, a manifest file, a name, or `tag:…`.
    fn select(&self, word: &Word) -> Result<Vec<Project>, RequestError> {
        let path = Path::new(&word.text);
        if word.text.ends_with(".toml") {
            let project =
                crate::corpus::catalogue::read(path).map_err(|e| word.complain(e.to_string(), None))?;
            return Ok(vec![project]);
        }
        if word.text.contains('/') || word.text == "." || word.text == ".." {
            return Ok(vec![local::project(path).map_err(|error| word.complain(error.to_string(), None))?]);
        }
        let selected = self.catalogue.select(&word.text);
        selected.map(|projects| projects.into_iter().cloned().collect()).map_err(|error| {
            let text = error.to_string();
            let (message, help) = text.split_once("\nhelp: ").unwrap_or((&text, ""));
            word.complain(message, Some(help.to_owned()).filter(|help| !help.is_empty()))
        })
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

/// The tables of a project's own configuration that decide how it is built; the others may hold what is nobody's
/// business, and bundles are published.
fn note_of_config(config: &toml::Table) -> Option<String> {
    const BUILDING: [&str; 4] = ["build", "target", "profile", "unstable"];
    let table: toml::Table = config
        .iter()
        .filter(|(key, _)| BUILDING.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    (!table.is_empty()).then(|| format!("its own .cargo/config.toml says: {}", toml::Value::Table(table)))
}

/// Where the relative paths of a local project's manifest start; the others have none that matter.
fn base_of(project: &Project) -> Option<String> {
    match project.source {
        Source::CratesIo(_) | Source::Git(_) | Source::Generated(_) => None,
        Source::Path(_) | Source::Command(_) => project.base.as_ref().map(|base| base.display().to_string()),
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

    fn revision(&self, project: &ProjectView, rev: &str) -> Availability {
        let Some(bench) = self.benches.borrow().get(&tree_of(&project.planned.name)).cloned() else {
            return Availability::Missing { reason: "the project is not known".into(), help: None };
        };
        match self.bench_of_revision(&bench, rev) {
            Ok(_) => Availability::Available { identity: rev.to_owned(), tool: None },
            Err(error) => {
                let text = error.to_string();
                let (reason, help) = text.split_once("\nhelp: ").unwrap_or((&text, ""));
                let help = Some(help.to_owned()).filter(|help| !help.is_empty());
                Availability::Missing { reason: reason.to_owned(), help }
            }
        }
    }

    fn commits(&self, project: &ProjectView, count: usize) -> Result<Vec<String>, Lacking> {
        let Some(bench) = self.benches.borrow().get(&tree_of(&project.planned.name)).cloned() else {
            return Err(Lacking { reason: "the project is not known".into(), help: None });
        };
        sources::commits(&bench.project, count, &self.sources).map_err(|error| {
            let text = error.to_string();
            let (reason, help) = text.split_once("\nhelp: ").unwrap_or((&text, ""));
            let help = Some(help.to_owned()).filter(|help| !help.is_empty());
            Lacking { reason: reason.to_owned(), help }
        })
    }

    fn goal(&self, tree: &TreeId, goal: Goal, settings: &Settings) -> Availability {
        let benches = self.benches.borrow();
        // Before a commit is on the bench, the project's own toolchain stands for it.
        let bench = benches.get(tree).or_else(|| benches.get(&tree_of(&tree.project)));
        let toolchain = bench.and_then(|bench| self.context_of(bench, settings).ok()?.toolchain);
        match toolchain.map_or(Ok(()), |toolchain| toolchain.can(goal, axes::toolchain_of(settings))) {
            Ok(()) => Availability::Available { identity: String::new(), tool: None },
            Err(Lacking { reason, help }) => Availability::Missing { reason, help },
        }
    }

    fn as_configured(&self, project: &ProjectView) -> Result<String, PlanError> {
        // A project from elsewhere has no place of its own on this machine, and so no directories above it.
        let bench = self.benches.borrow().get(&tree_of(&project.planned.name)).cloned();
        let own = bench.as_ref().and_then(|bench| match (&bench.project.source, &bench.project.base) {
            (Source::Path(path), base) => {
                let own = base.as_deref().unwrap_or(Path::new("")).join(&path.path);
                Some(own.canonicalize().unwrap_or(own))
            }
            _ => None,
        });
        let mut files = files_above(own.as_deref(), self.sources.user_home.as_deref());
        if let Some((own, source)) = own.zip(bench.as_ref().and_then(|bench| bench.source.as_ref())) {
            // What was copied from the directories above belongs to the project.
            let base = own.ancestors().nth(source.root.components().count()).unwrap_or(&own);
            let copied = |file: &Path| source.files.iter().any(|copied| copied.path == file);
            files.retain(|file| !file.strip_prefix(base).is_ok_and(copied));
        }
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        user_settings(&files, variables).map_err(|error| {
            let help = "put it right, or leave `as-configured` out".to_owned();
            RequestError::usage(error.to_string(), Some(help)).into()
        })
    }

    fn probe(&self, tree: &TreeId, setting: &Setting<'_>) -> Availability {
        match self.benches.borrow().get(tree) {
            Some(bench) => self.probe_at(bench, setting),
            None => Availability::Missing { reason: "the project is not known".into(), help: None },
        }
    }
}
