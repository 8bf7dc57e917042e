//! Manifests of cargo, as far as they name directories.

use std::fs;
use std::path::{Component, Path, PathBuf};

use toml::{Table, Value};

/// The tables of dependencies of a package; cargo looks at what it needs for its own tests where it is a `member`.
pub(super) fn dependencies(manifest: &Table, member: bool) -> Vec<Option<&Value>> {
    let kinds: &[&str] = match member {
        true => &[
            "dependencies",
            "dev-dependencies",
            "dev_dependencies",
            "build-dependencies",
            "build_dependencies",
        ],
        false => &["dependencies", "build-dependencies", "build_dependencies"],
    };
    let targets = entries(manifest.get("target"));
    let mut tables: Vec<Option<&Value>> = Vec::new();
    for kind in kinds {
        tables.push(manifest.get(*kind));
        tables.extend(targets.iter().map(|(_, target)| target.get(*kind)));
    }
    tables
}

/// Names and paths of what a manifest needs from other directories.
pub(super) fn paths(manifest: &Table, member: bool) -> Vec<(String, String)> {
    let mut tables = dependencies(manifest, member);
    if member {
        tables.push(manifest.get("workspace").and_then(|workspace| workspace.get("dependencies")));
        tables.push(manifest.get("replace"));
    }
    let patches = if member { patches(manifest) } else { Vec::new() };
    let named = tables.into_iter().flat_map(entries).chain(patches);
    named.filter_map(|(name, value)| Some((name, path_of(value)?))).collect()
}

/// What `[patch]` puts in place of other packages.
pub(super) fn patches(manifest: &Table) -> Vec<(String, &Value)> {
    entries(manifest.get("patch")).into_iter().flat_map(|(_, registry)| entries(Some(registry))).collect()
}

pub(super) fn entries(value: Option<&Value>) -> Vec<(String, &Value)> {
    let table = value.and_then(Value::as_table).into_iter().flatten();
    table.map(|(name, value)| (name.clone(), value)).collect()
}

pub(super) fn path_of(value: &Value) -> Option<String> {
    Some(value.get("path")?.as_str()?.to_owned())
}

pub(super) fn text_at<'t>(table: &'t Table, keys: &[&str; 2]) -> Option<&'t str> {
    table.get(keys[0])?.get(keys[1])?.as_str()
}

pub(super) fn strings(value: Option<&Value>) -> impl Iterator<Item = &str> {
    value.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// A file of TOML; one that cannot be read is for cargo to complain of.
pub(super) fn table(file: &Path) -> Option<Table> {
    fs::read_to_string(file).ok()?.parse().ok()
}

/// The directories with a package that a pattern of `members` means.
pub(super) fn matching(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.to_path_buf()];
    for part in Path::new(pattern).components() {
        let Some(text) = part.as_os_str().to_str() else { return Vec::new() };
        found = match part {
            Component::Normal(_) if text.contains(['*', '?']) => {
                found.iter().flat_map(|dir| children(dir, text)).collect()
            }
            Component::CurDir => found,
            _ => found.into_iter().map(|dir| dir.join(text)).collect(),
        };
    }
    let mut found: Vec<PathBuf> = found.iter().filter_map(|dir| normal(dir)).collect();
    found.retain(|dir| dir.join("Cargo.toml").is_file());
    found
}

pub(super) fn children(dir: &Path, pattern: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let fitting = entries.filter(|entry| entry.file_name().to_str().is_some_and(|name| fits(pattern, name)));
    fitting.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// Whether a name fits a pattern of `*` and `?`.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let mut rest = pattern.chars();
    match rest.next() {
        None => name.is_empty(),
        Some('*') => {
            let ends = name.char_indices().map(|(at, _)| at).chain([name.len()]);
            ends.into_iter().any(|at| fits(rest.as_str(), &name[at..]))
        }
        Some(wanted) => {
            let mut own = name.chars();
            own.next().is_some_and(|found| wanted == '?' || found == wanted)
                && fits(rest.as_str(), own.as_str())
        }
    }
}

/// The path with `.` and `..` taken out of it, as cargo does; `None` where it leads above the root.
pub(in super::super) fn normal(path: &Path) -> Option<PathBuf> {
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
