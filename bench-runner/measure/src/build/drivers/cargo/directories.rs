//! Directories for the output of cargo. They are always specific to the variant, whatever the project, a
//! variable or the command line of a variant sets. A separate directory for intermediate files is kept if the
//! project has one.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::CargoDriver;
use crate::build::{BuildDirs, BuildRequest, Release, merge_tables};

/// Configuration keys that the harness sets.
const BUILD_DIR: &str = "build.build-dir";
const TARGET_DIR: &str = "build.target-dir";
/// Variables with the same meaning.
const VARIABLE: &str = "CARGO_BUILD_BUILD_DIR";
const TARGET_VARIABLES: [&str; 2] = ["CARGO_TARGET_DIR", "CARGO_BUILD_TARGET_DIR"];
/// First release of cargo that reads the key.
const SINCE: Release = Release { major: 1, minor: 91 };

/// True if a configuration key sets the directory of results or intermediate files.
pub(super) fn is_directory_key(key: &str) -> bool {
    [BUILD_DIR, TARGET_DIR].contains(&key)
}

impl CargoDriver {
    /// Arguments that keep intermediate files in directories of the variant. The command line overrides
    /// variables and files, and child processes of the build do not inherit it: a cargo within a build script
    /// would wait for the lock of a shared build directory.
    pub(super) fn build_dir_args(&self, dirs: &BuildDirs, request: &BuildRequest) -> Vec<String> {
        if self.toolchain.release < SINCE {
            return Vec::new();
        }
        let dir = if self.has_separate_build_dir(request) { &dirs.build_dir } else { &dirs.target };
        let dir = Value::from(dir.display().to_string());
        vec!["--config".to_owned(), format!("{BUILD_DIR}={dir}")]
    }

    /// Redirects variables that name such directories to those of the variant, because child processes of the
    /// build read them too. Also sets a variable for each directory that a file sets to a fixed path, because
    /// a cargo within a build script reads that file.
    pub(super) fn redirect_directory_variables(
        &self,
        dirs: &BuildDirs,
        request: &BuildRequest,
        env: &mut BTreeMap<String, String>,
    ) {
        let config = self.file_config(request);
        let is_fixed =
            |key: &str| text_at(&config, key).is_some_and(|dir| dir.starts_with('/') && !dir.contains('{'));
        let build_dir = if self.has_separate_build_dir(request) { &dirs.build_dir } else { &dirs.target };
        let ours = TARGET_VARIABLES.map(|name| (name, &dirs.target, false));
        let from_files = [
            (TARGET_VARIABLES[0], &dirs.target, is_fixed(TARGET_DIR)),
            (VARIABLE, build_dir, is_fixed(BUILD_DIR)),
        ];
        for (name, dir, fixed) in ours.into_iter().chain(from_files) {
            if fixed || env.get(name).is_some_and(|value| !value.is_empty()) {
                env.insert(name.to_owned(), dir.display().to_string());
            }
        }
    }

    /// Configuration from the project's own files and the cargo home.
    fn file_config(&self, request: &BuildRequest) -> Table {
        let home = request.home_config.as_deref().and_then(|text| text.parse::<Table>().ok());
        let home = home.unwrap_or_default();
        self.config.as_ref().map_or_else(|| home.clone(), |own| merge_tables(&home, own))
    }

    /// True if intermediate files have a separate directory.
    fn has_separate_build_dir(&self, request: &BuildRequest) -> bool {
        let config = self.file_config(request);
        let file_config = |key: &str| text_at(&config, key);
        let given = |wanted: &str| {
            let pair = request.config.iter().rev().find(|(key, _)| key == wanted)?;
            let table: Table = format!("x={}", pair.1).parse().ok()?;
            table.get("x")?.as_str().map(str::to_owned)
        };
        let variable = |name: &str| {
            let passed =
                || std::env::var(name).ok().filter(|_| self.build.pass_env.iter().any(|n| n == name));
            let set = request.env.get(name).or_else(|| self.build.env.get(name)).cloned();
            set.or_else(passed).filter(|value| !value.is_empty())
        };
        let target = given(TARGET_DIR)
            .or_else(|| TARGET_VARIABLES.iter().find_map(|name| variable(name)))
            .or_else(|| file_config(TARGET_DIR));
        let build = given(BUILD_DIR).or_else(|| variable(VARIABLE)).or_else(|| file_config(BUILD_DIR));
        let plain = |dir: &str| {
            let dir = dir.strip_prefix("{workspace-root}/").unwrap_or(dir);
            dir.trim_start_matches("./").trim_end_matches('/').to_owned()
        };
        build.is_some_and(|build| plain(&build) != plain(target.as_deref().unwrap_or("target")))
    }
}

fn text_at(config: &Table, key: &str) -> Option<String> {
    let (table, key) = key.split_once('.')?;
    config.get(table)?.get(key)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{dirs, driver};
    use super::*;
    use crate::build::drivers::Driver;
    use crate::build::{CommandLine, Detail, Goal};

    fn command_line(config: &str, request: &BuildRequest, since: Release) -> CommandLine {
        let mut driver = driver(config);
        driver.toolchain.release = since;
        driver.build_command(&dirs(), request, Goal::Build, Detail::Quiet).unwrap()
    }

    fn build_dirs(config: &str, request: &BuildRequest) -> Vec<String> {
        let args = command_line(config, request, SINCE).args;
        args.iter().filter_map(|arg| Some(arg.strip_prefix("build.build-dir=")?.to_owned())).collect()
    }

    #[test]
    fn intermediate_files_never_leave_the_variants_own_directories() {
        let plain = BuildRequest::default();
        let (joined, apart) = (["\"/w/t00\""], ["\"/w/b00\""]);
        assert_eq!(build_dirs("", &plain), joined);
        assert_eq!(build_dirs("build.build-dir = '/mine'", &plain), apart);
        assert_eq!(build_dirs("build.build-dir = '{cargo-cache-home}/{workspace-path-hash}'", &plain), apart);
        assert_eq!(build_dirs("build.build-dir = '{workspace-root}/target'", &plain), joined);
        assert_eq!(build_dirs("build.build-dir = 'out'\nbuild.target-dir = 'out'", &plain), joined);
        let given =
            BuildRequest { config: vec![(BUILD_DIR.into(), "\"/mine\"".into())], ..BuildRequest::default() };
        assert_eq!(build_dirs("", &given), apart, "and what the variant gives is gone");
        let env = [(VARIABLE.to_owned(), "/mine".to_owned())].into();
        let variable = BuildRequest { env, ..BuildRequest::default() };
        assert_eq!(build_dirs("", &variable), apart);
        assert_eq!(command_line("", &variable, SINCE).env[VARIABLE], "/w/b00");
        assert_eq!(command_line("build.build-dir = '/mine'", &plain, SINCE).env[VARIABLE], "/w/b00");
        assert_eq!(
            command_line("build.target-dir = '/mine'", &plain, SINCE).env["CARGO_TARGET_DIR"],
            "/w/t00"
        );
        let templated = command_line("build.build-dir = '/x/{workspace-path-hash}'", &plain, SINCE).env;
        assert!(!templated.contains_key(VARIABLE), "another workspace has another");
        let home =
            BuildRequest { home_config: Some("build.build-dir = '/mine'".into()), ..BuildRequest::default() };
        assert_eq!(build_dirs("", &home), apart);
    }

    #[test]
    fn a_cargo_that_knows_no_build_directory_is_not_told_of_one() {
        let old = Release { major: 1, minor: 90 };
        let args = command_line("build.build-dir = '/mine'", &BuildRequest::default(), old).args;
        assert!(args.iter().all(|arg| !arg.contains("build-dir")), "{args:?}");
    }

    #[test]
    fn a_variable_for_the_target_directory_names_the_variants() {
        let env = TARGET_VARIABLES.map(|name| (name.to_owned(), "/mine".to_owned())).into();
        let made = command_line("", &BuildRequest { env, ..BuildRequest::default() }, SINCE).env;
        assert!(TARGET_VARIABLES.iter().all(|name| made[*name] == "/w/t00"), "{made:?}");
    }
}
