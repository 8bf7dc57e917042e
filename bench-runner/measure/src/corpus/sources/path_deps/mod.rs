//! Finds the files that a local cargo project needs from outside of its own directory: packages that its
//! manifests name by path, the manifest of a workspace that such a package inherits from, sources of its
//! targets, files that cargo and rustup read in the directories above it, if they belong to the same
//! repository, and paths in cargo's configuration.
//!
//! The packages and targets come from cargo (`cargo_layout`). Paths that only the compiler knows
//! (`include_str!("../../x")`, `#[path = "../x.rs"]`) cannot be found here.

mod cargo_config;
pub(crate) mod manifests;
pub(crate) mod workspace_member;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::corpus::sources::cargo_layout::{CargoLayout, CargoPackage};
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::worktree;
use manifests::{absolute_path, entries, normalize, patches, path_of, table};

/// Files that cargo and rustup look for in every directory above a project, and in its own.
pub(crate) const LOOKUP_FILES: [&str; 4] =
    [".cargo/config", ".cargo/config.toml", "rust-toolchain", "rust-toolchain.toml"];

/// File that macros and build scripts look for in the same way, independently of cargo.
const ENV_FILE: &str = ".env";

/// Kinds of targets that are not built for a package that is only a dependency.
const OWN_TARGETS: [&str; 4] = ["bin", "example", "test", "bench"];

/// Files to copy in addition to a project's directory.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct OutsideFiles {
    /// Directories, none within another or within the project.
    pub(crate) dirs: Vec<PathBuf>,
    /// Single files, each with the directory that it applies to.
    pub(crate) files: BTreeMap<PathBuf, PathBuf>,
    /// Files and directories that are copied as they are, whether git ignores them or not, within the project
    /// too.
    pub(crate) exact: BTreeSet<PathBuf>,
    /// Directories that builds write to.
    pub(crate) builds: Vec<PathBuf>,
    /// The work tree of the repository, if the copy has to begin there: code that asks git finds its place
    /// below it.
    pub(crate) top: Option<PathBuf>,
    /// Notes for the user.
    pub(crate) notes: Vec<String>,
}

impl OutsideFiles {
    /// The lowest directory that contains all of them and the project in `root`.
    pub(crate) fn base(&self, root: &Path) -> PathBuf {
        let mut base = root.to_path_buf();
        for dir in self.dirs.iter().chain(self.files.values()).chain(&self.exact).chain(&self.top) {
            while !dir.starts_with(&base) {
                base.pop();
            }
        }
        base
    }
}

/// The outside files of the project in `root`, a path without links.
///
/// # Errors
/// If cargo cannot read it, or it needs a path that cannot be copied.
pub(crate) fn find(root: &Path, with: &FetchContext) -> Result<OutsideFiles, SourceError> {
    let layout = with.layouts.layout_of(root, &with.cargo)?;
    refuse_member(root, &layout)?;
    let mut finder = PathDepFinder {
        root,
        with,
        dirs: BTreeSet::new(),
        outside: OutsideFiles::default(),
        seen: BTreeSet::new(),
    };
    finder.outside.builds = layout.build_dirs().map(Path::to_path_buf).collect();
    finder.find_above();
    finder.configurations()?;
    finder.packages(&layout)?;
    let PathDepFinder { dirs, mut outside, .. } = finder;
    outside.dirs = dirs
        .iter()
        .filter(|dir| !dirs.iter().any(|other| *dir != other && dir.starts_with(other)))
        .cloned()
        .collect();
    outside.files.retain(|file, _| !outside.dirs.iter().any(|dir| file.starts_with(dir)));
    Ok(outside)
}

/// Refuses a source that is a member of a workspace and not a workspace.
fn refuse_member(root: &Path, layout: &CargoLayout) -> Result<(), SourceError> {
    let Some(package) = layout.member_in(root) else { return Ok(()) };
    Err(SourceError::Unfit {
        path: root.to_path_buf(),
        reason: format!("it belongs to the workspace in {}", layout.workspace_root.display()),
        help: format!(
            "give the workspace's own directory, with `package = \"{}\"` in the `build` of a manifest; or name this \
             directory in the workspace's `exclude`",
            package.name
        ),
    })
}

struct PathDepFinder<'r> {
    root: &'r Path,
    with: &'r FetchContext,
    dirs: BTreeSet<PathBuf>,
    outside: OutsideFiles,
    /// The packages that were read already.
    seen: BTreeSet<PathBuf>,
}

impl PathDepFinder<'_> {
    /// Adds configuration and toolchain files in the directories above, if they are in the project's
    /// repository.
    fn find_above(&mut self) {
        let home = std::env::var_os("HOME").map(PathBuf::from).and_then(|home| home.canonicalize().ok());
        let workdir = worktree::work_tree(self.root).ok().flatten();
        for dir in self.root.ancestors().skip(1).filter(|dir| Some(*dir) != home.as_deref()) {
            let own = workdir.as_ref().is_some_and(|workdir| dir.starts_with(workdir));
            for file in LOOKUP_FILES.map(|name| dir.join(name)).into_iter().filter(|file| file.is_file()) {
                if own {
                    self.outside.files.insert(file, dir.to_path_buf());
                } else {
                    self.outside.notes.push(format!(
                        "above the project and not copied with it: {} (`as-configured` takes over what cargo's \
                         configuration there says)",
                        file.display()
                    ));
                }
            }
            let variables = dir.join(ENV_FILE);
            if variables.is_file() {
                self.outside.notes.push(format!(
                    "above the project and not copied with it: {} (macros and build scripts that look for it upwards do \
                     not find it)",
                    variables.display()
                ));
            }
        }
    }

    /// Adds the packages of the project's workspace, and all that they name by path.
    fn packages(&mut self, layout: &CargoLayout) -> Result<(), SourceError> {
        let file = self.root.join("Cargo.toml");
        let manifest = table(&file).unwrap_or_default();
        if let Some((name, path)) = absolute_path(&manifest) {
            return Err(self.absolute(&name, &path, &file));
        }
        let replaced = entries(manifest.get("replace"));
        for (name, value) in patches(&manifest).into_iter().chain(replaced) {
            if let Some(path) = path_of(value) {
                self.package(&path, self.root, &file, &name)?;
            }
        }
        for package in &layout.packages {
            self.bring_dir(package.dir(), &file, "members")?;
            self.read(package, true)?;
        }
        Ok(())
    }

    /// Adds the paths in a package. Its dev-dependencies and own targets count only if it is a `member`.
    fn read(&mut self, package: &CargoPackage, member: bool) -> Result<(), SourceError> {
        if !self.seen.insert(package.dir().to_path_buf()) {
            return Ok(());
        }
        let file = &package.manifest_path;
        if let Some((name, path)) = table(file).as_ref().and_then(absolute_path) {
            return Err(self.absolute(&name, &path, file));
        }
        for target in &package.targets {
            if member || !target.kind.iter().any(|kind| OWN_TARGETS.contains(&kind.as_str())) {
                self.bring_target_source(&target.src_path, file, &target.name)?;
            }
        }
        for needed in &package.dependencies {
            if let Some(path) =
                needed.path.as_ref().filter(|_| member || needed.kind.as_deref() != Some("dev"))
            {
                self.package_in(path, file, &needed.name)?;
            }
        }
        Ok(())
    }

    /// Adds a package at `path`, which `file` names relative to `base`.
    fn package(&mut self, path: &str, base: &Path, file: &Path, name: &str) -> Result<(), SourceError> {
        if Path::new(path).is_absolute() {
            return Err(self.absolute(name, path, file));
        }
        let Some(dir) = normalize(&base.join(path)) else { return Ok(()) };
        self.package_in(&dir, file, name)
    }

    /// Adds a package in the directory `dir`, which `file` names.
    fn package_in(&mut self, dir: &Path, file: &Path, name: &str) -> Result<(), SourceError> {
        // A missing package may not be needed; if it is, cargo reports it.
        if self.seen.contains(dir) || !dir.join("Cargo.toml").is_file() {
            return Ok(());
        }
        self.bring_dir(dir, file, name)?;
        let layout = match self.with.layouts.layout_of(dir, &self.with.cargo) {
            Ok(layout) => layout,
            // Its workspace may be broken in parts that the project does not need.
            Err(error) => {
                self.outside.notes.push(format!("what `{name}` needs in turn is not known: {error}"));
                self.seen.insert(dir.to_path_buf());
                return Ok(());
            }
        };
        let workspace = &layout.workspace_root;
        if workspace != dir && !dir.starts_with(self.root) && !workspace.starts_with(self.root) {
            self.outside.files.insert(workspace.join("Cargo.toml"), workspace.clone());
        }
        self.outside.builds.extend(layout.build_dirs().map(Path::to_path_buf));
        // Within the project it is built like a member, whether it is one or not.
        layout.package_in(dir).map_or(Ok(()), |package| self.read(package, dir.starts_with(self.root)))
    }

    /// Adds a directory, if it is outside.
    fn bring_dir(&mut self, dir: &Path, file: &Path, name: &str) -> Result<(), SourceError> {
        if !dir.starts_with(self.root) {
            self.refuse_links(dir, file, name)?;
            self.dirs.insert(dir.to_path_buf());
        }
        Ok(())
    }

    /// Adds the source of a target with the modules next to it, if it is outside.
    fn bring_target_source(&mut self, source: &Path, file: &Path, name: &str) -> Result<(), SourceError> {
        let Some(source) = normalize(source).filter(|source| source.is_file()) else { return Ok(()) };
        let dir = source.parent().unwrap_or(&source);
        if [self.root]
            .into_iter()
            .chain(self.dirs.iter().map(PathBuf::as_path))
            .any(|taken| dir.starts_with(taken))
        {
            return Ok(());
        }
        self.refuse_links(dir, file, name)?;
        if !self.root.starts_with(dir) {
            self.dirs.insert(dir.to_path_buf());
            return Ok(());
        }
        let home = std::env::var_os("HOME").map(PathBuf::from).and_then(|home| home.canonicalize().ok());
        if dir.parent().is_none() || Some(dir) == home.as_deref() {
            return Err(self.unfit(
                format!("the source of `{name}` in {} is {}", file.display(), source.display()),
                "put it into a directory of its own",
            ));
        }
        // The project itself is in that directory, and possibly much else: only files that can be modules are
        // added.
        let inner = fs::read_dir(dir).map_err(SourceError::io("read", dir))?;
        for path in inner.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                let module = path.with_extension("rs").is_file() || path.join("mod.rs").is_file();
                if module && !self.root.starts_with(&path) {
                    self.dirs.insert(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                self.outside.exact.insert(path);
            }
        }
        Ok(())
    }

    fn refuse_links(&self, dir: &Path, file: &Path, name: &str) -> Result<(), SourceError> {
        if dir.canonicalize().ok().as_deref() == Some(dir) {
            return Ok(());
        }
        Err(self.unfit(
            format!("`{name}` in {} leads through a link to {}", file.display(), dir.display()),
            "name the directory itself",
        ))
    }

    fn absolute(&self, name: &str, path: &str, file: &Path) -> SourceError {
        self.unfit(
            format!(
                "`{name}` in {} has the absolute path {path}, which would be built where it is",
                file.display()
            ),
            "make the path relative, and it is copied with the project",
        )
    }

    fn unfit(&self, reason: String, help: &str) -> SourceError {
        SourceError::Unfit { path: self.root.to_path_buf(), reason, help: help.to_owned() }
    }
}

#[cfg(test)]
mod tests;
