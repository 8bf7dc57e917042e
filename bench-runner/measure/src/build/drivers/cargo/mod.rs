//! Driver for cargo: build request → command line, output → evidence.

mod compiler_calls;
mod complaint;
mod directories;
mod leftovers;
mod linking;
mod messages;
mod output;
mod post_build_queries;
mod pre_build_queries;
mod quoting;
mod wrappers;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::{Driver, base_environment, own_program};
use crate::build::{
    BuildDirs, BuildError, BuildEvidence, BuildRequest, CommandLine, Detail, Goal, Linking, PlannedUnits,
    Service, Toolchain,
};
use crate::corpus::BuildSettings;
use output::ProjectFacts;

pub use post_build_queries::PostBuildQueries;
pub use pre_build_queries::{PreBuildQueries, UnitsAnswer};

/// Variable whose flags replace those of all other variables and files.
const FLAGS: &str = "CARGO_ENCODED_RUSTFLAGS";
/// Log filter that makes rustc log the link line, on stable too and without changing a fingerprint.
const LINK_LOG: &str = "rustc_codegen_ssa::back::link=info";

/// Builds a cargo project with the binaries of one toolchain.
#[derive(Debug, Clone)]
pub struct CargoDriver {
    /// The toolchain.
    pub toolchain: Toolchain,
    /// `[build]` section of the project manifest.
    pub build: BuildSettings,
    /// The project's own cargo configuration.
    pub config: Option<toml::Table>,
    /// Queries about builds of the project before they are made.
    pub pre_build_queries: Rc<PreBuildQueries>,
    /// Search path for programs, without the toolchain's own directory.
    pub path: String,
    /// Queries about finished builds.
    pub post_build_queries: PostBuildQueries,
}

impl CargoDriver {
    fn environment(
        &self,
        dirs: &BuildDirs,
        request: &BuildRequest,
    ) -> Result<BTreeMap<String, String>, BuildError> {
        let mut env = self.environment_without_flags(dirs, request);
        if !request.rustflags.is_empty() {
            env.insert(FLAGS.into(), self.all_flags(request)?);
        }
        Ok(env)
    }

    fn environment_without_flags(
        &self,
        dirs: &BuildDirs,
        request: &BuildRequest,
    ) -> BTreeMap<String, String> {
        let own = self.toolchain.rustc.parent().unwrap_or(Path::new("/"));
        let path = format!("{}:{}", own.display(), self.path);
        let mut env = base_environment(dirs, path, &self.build.pass_env);
        env.insert("CARGO_HOME".into(), dirs.cargo_home.display().to_string());
        env.insert("RUSTC".into(), self.toolchain.rustc.display().to_string());
        if let Some(rustdoc) = &self.toolchain.rustdoc {
            env.insert("RUSTDOC".into(), rustdoc.display().to_string());
        }
        env.extend(self.own_environment(request));
        self.redirect_directory_variables(dirs, request, &mut env);
        env
    }

    /// Variables set by the project manifest and the build request.
    fn own_environment(&self, request: &BuildRequest) -> BTreeMap<String, String> {
        let mut env = self.build.env.clone();
        env.extend(request.env.clone());
        env
    }

    fn arguments(&self, dirs: &BuildDirs, request: &BuildRequest, goal: Goal) -> Vec<String> {
        let mut args = command_args(goal);
        let mut option = |name: &str, value: &str| args.extend([name.to_owned(), value.to_owned()]);
        option("--target-dir", &dirs.target.display().to_string());
        option("--color", "never");
        option("--message-format", "json-render-diagnostics");
        option("--jobs", &request.jobs.to_string());
        let mut selection = self.selection(request, goal);
        // If a key is set twice, cargo uses the last value; arguments after `--` are not for cargo.
        let end = selection.iter().position(|arg| arg == "--").unwrap_or(selection.len());
        selection.splice(end..end, self.build_dir_args(dirs, request));
        args.extend(selection);
        args
    }

    /// Working directory of cargo for a project in `source`: cargo searches for configuration from there
    /// upwards.
    pub fn started_in(&self, source: &Path) -> PathBuf {
        self.build.started_in(source)
    }

    /// Arguments that decide what is built and how.
    pub fn selection(&self, request: &BuildRequest, goal: Goal) -> Vec<String> {
        selection_args(&self.build, request, goal)
    }
}

/// Arguments of cargo for a project, without those that name directories of the machine or the form of the
/// output.
pub fn portable_cargo_args(build: &BuildSettings, request: &BuildRequest, goal: Goal) -> Vec<String> {
    let mut args = command_args(goal);
    args.extend(["--jobs".to_owned(), request.jobs.to_string()]);
    args.extend(selection_args(build, request, goal));
    args
}

/// The command of cargo, for a build that neither changes the lock file nor accesses the network.
fn command_args(goal: Goal) -> Vec<String> {
    let command: &[&str] = match goal {
        Goal::Build => &["build"],
        Goal::Check => &["check"],
        Goal::Clippy => &["clippy"],
        Goal::Test => &["test", "--no-run"],
        Goal::Doc => &["doc", "--no-deps"],
    };
    command.iter().chain(&["--locked", "--offline"]).map(|&word| word.to_owned()).collect()
}

fn selection_args(build: &BuildSettings, request: &BuildRequest, goal: Goal) -> Vec<String> {
    let mut args = Vec::new();
    let mut option = |name: &str, value: &str| args.extend([name.to_owned(), value.to_owned()]);
    let profile = request.profile.as_deref().or(build.profile.as_deref());
    if let Some(profile) = profile {
        option("--profile", profile);
    }
    build.packages.iter().for_each(|package| option("--package", package));
    if goal.is_limited_to_programs() {
        build.bins.iter().for_each(|bin| option("--bin", bin));
    }
    if !build.features.is_empty() {
        option("--features", &build.features.join(","));
    }
    for (key, value) in request.config.iter().filter(|(key, _)| !directories::is_directory_key(key)) {
        option("--config", &format!("{key}={value}"));
    }
    for (key, value) in &request.profile_keys {
        for profile in profiles_in_force(profile, goal) {
            option("--config", &format!("profile.{profile}.{key}={value}"));
        }
    }
    if build.no_default_features {
        args.push("--no-default-features".into());
    }
    args.extend(build.args.iter().chain(&request.args).cloned());
    args
}

/// Profiles that a build uses.
fn profiles_in_force(profile: Option<&str>, goal: Goal) -> Vec<&str> {
    profile.map_or_else(|| goal.default_profiles().to_vec(), |profile| vec![profile])
}

impl Driver for CargoDriver {
    fn prepare(&self, dirs: &BuildDirs, request: &BuildRequest) -> Vec<CommandLine> {
        let Ok(env) = self.environment(dirs, &BuildRequest { rustflags: Vec::new(), ..request.clone() })
        else {
            return Vec::new();
        };
        self.build
            .prepare
            .iter()
            .filter_map(|argv| argv.split_first())
            .map(|(program, args)| CommandLine {
                program: own_program(program, dirs),
                args: args.to_vec(),
                env: env.clone(),
                cwd: dirs.source.clone(),
            })
            .collect()
    }

    fn build_command(
        &self,
        dirs: &BuildDirs,
        request: &BuildRequest,
        goal: Goal,
        detail: Detail,
    ) -> Result<CommandLine, BuildError> {
        let mut env = self.environment(dirs, request)?;
        let mut args = self.arguments(dirs, request, goal);
        // Output that is parsed must be complete, and a timed build must not print more, whatever the
        // configuration says.
        for name in ["CARGO_TERM_QUIET", "CARGO_TERM_VERBOSE"] {
            env.insert(name.into(), "false".into());
        }
        if detail == Detail::Proof {
            env.insert("RUSTC_LOG".into(), LINK_LOG.into());
            args.push("--verbose".into());
        }
        Ok(CommandLine {
            program: self.toolchain.cargo.clone(),
            args,
            env,
            cwd: self.started_in(&dirs.source),
        })
    }

    fn implicit_service(&self, request: &BuildRequest) -> Option<Service> {
        self.sccache(request)
    }

    fn linking(&self, goal: Goal) -> Option<Linking> {
        self.units_answer(&BuildRequest::default(), goal).units.as_ref().ok().map(Linking::from_units)
    }

    fn planned_units(&self, goal: Goal) -> Option<u32> {
        // Other settings hardly change the number, and planning has often asked for this one.
        let ask = || {
            let answer = self.units_answer(&BuildRequest::default(), goal);
            answer.units.as_ref().ok().map(PlannedUnits::compiled)
        };
        ask().or_else(|| {
            // Planning may have asked before the dependencies were there.
            self.pre_build_queries.forget();
            ask()
        })
    }

    fn compiled_units(&self, stdout: &str) -> Option<u32> {
        Some(messages::compiled_units(stdout))
    }

    fn clean(&self, _: &BuildDirs, _: &BuildRequest) -> Option<CommandLine> {
        None
    }

    fn edit(&self, _: &BuildDirs) -> Option<CommandLine> {
        None
    }

    fn evidence(&self, command: &CommandLine, stdout: &str, stderr: &str) -> BuildEvidence {
        let members = self.post_build_queries.members(command);
        // Units are only queried for a build that showed its calls.
        let showing = command.env.contains_key("RUSTC_LOG");
        let units = showing.then(|| self.post_build_queries.units(command));
        let units =
            units.as_deref().map_or(Err("it was not asked"), |units| units.as_ref().map_err(String::as_str));
        let known = ProjectFacts {
            members: members.as_ref().as_ref().map_err(String::as_str),
            units,
            root: post_build_queries::sources_root(&members, command),
        };
        output::evidence(command, stdout, stderr, &known)
    }

    fn check_artifact(&self, dirs: &BuildDirs, evidence: &BuildEvidence) -> Option<CommandLine> {
        let (program, args) = self.build.check.as_deref()?.split_first()?;
        let artifact = evidence.executables.first().map(|path| path.display().to_string())?;
        let filled = |text: &String| text.replace("{artifact}", &artifact);
        Some(CommandLine {
            program: own_program(&filled(program), dirs),
            args: args.iter().map(filled).collect(),
            env: self.environment(dirs, &BuildRequest::default()).ok()?,
            cwd: dirs.source.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn driver(config: &str) -> CargoDriver {
        CargoDriver {
            toolchain: Toolchain::sample(),
            build: BuildSettings::default(),
            config: (!config.is_empty()).then(|| config.parse().unwrap()),
            path: "/usr/bin".into(),
            pre_build_queries: Rc::new(PreBuildQueries::answering_with(&[])),
            post_build_queries: PostBuildQueries::default(),
        }
    }

    /// A driver of a project that has these flags in force.
    fn with_flags(flags: &[&str]) -> CargoDriver {
        CargoDriver { pre_build_queries: Rc::new(PreBuildQueries::answering_with(flags)), ..driver("") }
    }

    pub(super) fn dirs() -> BuildDirs {
        BuildDirs {
            source: "/w/src".into(),
            target: "/w/t00".into(),
            build_dir: "/w/b00".into(),
            home: "/w/home".into(),
            tmp: "/w/tmp".into(),
            service: "/w/v00".into(),
            cargo_home: "/c/home".into(),
            edit: 0,
        }
    }

    #[test]
    fn flags_go_in_behind_those_that_are_in_force() {
        let request = BuildRequest { rustflags: vec!["-Cx=a b".into()], ..BuildRequest::default() };
        let command = with_flags(&["--cfg", "own"])
            .build_command(&dirs(), &request, Goal::Build, Detail::Quiet)
            .unwrap();
        assert_eq!(command.env[FLAGS], "--cfg\u{1f}own\u{1f}-Cx=a b");
        let plain =
            with_flags(&["-Ca"]).build_command(&dirs(), &BuildRequest::default(), Goal::Build, Detail::Quiet);
        assert!(!plain.unwrap().env.contains_key(FLAGS), "what cargo does by itself is left to it");
    }

    #[test]
    fn settings_go_in_by_configuration_under_the_profile_that_is_built_with() {
        let configured = |profile: Option<&str>| {
            let request = BuildRequest {
                config: vec![("build.rustc-wrapper".into(), "\"/w\"".into())],
                profile_keys: vec![("package.\"*\".codegen-units".into(), "256".into())],
                profile: profile.map(str::to_owned),
                ..BuildRequest::default()
            };
            let args = driver("").build_command(&dirs(), &request, Goal::Build, Detail::Quiet).unwrap().args;
            let pairs = args.windows(2).filter(|pair| pair[0] == "--config");
            let set = pairs.map(|pair| pair[1].clone());
            set.filter(|set| !set.starts_with("build.build-dir=")).collect::<Vec<_>>()
        };
        let wrapper = "build.rustc-wrapper=\"/w\"";
        assert_eq!(configured(None), [wrapper, "profile.dev.package.\"*\".codegen-units=256"]);
        assert_eq!(configured(Some("release")), [wrapper, "profile.release.package.\"*\".codegen-units=256"]);
    }

    #[test]
    fn each_goal_is_a_command_and_tests_have_a_profile_of_their_own() {
        let words = |goal: Goal| {
            let request =
                BuildRequest { profile_keys: vec![("lto".into(), "true".into())], ..BuildRequest::default() };
            let mut driver = driver("");
            driver.build.bins = vec!["tool".into()];
            let args = driver.build_command(&dirs(), &request, goal, Detail::Quiet).unwrap().args;
            let bin = args.iter().any(|arg| arg == "--bin");
            let keys: Vec<String> = args.iter().filter(|arg| arg.contains("lto=")).cloned().collect();
            (args[..2].join(" "), bin, keys.join(" "))
        };
        let of = |command: &str, bin: bool, keys: &str| (command.to_owned(), bin, keys.to_owned());
        assert_eq!(words(Goal::Build), of("build --locked", true, "profile.dev.lto=true"));
        assert_eq!(words(Goal::Clippy), of("clippy --locked", true, "profile.dev.lto=true"));
        let both = "profile.dev.lto=true profile.test.lto=true";
        assert_eq!(words(Goal::Test), of("test --no-run", false, both));
        assert_eq!(words(Goal::Doc), of("doc --no-deps", false, "profile.dev.lto=true"));
    }

    #[test]
    fn nothing_of_the_own_environment_reaches_a_build() {
        let command =
            driver("").build_command(&dirs(), &BuildRequest::default(), Goal::Build, Detail::Quiet).unwrap();
        let names: Vec<&str> = command.env.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "CARGO_HOME",
                "CARGO_TERM_QUIET",
                "CARGO_TERM_VERBOSE",
                "GIT_CEILING_DIRECTORIES",
                "HOME",
                "LANG",
                "LC_ALL",
                "PATH",
                "RUSTC",
                "RUSTUP_AUTO_INSTALL",
                "TMPDIR",
                "TZ"
            ]
        );
        assert!(command.env["PATH"].starts_with("/tc/bin:"));
    }
}
