//! What is left of a project's own crates where only their dependencies are to be built: every target is there, and
//! holds nothing. cargo resolves and builds the dependencies exactly as for the project itself, because it reads the same
//! manifests and the same lock file.

use std::path::{Path, PathBuf};

use super::metadata::{self, MetadataError};

/// A file of a project with what stands in it in place of its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stub {
    /// The file, from the root of the source.
    pub file: PathBuf,
    pub text: &'static str,
}

/// A comment that keeps crates which must have documentation content.
const LIBRARY: &str = "//! Empty.\n";
const PROGRAM: &str = "//! Empty.\nfn main() {}\n";

/// What stands in for the sources of all targets of the workspace in `tree`.
///
/// # Errors
/// If cargo does not say what they are.
pub fn stubs(tree: &Path, cargo: &Path) -> Result<Vec<Stub>, MetadataError> {
    // cargo names the files by their real paths.
    let root = tree.canonicalize().unwrap_or_else(|_| tree.to_owned());
    let targets = metadata::packages(tree, cargo)?.into_iter().flat_map(|package| package.targets);
    let of = |target: metadata::PackageTarget| {
        let file = target.file.strip_prefix(&root).or_else(|_| target.file.strip_prefix(tree)).ok()?;
        let text = if target.is_library() { LIBRARY } else { PROGRAM };
        Some(Stub { file: file.to_owned(), text })
    };
    Ok(targets.filter_map(of).collect())
}
