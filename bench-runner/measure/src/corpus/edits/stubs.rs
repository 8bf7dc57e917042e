//! Stubs for a project's own crates, if only their dependencies are to be built: every target exists and is
//! empty. cargo resolves and builds the dependencies exactly as for the project itself, because it reads the
//! same manifests and the same lock file.

use std::path::{Path, PathBuf};

use super::metadata::{self, MetadataError};

/// A file of a project with the text that replaces its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stub {
    /// The file, from the root of the source.
    pub file: PathBuf,
    pub text: &'static str,
}

/// A comment, because crates that must have documentation fail without one.
const LIBRARY: &str = "//! Empty.\n";
const PROGRAM: &str = "//! Empty.\nfn main() {}\n";

/// The stubs for all targets of the workspace in `tree`.
///
/// # Errors
/// If cargo cannot read its packages.
pub fn stubs(tree: &Path, cargo: &Path) -> Result<Vec<Stub>, MetadataError> {
    // cargo returns the real paths of files.
    let root = tree.canonicalize().unwrap_or_else(|_| tree.to_owned());
    let targets = metadata::packages(tree, cargo)?.into_iter().flat_map(|package| package.targets);
    let of = |target: metadata::PackageTarget| {
        let file = target.file.strip_prefix(&root).or_else(|_| target.file.strip_prefix(tree)).ok()?;
        let text = if target.is_library() { LIBRARY } else { PROGRAM };
        Some(Stub { file: file.to_owned(), text })
    };
    Ok(targets.filter_map(of).collect())
}
