//! Where cargo puts what it builds: never where the project, a variable or the command line of a variant says, always in
//! directories of the variant's own. Whether intermediate files lie apart from the results stays as the project has it.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::CargoDriver;
use crate::build::{Recipe, Release, Site, merged};

/// The keys of cargo's configuration that the harness decides on.
const BUILD_DIR: &str = "build.build-dir";
const TARGET_DIR: &str = "build.target-dir";
/// The variables for the same.
const VARIABLE: &str = "CARGO_BUILD_BUILD_DIR";
const TARGET_VARIABLES: [&str; 2] = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];
/// The first cargo that reads the key.
const SINCE: Release = Release { major: 1, minor: 91 };

/// Whether a key of cargo's configuration says where results or intermediate files go.
pub(super) fn is_one(key: &str) -> bool {
    [BUILD_DIR, TARGET_DIR].contains(&key)
}

impl CargoDriver {
    /// The arguments that keep intermediate files in directories of the variant's own. The command line beats variables
    /// and files, and nothing that the build starts inherits it: a cargo within a build script would wait for the lock of
    /// a build directory that it shares.
    pub(super) fn build_directory(&self, site: &Site, recipe: &Recipe) -> Vec<String> {
        if self.toolchain.release < SINCE {
            return Vec::new();
        }
        let dir = if self.keeps_them_apart(recipe) { &site.build_dir } else { &site.target };
        let dir = Value::from(dir.display().to_string());
        vec!["--config".to_owned(), format!("{BUILD_DIR}={dir}")]
    }

    /// Variables that name such directories name those of the variant: what the build starts reads them too.
    pub(super) fn keep_directories(&self, site: &Site, recipe: &Recipe, env: &mut BTreeMap<String, String>) {
        let build_dir = if self.keeps_them_apart(recipe) { &site.build_dir } else { &site.target };
        let ours = TARGET_VARIABLES.map(|name| (name, &site.target));
        for (name, dir) in ours.into_iter().chain([(VARIABLE, build_dir)]) {
            if let Some(value) = env.get_mut(name).filter(|value| !value.is_empty()) {
                *value = dir.display().to_string();
            }
        }
    }

    /// What commands of the project's own need, so that a cargo among them writes nowhere else.
    pub(super) fn own_directories(&self, site: &Site, recipe: &Recipe) -> BTreeMap<String, String> {
        let apart = self.keeps_them_apart(recipe);
        let dir = || (VARIABLE.to_owned(), site.build_dir.display().to_string());
        apart.then(dir).into_iter().collect()
    }

    /// Whether intermediate files are kept apart from the results.
    fn keeps_them_apart(&self, recipe: &Recipe) -> bool {
        let mut config = Table::new();
        let home = recipe.home_config.as_deref().and_then(|text| text.parse::<Table>().ok());
        for layer in home.iter().chain(&self.config) {
            config = merged(&config, layer);
        }
        let of_files = |key: &str| {
            let (table, key) = key.split_once('.')?;
            config.get(table)?.get(key)?.as_str().map(str::to_owned)
        };
        let given = |wanted: &str| {
            let pair = recipe.config.iter().rev().find(|(key, _)| key == wanted)?;
            let table: Table = format!("x={}", pair.1).parse().ok()?;
            table.get("x")?.as_str().map(str::to_owned)
        };
        let variable = |name: &str| {
            let passed =
                || std::env::var(name).ok().filter(|_| self.build.pass_env.iter().any(|n| n == name));
            let set = recipe.env.get(name).or_else(|| self.build.env.get(name)).cloned();
            set.or_else(passed).filter(|value| !value.is_empty())
        };
        let target = given(TARGET_DIR)
            .or_else(|| TARGET_VARIABLES.iter().find_map(|name| variable(name)))
            .or_else(|| of_files(TARGET_DIR));
        let build = given(BUILD_DIR).or_else(|| variable(VARIABLE)).or_else(|| of_files(BUILD_DIR));
        let plain = |dir: &str| {
            let dir = dir.strip_prefix("{workspace-root}/").unwrap_or(dir);
            dir.trim_start_matches("./").trim_end_matches('/').to_owned()
        };
        build.is_some_and(|build| plain(&build) != plain(target.as_deref().unwrap_or("target")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{driver, site};
    use super::*;
    use crate::build::drivers::Driver;
    use crate::build::{Detail, Goal, Step};

    fn step(config: &str, recipe: &Recipe, since: Release) -> Step {
        let mut driver = driver(config);
        driver.toolchain.release = since;
        driver.step(&site(), recipe, Goal::Build, Detail::Quiet).unwrap()
    }

    fn build_dirs(config: &str, recipe: &Recipe) -> Vec<String> {
        let args = step(config, recipe, SINCE).args;
        args.iter().filter_map(|arg| Some(arg.strip_prefix("build.build-dir=")?.to_owned())).collect()
    }

    #[test]
    fn intermediate_files_never_leave_the_variants_own_directories() {
        let plain = Recipe::default();
        let (joined, apart) = (["\"/w/t00\""], ["\"/w/b00\""]);
        assert_eq!(build_dirs("", &plain), joined);
        assert_eq!(build_dirs("build.build-dir = '/mine'", &plain), apart);
        assert_eq!(build_dirs("build.build-dir = '{cargo-cache-home}/{workspace-path-hash}'", &plain), apart);
        assert_eq!(build_dirs("build.build-dir = '{workspace-root}/target'", &plain), joined);
        assert_eq!(build_dirs("build.build-dir = 'out'\nbuild.target-dir = 'out'", &plain), joined);
        let given = Recipe { config: vec![(BUILD_DIR.into(), "\"/mine\"".into())], ..Recipe::default() };
        assert_eq!(build_dirs("", &given), apart, "and what the variant gives is gone");
        let env = [(VARIABLE.to_owned(), "/mine".to_owned())].into();
        let variable = Recipe { env, ..Recipe::default() };
        assert_eq!(build_dirs("", &variable), apart);
        assert_eq!(step("", &variable, SINCE).env[VARIABLE], "/w/b00");
        let home = Recipe { home_config: Some("build.build-dir = '/mine'".into()), ..Recipe::default() };
        assert_eq!(build_dirs("", &home), apart);
    }

    #[test]
    fn a_cargo_that_knows_no_build_directory_is_not_told_of_one() {
        let old = Release { major: 1, minor: 90 };
        let args = step("build.build-dir = '/mine'", &Recipe::default(), old).args;
        assert!(args.iter().all(|arg| !arg.contains("build-dir")), "{args:?}");
    }

    #[test]
    fn a_variable_for_the_target_directory_names_the_variants() {
        let env = TARGET_VARIABLES.map(|name| (name.to_owned(), "/mine".to_owned())).into();
        let made = step("", &Recipe { env, ..Recipe::default() }, SINCE).env;
        assert!(TARGET_VARIABLES.iter().all(|name| made[*name] == "/w/t00"), "{made:?}");
    }
}
