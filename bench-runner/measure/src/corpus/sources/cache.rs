//! Layout of the cache directory.

use std::io;
use std::path::{Path, PathBuf};

/// The cache directory, with the paths in it that belong to sources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheDir {
    root: PathBuf,
}

impl CacheDir {
    /// The cache in `root`, which need not exist yet.
    ///
    /// # Errors
    /// If a relative path cannot be made absolute.
    pub fn at(root: &Path) -> io::Result<Self> {
        Ok(Self { root: std::path::absolute(root)? })
    }

    /// The directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Directory of the downloaded archives, each named after its hash.
    pub fn archives(&self) -> PathBuf {
        self.root.join("archives")
    }

    /// Path of the archive with this hash.
    pub fn archive(&self, sha256: &str) -> PathBuf {
        self.archives().join(format!("{sha256}.crate"))
    }

    /// Directory of the pristine trees.
    pub fn sources(&self) -> PathBuf {
        self.root.join("sources")
    }

    /// Directory of the bare repositories, one for each address.
    pub fn repositories(&self) -> PathBuf {
        self.root.join("git")
    }

    /// The cargo home for fetching, with the user's mirrors and credentials.
    pub(crate) fn fetching_home(&self) -> PathBuf {
        self.root.join("cargo-fetch")
    }

    /// The cargo home for building, without credentials and without anything that changes a build.
    pub fn building_home(&self) -> PathBuf {
        self.root.join("cargo-build")
    }

    /// An empty directory, in which cargo finds no project.
    pub fn empty_dir(&self) -> PathBuf {
        self.root.join("empty")
    }
}
