//! `kind = "path"`: somebody's own cargo project.

use std::path::Path;

use super::{Pinned, SourceError, Sources, local};

/// Pins the project in `path`.
pub(super) fn pin(path: &Path, with: &Sources) -> Result<Pinned, SourceError> {
    for (file, help) in [
        ("Cargo.toml", "give the directory of a package or a workspace, or use `kind = \"command\"`"),
        (
            "Cargo.lock",
            "`cargo generate-lockfile` makes one; a member of a workspace is built from the workspace's own \
             directory, with `package` in `build`",
        ),
    ] {
        if !path.join(file).is_file() {
            let reason = format!("there is no {file} in it");
            return Err(SourceError::Unfit { path: path.to_path_buf(), reason, help: help.into() });
        }
    }
    local::pin(path, with)
}
