//! The two cargo homes in the cache.
//!
//! One for fetching: the user's mirrors, network settings and credentials, and nothing else of the user's
//! configuration. One for building: the mirrors only, as far as cargo needs them to find fetched crates; no
//! credentials, and nothing that changes a build. Both share the fetched files.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::toml_reader::{SourceText, toml_string};

use crate::corpus::sources::cache::CacheDir;
use crate::corpus::sources::error::SourceError;

/// Tables of the user's configuration that are about fetching.
const FETCHING_TABLES: [&str; 6] = ["source", "registries", "registry", "net", "http", "credential-alias"];

/// Directories that the homes share.
const SHARED_DIRS: [&str; 2] = ["registry", "git"];

/// First line of the generated files.
const GENERATED_HEADER: &str =
    "# Made by bench-runner from the user's own configuration; changes are lost.\n";

/// The user's own cargo home: `CARGO_HOME`, or `.cargo` in the home directory.
pub fn user_cargo_home() -> Option<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("CARGO_HOME").or_else(|| set("HOME").map(|home| home.join(".cargo")))
}

/// Creates both homes, or updates them from the user's.
///
/// # Errors
/// If they cannot be written, or the user's configuration cannot be read.
pub fn prepare(cache: &CacheDir, user_home: Option<&Path>) -> Result<(), SourceError> {
    let (fetching, building) = (cache.fetching_home(), cache.building_home());
    for dir in [&building, &cache.empty_dir()].into_iter().chain(&SHARED_DIRS.map(|name| fetching.join(name)))
    {
        fs::create_dir_all(dir).map_err(SourceError::io("create", dir))?;
    }
    let config = user_home.map(user_config).transpose()?.unwrap_or_default();
    write(&fetching.join("config.toml"), &for_fetching(&config))?;
    write(&building.join("config.toml"), &for_building(&config))?;
    for name in ["credentials.toml", "credentials"] {
        let own = user_home.map(|home| home.join(name)).filter(|file| file.is_file());
        link(own.as_deref(), &fetching.join(name))?;
    }
    for name in SHARED_DIRS {
        link(Some(&fetching.join(name)), &building.join(name))?;
    }
    Ok(())
}

/// Creates a cargo home in `home` that shares the fetched files and the configuration of the one in
/// `building`. Other settings in `config`, which is TOML, apply too, like the configuration in a user's cargo
/// home.
///
/// # Errors
/// If it cannot be written, or `config` is not TOML.
pub fn write_cargo_home(home: &Path, building: &Path, config: Option<&str>) -> Result<(), SourceError> {
    fs::create_dir_all(home).map_err(SourceError::io("create", home))?;
    let file = building.join("config.toml");
    let text = fs::read_to_string(&file).map_err(SourceError::io("read", &file))?;
    let text = match config {
        None => text,
        Some(config) => {
            let parsed = |name: String, text: &str| -> Result<Table, SourceError> {
                let source = SourceText::new(name, text.to_owned());
                toml::from_str(text).map_err(|error| SourceError::Config(source.error(0..0, error.message())))
            };
            let mut all = parsed("the user's configuration".to_owned(), config)?;
            all.extend(parsed(file.display().to_string(), &text)?);
            format!("{GENERATED_HEADER}{all}")
        }
    };
    write(&home.join("config.toml"), &text)?;
    for name in SHARED_DIRS {
        link(Some(&building.join(name)), &home.join(name))?;
    }
    Ok(())
}

/// The user's configuration with its relative paths made absolute.
fn user_config(home: &Path) -> Result<Table, SourceError> {
    let home = std::path::absolute(home).map_err(SourceError::io("find", home))?;
    // If both exist, cargo reads the one without an extension.
    for file in ["config", "config.toml"].map(|name| home.join(name)) {
        let text = match SourceText::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(SourceError::Io { doing: "read", path: file, error }),
        };
        text.parse().map_err(SourceError::Config)?;
        let table = toml::from_str(&text.text)
            .map_err(|error| SourceError::Config(text.error(0..0, error.message())))?;
        // Paths in a configuration are relative to the parent of its directory.
        return Ok(with_absolute_paths(table, home.parent().unwrap_or(&home)));
    }
    Ok(Table::new())
}

fn for_fetching(config: &Table) -> String {
    let tables = FETCHING_TABLES.iter().filter_map(|key| Some((*key, config.get(*key)?)));
    let lines: String = tables.map(|(key, value)| format!("{key} = {}\n", inline(value))).collect();
    format!("{GENERATED_HEADER}{lines}")
}

fn for_building(config: &Table) -> String {
    let mut text = GENERATED_HEADER.to_owned();
    if let Some(source) = config.get("source") {
        text.push_str(&format!("source = {}\n", inline(source)));
    }
    for (name, registry) in config.get("registries").and_then(Value::as_table).into_iter().flatten() {
        if let Some(index) = registry.get("index") {
            text.push_str(&format!("registries.{}.index = {}\n", toml_string(name), inline(index)));
        }
    }
    // Fetched crates must stay for as long as somebody may build them offline.
    text.push_str("cache.auto-clean-frequency = \"never\"\n");
    text
}

fn with_absolute_paths(mut config: Table, base: &Path) -> Table {
    let path = |value: &mut Value| {
        if let Value::String(text) = value {
            *text = base.join(&*text).to_string_lossy().into_owned();
        }
    };
    for source in tables_in(config.get_mut("source")) {
        for key in ["directory", "local-registry"] {
            source.get_mut(key).into_iter().for_each(path);
        }
    }
    if let Some(http) = config.get_mut("http") {
        for key in ["cainfo", "proxy-cainfo"] {
            http.get_mut(key).into_iter().for_each(path);
        }
    }
    let program = |value: &mut Value| absolute_program(value, base);
    for registry in tables_in(config.get_mut("registries")) {
        registry.get_mut("credential-provider").into_iter().for_each(program);
    }
    if let Some(registry) = config.get_mut("registry") {
        registry.get_mut("credential-provider").into_iter().for_each(program);
        if let Some(Value::Array(providers)) = registry.get_mut("global-credential-providers") {
            providers.iter_mut().for_each(program);
        }
    }
    if let Some(Value::Table(aliases)) = config.get_mut("credential-alias") {
        aliases.iter_mut().map(|(_, value)| value).for_each(program);
    }
    config
}

/// The values of a table that are tables.
fn tables_in(value: Option<&mut Value>) -> impl Iterator<Item = &mut Table> {
    let tables = value.and_then(Value::as_table_mut).into_iter().flatten();
    tables.filter_map(|(_, value)| value.as_table_mut())
}

/// Makes the path of a program absolute: one string or a list with its arguments; a program with a slash in
/// it starts at `base`.
fn absolute_program(value: &mut Value, base: &Path) {
    match value {
        Value::String(text) => {
            let (program, rest) = text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()));
            if program.contains('/') && !program.starts_with("cargo:") {
                *text = format!("{}{rest}", base.join(program).display());
            }
        }
        Value::Array(words) => {
            if let Some(Value::String(program)) = words.first_mut()
                && program.contains('/')
                && !program.starts_with("cargo:")
            {
                *program = base.join(&*program).display().to_string();
            }
        }
        _ => {}
    }
}

/// A value in one line.
fn inline(value: &Value) -> String {
    match value {
        Value::String(text) => toml_string(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(truth) => truth.to_string(),
        Value::Datetime(date) => date.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let pairs = table.iter().map(|(key, value)| format!("{} = {}", toml_string(key), inline(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
    }
}

/// Writes a file in one step, unless it has this text already: another process may be reading it.
fn write(path: &Path, text: &str) -> Result<(), SourceError> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    let failed = SourceError::io("write", path);
    let place = || -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
        file.write_all(text.as_bytes())?;
        file.persist(path).map_err(|error| error.error)?;
        Ok(())
    };
    place().map_err(failed)
}

/// Makes `at` a link to `target`, or removes the existing link.
fn link(target: Option<&Path>, at: &Path) -> Result<(), SourceError> {
    if fs::read_link(at).ok().as_deref() == target && (target.is_some() || !at.is_symlink()) {
        return Ok(());
    }
    if at.is_symlink() {
        fs::remove_file(at).map_err(SourceError::io("replace", at))?;
    }
    match target {
        Some(target) => symlink(target, at).map_err(SourceError::io("create", at)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USER: &str = r#"
[build]
rustflags = ["-Clinker=clang"]
rustc-wrapper = "sccache"
[profile.release]
lto = true
[env]
A = "b"
[http]
cainfo = "certs/ca.pem"
[net]
git-fetch-with-cli = true
[source.crates-io]
replace-with = "mirror"
[source.mirror]
registry = "sparse+https://mirror.example/"
[source."with dots.and \"quotes\""]
local-registry = "local"
[registries.own]
index = "sparse+https://own.example/"
token = "secret"
credential-provider = ["bin/login", "--now"]
[registry]
token = "secret"
global-credential-providers = ["cargo:token", "bin/other -x"]
"#;

    fn homes(config: &str) -> (tempfile::TempDir, CacheDir) {
        let dir = tempfile::tempdir().unwrap();
        let user = dir.path().join("user");
        fs::create_dir(&user).unwrap();
        fs::write(user.join("config.toml"), config).unwrap();
        fs::write(user.join("credentials.toml"), "[registry]\ntoken = \"secret\"\n").unwrap();
        let cache = CacheDir::at(&dir.path().join("cache")).unwrap();
        prepare(&cache, Some(&user)).unwrap();
        (dir, cache)
    }

    fn config(home: &Path) -> Table {
        toml::from_str(&fs::read_to_string(home.join("config.toml")).unwrap()).unwrap()
    }

    #[test]
    fn the_fetching_home_has_the_mirrors_and_nothing_that_builds() {
        let (dir, cache) = homes(USER);
        let made = config(&cache.fetching_home());
        let keys: Vec<&str> = made.keys().map(String::as_str).collect();
        assert_eq!(keys, ["http", "net", "registries", "registry", "source"]);
        let base = dir.path();
        let absolute = |path: &str| Some(base.join(path).to_str().unwrap().to_owned());
        let text = |value: &Value| value.as_str().map(str::to_owned);
        assert_eq!(text(&made["http"]["cainfo"]), absolute("certs/ca.pem"));
        assert_eq!(text(&made["source"]["with dots.and \"quotes\""]["local-registry"]), absolute("local"));
        assert_eq!(text(&made["registries"]["own"]["credential-provider"][0]), absolute("bin/login"));
        assert_eq!(text(&made["registry"]["global-credential-providers"][1]), absolute("bin/other -x"));
        assert_eq!(text(&made["registry"]["global-credential-providers"][0]), Some("cargo:token".into()));
        let credentials = fs::read_link(cache.fetching_home().join("credentials.toml")).unwrap();
        assert_eq!(credentials, base.join("user/credentials.toml"));
    }

    #[test]
    fn the_building_home_knows_no_secrets_and_shares_what_was_fetched() {
        let (_dir, cache) = homes(USER);
        let home = cache.building_home();
        let text = fs::read_to_string(home.join("config.toml")).unwrap();
        for absent in ["secret", "rustflags", "sccache", "lto", "credential", "http"] {
            assert!(!text.replace("https://", "").contains(absent), "{absent} in {text}");
        }
        let made = config(&home);
        assert_eq!(made["source"]["crates-io"]["replace-with"].as_str(), Some("mirror"));
        assert_eq!(made["registries"]["own"]["index"].as_str(), Some("sparse+https://own.example/"));
        assert!(!home.join("credentials.toml").exists());
        fs::write(cache.fetching_home().join("registry/x"), "").unwrap();
        assert!(home.join("registry/x").is_file() && home.join("git").is_dir());
    }

    #[test]
    fn what_the_user_changes_is_taken_over() {
        let (dir, cache) = homes(USER);
        let user = dir.path().join("user");
        fs::remove_file(user.join("credentials.toml")).unwrap();
        fs::write(user.join("config"), "[net]\nretry = 7\n").unwrap();
        prepare(&cache, Some(&user)).unwrap();
        prepare(&cache, Some(&user)).unwrap();
        assert_eq!(config(&cache.fetching_home()).keys().collect::<Vec<_>>(), ["net"]);
        assert!(!cache.fetching_home().join("credentials.toml").is_symlink());
        prepare(&cache, None).unwrap();
        assert!(config(&cache.fetching_home()).is_empty());
    }

    #[test]
    fn a_broken_configuration_is_shown_at_its_place() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("config.toml"), "[net]\nretry = = 7\n").unwrap();
        let cache = CacheDir::at(&dir.path().join("cache")).unwrap();
        let error = prepare(&cache, Some(dir.path())).unwrap_err().to_string();
        assert!(error.contains("config.toml:2:9"), "{error}");
    }
}
