//! Reads `cargo metadata` of a directory: members, targets, path dependencies and build directories.
//!
//! `cargo metadata --no-deps` reads manifests and configuration, resolves nothing and writes nothing, so it
//! runs in the user's own directory, with the user's own cargo home.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;

use crate::process::{RUSTUP_TOOLCHAIN, ToolCall, ToolEnv, check_tool, chosen_toolchain, not_installed};

use crate::corpus::sources::error::SourceError;

/// Variables that are removed: cargo sets some of them for its child processes, and no compiler is called.
const REMOVED_VARIABLES: [&str; 5] =
    ["CARGO", "RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_MANIFEST_DIR"];

/// The packages of a workspace, or a single package.
#[derive(Debug, Deserialize)]
pub(super) struct CargoLayout {
    /// The directory of the workspace, or of the single package.
    pub(super) workspace_root: PathBuf,
    pub(super) packages: Vec<CargoPackage>,
    target_directory: PathBuf,
    /// Since cargo 1.91.
    build_directory: Option<PathBuf>,
}

#[derive(Debug, Deserialize)]
pub(super) struct CargoPackage {
    pub(super) name: String,
    /// Its `Cargo.toml`.
    pub(super) manifest_path: PathBuf,
    pub(super) dependencies: Vec<CargoDependency>,
    pub(super) targets: Vec<CargoTarget>,
}

/// A dependency of a package.
#[derive(Debug, Deserialize)]
pub(super) struct CargoDependency {
    pub(super) name: String,
    /// `dev`, `build`, or `None`.
    pub(super) kind: Option<String>,
    /// Its directory, if it is given by path.
    pub(super) path: Option<PathBuf>,
}

/// A target of a package.
#[derive(Debug, Deserialize)]
pub(super) struct CargoTarget {
    pub(super) name: String,
    /// Such as `lib`, `bin`, `custom-build`.
    pub(super) kind: Vec<String>,
    /// Its root file.
    pub(super) src_path: PathBuf,
}

impl CargoLayout {
    /// The directories that builds write to.
    pub(super) fn build_dirs(&self) -> impl Iterator<Item = &Path> {
        [&self.target_directory].into_iter().chain(&self.build_directory).map(PathBuf::as_path)
    }

    /// The package in `dir`, if it is a member of a workspace in another directory.
    pub(super) fn member_in(&self, dir: &Path) -> Option<&CargoPackage> {
        (self.workspace_root != dir).then(|| self.package_in(dir)).flatten()
    }

    /// The package whose manifest is in `dir`.
    pub(super) fn package_in(&self, dir: &Path) -> Option<&CargoPackage> {
        self.packages.iter().find(|package| package.dir() == dir)
    }
}

impl CargoPackage {
    pub(super) fn dir(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(&self.manifest_path)
    }
}

/// Layouts of directories; cargo is asked once for each.
#[derive(Debug, Clone, Default)]
pub struct CargoLayouts(Arc<Mutex<HashMap<PathBuf, Arc<CargoLayout>>>>);

impl CargoLayouts {
    /// The layout of the directory `dir`, which has a `Cargo.toml`.
    ///
    /// # Errors
    /// If cargo cannot read it, in cargo's own words; or if the toolchain that it requests is not installed.
    pub(super) fn layout_of(&self, dir: &Path, cargo: &Path) -> Result<Arc<CargoLayout>, SourceError> {
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(layout) = known().get(dir) {
            return Ok(layout.clone());
        }
        let layout = Arc::new(ask(dir, cargo)?);
        known().insert(dir.to_owned(), layout.clone());
        Ok(layout)
    }
}

fn ask(dir: &Path, cargo: &Path) -> Result<CargoLayout, SourceError> {
    let args = ["metadata", "--no-deps", "--offline", "--format-version", "1", "--color", "never"];
    let mut remove = REMOVED_VARIABLES.map(OsString::from).to_vec();
    if chosen_toolchain().is_none() {
        remove.push(RUSTUP_TOOLCHAIN.into());
    }
    let call = ToolCall {
        cwd: Some(dir.to_owned()),
        env: ToolEnv::Inherit { set: BTreeMap::new(), remove },
        ..ToolCall::new(cargo, args)
    };
    let said = check_tool(&call).map_err(|error| match not_installed(&error, dir) {
        Some(missing) => SourceError::NotInstalled { missing },
        None => SourceError::Unreadable { dir: dir.to_owned(), error },
    })?;
    serde_json::from_str(&said.stdout).map_err(|error| SourceError::Unfit {
        path: dir.to_owned(),
        reason: format!("what `cargo metadata` says of it cannot be read: {error}"),
        help: "try a newer cargo".to_owned(),
    })
}
