//! `kind = "command"`: a directory that is built by commands of its own.

use std::path::Path;

use super::{Pinned, SourceError, Sources, local};

/// Pins the directory `path`; nothing is expected of what is in it.
pub(super) fn pin(path: &Path, with: &Sources) -> Result<Pinned, SourceError> {
    local::pin(path, with)
}
