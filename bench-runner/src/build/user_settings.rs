//! What the user's own configuration says to cargo's builds: files of cargo and variables of the environment.
//!
//! Only what decides how something is built is read. What it comes to is a text of TOML, because plans are complete in
//! themselves and are published: nothing of tokens, registries or mirrors can get into it.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{BuildError, merged};

/// The tables that decide how something is built.
const TABLES: [&str; 5] = ["build", "env", "profile", "target", "unstable"];
/// The table of the variables.
pub const VARIABLES: &str = "variables";
/// Keys of `build` that the harness decides on: directories, jobs, and the compiler itself.
const OF_THE_HARNESS: [&str; 5] = ["build-dir", "jobs", "rustc", "rustdoc", "target-dir"];
/// Variables that decide how something is built.
const NAMES: [&str; 17] = [
    "RUSTFLAGS",
    "CARGO_ENCODED_RUSTFLAGS",
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
/// The same for one target, as the crate `cc` reads them.
const OF_A_TARGET: [&str; 4] = ["CC_", "CXX_", "CFLAGS_", "CXXFLAGS_"];
/// Variables that say something when they are empty: no flags of any file, no wrapper.
const SWITCHES_OFF: [&str; 4] =
    ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"];
/// Parts of names of variables whose values are nobody's business.
const SECRETS: [&str; 5] = ["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"];

/// The configuration files that cargo would read for a project in `tree`, the project's own left out: those of the
/// directories above it from the nearest on, then that of the user's cargo home. Without a tree the latter only.
pub fn files_above(tree: Option<&Path>, cargo_home: Option<&Path>) -> Vec<PathBuf> {
    let above = tree.into_iter().flat_map(|tree| tree.ancestors().skip(1)).map(|dir| dir.join(".cargo"));
    let mut files: Vec<PathBuf> = Vec::new();
    for dir in above.chain(cargo_home.map(Path::to_path_buf)) {
        // Where both names exist, cargo takes the one without an ending.
        let file =
            ["config", "config.toml"].map(|name| dir.join(name)).into_iter().find(|file| file.is_file());
        if let Some(file) = file
            && !files.contains(&file)
        {
            files.push(file);
        }
    }
    files
}

/// What `files`, the nearest first, and `variables` say; the empty text where they say nothing.
///
/// # Errors
/// Where a file cannot be read or is not TOML.
pub fn user_settings(
    files: &[PathBuf],
    variables: impl IntoIterator<Item = (String, String)>,
) -> Result<String, BuildError> {
    let mut all = Table::new();
    for file in files.iter().rev() {
        let path = || file.display().to_string();
        let text =
            std::fs::read_to_string(file).map_err(|source| BuildError::Read { path: path(), source })?;
        let table: Table = text.parse().map_err(|error: toml::de::Error| BuildError::Config {
            path: path(),
            reason: error.message().to_owned(),
        })?;
        // Paths are relative to the directory that holds `.cargo`; in a cargo home that is its parent.
        let base = file.parent().and_then(Path::parent).unwrap_or(Path::new("/"));
        all = merged(&all, &deciding(table, base));
    }
    let variables: Table = variables
        .into_iter()
        .filter(|(name, value)| decides(name) && (!value.is_empty() || SWITCHES_OFF.contains(&name.as_str())))
        .map(|(name, value)| (name, Value::String(value)))
        .collect();
    if !variables.is_empty() {
        all.insert(VARIABLES.to_owned(), Value::Table(variables));
    }
    Ok(all.to_string())
}

/// The part of a configuration that decides how something is built.
fn deciding(mut table: Table, base: &Path) -> Table {
    table.retain(|key, value| TABLES.contains(&key) && value.is_table());
    if let Some(Value::Table(build)) = table.get_mut("build") {
        build.retain(|key, _| !OF_THE_HARNESS.contains(&key));
        absolute(build, &["rustc-wrapper", "rustc-workspace-wrapper"], base);
    }
    if let Some(Value::Table(targets)) = table.get_mut("target") {
        for (_, target) in targets.iter_mut() {
            if let Value::Table(target) = target {
                target.retain(|key, _| key != "runner");
                absolute(target, &["linker"], base);
            }
        }
    }
    if let Some(Value::Table(env)) = table.get_mut("env") {
        env.retain(|name, _| !is_secret(name));
        for (_, value) in env.iter_mut() {
            let Value::Table(entry) = value else { continue };
            if entry.get("relative").and_then(Value::as_bool) == Some(true) {
                if let Some(Value::String(path)) = entry.get_mut("value") {
                    *path = base.join(&*path).display().to_string();
                }
                entry.remove("relative");
            }
        }
    }
    table.retain(|_, value| value.as_table().is_some_and(|table| !table.is_empty()));
    table
}

/// Makes relative paths absolute; a name without a directory is looked for on `PATH`.
fn absolute(table: &mut Table, keys: &[&str], base: &Path) {
    for key in keys {
        if let Some(Value::String(path)) = table.get_mut(*key)
            && path.contains('/')
        {
            *path = base.join(&*path).display().to_string();
        }
    }
}

fn decides(name: &str) -> bool {
    let of_target =
        name.starts_with("CARGO_TARGET_") && ["_LINKER", "_RUSTFLAGS"].iter().any(|end| name.ends_with(end));
    let of_build = name.strip_prefix("CARGO_BUILD_").is_some_and(|key| {
        let key = key.to_lowercase().replace('_', "-");
        !OF_THE_HARNESS.contains(&key.as_str())
    });
    let of_profile = name.starts_with("CARGO_PROFILE_") || name.starts_with("CARGO_UNSTABLE_");
    let named = NAMES.contains(&name) || OF_A_TARGET.iter().any(|start| name.starts_with(start));
    (named || of_target || of_build || of_profile) && !is_secret(name)
}

fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    SECRETS.iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(names: &[&str]) -> Vec<(String, String)> {
        names.iter().map(|name| ((*name).to_owned(), "x".to_owned())).collect()
    }

    #[test]
    fn what_decides_a_build_is_put_together_and_nothing_else_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = dir.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, text).unwrap();
        };
        file(
            "home/.cargo/config.toml",
            concat!(
                "paths = ['/x']\n[build]\nrustflags = ['-Cfar']\ntarget-dir = '/t'\njobs = 3\nrustc-wrapper = 'bin/wrap'\n",
                "[registries.mine]\ntoken = 'secret'\n[net]\noffline = true\n[env]\nMY_TOKEN = 'secret'\nX = '1'\n",
                "[target.'cfg(unix)']\nlinker = 'clang'\nrunner = 'qemu'\n[profile.dev]\ndebug = 1\n",
            ),
        );
        file("home/work/.cargo/config.toml", "[build]\nrustflags = ['-Cnear']\n[profile.dev]\ndebug = 2\n");
        file("home/work/own/.cargo/config.toml", "[build]\nrustflags = ['-Cown']\n");
        let home = dir.path().join("home/.cargo");
        let files = files_above(Some(&dir.path().join("home/work/own")), Some(&home));
        assert_eq!(files.len(), 2, "the home is above the project too, and read once: {files:?}");
        let text = user_settings(
            &files,
            variables(&["RUSTFLAGS", "PATH", "CARGO_REGISTRY_TOKEN", "CARGO_BUILD_JOBS"]),
        )
        .unwrap();
        expect_test::expect![[r#"
            [build]
            rustc-wrapper = "/home/bin/wrap"
            rustflags = ["-Cfar", "-Cnear"]

            [env]
            X = "1"

            [profile.dev]
            debug = 2

            [target."cfg(unix)"]
            linker = "clang"

            [variables]
            RUSTFLAGS = "x"
        "#]]
        .assert_eq(&text.replace(dir.path().to_str().unwrap(), ""));
    }

    #[test]
    fn a_user_without_any_configuration_says_nothing() {
        assert_eq!(user_settings(&files_above(None, None), variables(&["PATH", "CARGO_HOME"])).unwrap(), "");
        assert_eq!(user_settings(&[], [("CFLAGS".to_owned(), String::new())]).unwrap(), "");
    }

    #[test]
    fn an_empty_variable_that_switches_something_off_is_said() {
        let variables = ["RUSTFLAGS", "RUSTC_WRAPPER"].map(|name| (name.to_owned(), String::new()));
        let said = user_settings(&[], variables).unwrap();
        assert_eq!(said, "[variables]\nRUSTC_WRAPPER = \"\"\nRUSTFLAGS = \"\"\n");
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
            assert!(decides(name), "{name}");
        }
        for name in [
            "CARGO_BUILD_TARGET_DIR",
            "CARGO_TARGET_DIR",
            "CARGO_HOME",
            "CARGO_BUILD_RUSTC",
            "AWS_SECRET",
            "RUSTC",
        ] {
            assert!(!decides(name), "{name}");
        }
    }
}
