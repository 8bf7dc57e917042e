//! `kind = "path"`: somebody's own cargo project.

use std::path::Path;

use super::local::{self, Tree};
use super::{Pinned, SourceError, Sources, git_dir, outside};

/// Pins the project in `tree`, with what it needs from outside of its directory. It may lack a Cargo.lock; see
/// [`unlocked`](super::unlocked).
pub(super) fn pin(tree: &Tree<'_>, with: &Sources) -> Result<Pinned, SourceError> {
    let root = tree.path.canonicalize().map_err(SourceError::io("find", tree.path))?;
    must_have(
        &root,
        "Cargo.toml",
        "give the directory of a package or a workspace, or use `kind = \"command\"`",
    )?;
    local::not_everything(&root)?;
    let mut outside = outside::find(&root, with)?;
    let pinned = local::pin(tree, &outside, with)?;
    // What asks git has to be laid out where it is in its repository.
    outside.top = git_dir::needs_work_tree(&pinned, &root);
    if outside.top.is_some() { local::pin(tree, &outside, with) } else { Ok(pinned) }
}

fn must_have(root: &Path, file: &str, help: &str) -> Result<(), SourceError> {
    if root.join(file).is_file() {
        return Ok(());
    }
    let reason = format!("there is no {file} in it");
    Err(SourceError::Unfit { path: root.to_path_buf(), reason, help: help.to_owned() })
}
