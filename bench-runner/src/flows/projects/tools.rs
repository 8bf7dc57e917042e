//! Toolchains and tools: those that a project's own files choose, those that variants name, and those that
//! the settings of a plan use.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bench_runner_core::record::{Plan, Refusal};
use bench_runner_measure::axes::{self, Available, Context, Setting, Settings};
use bench_runner_measure::build::{
    AskError, BuildError, BuildRequest, CargoDriver, Goal, Linking, PreBuildQueries, SettingsInForce,
    Toolchain, build_settings,
};
use bench_runner_measure::corpus::Project;
use bench_runner_measure::process::{
    RUSTUP_TOOLCHAIN, ToolCall, ToolEnv, check_tool, chosen_toolchain, find_in_path,
};
use bench_runner_measure::run::DriverKey;
use bench_runner_measure::scenario::RequestError;

use super::Projects;
use super::resolved::ResolvedProject;
use crate::flows::FlowError;

impl Projects {
    /// The tools that the settings of `plan` use.
    pub fn tools(&self, plan: &Plan) -> Vec<axes::ToolInUse> {
        let all = self.resolved.borrow();
        let mut tools: Vec<axes::ToolInUse> = Vec::new();
        if !self.toolchains(plan).is_empty() {
            tools.extend(self.c_compiler());
        }
        let mut seen = HashSet::new();
        for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
            let tree = variant.tree();
            let Some(resolved) = all.get(&tree) else { continue };
            let Ok(settings) = axes::parse_all(&variant.settings) else { continue };
            for setting in settings.iter() {
                if !seen.insert((tree.clone(), setting.key.to_owned(), setting.probe_inputs_as_text())) {
                    continue;
                }
                if let Ok(Available { tool: Some(tool), .. }) = self.probe_at(resolved, &setting)
                    && !tools.contains(&tool)
                {
                    tools.push(tool);
                }
            }
        }
        tools
    }

    /// The C compiler, which rustc uses for linking; `None` if there is no `cc`.
    pub(super) fn c_compiler(&self) -> Option<axes::ToolInUse> {
        let path = find_in_path("cc", &self.path)?;
        let output = check_tool(&ToolCall::new(&path, ["--version"])).ok()?;
        let version = output.stdout.lines().next()?.to_owned();
        Some(axes::ToolInUse { name: "cc".into(), path, version })
    }

    /// The toolchains that build variants of `plan`.
    pub fn toolchains(&self, plan: &Plan) -> Vec<Toolchain> {
        let known = self.resolved.borrow();
        let mut all: Vec<Toolchain> = Vec::new();
        for variant in plan.blocks.iter().flat_map(|block| &block.arms).map(|arm| &arm.variant) {
            let context =
                known.get(&variant.tree()).map(|resolved| self.context_of(resolved, &variant.settings));
            if let Some(Ok(context)) = context
                && let Some(toolchain) = &context.toolchain
                && all.iter().all(|other| other.sysroot != toolchain.sysroot)
            {
                all.push(toolchain.clone());
            }
        }
        all
    }

    /// The values that axes may read for a variant with these settings: its toolchain, and the configuration
    /// in force with it.
    pub(super) fn context_of(
        &self,
        resolved: &ResolvedProject,
        settings: &Settings,
    ) -> Result<Rc<Context>, Refusal> {
        let (name, configured) = (axes::toolchain_name(settings), axes::user_configuration(settings));
        if name.is_none() && configured.is_none_or(str::is_empty) || resolved.context.toolchain.is_none() {
            return Ok(resolved.context.clone());
        }
        let key = (name.map(str::to_owned), configured.map(str::to_owned));
        if let Some(known) = resolved.contexts.borrow().get(&key) {
            return known.clone();
        }
        let made = self.make_context(resolved, name, configured);
        resolved.contexts.borrow_mut().insert(key, made.clone());
        made
    }

    fn make_context(
        &self,
        resolved: &ResolvedProject,
        name: Option<&str>,
        configured: Option<&str>,
    ) -> Result<Rc<Context>, Refusal> {
        let plain = Context::clone(&resolved.context);
        let toolchain = match name {
            Some(name) => Some(self.named_toolchain(name)?),
            None => plain.toolchain.clone(),
        };
        let context = Context { toolchain: toolchain.clone(), ..plain };
        let (Some(toolchain), Some(queries)) = (toolchain, &resolved.queries) else {
            return Ok(Rc::new(context));
        };
        let driver = self.cargo_driver(&resolved.project, toolchain, context.config.clone(), queries.clone());
        let mut request = BuildRequest::default();
        if let Some(text) = configured {
            axes::apply_user_configuration(text, &mut request)?;
        }
        let (config, in_force) = query_config(&driver, &request).map_err(AskError::into_refusal)?;
        Ok(Rc::new(Context { config: Some(config), in_force, ..context }))
    }

    /// The cargo driver of a project with a toolchain.
    pub(super) fn cargo_driver(
        &self,
        project: &Project,
        toolchain: Toolchain,
        config: Option<toml::Table>,
        pre_build_queries: Rc<PreBuildQueries>,
    ) -> CargoDriver {
        CargoDriver {
            toolchain,
            build: project.build.clone(),
            config,
            pre_build_queries,
            path: self.path.to_string_lossy().into_owned(),
            post_build_queries: Default::default(),
        }
    }

    /// The toolchain that a variant names.
    pub(crate) fn named_toolchain(&self, name: &str) -> Result<Toolchain, Refusal> {
        let mut named = self.named.borrow_mut();
        named.entry(name.to_owned()).or_insert_with(|| Toolchain::named(name, &self.path)).clone()
    }

    pub(super) fn probe_at(
        &self,
        resolved: &ResolvedProject,
        setting: &Setting<'_>,
    ) -> Result<Available, Refusal> {
        axes::probe(setting, &*self.context_of(resolved, &setting.probe_inputs_as_text())?)
    }

    /// The toolchain for sources in `tree`.
    pub fn toolchain(&self, tree: &Path) -> Result<Toolchain, FlowError> {
        self.toolchain_chosen(tree, None)
    }

    /// The toolchain that the user's own cargo uses in the user's directory `dir`.
    pub(super) fn toolchain_at_home(&self, dir: &Path) -> Result<Toolchain, FlowError> {
        self.toolchain_chosen(dir, chosen_toolchain().as_deref())
    }

    fn toolchain_chosen(&self, tree: &Path, chosen: Option<&OsStr>) -> Result<Toolchain, FlowError> {
        if let Some(known) = self.toolchains.borrow().get(tree) {
            return Ok(known.clone());
        }
        let toolchain = Toolchain::for_tree_with(tree, &self.path, chosen).map_err(|error| match error {
            BuildError::NotInstalled(missing) => {
                FlowError::from(RequestError::usage(missing.to_string(), Some(missing.help())))
            }
            other => anyhow::Error::from(other).into(),
        })?;
        self.toolchains.borrow_mut().insert(tree.to_owned(), toolchain.clone());
        Ok(toolchain)
    }

    /// Remark on how the user's own rustup chooses its toolchain in `dir`, if the copy does not show it: by a
    /// variable, or by an override for the directory.
    pub(super) fn note_of_choice(&self, dir: &Path, toolchain: &Toolchain) -> Option<String> {
        let by = if chosen_toolchain().is_some() {
            format!("the variable `{RUSTUP_TOOLCHAIN}`")
        } else {
            let env = ToolEnv::Inherit { set: BTreeMap::new(), remove: vec![RUSTUP_TOOLCHAIN.into()] };
            let rustup = find_in_path("rustup", &self.path)?;
            let call = ToolCall {
                cwd: Some(dir.to_owned()),
                env,
                ..ToolCall::new(rustup, ["show", "active-toolchain"])
            };
            let output = check_tool(&call).ok()?.stdout;
            output
                .contains("(directory override")
                .then(|| "`rustup override` for its directory".to_owned())?
        };
        Some(format!("{by} chooses its toolchain: {}", toolchain.rustc_version))
    }

    /// The toolchains that rustup has installed, by name, with what it says of them; empty if there is no rustup.
    pub(crate) fn installed_toolchains(&self) -> Vec<String> {
        let Some(rustup) = find_in_path("rustup", &self.path) else { return Vec::new() };
        let output = check_tool(&ToolCall::new(rustup, ["toolchain", "list"])).map(|output| output.stdout);
        output.unwrap_or_default().lines().map(str::to_owned).collect()
    }

    /// The values that axes may read without a project, with the toolchain of this name or the default one.
    pub(crate) fn plain_context(&self, toolchain: Option<&str>) -> Result<Context, Refusal> {
        let usual = || self.toolchain(&self.sources.cache.empty_dir());
        let toolchain = match toolchain {
            Some(name) => self.named_toolchain(name)?,
            None => usual().map_err(|error| error.refusal())?,
        };
        let tools = self.tools_dir();
        let target = toolchain.host_target();
        Ok(Context {
            toolchain: Some(toolchain),
            config: None,
            in_force: SettingsInForce { target, ..SettingsInForce::default() },
            manifest: None,
            path: self.path.clone(),
            tools,
        })
    }

    /// The kinds of units that a build of a project would link, as cargo plans it in the pristine tree.
    /// `None` if there is no pristine tree here, or cargo cannot say.
    pub(super) fn linking_of(
        &self,
        resolved: &ResolvedProject,
        goal: Goal,
        settings: &Settings,
    ) -> Option<Linking> {
        self.configured_driver(resolved, &DriverKey::of(settings)).ok()?.driver.linking(goal)
    }

    /// The build of a project with these settings, as cargo plans it. `None` if cargo does not say, or the settings are not
    /// available.
    pub(super) fn planned_build_of(
        &self,
        resolved: &ResolvedProject,
        goal: Goal,
        settings: &Settings,
    ) -> Option<String> {
        let context = self.context_of(resolved, settings).ok()?;
        let (toolchain, queries) = (context.toolchain.clone()?, resolved.queries.clone()?);
        let driver = self.cargo_driver(&resolved.project, toolchain, context.config.clone(), queries);
        let jobs = std::thread::available_parallelism().map_or(1, usize::from);
        let request = axes::build_request(&axes::parse_all(settings).ok()?, goal, &context, jobs);
        driver.planned_build(&request, goal)
    }

    /// Directory of the links to tools.
    pub(super) fn tools_dir(&self) -> PathBuf {
        self.sources.cache.root().join("tools")
    }
}

/// The configuration in force for a build request, and its effects on compiler calls.
pub(super) fn query_config(
    driver: &CargoDriver,
    request: &BuildRequest,
) -> Result<(toml::Table, SettingsInForce), AskError> {
    let config = build_settings(&driver.configuration(request)?);
    let in_force = driver.settings_in_force(request, &config)?;
    Ok((config, in_force))
}
