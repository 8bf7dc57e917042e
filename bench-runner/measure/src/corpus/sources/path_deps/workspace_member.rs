//! Members of workspaces: packages that the user names by their own directory and that are built from their
//! workspace.

use std::path::{Path, PathBuf};

use super::LOOKUP_FILES;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;

/// A member of a workspace, which is built from the workspace's directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberPackage {
    /// The directory of the workspace.
    pub workspace: PathBuf,
    /// Name of the package.
    pub package: String,
    /// Its directory below that of the workspace, if cargo or rustup read files on the way down to it: then
    /// cargo is started there.
    pub directory: Option<PathBuf>,
}

/// The workspace membership of the package in `root`, a path without links; `None` if it is not a member.
///
/// # Errors
/// If cargo cannot read it, such as if the workspace above it does not have it as a member.
pub fn member(root: &Path, with: &FetchContext) -> Result<Option<MemberPackage>, SourceError> {
    if !root.join("Cargo.toml").is_file() {
        return Ok(None);
    }
    let layout = with.layouts.layout_of(root, &with.cargo)?;
    let Some(package) = layout.member_in(root) else { return Ok(None) };
    let workspace = &layout.workspace_root;
    let between = root.ancestors().take_while(|dir| dir != workspace);
    let mut read_there = between.flat_map(|dir| LOOKUP_FILES.map(|name| dir.join(name)));
    let directory = match read_there.any(|file| file.is_file()) {
        true => root.strip_prefix(workspace).ok().map(Path::to_owned),
        false => None,
    };
    Ok(Some(MemberPackage { workspace: workspace.clone(), package: package.name.clone(), directory }))
}
