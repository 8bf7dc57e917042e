//! `kind = "command"`: a directory that is built by commands of its own.

use super::local::{self, Tree};
use super::outside::Outside;
use super::{Pinned, SourceError, Sources};

/// Pins the directory; nothing is expected of what is in it.
pub(super) fn pin(tree: &Tree<'_>, with: &Sources) -> Result<Pinned, SourceError> {
    local::pin(tree, &Outside::default(), with)
}
