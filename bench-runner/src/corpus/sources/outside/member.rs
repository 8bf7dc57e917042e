//! Members of workspaces: a package that somebody names by its own directory and that is built from its workspace's.

use std::path::{Path, PathBuf};

use super::LOOKED_FOR;
use crate::corpus::sources::{SourceError, Sources, layout};

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
/// Where cargo cannot read it, such as if the workspace above it does not have it for a member; or where what cargo reads
/// below the workspace's directory would be lost by building from there.
pub fn member(root: &Path, with: &Sources) -> Result<Option<Member>, SourceError> {
    if !root.join("Cargo.toml").is_file() {
        return Ok(None);
    }
    let layout = layout::ask(root, with)?;
    let Some(package) = layout.member_in(root) else { return Ok(None) };
    let workspace = &layout.workspace_root;
    let between = root.ancestors().take_while(|dir| dir != workspace);
    let mut read_there = between.flat_map(|dir| LOOKED_FOR.map(|name| dir.join(name)));
    if let Some(file) = read_there.find(|file| file.is_file()) {
        return Err(SourceError::Unfit {
            path: root.to_path_buf(),
            reason: format!(
                "it is built from its workspace in {}, and {} counts only for a cargo that is started there",
                workspace.display(),
                file.display()
            ),
            help: "move what it says to the workspace, or give the workspace's directory".to_owned(),
        });
    }
    Ok(Some(Member { workspace: workspace.clone(), package: package.name.clone() }))
}
