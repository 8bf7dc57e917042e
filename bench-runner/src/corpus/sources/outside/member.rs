//! Members of workspaces: a package that somebody names by its own directory and that is built from its workspace's.

use std::path::{Path, PathBuf};

use toml::Table;

use super::manifests::{normal, table, text_at};
use super::{Finder, LOOKED_FOR, SourceError, is_workspace_of};

/// A member of a workspace, which is built from the workspace's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The directory of the workspace.
    pub workspace: PathBuf,
    /// Name of the package.
    pub package: String,
}

/// What the package in `root`, a path without links, is a member of; `None` where it is none.
///
/// # Errors
/// Where the workspace above it does not have it for a member, or what cargo reads below the workspace's directory
/// would be lost by building from there.
pub fn member(root: &Path) -> Result<Option<Member>, SourceError> {
    let manifest = table(&root.join("Cargo.toml")).unwrap_or_default();
    let Some(package) = text_at(&manifest, &["package", "name"]) else { return Ok(None) };
    let Some(workspace) = workspace_over(root, &manifest) else { return Ok(None) };
    let unfit = |reason: String, help: &str| SourceError::Unfit {
        path: root.to_path_buf(),
        reason,
        help: help.to_owned(),
    };
    let mut finder = Finder::new(&workspace);
    finder.packages(&table(&workspace.join("Cargo.toml")).unwrap_or_default())?;
    if !finder.seen.contains(root) {
        return Err(unfit(
            format!("the workspace in {} is above it and does not have it for a member", workspace.display()),
            "add it to the `members` of the workspace, or to its `exclude`",
        ));
    }
    let between = root.ancestors().take_while(|dir| *dir != workspace);
    let mut read_there = between.flat_map(|dir| LOOKED_FOR.map(|name| dir.join(name)));
    if let Some(file) = read_there.find(|file| file.is_file()) {
        return Err(unfit(
            format!(
                "it is built from its workspace in {}, and {} counts only for a cargo that is started there",
                workspace.display(),
                file.display()
            ),
            "move what it says to the workspace, or give the workspace's directory",
        ));
    }
    Ok(Some(Member { workspace, package: package.to_owned() }))
}

/// The workspace that the package in `root` belongs to, where it is none itself.
pub(super) fn workspace_over(root: &Path, manifest: &Table) -> Option<PathBuf> {
    if manifest.contains_key("workspace") {
        return None;
    }
    let named = text_at(manifest, &["package", "workspace"]).and_then(|path| normal(&root.join(path)));
    let above = root.ancestors().skip(1).map(Path::to_path_buf);
    named.into_iter().chain(above).find(|dir| is_workspace_of(dir, root))
}
