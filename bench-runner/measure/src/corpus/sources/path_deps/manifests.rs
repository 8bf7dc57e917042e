//! Parses manifests and configuration of cargo for paths that `cargo metadata` does not report.

use std::fs;
use std::path::{Component, Path, PathBuf};

use toml::{Table, Value};

/// The first absolute path in a manifest, with its name.
pub(crate) fn absolute_path(manifest: &Table) -> Option<(String, String)> {
    fn look(name: &str, value: &Value) -> Option<(String, String)> {
        match value {
            Value::Table(table) => {
                let own =
                    table.get("path").and_then(Value::as_str).filter(|path| Path::new(path).is_absolute());
                let inner = || table.iter().find_map(|(name, value)| look(name, value));
                own.map(|path| (name.to_owned(), path.to_owned())).or_else(inner)
            }
            Value::Array(values) => values.iter().find_map(|value| look(name, value)),
            _ => None,
        }
    }
    // cargo does not use the contents of `metadata`.
    let tables = manifest.iter().filter(|(name, _)| !["package", "badges"].contains(&name.as_str()));
    tables.into_iter().find_map(|(name, value)| match value.as_table().filter(|_| name == "workspace") {
        Some(workspace) => look("dependencies", workspace.get("dependencies")?),
        None => look(name, value),
    })
}

/// The replacements in `[patch]`.
pub(crate) fn patches(manifest: &Table) -> Vec<(String, &Value)> {
    entries(manifest.get("patch")).into_iter().flat_map(|(_, registry)| entries(Some(registry))).collect()
}

pub(crate) fn entries(value: Option<&Value>) -> Vec<(String, &Value)> {
    let table = value.and_then(Value::as_table).into_iter().flatten();
    table.map(|(name, value)| (name.clone(), value)).collect()
}

pub(crate) fn path_of(value: &Value) -> Option<String> {
    Some(value.get("path")?.as_str()?.to_owned())
}

pub(crate) fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// A TOML file; cargo reports errors in it.
pub(crate) fn table(file: &Path) -> Option<Table> {
    fs::read_to_string(file).ok()?.parse().ok()
}

/// The path without `.` and `..`, as in cargo; `None` if it leads above the root.
pub(crate) fn normalize(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => out.pop().then_some(())?,
            other => out.push(other),
        }
    }
    Some(out)
}
