//! The user's own tree compared with its copy: what cargo reads there, and whether builds of both are the
//! same.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bench_runner_core::record::{AS_CONFIGURED, Fidelity, FidelityDifference, Plan};
use bench_runner_measure::axes::{self, Settings};
use bench_runner_measure::build::{
    AskError, BuildRequest, CargoDriver, CargoInvocation, ComparedBuild, ConfigEntry, ConfigOrigin,
    Configuration, Goal, PreBuildQueries, UnitsAnswer, differences, is_build_variable, list_names,
    user_settings, with_absolute_paths,
};
use bench_runner_measure::process::{RUSTUP_TOOLCHAIN, ToolCall, ToolEnv, check_tool, find_in_path};

use super::resolved::{ResolvedProject, own_tree};
use super::{Projects, tree_of};

/// The user's configuration, as reported by cargo.
pub(super) struct UserSetup {
    pub(super) query: CargoInvocation,
    configuration: Configuration,
    /// The user's files outside of the copy that set something relevant to builds.
    files: Vec<PathBuf>,
    /// The keys that these files set.
    keys: BTreeMap<PathBuf, BTreeSet<String>>,
    /// The user's variables that are relevant to builds.
    variables: Vec<String>,
}

impl Projects {
    /// The user's own configuration for builds of a project, without the project's.
    pub(super) fn user_configuration(&self, resolved: Option<&ResolvedProject>) -> Result<String, AskError> {
        let own = resolved.and_then(|resolved| own_tree(&resolved.project));
        let started_in =
            own.as_deref().zip(resolved).map(|(own, resolved)| resolved.project.build.started_in(own));
        let query = self.user_query(started_in.as_deref());
        let configuration = query.configuration()?;
        // Copied files belong to the project. A project from elsewhere has no directory of the user's on this
        // machine.
        let copied = |file: &Path| {
            own.as_deref().zip(resolved).is_some_and(|(own, resolved)| resolved.has_copied(own, file))
        };
        Ok(user_settings(&configuration, copied, &query.env))
    }

    /// The user's cargo in a directory of the user's, or in an empty one.
    fn user_query(&self, dir: Option<&Path>) -> CargoInvocation {
        let dir = dir.map_or_else(|| self.sources.cache.empty_dir(), Path::to_path_buf);
        let mut env = CargoInvocation::user_environment();
        if let Some(home) = &self.sources.user_home {
            env.insert("CARGO_HOME".to_owned(), home.display().to_string());
        }
        CargoInvocation {
            cargo: find_in_path("cargo", &self.path).unwrap_or_else(|| "cargo".into()),
            dir,
            env,
        }
    }

    /// Compares the builds of local projects in a plan with the user's own `cargo build`, and writes the
    /// result into the plan. It builds nothing.
    pub(crate) fn compare_with_home(&self, plan: &mut Plan) {
        let mut known: HashMap<(String, Option<String>), Option<Fidelity>> = HashMap::new();
        for block in &mut plan.blocks {
            let keys: BTreeSet<(String, Option<String>)> = block
                .arms
                .iter()
                .map(|arm| &arm.variant)
                // A commit other than the user's is a difference on purpose.
                .filter(|variant| variant.rev.is_none() && !variant.replays())
                .map(|variant| (variant.project.clone(), configured_text(&variant.settings)))
                .collect();
            block.fidelity = keys
                .into_iter()
                .filter_map(|key| {
                    let fidelity =
                        known.entry(key.clone()).or_insert_with(|| self.fidelity(&key.0, key.1.as_deref()));
                    fidelity.clone()
                })
                .collect();
        }
    }

    /// The differences between builds of a local project and the user's; `None` if the project is not the
    /// user's own tree.
    fn fidelity(&self, project: &str, configured: Option<&str>) -> Option<Fidelity> {
        let resolved = self.resolved.borrow().get(&tree_of(project)).cloned()?;
        let own = own_tree(&resolved.project)?;
        resolved.queries.as_ref()?;
        let variant = configured.map(|_| AS_CONFIGURED.to_owned());
        let plain = Fidelity {
            project: project.to_owned(),
            variant,
            compared: Vec::new(),
            left_out: Vec::new(),
            differences: Vec::new(),
            not_compared: None,
        };
        Some(match self.compare(&resolved, &own, configured, &plain) {
            Ok(fidelity) => fidelity,
            Err(error) => Fidelity { not_compared: Some(error.in_one_line()), ..plain },
        })
    }

    /// Asks cargo about both builds, and compares what it answers about both.
    fn compare(
        &self,
        resolved: &ResolvedProject,
        own: &Path,
        configured: Option<&str>,
        plain: &Fidelity,
    ) -> Result<Fidelity, AskError> {
        let (Some(source), Some(queries)) = (&resolved.source, &resolved.queries) else {
            return Err(unknown("the source is not in the cache"));
        };
        let (driver, request) = self.our_build(resolved, queries, configured)?;
        let mut home = self.home(resolved, own)?;
        let left_out = if configured.is_none() { home.leave_out(resolved, own) } else { Vec::new() };
        let our_configuration = driver.configuration(&request)?;
        let ours = driver.units_answer(&request, Goal::Build);
        let in_copy = self.must_ask_in_copy(&home, own, configured.is_some());
        let yours = self.answer_at_home(&driver, &home, configured.is_some(), in_copy);

        let flags = yours.flags.as_ref().zip(ours.flags.as_ref());
        let units = yours.units.as_ref().ok().zip(ours.units.as_ref().ok());
        let (mut compared, mut found) = (vec!["configuration"], Vec::new());
        if let Some((theirs, _)) = flags {
            compared.extend(["flags", "toolchain"]);
            found.extend(self.other_compiler(&home.query, &theirs.compiler, &driver));
        }
        if units.is_some() {
            compared.push("units");
        }
        found.extend(other_rustdoc(&home.query, &driver));

        let configuration =
            |tree, configuration| ComparedBuild { tree, configuration, flags: None, units: None };
        let from = resolved.copied_from(own);
        found.extend(differences(
            &configuration(from, &home.configuration),
            &configuration(&source.tree, &our_configuration),
        ));
        let nothing = Configuration::default();
        let answer = |tree, flags, units| ComparedBuild { tree, configuration: &nothing, flags, units };
        found.extend(differences(
            &answer(if in_copy { &source.tree } else { from }, flags.map(|of| of.0), units.map(|of| of.0)),
            &answer(&source.tree, flags.map(|of| of.1), units.map(|of| of.1)),
        ));
        Ok(Fidelity {
            compared: compared.into_iter().map(str::to_owned).collect(),
            left_out,
            not_compared: why_no_units(&yours, &ours).filter(|_| found.is_empty()),
            differences: found,
            ..plain.clone()
        })
    }

    /// The driver of our own build of a project, and the request for it.
    fn our_build(
        &self,
        resolved: &ResolvedProject,
        queries: &Rc<PreBuildQueries>,
        configured: Option<&str>,
    ) -> Result<(CargoDriver, BuildRequest), AskError> {
        let toolchain = resolved.context.toolchain.clone().ok_or_else(|| unknown("there is no toolchain"))?;
        let driver =
            self.cargo_driver(&resolved.project, toolchain, resolved.context.config.clone(), queries.clone());
        let mut request = BuildRequest::default();
        if let Some(text) = configured {
            axes::apply_user_configuration(text, &mut request).map_err(|refusal| unknown(&refusal.what))?;
        }
        Ok((driver, request))
    }

    /// True if cargo cannot answer in the user's own tree: it cannot be asked there without the configuration
    /// above it, nor without writing a lock file if there is none. In the copy both are possible.
    fn must_ask_in_copy(&self, home: &UserSetup, own: &Path, configured: bool) -> bool {
        let above = !configured && home.files.iter().any(|file| self.is_above(file, own));
        above || !own.join("Cargo.lock").is_file()
    }

    pub(super) fn home(&self, resolved: &ResolvedProject, own: &Path) -> Result<UserSetup, AskError> {
        let query = self.user_query(Some(&resolved.project.build.started_in(own)));
        let configuration = query.configuration()?;
        let (mut files, mut keys) = (Vec::new(), BTreeMap::<PathBuf, BTreeSet<String>>::new());
        for entry in configuration.entries.iter().filter(|entry| entry.affects_compiler_calls()) {
            if let ConfigOrigin::File(file) = &entry.origin
                && !resolved.has_copied(own, file)
            {
                if !files.contains(file) {
                    files.push(file.clone());
                }
                keys.entry(file.clone()).or_default().insert(entry.name());
            }
        }
        let variables = query.env.keys().filter(|name| is_build_variable(name)).cloned().collect();
        Ok(UserSetup { query, configuration, files, keys, variables })
    }

    /// True if cargo finds a file on its way up from `own`: it is outside of the user's cargo home (a query
    /// can leave out that home), or the cargo home is a `.cargo` directory above the project.
    fn is_above(&self, file: &Path, own: &Path) -> bool {
        let Some(home) = self.sources.user_home.as_deref() else { return true };
        let real = home.canonicalize().unwrap_or_else(|_| home.to_owned());
        let in_home = file.starts_with(home) || file.starts_with(&real);
        let on_the_way = real.ends_with(".cargo") && real.parent().is_some_and(|dir| own.starts_with(dir));
        !in_home || on_the_way
    }

    /// Cargo's answer about the user's own build: in the user's own tree, or in the copy with the compiler of
    /// that tree.
    fn answer_at_home(
        &self,
        driver: &CargoDriver,
        home: &UserSetup,
        configured: bool,
        in_copy: bool,
    ) -> Rc<UnitsAnswer> {
        let mut query = home.query.clone();
        if in_copy {
            query.dir = driver.started_in(&driver.pre_build_queries.tree);
            // rustup's choice may depend on the directory.
            query.env.insert(RUSTUP_TOOLCHAIN.to_owned(), driver.toolchain.sysroot.display().to_string());
        }
        let home_config = if configured { self.cargo_home_config(home) } else { None };
        let mut args = vec!["build".to_owned()];
        args.extend(driver.selection(&BuildRequest::default(), Goal::Build));
        let deciding = |name: &&String| {
            is_build_variable(name)
                || name.starts_with("CARGO_")
                || name.starts_with("RUST")
                || *name == "PATH"
        };
        let env: Vec<String> = query
            .env
            .iter()
            .filter(|(name, _)| deciding(name))
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        // The user's tree is as it was copied, so the hash of the copy shows whether it has changed. The
        // configuration includes everything above it.
        let toolchain = &driver.toolchain;
        let key = [
            "at home",
            &toolchain.cargo_version,
            &toolchain.rustc_version,
            &query.dir.display().to_string(),
            &home.configuration.table().to_string(),
            &env.join("\0"),
        ]
        .map(str::to_owned)
        .join("\0");
        let (cargo, dir, env) = (query.cargo.clone(), query.dir.clone(), query.env.clone());
        driver
            .pre_build_queries
            .lookup(&key, home_config.as_deref(), &args, |_| Ok(CargoInvocation { cargo, dir, env }))
    }

    /// Configuration that only the user's cargo home has, and no directory above the project.
    pub(super) fn cargo_home_config(&self, home: &UserSetup) -> Option<String> {
        let mut without = home.query.clone();
        without.env.insert("CARGO_HOME".to_owned(), self.sources.cache.building_home().display().to_string());
        let above = without.configuration().ok()?;
        let above = above.files();
        let of_home = |entry: &&ConfigEntry| match &entry.origin {
            ConfigOrigin::File(file) => !above.contains(&file.as_path()) && entry.affects_compiler_calls(),
            ConfigOrigin::Variable(_) | ConfigOrigin::Other => false,
        };
        let entries: Vec<ConfigEntry> = home.configuration.entries.iter().filter(of_home).cloned().collect();
        let entries = with_absolute_paths(&entries);
        (!entries.is_empty()).then(|| Configuration { entries, variables: Vec::new() }.table().to_string())
    }

    /// The difference between the user's compiler and ours, if there is any.
    fn other_compiler(
        &self,
        query: &CargoInvocation,
        yours: &Path,
        driver: &CargoDriver,
    ) -> Option<FidelityDifference> {
        let toolchain = &driver.toolchain;
        let real = |path: &Path| path.canonicalize().ok();
        if yours.is_absolute() && real(yours).is_some() && real(yours) == real(&toolchain.rustc) {
            return None;
        }
        let mut env = query.env.clone();
        env.insert("RUSTUP_AUTO_INSTALL".to_owned(), "0".to_owned());
        let ask = |arg: &[&str]| {
            let call = ToolCall {
                cwd: Some(query.dir.clone()),
                env: ToolEnv::Exactly(env.clone()),
                ..ToolCall::new(yours, arg.iter().copied())
            };
            check_tool(&call).map(|output| output.stdout).unwrap_or_else(|error| error.to_string())
        };
        // A bare name may be rustup's proxy, which stands for the compiler of a toolchain. A program named by
        // its path is another one, whatever it calls.
        if yours.components().count() == 1 {
            let sysroot = ask(&["--print", "sysroot"]).lines().map(Path::new).find_map(real);
            if sysroot.is_some() && sysroot == real(&toolchain.sysroot) {
                return None;
            }
        }
        let version = ask(&["--version"]);
        let in_copy = yours.strip_prefix(&driver.pre_build_queries.tree);
        let yours = in_copy.map_or_else(|_| yours.to_owned(), |below| Path::new(".").join(below));
        let yours = format!("{}: {}", yours.display(), version.lines().next().unwrap_or_default());
        let here = format!("{} in {}", toolchain.rustc_version, toolchain.sysroot.display());
        Some(FidelityDifference { what: "toolchain".to_owned(), yours, here })
    }
}

impl UserSetup {
    /// Drops the user's own files and variables. Returns their names.
    fn leave_out(&mut self, resolved: &ResolvedProject, own: &Path) -> Vec<String> {
        self.configuration.entries.retain(|entry| match &entry.origin {
            ConfigOrigin::File(file) => resolved.has_copied(own, file),
            ConfigOrigin::Variable(_) | ConfigOrigin::Other => false,
        });
        let variables = std::mem::take(&mut self.variables);
        self.query.env.retain(|name, _| !variables.contains(name));
        let files = self.files.iter().map(|file| {
            let keys: Vec<&str> = self.keys.get(file).into_iter().flatten().map(String::as_str).collect();
            format!("{} ({})", format_user_path(file), list_names(&keys))
        });
        files.chain(variables).collect()
    }
}

fn unknown(reason: &str) -> AskError {
    AskError { what: "anything", reason: reason.to_owned(), help: None }
}

/// The reason why the units of the two builds are not compared, if they are not.
fn why_no_units(yours: &UnitsAnswer, ours: &UnitsAnswer) -> Option<String> {
    match (&yours.units, &ours.units) {
        (Ok(_), Ok(_)) => None,
        (Err(error), Ok(_)) => Some(format!("in your tree, {}", error.in_one_line())),
        (_, Err(error)) => Some(error.in_one_line()),
    }
}

/// The difference between the user's rustdoc and ours, if a variable sets the user's.
fn other_rustdoc(query: &CargoInvocation, driver: &CargoDriver) -> Option<FidelityDifference> {
    let rustdoc = query.env.get("RUSTDOC").filter(|rustdoc| !rustdoc.is_empty())?;
    let here = driver.toolchain.rustdoc.as_ref().map(|path| format!("RUSTDOC={}", path.display()));
    Some(FidelityDifference {
        what: "variables".to_owned(),
        yours: format!("RUSTDOC={rustdoc}"),
        here: here.unwrap_or_default(),
    })
}

/// A file of the user's for publication: relative to the home directory.
pub(super) fn format_user_path(file: &Path) -> String {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let below = home.as_deref().and_then(|home| file.strip_prefix(home).ok());
    below.map_or_else(|| file.display().to_string(), |below| format!("~/{}", below.display()))
}

/// The user's configuration of a variant; `Some` of an empty text if it sets nothing.
fn configured_text(settings: &Settings) -> Option<String> {
    axes::user_configuration(settings).map(str::to_owned)
}

impl ResolvedProject {
    /// The root of the copied directory, of which `own` is the project.
    fn copied_from<'o>(&self, own: &'o Path) -> &'o Path {
        let depth = self.source.as_ref().map_or(0, |source| source.root.components().count());
        own.ancestors().nth(depth).unwrap_or(own)
    }

    /// True if a file of the user's is in the copy.
    fn has_copied(&self, own: &Path, file: &Path) -> bool {
        let below = file.strip_prefix(self.copied_from(own));
        let files = self.source.as_ref().map(|source| &source.files);
        below.is_ok_and(|below| files.is_some_and(|files| files.iter().any(|copied| copied.path == below)))
    }
}
