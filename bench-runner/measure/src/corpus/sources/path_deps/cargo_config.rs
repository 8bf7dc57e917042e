//! Paths in cargo's configuration: packages, other configuration files, source directories, programs, target
//! descriptions, variables with a path in them.
//!
//! In cargo, most relative paths start at the parent of `.cargo`, those of `include` at the directory of the
//! file.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::PathDepFinder;
use super::manifests::{entries, normalize, patches, path_of, strings, table};
use crate::corpus::sources::error::SourceError;

/// A path in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NamedPath {
    key: String,
    /// As written there.
    path: String,
    what: PathUse,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathUse {
    /// A package, which is built like any other.
    Package,
    /// A file or a directory that is needed as it is.
    Exact,
}

impl PathDepFinder<'_> {
    /// Follows the paths in the configuration of the project and of the directories above it, as far as these
    /// are copied.
    pub(crate) fn configurations(&mut self) -> Result<(), SourceError> {
        let is_config = |file: &&PathBuf| file.parent().is_some_and(|dir| dir.ends_with(".cargo"));
        let own = ["config", "config.toml"].map(|name| self.root.join(".cargo").join(name));
        let mut left: Vec<PathBuf> = self.outside.files.keys().filter(is_config).cloned().collect();
        left.extend(own);
        let mut seen = BTreeSet::new();
        while let Some(file) = left.pop() {
            if seen.insert(file.clone())
                && let Some(config) = table(&file)
            {
                left.extend(self.configuration(&file, &config)?);
            }
        }
        Ok(())
    }

    /// Adds the paths in one configuration file. Returns the files that it includes.
    fn configuration(&mut self, file: &Path, config: &Table) -> Result<Vec<PathBuf>, SourceError> {
        let own = file.parent().unwrap_or(file);
        let base = own.parent().unwrap_or(own);
        for NamedPath { key, path, what } in named_paths(config) {
            match what {
                PathUse::Package => self.package(&path, base, file, &key)?,
                PathUse::Exact => drop(self.bring_exact(&path, base, file, &key)?),
            }
        }
        for flag in flags(config).filter(|flag| flag.contains("../")) {
            let note =
                format!("`{flag}` in {} may lead out of the project, and is not followed", file.display());
            self.outside.notes.push(note);
        }
        let included =
            included_files(config).into_iter().map(|path| self.bring_exact(&path, own, file, "include"));
        Ok(included.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Adds the path that `key` in `file` gives relative to `base`, and returns it, if it exists.
    fn bring_exact(
        &mut self,
        path: &str,
        base: &Path,
        file: &Path,
        key: &str,
    ) -> Result<Option<PathBuf>, SourceError> {
        if Path::new(path).is_absolute() {
            let note = format!("`{key}` in {} names {path}, which is used where it is", file.display());
            self.outside.notes.push(note);
            return Ok(None);
        }
        let Some(found) = normalize(&base.join(path)).filter(|found| found.exists()) else { return Ok(None) };
        let refused = |reason: &str, help: &str| {
            let said = format!("`{key}` in {} names {}, {reason}", file.display(), found.display());
            Err(self.unfit(said, help))
        };
        let dir = found.parent().unwrap_or(&found);
        if dir.canonicalize().ok().as_deref() != Some(dir) || found.is_dir() && found.is_symlink() {
            return refused("which leads through a link", "name the place itself");
        }
        if self.root.starts_with(&found) {
            return refused("which the project itself lies in", "move it to a directory of its own");
        }
        self.outside.exact.insert(found.clone());
        Ok(Some(found))
    }
}

/// The paths in a configuration, except those of other configuration files.
fn named_paths(config: &Table) -> Vec<NamedPath> {
    let mut all = Vec::new();
    let mut add = |key: String, path: &str, what| all.push(NamedPath { key, path: path.to_owned(), what });
    for path in strings(config.get("paths")) {
        add("paths".to_owned(), path, PathUse::Package);
    }
    for (name, value) in patches(config) {
        if let Some(path) = path_of(value) {
            add(name, &path, PathUse::Package);
        }
    }
    for (name, source) in entries(config.get("source")) {
        for key in ["directory", "local-registry"] {
            if let Some(path) = source.get(key).and_then(Value::as_str) {
                add(format!("source.{name}.{key}"), path, PathUse::Exact);
            }
        }
    }
    for key in ["rustc", "rustc-wrapper", "rustc-workspace-wrapper", "rustdoc"] {
        if let Some(path) = program(config.get("build").and_then(|build| build.get(key))) {
            add(format!("build.{key}"), &path, PathUse::Exact);
        }
    }
    for path in targets(config) {
        add("build.target".to_owned(), path, PathUse::Exact);
    }
    for (name, target) in entries(config.get("target")) {
        for key in ["linker", "runner"] {
            if let Some(path) = program(target.get(key)) {
                add(format!("target.{name}.{key}"), &path, PathUse::Exact);
            }
        }
    }
    for (name, variable) in entries(config.get("env")) {
        let relative = variable.get("relative").and_then(Value::as_bool) == Some(true);
        if let Some(path) = variable.get("value").and_then(Value::as_str).filter(|_| relative) {
            add(format!("env.{name}"), path, PathUse::Exact);
        }
    }
    if let Some(path) = config.get("http").and_then(|http| http.get("cainfo")).and_then(Value::as_str) {
        add("http.cainfo".to_owned(), path, PathUse::Exact);
    }
    all
}

/// The program of a command, if it is given by its path and not looked up on `PATH`.
fn program(value: Option<&Value>) -> Option<String> {
    let word = match value? {
        Value::String(text) => text.split_whitespace().next()?,
        Value::Array(words) => words.first()?.as_str()?,
        _ => return None,
    };
    word.contains('/').then(|| word.to_owned())
}

/// The targets of the build that are described in files.
fn targets(config: &Table) -> impl Iterator<Item = &str> {
    let target = config.get("build").and_then(|build| build.get("target"));
    target.and_then(Value::as_str).into_iter().chain(strings(target)).filter(|name| name.ends_with(".json"))
}

/// Flags for rustc, split into words.
fn flags(config: &Table) -> impl Iterator<Item = String> {
    let tables = config.get("build").into_iter();
    let targets = config.get("target").and_then(Value::as_table).into_iter().flatten().map(|(_, t)| t);
    tables.chain(targets).filter_map(|table| table.get("rustflags")).flat_map(|flags| match flags {
        Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        other => strings(Some(other)).map(str::to_owned).collect::<Vec<_>>(),
    })
}

/// The included files: one or several, each a path or a table with a path.
fn included_files(config: &Table) -> Vec<String> {
    let of = |value: &Value| value.as_str().map(str::to_owned).or_else(|| path_of(value));
    match config.get("include") {
        Some(Value::Array(all)) => all.iter().filter_map(of).collect(),
        Some(one) => of(one).into_iter().collect(),
        None => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_with_a_path_is_found() {
        let config: Table = r#"
            paths = ["../over"]
            include = ["more.toml", { path = "own.toml", optional = true }]
            [patch.crates-io]
            patched = { path = "../patched" }
            elsewhere = { git = "https://host/x" }
            [source.vendored]
            directory = "../vendor"
            [source.local]
            local-registry = "registry"
            [build]
            rustc-wrapper = "tools/wrap"
            rustc-workspace-wrapper = "sccache"
            target = ["x86_64-unknown-linux-gnu", "targets/own.json"]
            rustflags = ["-L", "../native"]
            [target.'cfg(unix)']
            linker = "../tools/link"
            runner = ["./run", "--fast"]
            rustflags = "-Clink-arg=-T../x.ld --cfg own"
            [target.other]
            linker = "clang"
            runner = "tools/run --slow"
            [env]
            DATA = { value = "data", relative = true }
            PLAIN = { value = "../not-a-path" }
            [http]
            cainfo = "ca.pem"
        "#
        .parse()
        .unwrap();
        let said: Vec<String> = named_paths(&config)
            .into_iter()
            .map(|NamedPath { key, path, what }| format!("{what:?} {key} {path}\n"))
            .collect();
        expect_test::expect![[r#"
            Package paths ../over
            Package patched ../patched
            Exact source.local.local-registry registry
            Exact source.vendored.directory ../vendor
            Exact build.rustc-wrapper tools/wrap
            Exact build.target targets/own.json
            Exact target.cfg(unix).linker ../tools/link
            Exact target.cfg(unix).runner ./run
            Exact target.other.runner tools/run
            Exact env.DATA data
            Exact http.cainfo ca.pem
        "#]]
        .assert_eq(&said.concat());
        assert_eq!(included_files(&config), ["more.toml", "own.toml"]);
        assert_eq!(
            flags(&config).collect::<Vec<_>>(),
            ["-L", "../native", "-Clink-arg=-T../x.ld", "--cfg", "own"]
        );
        assert_eq!(included_files(&"include = \"one.toml\"".parse().unwrap()), ["one.toml"]);
    }
}
