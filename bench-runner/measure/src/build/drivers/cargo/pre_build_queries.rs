//! Queries about the builds of a project before any is made: the configuration in force, the units, the
//! flags.
//!
//! Answers are cached by everything that they depend on, so an unchanged tree is not queried twice.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use bench_runner_core::record::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::CargoDriver;
use crate::build::ask::{
    AskError, CargoInvocation, CompilerFlags, Configuration, PlannedUnits, UnitsRequest, units_and_flags,
};
use crate::build::{BuildDirs, BuildError, BuildRequest, BuildTarget, Goal, SettingsInForce};
use crate::corpus::sources;

/// Queries about builds of one source tree before they are made. Answers are cached, in files too.
#[derive(Debug)]
pub struct PreBuildQueries {
    /// Directory of the project in the pristine tree.
    pub tree: PathBuf,
    /// Hash of that tree.
    pub hash: String,
    /// Cargo home for building.
    pub building_home: PathBuf,
    /// Directory for cached answers and scratch directories.
    pub dir: PathBuf,
    answers: RefCell<HashMap<String, Rc<UnitsAnswer>>>,
    /// Flags in every answer, in tests without a project.
    #[cfg(test)]
    known: Option<CompilerFlags>,
}

/// Cargo's answer to a query for the units of a build.
#[derive(Debug, Clone)]
pub struct UnitsAnswer {
    /// The units.
    pub units: Result<PlannedUnits, AskError>,
    /// The compiler and its flags, which cargo may know even if it does not know the units.
    pub flags: Option<CompilerFlags>,
}

/// A `UnitsAnswer` as it is cached.
#[derive(Serialize, Deserialize)]
struct CachedAnswer {
    units: PlannedUnits,
}

impl PreBuildQueries {
    /// Creates queries about the tree in `tree` that has this hash.
    pub fn new(tree: PathBuf, hash: String, building_home: PathBuf, dir: PathBuf) -> Self {
        Self {
            tree,
            hash,
            building_home,
            dir,
            answers: RefCell::default(),
            #[cfg(test)]
            known: None,
        }
    }

    /// Creates queries that are always answered with these flags.
    #[cfg(test)]
    pub(crate) fn answering_with(flags: &[&str]) -> Self {
        let host = flags.iter().map(|&flag| flag.to_owned()).collect();
        let known = Some(CompilerFlags { compiler: "/tc/bin/rustc".into(), host, targets: Vec::new() });
        Self { known, ..Self::new("/w".into(), String::new(), "/c/home".into(), "/c/asked".into()) }
    }

    /// Drops the answers of this process: what was missing may be available now.
    pub fn forget(&self) {
        self.answers.borrow_mut().clear();
    }

    /// Creates a scratch directory for one query, removed when dropped. It contains a cargo home if there is
    /// a configuration of the user, `home_config`.
    fn scratch_dir(&self, home_config: Option<&str>) -> Result<(tempfile::TempDir, PathBuf), AskError> {
        let failed = |reason: String| AskError { what: "anything", reason, help: None };
        let made = std::fs::create_dir_all(&self.dir)
            .and_then(|()| tempfile::Builder::new().prefix(".ask-").tempdir_in(&self.dir));
        let scratch_dir = made.map_err(|error| failed(format!("{}: {error}", self.dir.display())))?;
        let Some(config) = home_config else { return Ok((scratch_dir, self.building_home.clone())) };
        let home = scratch_dir.path().join("cargo-home");
        sources::write_cargo_home(&home, &self.building_home, Some(config))
            .map_err(|error| AskError { help: error.help(), ..failed(error.to_string()) })?;
        Ok((scratch_dir, home))
    }

    /// Returns the cached answer, or runs the query.
    pub fn lookup(
        &self,
        key: &str,
        home_config: Option<&str>,
        args: &[String],
        invocation: impl FnOnce(&BuildDirs) -> Result<CargoInvocation, AskError>,
    ) -> Rc<UnitsAnswer> {
        #[cfg(test)]
        if let Some(flags) = &self.known {
            return Rc::new(UnitsAnswer { units: Ok(PlannedUnits::default()), flags: Some(flags.clone()) });
        }
        let key = hash_parts(&[
            key,
            &self.hash,
            &self.tree.display().to_string(),
            home_config.unwrap_or("-"),
            &args.join("\u{1f}"),
        ]);
        if let Some(known) = self.answers.borrow().get(&key) {
            return known.clone();
        }
        let file = self.dir.join(format!("{key}.json"));
        let kept = std::fs::read_to_string(&file)
            .ok()
            .and_then(|text| serde_json::from_str::<CachedAnswer>(&text).ok());
        let answer = match kept {
            Some(CachedAnswer { units }) => {
                UnitsAnswer { flags: Some(units.flags.clone()), units: Ok(units) }
            }
            None => self.ask(home_config, args, invocation),
        };
        let answer = Rc::new(answer);
        if let Ok(units) = &answer.units
            && !file.exists()
        {
            store_answer(&file, units);
        }
        self.answers.borrow_mut().insert(key, answer.clone());
        answer
    }

    fn ask(
        &self,
        home_config: Option<&str>,
        args: &[String],
        invocation: impl FnOnce(&BuildDirs) -> Result<CargoInvocation, AskError>,
    ) -> UnitsAnswer {
        let query = || -> Result<UnitsAnswer, AskError> {
            let (scratch_dir, cargo_home) = self.scratch_dir(home_config)?;
            let invocation = invocation(&self.dirs(scratch_dir.path(), &cargo_home))?;
            let request = UnitsRequest { args, cargo_home: &cargo_home, scratch: scratch_dir.path() };
            let (units, flags) = units_and_flags(&invocation, &request);
            Ok(UnitsAnswer { units, flags })
        };
        query().unwrap_or_else(|error| UnitsAnswer { units: Err(error), flags: None })
    }

    /// Directories for a query; nothing is built in them.
    fn dirs(&self, scratch_dir: &Path, cargo_home: &Path) -> BuildDirs {
        let within = |name: &str| scratch_dir.join(name);
        BuildDirs {
            source: self.tree.clone(),
            target: within("target"),
            build_dir: within("build-dir"),
            home: within("home"),
            tmp: within("tmp"),
            service: within("service"),
            cargo_home: cargo_home.to_owned(),
            edit: 0,
        }
    }
}

/// Caches an answer for later runs. If that fails, it is queried again.
fn store_answer(file: &Path, units: &PlannedUnits) {
    let Some(dir) = file.parent() else { return };
    let write = || -> std::io::Result<()> {
        let scratch = tempfile::NamedTempFile::new_in(dir)?;
        serde_json::to_writer(&scratch, &CachedAnswer { units: units.clone() })?;
        scratch.persist(file).map(drop).map_err(|error| error.error)
    };
    let _ = write();
}

fn hash_parts(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

impl CargoDriver {
    /// The configuration that builds of this request read.
    ///
    /// # Errors
    /// If cargo cannot answer.
    pub fn configuration(&self, request: &BuildRequest) -> Result<Configuration, AskError> {
        let (scratch_dir, cargo_home) = self.pre_build_queries.scratch_dir(request.home_config.as_deref())?;
        let dirs = self.pre_build_queries.dirs(scratch_dir.path(), &cargo_home);
        self.invocation(&dirs, request).configuration()
    }

    /// The units of a build of this request, and the flags of its compiler calls.
    pub fn units_answer(&self, request: &BuildRequest, goal: Goal) -> Rc<UnitsAnswer> {
        let mut args = query_command(goal).to_vec();
        args.extend(self.selection(request, goal));
        let env = self.own_environment(request);
        let env: Vec<String> = env.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let toolchain = &self.toolchain;
        let key = [
            &toolchain.sysroot.display().to_string(),
            &toolchain.rustc_version,
            &toolchain.cargo_version,
            &self.started_in(Path::new("")).display().to_string(),
            &env.join("\0"),
        ]
        .map(String::as_str)
        .join("\0");
        self.pre_build_queries
            .lookup(&key, request.home_config.as_deref(), &args, |dirs| Ok(self.invocation(dirs, request)))
    }

    /// The build of a request as cargo plans it, as a text: equal texts are the same build. `None` if cargo does not say.
    pub fn planned_build(&self, request: &BuildRequest, goal: Goal) -> Option<String> {
        let answer = self.units_answer(request, goal);
        let units = answer.units.as_ref().ok()?;
        let mut unplanned = request.clone();
        // The profiles of the units show these.
        unplanned.profile_keys.clear();
        unplanned.config.retain(|(key, _)| key != "build.incremental");
        unplanned.rustflags_from.clear();
        unplanned.env_from.clear();
        let toolchain = self.toolchain.sysroot.display().to_string();
        Some(hash_parts(&[&toolchain, &format!("{units:?}"), &format!("{unplanned:?}")]))
    }

    /// Settings for compiler calls in the configuration in force.
    ///
    /// # Errors
    /// If cargo does not print the flags that it would call the compiler with, or rustc does not know a
    /// target.
    pub fn settings_in_force(
        &self,
        request: &BuildRequest,
        config: &toml::Table,
    ) -> Result<SettingsInForce, AskError> {
        let flags = self.flags(request)?;
        let named: Vec<String> = flags.targets.iter().map(|(target, _)| target.clone()).collect();
        let target = match named.first() {
            Some(triple) if *triple != self.toolchain.host => BuildTarget {
                triple: triple.clone(),
                cfg: self.toolchain.cfg_for_target(triple, &self.pre_build_queries.tree).map_err(
                    |reason| AskError {
                        what: "which target it would build for",
                        reason,
                        help: Some(format!("rustup target add {triple}")),
                    },
                )?,
            },
            _ => self.toolchain.host_target(),
        };
        // If several targets have different flags, there is no common answer.
        let results_flags = flags.for_results().map(<[String]>::to_vec).unwrap_or_default();
        Ok(SettingsInForce { flags: results_flags, linker: target.linker(config), target, named })
    }

    /// The flags that cargo calls the compiler with, before those of the build request are added.
    fn flags(&self, request: &BuildRequest) -> Result<CompilerFlags, AskError> {
        // Nothing else in a build request can change them, and one answer is reused for many variants.
        let plain = BuildRequest {
            rustflags: Vec::new(),
            profile_keys: Vec::new(),
            profile: None,
            args: request.args.clone(),
            config: request.config.clone(),
            env: request.env.clone(),
            home_config: request.home_config.clone(),
            ..BuildRequest::default()
        };
        let answer = self.units_answer(&plain, Goal::Build);
        let what = "which flags it would call the compiler with";
        answer.flags.clone().ok_or_else(|| match &answer.units {
            Err(error) => AskError { what, ..error.clone() },
            Ok(_) => AskError { what, reason: "it called no compiler".to_owned(), help: None },
        })
    }

    /// The flags of every compiler call: those in force, then those of the build request.
    pub(super) fn all_flags(&self, request: &BuildRequest) -> Result<String, BuildError> {
        let flags = self.flags(request).map_err(BuildError::Ask)?;
        let Some(in_force) = flags.for_results() else {
            let targets: Vec<&str> = flags.targets.iter().map(|(target, _)| target.as_str()).collect();
            return Err(BuildError::Clash {
                first: format!("`{}`", request.rustflags_from.join(" ")),
                second: format!("the targets {}", targets.join(" and ")),
                reason:
                    "the project builds for them with flags of their own, and flags cannot be added to both"
                        .to_owned(),
            });
        };
        Ok(in_force.iter().chain(&request.rustflags).cloned().collect::<Vec<_>>().join("\u{1f}"))
    }

    fn invocation(&self, dirs: &BuildDirs, request: &BuildRequest) -> CargoInvocation {
        let env = self.environment_without_flags(dirs, request);
        CargoInvocation { cargo: self.toolchain.cargo.clone(), dir: self.started_in(&dirs.source), env }
    }
}

/// The command to query: clippy builds what `check` builds.
fn query_command(goal: Goal) -> Vec<String> {
    let words: &[&str] = match goal {
        Goal::Build => &["build"],
        Goal::Check | Goal::Clippy => &["check"],
        Goal::Test => &["test", "--no-run"],
        Goal::Doc => &["doc", "--no-deps"],
    };
    words.iter().map(|&word| word.to_owned()).collect()
}
