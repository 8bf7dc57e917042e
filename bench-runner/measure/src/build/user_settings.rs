//! The user's own settings for cargo's builds, apart from those of the project: cargo configuration files and
//! environment variables.
//!
//! Cargo reports them with the origin of each value. Only settings that decide how something is built are
//! kept, as TOML text: plans are self-contained and published, so no token, registry or mirror can get into
//! them.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::ask::{ConfigEntry, ConfigOrigin, Configuration};

/// Configuration tables that decide how something is built.
const TABLES: [&str; 10] = [
    "build",
    "env",
    "host",
    "patch",
    "paths",
    "profile",
    "resolver",
    "target",
    "target-applies-to-host",
    "unstable",
];
/// Name of the table of variables.
pub(crate) const VARIABLES: &str = "variables";
/// Keys of `build` that the harness sets: the compiler and rustdoc.
const HARNESS_KEYS: [&str; 2] = ["rustc", "rustdoc"];
/// Variables that decide how something is built.
const BUILD_VARIABLES: [&str; 19] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTDOCFLAGS",
    "CARGO_ENCODED_RUSTDOCFLAGS",
    "CARGO_INCREMENTAL",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_BOOTSTRAP",
    "CC",
    "CXX",
    "AR",
    "LD",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "MACOSX_DEPLOYMENT_TARGET",
    "HOST_CC",
    "TARGET_CC",
];
/// Prefixes of such variables for a single target, as the crate `cc` reads them.
const TARGET_VARIABLE_PREFIXES: [&str; 4] = ["CC_", "CXX_", "CFLAGS_", "CXXFLAGS_"];
/// Keys of `build` that can be set by variables and that the harness sets.
const NOT_FROM_VARIABLES: [&str; 6] = ["build-dir", "jobs", "rustc", "rustdoc", "target-dir", "artifact-dir"];
/// Variables that have a meaning when empty: they turn off flags of all files, or the wrapper.
const MEANINGFUL_WHEN_EMPTY: [&str; 6] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTDOCFLAGS",
    "CARGO_ENCODED_RUSTDOCFLAGS",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
];
/// Substrings in the names of variables whose values are private.
const SECRETS: [&str; 5] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"];
/// Last parts of keys whose values are paths if they contain a directory.
const PATHS: [&str; 5] = ["linker", "rustc", "rustc-workspace-wrapper", "rustc-wrapper", "rustdoc"];

/// Settings in the user's files and variables; `is_own` identifies the files of the project, which are left
/// out. Empty if there are no settings.
pub fn user_settings(
    configuration: &Configuration,
    is_own: impl Fn(&Path) -> bool,
    variables: &BTreeMap<String, String>,
) -> String {
    let is_of_user = |entry: &&ConfigEntry| match &entry.origin {
        ConfigOrigin::File(file) => !is_own(file),
        // Variables are kept as variables.
        ConfigOrigin::Variable(_) | ConfigOrigin::Other => false,
    };
    let mut entries: Vec<ConfigEntry> = configuration.entries.iter().filter(is_of_user).cloned().collect();
    entries.retain(is_kept);
    let absolute = Configuration { entries: with_absolute_paths(&entries), variables: Vec::new() };
    let mut all = absolute.table();
    let variables: Table = variables
        .iter()
        .filter(|(name, value)| {
            is_build_variable(name) && (!value.is_empty() || MEANINGFUL_WHEN_EMPTY.contains(&name.as_str()))
        })
        .map(|(name, value)| (name.clone(), Value::String(value.clone())))
        .collect();
    if !variables.is_empty() {
        all.insert(VARIABLES.to_owned(), Value::Table(variables));
    }
    all.to_string()
}

/// Tables of a configuration that decide how something is built, without secrets.
pub fn build_settings(configuration: &Configuration) -> Table {
    configuration.table_where(is_about_building)
}

fn is_about_building(entry: &ConfigEntry) -> bool {
    let table = entry.key.first().map(String::as_str).unwrap_or_default();
    let second = entry.key.get(1).map(String::as_str).unwrap_or_default();
    TABLES.contains(&table) && !(table == "env" && is_secret(second))
}

fn is_kept(entry: &ConfigEntry) -> bool {
    let is_build_key = |keys: &[&str]| {
        entry.key.len() == 2 && entry.key[0] == "build" && keys.contains(&entry.key[1].as_str())
    };
    // A separate directory for intermediate files makes a difference in time.
    let counts = entry.affects_compiler_calls() || is_build_key(&["build-dir"]);
    is_about_building(entry) && counts && !is_build_key(&HARNESS_KEYS)
}

/// `entries` with absolute paths. Relative paths start in the directory that contains `.cargo`; for a cargo
/// home, in its parent.
pub fn with_absolute_paths(entries: &[ConfigEntry]) -> Vec<ConfigEntry> {
    let relative_variables: Vec<&str> = entries
        .iter()
        .filter(|entry| {
            entry.key.len() == 3 && entry.key[2] == "relative" && entry.value.as_bool() == Some(true)
        })
        .filter(|entry| entry.key[0] == "env")
        .map(|entry| entry.key[1].as_str())
        .collect();
    let made = entries.iter().map(|entry| {
        let mut entry = entry.clone();
        let ConfigOrigin::File(file) = &entry.origin else { return entry };
        let base = file.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
        let variable = entry.key.get(1).is_some_and(|name| relative_variables.contains(&name.as_str()));
        let is_env_path =
            entry.key[0] == "env" && variable && entry.key.last().is_some_and(|key| key == "value");
        let named = entry.key.last().is_some_and(|key| PATHS.contains(&key.as_str()) || key == "path");
        let target = entry.key.join(".") == "build.target";
        if let Value::String(path) = &mut entry.value {
            let has_directory = path.contains('/');
            let is_path = is_env_path
                || entry.key[0] == "paths"
                || (named && has_directory)
                || (target && path.ends_with(".json"));
            if is_path {
                *path = base.join(&*path).display().to_string();
            }
        }
        if entry.key.len() == 3 && entry.key[0] == "env" && entry.key[2] == "relative" {
            entry.value = Value::Boolean(false);
        }
        entry
    });
    made.collect()
}

/// True if a variable decides how something is built.
pub fn is_build_variable(name: &str) -> bool {
    let is_target_variable =
        name.starts_with("CARGO_TARGET_") && ["_LINKER", "_RUSTFLAGS"].iter().any(|end| name.ends_with(end));
    let is_build_key = name.strip_prefix("CARGO_BUILD_").is_some_and(|key| {
        let key = key.to_lowercase().replace('_', "-");
        !NOT_FROM_VARIABLES.contains(&key.as_str())
    });
    let is_profile_variable = name.starts_with("CARGO_PROFILE_") || name.starts_with("CARGO_UNSTABLE_");
    let named = BUILD_VARIABLES.contains(&name)
        || TARGET_VARIABLE_PREFIXES.iter().any(|start| name.starts_with(start));
    (named || is_target_variable || is_build_key || is_profile_variable) && !is_secret(name)
}

/// True if the value of a variable is private.
pub(crate) fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    SECRETS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(names: &[&str]) -> BTreeMap<String, String> {
        names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect()
    }

    fn entry(key: &str, value: impl Into<Value>, item: bool, file: &str) -> ConfigEntry {
        let key = key.split('|').map(str::to_owned).collect();
        ConfigEntry { key, item, value: value.into(), origin: ConfigOrigin::File(file.into()) }
    }

    #[test]
    fn what_decides_a_build_is_kept_and_nothing_else() {
        let home = "/home/me/.cargo/config.toml";
        let own = "/home/me/p/.cargo/config.toml";
        let entries = vec![
            entry("build|jobs", 3, false, home),
            entry("build|rustc-wrapper", "bin/wrap", false, home),
            entry("build|rustflags", "-Cfar", true, home),
            entry("build|rustflags", "-Cnear", true, "/home/me/work/.cargo/more.toml"),
            entry("build|rustflags", "-Cown", true, own),
            entry("build|target-dir", "/t", false, home),
            entry("env|DATA|relative", true, false, home),
            entry("env|DATA|value", "data", false, home),
            entry("env|MY_TOKEN", "secret", false, home),
            entry("env|X", "1", false, home),
            entry("net|offline", true, false, home),
            entry("profile|dev|debug", 2, false, own),
            entry("registries|mine|token", "secret", false, home),
            entry("target|cfg(unix)|linker", "clang", false, home),
            entry("target|cfg(unix)|runner", "qemu", false, home),
            entry("target-applies-to-host", false, false, home),
        ];
        let configuration = Configuration { entries, variables: Vec::new() };
        let environment = variables(&["RUSTFLAGS", "PATH", "CARGO_REGISTRY_TOKEN", "CARGO_BUILD_JOBS"]);
        let text = user_settings(&configuration, |file| file == Path::new(own), &environment);
        expect_test::expect![[r#"
            target-applies-to-host = false

            [build]
            rustc-wrapper = "/home/me/bin/wrap"
            rustflags = ["-Cfar", "-Cnear"]

            [env]
            X = "1"

            [env.DATA]
            relative = false
            value = "/home/me/data"

            [target."cfg(unix)"]
            linker = "clang"

            [variables]
            RUSTFLAGS = "x"
        "#]]
        .assert_eq(&text);
    }

    #[test]
    fn a_user_without_any_configuration_says_nothing() {
        let settings_text = |variables: &BTreeMap<String, String>| {
            user_settings(&Configuration::default(), |_| false, variables)
        };
        assert_eq!(settings_text(&variables(&["PATH", "CARGO_HOME"])), "");
        assert_eq!(settings_text(&[("CFLAGS".to_owned(), String::new())].into()), "");
        let empty = ["RUSTFLAGS", "RUSTC_WRAPPER"].map(|name| (name.to_owned(), String::new()));
        assert_eq!(settings_text(&empty.into()), "[variables]\nRUSTC_WRAPPER = \"\"\nRUSTFLAGS = \"\"\n");
    }

    #[test]
    fn only_variables_that_decide_a_build_are_taken() {
        for name in [
            "CARGO_BUILD_RUSTC_WRAPPER",
            "CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER",
            "CARGO_PROFILE_DEV_DEBUG",
            "CFLAGS_x86_64_unknown_linux_gnu",
            "CC",
        ] {
            assert!(is_build_variable(name), "{name}");
        }
        for name in [
            "CARGO_BUILD_TARGET_DIR",
            "CARGO_TARGET_DIR",
            "CARGO_HOME",
            "CARGO_BUILD_RUSTC",
            "AWS_SECRET",
            "RUSTC",
        ] {
            assert!(!is_build_variable(name), "{name}");
        }
    }
}
