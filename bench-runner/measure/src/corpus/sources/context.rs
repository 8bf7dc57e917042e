//! Settings and tools for fetching sources.

use std::path::PathBuf;

use super::cache::CacheDir;
use super::cargo_layout::CargoLayouts;

/// Settings and tools for fetching sources.
#[derive(Debug, Clone)]
pub struct FetchContext {
    /// The cache of all fetched files.
    pub cache: CacheDir,
    /// The user's cargo, which fetches.
    pub cargo: PathBuf,
    /// True if the network must not be used.
    pub offline: bool,
    /// The user's own cargo home, whose mirrors and credentials are used; see `user_cargo_home`.
    pub user_home: Option<PathBuf>,
    /// Directories that are not part of any source, such as those of results and plots.
    pub exclude: Vec<PathBuf>,
    /// Layouts that were read with the user's cargo.
    pub layouts: CargoLayouts,
}

#[cfg(test)]
impl FetchContext {
    /// For tests: with the usual cargo, offline, in the cache `dir`.
    pub(in crate::corpus) fn in_tests(dir: &std::path::Path) -> Self {
        Self {
            cache: CacheDir::at(dir).expect("a path"),
            cargo: "cargo".into(),
            offline: true,
            user_home: None,
            exclude: Vec::new(),
            layouts: CargoLayouts::default(),
        }
    }
}
