//! The workspace that a package of a commit belongs to.

use std::path::{Path, PathBuf};

use toml::Table;

use super::parts::GitParts;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::path_deps::manifests::normalize;
use crate::corpus::sources::tree::TreeFile;

/// The directory of the workspace that the project in `root` is a member of, if there is one above it.
pub(super) fn workspace_above(
    root: &Path,
    files: &[TreeFile],
    parts: &GitParts,
    with: &FetchContext,
) -> Result<Option<PathBuf>, SourceError> {
    let text = |path: &Path| -> Result<Option<Table>, SourceError> {
        Ok(parts.text(path, with)?.and_then(|text| text.parse().ok()))
    };
    let is_there = |dir: &&Path| files.iter().any(|file| file.path == dir.join("Cargo.toml"));
    let Some(own) = text(&root.join("Cargo.toml"))?.filter(|manifest| !manifest.contains_key("workspace"))
    else {
        return Ok(None);
    };
    let named = own.get("package").and_then(|package| package.get("workspace")).and_then(toml::Value::as_str);
    if let Some(named) = named {
        return Ok(normalize(&root.join(named)));
    }
    for dir in root.ancestors().skip(1).filter(is_there) {
        if text(&dir.join("Cargo.toml"))?.is_some_and(|manifest| has_member(&manifest, dir, root)) {
            return Ok(Some(dir.to_path_buf()));
        }
    }
    Ok(None)
}

/// True if the workspace of `manifest`, in `dir`, has the package in `package` as a member. As in cargo, a
/// path that is listed literally in `members` is a member, even if a directory above it is excluded.
fn has_member(manifest: &Table, dir: &Path, package: &Path) -> bool {
    let workspace = manifest.get("workspace").and_then(toml::Value::as_table);
    workspace.is_some_and(|workspace| {
        let listed = |key: &str| workspace.get(key).and_then(toml::Value::as_array).into_iter().flatten();
        let names = |key: &str| {
            listed(key).filter_map(toml::Value::as_str).any(|path| package.starts_with(dir.join(path)))
        };
        names("members") || !names("exclude")
    })
}
