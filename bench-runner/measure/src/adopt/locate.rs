//! The files that settings are written to.

use std::path::{Path, PathBuf};

use bench_runner_core::record::Refusal;

use crate::axes::{CONFIG_FILE, MANIFEST_FILE, TOOLCHAIN_FILE};
use crate::build::{CargoInvocation, members};

/// Files of a project that cargo and rustup read. They need not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ProjectFiles {
    /// Cargo's configuration: the nearest one between the project and its workspace, else that of the workspace.
    pub(super) config: PathBuf,
    /// Manifest of the workspace, the only one whose profiles count.
    pub(super) manifest: PathBuf,
    /// The file that chooses the toolchain.
    pub(super) toolchain: PathBuf,
    /// Directory of the workspace.
    pub(super) workspace: PathBuf,
}

impl ProjectFiles {
    /// Finds the files of the project in which `cargo` is called.
    ///
    /// # Errors
    /// If cargo cannot read the manifests.
    pub(super) fn find(cargo: &CargoInvocation) -> Result<Self, Refusal> {
        let canonical = |path: &Path| {
            let failed = |error| Refusal::new(format!("cannot read {}: {error}", path.display()));
            path.canonicalize().map_err(failed)
        };
        let workspace = canonical(&members(cargo).map_err(|error| error.into_refusal())?.root)?;
        let project = canonical(&cargo.dir)?;
        let dirs: Vec<&Path> = match project.starts_with(&workspace) {
            true => project.ancestors().take_while(|dir| dir.starts_with(&workspace)).collect(),
            false => vec![&project],
        };
        let nearest = |names: [&str; 2]| {
            let mut all = dirs.iter().flat_map(|dir| names.map(|name| dir.join(name)));
            // Of two in one directory, both programs read the one without an extension.
            all.find(|file| file.symlink_metadata().is_ok())
        };
        let without_extension = |name: &'static str| name.strip_suffix(".toml").unwrap_or(name);
        let file = |name: &'static str| {
            nearest([without_extension(name), name]).unwrap_or_else(|| workspace.join(name))
        };
        let manifest = workspace.join(MANIFEST_FILE);
        Ok(Self { config: file(CONFIG_FILE), manifest, toolchain: file(TOOLCHAIN_FILE), workspace })
    }
}
