//! The files of a generated project.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Version of the generator, in the first line of each tree's Cargo.toml.
pub(super) const VERSION: u32 = 1;

/// The files of a project: path → text.
pub(super) type Files = BTreeMap<PathBuf, String>;
