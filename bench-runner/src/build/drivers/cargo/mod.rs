//! Builds with cargo. The only place that knows which of cargo's sources of flags drop each other.

mod calls;
mod complaint;
mod configuration;
mod facts;
mod leftovers;
mod linking;
mod messages;
mod output;
mod quoting;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Driver, made_environment, own_program};
use crate::build::{
    BuildError, Detail, Evidence, Goal, Linking, OwnSettings, Recipe, Service, Site, Step, Store, Toolchain,
    merged,
};
use crate::corpus::BuildSettings;
use crate::process::find_in_path;
use output::Known;

pub use configuration::config_of_tree;
pub use facts::Answers;

/// Variables from which cargo takes flags in place of those in its configuration.
const FLAG_VARIABLES: [&str; 3] = ["CARGO_ENCODED_RUSTFLAGS", "RUSTFLAGS", "CARGO_BUILD_RUSTFLAGS"];
/// Makes rustc log the link line, on stable too and without changing a fingerprint.
const LINK_LOG: &str = "rustc_codegen_ssa::back::link=info";

/// Builds a cargo project with one toolchain's own binaries.
#[derive(Debug, Clone)]
pub struct CargoDriver {
    /// The toolchain.
    pub toolchain: Toolchain,
    /// The manifest's `[build]` section.
    pub build: BuildSettings,
    /// The project's own `.cargo/config.toml`, where it has one.
    pub config: Option<toml::Table>,
    /// The search path for programs, the toolchain's own directory not yet in it.
    pub path: String,
    /// What cargo has said of the project so far.
    pub answers: Answers,
}

impl CargoDriver {
    fn environment(&self, site: &Site, recipe: &Recipe) -> Result<BTreeMap<String, String>, BuildError> {
        let own = self.toolchain.rustc.parent().unwrap_or(Path::new("/"));
        let path = format!("{}:{}", own.display(), self.path);
        let mut env = made_environment(site, path, &self.build.pass_env);
        env.insert("CARGO_HOME".into(), site.cargo_home.display().to_string());
        env.insert("RUSTC".into(), self.toolchain.rustc.display().to_string());
        if let Some(rustdoc) = &self.toolchain.rustdoc {
            env.insert("RUSTDOC".into(), rustdoc.display().to_string());
        }
        env.extend(self.build.env.clone());
        env.extend(recipe.env.clone());
        if !recipe.rustflags.is_empty()
            && let Some(name) = self.dropping_variable(&env, recipe)
        {
            return Err(self.clash(&name, recipe));
        }
        Ok(env)
    }

    /// The project's own configuration with that of the recipe on top: flags are added at the level that is in force
    /// then.
    fn own_settings(&self, recipe: &Recipe) -> OwnSettings {
        let mut config = self.config.clone().unwrap_or_default();
        for (key, value) in &recipe.config {
            if let Ok(set) = format!("{key}={value}").parse() {
                config = merged(&config, &set);
            }
        }
        OwnSettings::of(Some(&config), &self.toolchain)
    }

    /// The wrapper of the compiler that is in force: a variable goes before the command line, and that before a file.
    fn wrapper(&self, recipe: &Recipe) -> Option<String> {
        let variable = recipe.env.get("RUSTC_WRAPPER").or_else(|| self.build.env.get("RUSTC_WRAPPER"));
        let given = recipe.config.iter().rev().find(|(key, _)| key == "build.rustc-wrapper");
        let given = given.map(|(_, value)| value.trim_matches(['"', '\'']).to_owned());
        let own = || Some(self.config.as_ref()?.get("build")?.get("rustc-wrapper")?.as_str()?.to_owned());
        variable.cloned().or(given).or_else(own).filter(|wrapper| !wrapper.is_empty())
    }

    /// A variable that keeps cargo from reading flags where they would be added.
    fn dropping_variable(&self, env: &BTreeMap<String, String>, recipe: &Recipe) -> Option<String> {
        let host = self.toolchain.host.to_uppercase().replace(['-', '.'], "_");
        let of_host = Some(format!("CARGO_TARGET_{host}_RUSTFLAGS"))
            .filter(|_| self.own_settings(recipe).at_the_last_level());
        let mut names = FLAG_VARIABLES.into_iter().map(str::to_owned).chain(of_host);
        names.find(|name| env.contains_key(name))
    }

    fn clash(&self, variable: &str, recipe: &Recipe) -> BuildError {
        let first = if let Some(setting) = recipe.env_from.get(variable) {
            format!("`{setting}`")
        } else if let Some(value) = self.build.env.get(variable) {
            format!("`{variable} = \"{value}\"` in `env` of the manifest's [build] section")
        } else {
            format!("`{variable}` in `pass-env` of the manifest's [build] section")
        };
        let flags = recipe.rustflags.join(" ");
        let second = match recipe.rustflags_from.as_slice() {
            [] => format!("the flags `{flags}`"),
            settings => format!("`{}`", settings.join(" ")),
        };
        let reason = format!("cargo would take flags from the variable {variable} and drop `{flags}`");
        BuildError::Clash { first, second, reason }
    }

    fn arguments(&self, site: &Site, recipe: &Recipe, goal: Goal) -> Vec<String> {
        let build = &self.build;
        let command: &[&str] = match goal {
            Goal::Build => &["build"],
            Goal::Check => &["check"],
            Goal::Clippy => &["clippy"],
            Goal::Test => &["test", "--no-run"],
            Goal::Doc => &["doc", "--no-deps"],
        };
        let mut args: Vec<String> =
            command.iter().chain(&["--locked", "--offline"]).map(|&word| word.to_owned()).collect();
        let mut option = |name: &str, value: &str| args.extend([name.to_owned(), value.to_owned()]);
        option("--target-dir", &site.target.display().to_string());
        option("--color", "never");
        option("--message-format", "json-render-diagnostics");
        option("--jobs", &recipe.jobs.to_string());
        let profile = recipe.profile.as_deref().or(build.profile.as_deref());
        if let Some(profile) = profile {
            option("--profile", profile);
        }
        build.packages.iter().for_each(|package| option("--package", package));
        // The tests and the documentation of a project are not those of its programs alone.
        if !matches!(goal, Goal::Test | Goal::Doc) {
            build.bins.iter().for_each(|bin| option("--bin", bin));
        }
        if !build.features.is_empty() {
            option("--features", &build.features.join(","));
        }
        for (key, value) in &recipe.config {
            option("--config", &format!("{key}={value}"));
        }
        if !recipe.rustflags.is_empty() {
            option("--config", &self.own_settings(recipe).adding(&recipe.rustflags));
        }
        for (key, value) in &recipe.profile_keys {
            for profile in in_force(profile, goal) {
                option("--config", &format!("profile.{profile}.{key}={value}"));
            }
        }
        if build.no_default_features {
            args.push("--no-default-features".into());
        }
        args.extend(build.args.iter().chain(&recipe.args).cloned());
        args
    }
}

/// The profiles that a build is built with. Without `--profile` tests have one of their own, which goes before what
/// it inherits.
fn in_force(profile: Option<&str>, goal: Goal) -> Vec<&str> {
    match (profile, goal) {
        (Some(profile), _) => vec![profile],
        (None, Goal::Test) => vec!["dev", "test"],
        (None, _) => vec!["dev"],
    }
}

impl Driver for CargoDriver {
    fn prepare(&self, site: &Site, recipe: &Recipe) -> Vec<Step> {
        let Ok(env) = self.environment(site, &Recipe { rustflags: Vec::new(), ..recipe.clone() }) else {
            return Vec::new();
        };
        self.build
            .prepare
            .iter()
            .filter_map(|argv| argv.split_first())
            .map(|(program, args)| Step {
                program: own_program(program, site),
                args: args.to_vec(),
                env: env.clone(),
                cwd: site.source.clone(),
            })
            .collect()
    }

    fn step(&self, site: &Site, recipe: &Recipe, goal: Goal, detail: Detail) -> Result<Step, BuildError> {
        let mut env = self.environment(site, recipe)?;
        let mut args = self.arguments(site, recipe, goal);
        // What is read back must be there, and no more of it in a timed build, whatever the configuration says.
        for name in ["CARGO_TERM_QUIET", "CARGO_TERM_VERBOSE"] {
            env.insert(name.into(), "false".into());
        }
        if detail == Detail::Proof {
            env.insert("RUSTC_LOG".into(), LINK_LOG.into());
            args.push("--verbose".into());
        }
        Ok(Step { program: self.toolchain.cargo.clone(), args, env, cwd: site.source.clone() })
    }

    fn service_of_its_own(&self, recipe: &Recipe) -> Option<Service> {
        let wrapper = self.wrapper(recipe)?;
        let named = Path::new(&wrapper);
        let program = if wrapper.contains('/') {
            named.to_owned()
        } else {
            find_in_path(&wrapper, self.path.as_ref())?
        };
        let is_sccache = named.file_name().is_some_and(|name| name == "sccache");
        is_sccache.then_some(Service { program, store: Store::Local, kept: true })
    }

    fn linking(&self, site: &Site, goal: Goal) -> Option<Linking> {
        let step = self.step(site, &Recipe::default(), goal, Detail::Quiet).ok()?;
        self.answers.units(&step).as_ref().as_ref().ok().map(Linking::of)
    }

    fn clean(&self, _: &Site, _: &Recipe) -> Option<Step> {
        None
    }

    fn edit(&self, _: &Site) -> Option<Step> {
        None
    }

    fn evidence(&self, step: &Step, stdout: &str, stderr: &str) -> Evidence {
        let members = self.answers.members(step);
        // Only a build that showed its calls is asked about further.
        let showing = step.env.contains_key("RUSTC_LOG");
        let units = showing.then(|| self.answers.units(step));
        let units =
            units.as_deref().map_or(Err("it was not asked"), |units| units.as_ref().map_err(String::as_str));
        let known = Known {
            members: members.as_ref().as_ref().map_err(String::as_str),
            units,
            root: facts::root(&members, step),
        };
        output::evidence(step, stdout, stderr, &known)
    }

    fn check_artifact(&self, site: &Site, evidence: &Evidence) -> Option<Step> {
        let (program, args) = self.build.check.as_deref()?.split_first()?;
        let artifact = evidence.executables.first().map(|path| path.display().to_string())?;
        let filled = |text: &String| text.replace("{artifact}", &artifact);
        Some(Step {
            program: own_program(&filled(program), site),
            args: args.iter().map(filled).collect(),
            env: self.environment(site, &Recipe::default()).ok()?,
            cwd: site.source.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn driver(config: &str) -> CargoDriver {
        CargoDriver {
            toolchain: Toolchain::sample(),
            build: BuildSettings::default(),
            config: (!config.is_empty()).then(|| config.parse().unwrap()),
            path: "/usr/bin".into(),
            answers: Answers::default(),
        }
    }

    fn site() -> Site {
        Site {
            source: "/w/src".into(),
            target: "/w/t00".into(),
            home: "/w/home".into(),
            tmp: "/w/tmp".into(),
            service: "/w/v00".into(),
            cargo_home: "/c/home".into(),
            edit: 0,
        }
    }

    #[test]
    fn flags_of_another_target_do_not_move_those_of_the_recipe() {
        let config = "[target.x86_64-pc-windows-msvc]\nrustflags = ['-Ca']\n[build]\nrustflags = ['-Cb']";
        let recipe = Recipe { rustflags: vec!["-Cx".into()], ..Recipe::default() };
        let step = driver(config).step(&site(), &recipe, Goal::Build, Detail::Quiet).unwrap();
        let at = step.args.iter().position(|arg| arg == "--config").unwrap();
        assert_eq!(step.args[at + 1], r#"build.rustflags=["-Cx"]"#);
    }

    #[test]
    fn settings_go_in_by_configuration_under_the_profile_that_is_built_with() {
        let configured = |profile: Option<&str>| {
            let recipe = Recipe {
                config: vec![("build.rustc-wrapper".into(), "\"/w\"".into())],
                profile_keys: vec![("package.\"*\".codegen-units".into(), "256".into())],
                profile: profile.map(str::to_owned),
                ..Recipe::default()
            };
            let args = driver("").step(&site(), &recipe, Goal::Build, Detail::Quiet).unwrap().args;
            let pairs = args.windows(2).filter(|pair| pair[0] == "--config");
            pairs.map(|pair| pair[1].clone()).collect::<Vec<_>>()
        };
        let wrapper = "build.rustc-wrapper=\"/w\"";
        assert_eq!(configured(None), [wrapper, "profile.dev.package.\"*\".codegen-units=256"]);
        assert_eq!(configured(Some("release")), [wrapper, "profile.release.package.\"*\".codegen-units=256"]);
    }

    #[test]
    fn each_goal_is_a_command_and_tests_have_a_profile_of_their_own() {
        let words = |goal: Goal| {
            let recipe = Recipe { profile_keys: vec![("lto".into(), "true".into())], ..Recipe::default() };
            let mut driver = driver("");
            driver.build.bins = vec!["tool".into()];
            let args = driver.step(&site(), &recipe, goal, Detail::Quiet).unwrap().args;
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
    fn flags_are_added_at_the_level_that_is_in_force_with_the_recipes_configuration() {
        let flags = |own: &str, key: &str| {
            let recipe = Recipe {
                config: vec![(key.to_owned(), "[\"-Cy\"]".to_owned())],
                rustflags: vec!["-Cx".into()],
                ..Recipe::default()
            };
            let args = driver(own).step(&site(), &recipe, Goal::Build, Detail::Quiet).unwrap().args;
            args.iter().rev().find(|arg| arg.contains("-Cx")).cloned().unwrap()
        };
        let target = "target.\"cfg(unix)\".rustflags";
        assert_eq!(flags("", "build.rustflags"), "build.rustflags=[\"-Cx\"]");
        assert_eq!(flags("build.rustflags = ['-Cz']", target), format!("{target}=[\"-Cx\"]"));
        assert_eq!(flags(&format!("{target} = ['-Cz']"), "build.rustflags"), format!("{target}=[\"-Cx\"]"));
    }

    fn asking() -> Recipe {
        Recipe {
            rustflags: vec!["-Cx".into()],
            rustflags_from: vec!["linker=mold".into()],
            ..Recipe::default()
        }
    }

    #[test]
    fn a_variable_that_would_drop_the_flags_is_a_clash() {
        for name in
            ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS"]
        {
            let mut driver = driver("");
            driver.build.env.insert(name.into(), "-g".into());
            let error = driver.step(&site(), &asking(), Goal::Build, Detail::Quiet).unwrap_err().to_string();
            assert!(error.contains(&format!("`{name} = \"-g\"` in `env` of the manifest")), "{error}");
            assert!(error.contains("`linker=mold`") && error.contains("drop `-Cx`"), "{error}");
            assert!(driver.step(&site(), &Recipe::default(), Goal::Build, Detail::Quiet).is_ok());
        }
        // Where the project uses the level of the host's own variable, cargo puts the two together.
        let mut driver = driver("[target.'cfg(unix)']\nrustflags = ['-Cy']");
        driver.build.env.insert("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_RUSTFLAGS".into(), "-g".into());
        assert!(driver.step(&site(), &asking(), Goal::Build, Detail::Quiet).is_ok());
    }

    #[test]
    fn a_clash_names_both_settings_as_they_were_written() {
        let recipe = Recipe {
            env: [("RUSTFLAGS".to_owned(), "-g".to_owned())].into(),
            env_from: [("RUSTFLAGS".to_owned(), "env.RUSTFLAGS=-g".to_owned())].into(),
            ..asking()
        };
        let error = driver("").step(&site(), &recipe, Goal::Build, Detail::Quiet).unwrap_err().to_string();
        assert!(error.starts_with("`env.RUSTFLAGS=-g` and `linker=mold` exclude each other: "), "{error}");
    }

    #[test]
    fn nothing_of_the_own_environment_reaches_a_build() {
        let step = driver("").step(&site(), &Recipe::default(), Goal::Build, Detail::Quiet).unwrap();
        let names: Vec<&str> = step.env.keys().map(String::as_str).collect();
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
                "TMPDIR",
                "TZ"
            ]
        );
        assert!(step.env["PATH"].starts_with("/tc/bin:"));
    }
}
