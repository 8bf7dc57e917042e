//! Resolving projects: their pinned sources, contexts, and views for planning.

use std::cell::RefCell;
use std::path::Path;
use std::rc::Rc;

use anyhow::Context as _;
use bench_runner_core::record::{PlannedProject, TreeId};
use bench_runner_measure::axes::Context;
use bench_runner_measure::build::{BuildRequest, Goal, PreBuildQueries, SettingsInForce};
use bench_runner_measure::corpus::sources::{self, FetchContext, Pinned, SourceError};
use bench_runner_measure::corpus::{Project, edits, local};
use bench_runner_measure::plan::ProjectView;
use bench_runner_measure::scenario::RequestError;

use super::resolved::{ResolvedProject, own_tree};
use super::tools::query_config;
use super::{Projects, programs, tree_of};
use crate::flows::FlowError;

/// Remark about a generated lock file.
const NOTE_OF_LOCK: &str = "it has no Cargo.lock; cargo made one for the copy, and the plan records it";

impl Projects {
    /// The project of a plan, at the plan's pin.
    pub(super) fn resolved_as_planned(
        &self,
        planned: &PlannedProject,
    ) -> Result<Rc<ResolvedProject>, FlowError> {
        let known = self.resolved.borrow().get(&tree_of(&planned.name)).cloned();
        let resolved = match known {
            Some(resolved) => resolved,
            None => {
                let project =
                    Project::from_plan(planned).map_err(|error| FlowError::Request(error.into()))?;
                let before = sources::load_pinned(
                    &project.source_request(),
                    &planned.pin,
                    planned.ignored.as_ref(),
                    &self.sources,
                )?;
                self.resolve(&project, before.map(Ok))?
            }
        };
        match &resolved.source {
            Some(source) if source.pin != planned.pin => Err(RequestError::usage(
                format!(
                    "the plan pins `{}` at {}, and its source is at {}",
                    planned.name, planned.pin, source.pin
                ),
                Some("make a new plan, or bring the source back to its pin".into()),
            )
            .into()),
            Some(source) if !source.has_ignored(planned.ignored.as_ref()) => Err(RequestError::usage(
                format!(
                    "the files of `{}` that git ignores are not those that the plan was made with",
                    planned.name
                ),
                Some("make a new plan, or bring these files back to what they were".into()),
            )
            .into()),
            _ => Ok(resolved),
        }
    }

    /// Resolves a project, with its source if it is already pinned.
    pub(super) fn resolve(
        &self,
        project: &Project,
        before: Option<Result<Pinned, SourceError>>,
    ) -> Result<Rc<ResolvedProject>, FlowError> {
        if let Some(known) = self.resolved.borrow().get(&tree_of(&project.name))
            && known.declared == *project
        {
            return Ok(known.clone());
        }
        let source = match before.unwrap_or_else(|| sources::pin(&project.source_request(), &self.sources)) {
            Ok(source) => Some(source),
            // A plan may include a project that is not fetched yet, as long as its pin is known.
            Err(SourceError::Offline { .. }) if !self.fetch => None,
            Err(error) => return Err(error.into()),
        };
        let declared = project.clone();
        let (project, source, made) = self.with_lock(project, source)?;
        let project = &project;
        let (pin, mut notes) = match &source {
            Some(source) => (source.pin.clone(), source.notes.clone()),
            None => {
                let pin = project.source.stated_pin();
                (pin.with_context(|| format!("`{}` has no pin", project.name))?, Vec::new())
            }
        };
        notes.extend(made);
        let home = source.as_ref().and_then(|_| own_tree(project));
        let (context, queries) = self.context(project, source.as_ref(), home.as_deref())?;
        if let (Some(_), Some(source), Some(queries)) = (&home, &source, &queries) {
            self.fetch_for_queries(project, source, &context, queries);
        }
        if let (Some(home), Some(toolchain)) = (&home, &context.toolchain) {
            notes.extend(programs::notes(&self.path, |name| std::env::var_os(name)));
            notes.extend(self.note_of_choice(&project.build.started_in(home), toolchain));
        }
        if let Some(config) = &context.config {
            notes.extend(note_of_config(config));
        }
        let project = &self.with_edits(project, source.as_ref());
        let tool = &project.build.tool;
        let own_edit = tool.command().is_some_and(|command| command.edit.is_some());
        let view = ProjectView {
            planned: PlannedProject {
                name: project.name.clone(),
                pin,
                manifest: project.text.clone(),
                base: base_of(project),
                notes,
                ignored: source.as_ref().and_then(|source| source.ignored.clone()),
            },
            cargo: tool.is_cargo(),
            own: false,
            edits: project.edits.iter().map(|edit| edit.class).collect(),
            own_edit,
            profile: project.build.profile.clone(),
            estimate: project.estimate.clone(),
        };
        let contexts = RefCell::default();
        let resolved = Rc::new(ResolvedProject {
            declared,
            project: project.clone(),
            source,
            context,
            contexts,
            queries,
            view,
        });
        self.resolved.borrow_mut().insert(tree_of(&project.name), resolved.clone());
        Ok(resolved)
    }

    /// The source of a project, with a generated lock file if it is a local one that has none.
    pub fn with_lock_file(&self, project: &Project, pinned: Pinned) -> Result<Pinned, FlowError> {
        let (_, pinned, made) = self.with_lock(project, Some(pinned))?;
        let mut pinned = pinned.context("the source is known")?;
        pinned.notes.extend(made);
        Ok(pinned)
    }

    /// Fetches the dependencies of the user's own project into the cache, unless all network access is
    /// forbidden: without them cargo cannot say what it would build. If this fails, the comparison with the
    /// user's build reports it.
    fn fetch_for_queries(
        &self,
        project: &Project,
        source: &Pinned,
        context: &Context,
        queries: &Rc<PreBuildQueries>,
    ) {
        let Some(toolchain) = context.toolchain.as_ref().filter(|_| !self.offline) else { return };
        let driver = self.cargo_driver(project, toolchain.clone(), context.config.clone(), queries.clone());
        if driver.units_answer(&BuildRequest::default(), Goal::Build).units.is_err() {
            let with = FetchContext { offline: false, ..self.sources.clone() };
            let _ = super::fetch_dependencies(&source.dir(), toolchain, &context.in_force, &with);
            queries.forget();
        }
    }

    /// Fetches the dependencies of a project into the cache, if cargo builds it.
    pub fn fetch_dependencies_of(&self, project: &Project, pinned: &Pinned) -> Result<(), FlowError> {
        let (context, _) = self.context(project, Some(pinned), own_tree(project).as_deref())?;
        match &context.toolchain {
            Some(toolchain) => self.fetch_dependencies(&pinned.dir(), toolchain, &context.in_force),
            None => Ok(()),
        }
    }

    /// Generates a lock file for a local project that has none. It becomes part of the manifest, so that a
    /// plan pins it.
    pub(super) fn with_lock(
        &self,
        project: &Project,
        source: Option<Pinned>,
    ) -> Result<(Project, Option<Pinned>, Option<String>), FlowError> {
        let Some(pinned) = &source else { return Ok((project.clone(), None, None)) };
        let Some(lock) = sources::make_missing_lock(&project.source_request(), pinned, &self.sources)? else {
            return Ok((project.clone(), source, None));
        };
        let locked = local::with_lock(project, &lock);
        let project = locked.map_err(|error| RequestError::usage(error.to_string(), error.help()))?;
        let pinned = sources::pin(&project.source_request(), &self.sources)?;
        Ok((project, Some(pinned), Some(NOTE_OF_LOCK.to_owned())))
    }

    /// Proposes edits for a cargo project whose manifest has none. They become part of the manifest, so that
    /// a plan names them.
    pub(super) fn with_edits(&self, project: &Project, source: Option<&Pinned>) -> Project {
        let mut project = project.clone();
        let cargo = project.build.tool.is_cargo();
        if let Some(source) = source.filter(|_| cargo && project.edits.is_empty()) {
            // If a file cannot be read here, the first build fails with cargo's own message.
            let found = edits::propose(&source.dir(), &self.sources.cargo, &project.build);
            project.edits = found.unwrap_or_default();
            project.text.extend(project.edits.iter().map(edits::as_toml));
        }
        project
    }

    /// The project of `resolved` at its commit `rev`.
    pub(super) fn resolved_at(
        &self,
        resolved: &ResolvedProject,
        rev: &str,
    ) -> Result<Rc<ResolvedProject>, FlowError> {
        let id = TreeId { project: resolved.project.name.clone(), rev: Some(rev.to_owned()) };
        if let Some(known) = self.resolved.borrow().get(&id) {
            return Ok(known.clone());
        }
        let project = resolved.project.clone();
        let source = match sources::pin_revision(
            &project.source_request(),
            rev,
            resolved.source.as_ref(),
            &self.sources,
        ) {
            Ok(source) => Some(source),
            // A plan may include a commit that is not fetched yet.
            Err(SourceError::Offline { .. }) if !self.fetch => None,
            Err(error) => return Err(error.into()),
        };
        let (context, queries) = self.context(&project, source.as_ref(), None)?;
        let (declared, view) = (project.clone(), resolved.view.clone());
        let resolved = Rc::new(ResolvedProject {
            declared,
            project,
            source,
            context,
            contexts: RefCell::default(),
            queries,
            view,
        });
        self.resolved.borrow_mut().insert(id, resolved.clone());
        Ok(resolved)
    }

    /// The values that axes may read, and the inquiry for cargo; `home` is the user's own directory, if the
    /// copy is of what is checked out there.
    fn context(
        &self,
        project: &Project,
        source: Option<&Pinned>,
        home: Option<&Path>,
    ) -> Result<(Rc<Context>, Option<Rc<PreBuildQueries>>), FlowError> {
        let plain = Context {
            toolchain: None,
            config: None,
            in_force: SettingsInForce::default(),
            manifest: None,
            path: self.path.clone(),
            tools: self.tools_dir(),
        };
        if !project.build.tool.is_cargo() {
            return Ok((Rc::new(plain), None));
        }
        let Some(source) = source else {
            let toolchain = self.toolchain(&self.sources.cache.empty_dir())?;
            let in_force = SettingsInForce { target: toolchain.host_target(), ..SettingsInForce::default() };
            return Ok((Rc::new(Context { toolchain: Some(toolchain), in_force, ..plain }), None));
        };
        let dir = source.dir();
        let manifest = std::fs::read_to_string(dir.join("Cargo.toml"))
            .with_context(|| format!("project `{}` has no readable Cargo.toml", project.name))?;
        let manifest = manifest
            .parse()
            .map_err(|error| anyhow::anyhow!("Cargo.toml of `{}` is not valid: {error}", project.name))?;
        // In the user's directory rustup has choices that no file of the copy shows, such as an override for
        // that directory.
        let toolchain = match home {
            Some(home) => self.toolchain_at_home(&project.build.started_in(home))?,
            None => self.toolchain(&project.build.started_in(&dir))?,
        };
        let queries = Rc::new(PreBuildQueries::new(
            dir,
            source.tree_hash(),
            self.sources.cache.building_home(),
            self.sources.cache.root().join("asked"),
        ));
        let driver = self.cargo_driver(project, toolchain.clone(), None, queries.clone());
        let (config, in_force) = query_config(&driver, &BuildRequest::default()).map_err(|error| {
            let message =
                format!("project `{}`: cargo did not say {}: {}", project.name, error.what, error.reason);
            RequestError::usage(message, error.help)
        })?;
        let config = (!config.is_empty()).then_some(config);
        let context =
            Context { toolchain: Some(toolchain), config, in_force, manifest: Some(manifest), ..plain };
        Ok((Rc::new(context), Some(queries)))
    }
}

/// The tables of a project's own configuration that affect its builds. `[env]` may be private, and bundles
/// are published.
fn note_of_config(config: &toml::Table) -> Option<String> {
    let table: toml::Table =
        config.iter().filter(|(key, _)| *key != "env").map(|(k, v)| (k.clone(), v.clone())).collect();
    (!table.is_empty()).then(|| format!("its own configuration of cargo says: {}", toml::Value::Table(table)))
}

/// Base directory of relative paths in a local project's manifest; `None` for other projects.
fn base_of(project: &Project) -> Option<String> {
    project.source.directory().and(project.base.as_ref()).map(|base| base.display().to_string())
}
