//! What a local cargo project needs from outside of its own directory: packages that its manifests name by path, the
//! manifest of a workspace that such a package inherits from, and what cargo and rustup read in the directories above
//! it, as far as they belong to the same repository, with what cargo's configuration names by path in turn.
//!
//! What only the compiler knows (`include_str!("../../x")`, `#[path = "../x.rs"]`) cannot be seen here.

mod configuration;
mod manifests;
mod member;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::SourceError;
pub(super) use manifests::normal;
use manifests::{dependencies, entries, matching, path_of, paths, strings, table, text_at};
use member::workspace_over;
pub use member::{Member, member};

/// What cargo and rustup look for in every directory above a project.
const LOOKED_FOR: [&str; 4] =
    [".cargo/config", ".cargo/config.toml", "rust-toolchain", "rust-toolchain.toml"];

/// What has to be copied beside a project.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outside {
    /// Directories, none within another or within the project.
    pub(super) dirs: Vec<PathBuf>,
    /// Single files, each with the directory that it has its meaning in.
    pub(super) files: BTreeMap<PathBuf, PathBuf>,
    /// Files and directories that are taken as they are, whatever git says of them, within the project too.
    pub(super) exact: BTreeSet<PathBuf>,
    /// What is worth knowing.
    pub(super) notes: Vec<String>,
}

impl Outside {
    /// The directory that all of it and the project in `root` lie below.
    pub(super) fn base(&self, root: &Path) -> PathBuf {
        let mut base = root.to_path_buf();
        for dir in self.dirs.iter().chain(self.files.values()).chain(&self.exact) {
            while !dir.starts_with(&base) {
                base.pop();
            }
        }
        base
    }
}

/// What the project in `root`, a path without links, needs from outside of it.
///
/// # Errors
/// Where it needs what cannot be brought along.
pub(super) fn find(root: &Path) -> Result<Outside, SourceError> {
    let mut finder = Finder::new(root);
    let manifest = table(&root.join("Cargo.toml")).unwrap_or_default();
    no_member(root, &manifest)?;
    finder.above();
    finder.configurations()?;
    finder.packages(&manifest)?;
    let Finder { dirs, mut outside, .. } = finder;
    outside.dirs = dirs
        .iter()
        .filter(|dir| !dirs.iter().any(|other| *dir != other && dir.starts_with(other)))
        .cloned()
        .collect();
    outside.files.retain(|file, _| !outside.dirs.iter().any(|dir| file.starts_with(dir)));
    Ok(outside)
}

/// What a manifest gives for its source must be a workspace and not a member of one.
fn no_member(root: &Path, manifest: &Table) -> Result<(), SourceError> {
    let Some(workspace) = workspace_over(root, manifest) else { return Ok(()) };
    let package = text_at(manifest, &["package", "name"]).unwrap_or_default();
    Err(SourceError::Unfit {
        path: root.to_path_buf(),
        reason: format!("it belongs to the workspace in {}", workspace.display()),
        help: format!(
            "give the workspace's own directory, with `package = \"{package}\"` in the `build` of a manifest; or name \
             this directory in the workspace's `exclude`"
        ),
    })
}

/// Whether cargo would take the package in `package` for one of the workspace in `dir`.
fn is_workspace_of(dir: &Path, package: &Path) -> bool {
    table(&dir.join("Cargo.toml")).is_some_and(|manifest| takes_in(&manifest, dir, package))
}

/// Whether the workspace of `manifest`, which lies in `dir`, has what lies in `package` for a member. As for cargo, what
/// is listed in `members` as it stands is one, also where a directory above it is excluded.
pub(super) fn takes_in(manifest: &Table, dir: &Path, package: &Path) -> bool {
    let workspace = manifest.get("workspace").and_then(Value::as_table);
    workspace.is_some_and(|workspace| {
        let names = |key: &str| strings(workspace.get(key)).any(|path| package.starts_with(dir.join(path)));
        names("members") || !names("exclude")
    })
}

/// The workspace that the package in `dir` inherits from, itself or one above it.
fn workspace_of(dir: &Path, manifest: &Table) -> Option<PathBuf> {
    let mut above = dir.ancestors().skip(usize::from(!manifest.contains_key("workspace")));
    above.find(|above| is_workspace_of(above, dir)).map(Path::to_path_buf)
}

struct Finder<'r> {
    root: &'r Path,
    dirs: BTreeSet<PathBuf>,
    outside: Outside,
    seen: BTreeSet<PathBuf>,
}

impl<'r> Finder<'r> {
    fn new(root: &'r Path) -> Self {
        Self { root, dirs: BTreeSet::new(), outside: Outside::default(), seen: BTreeSet::new() }
    }

    /// Configuration and toolchain files in the directories above, as far as they are in the project's repository.
    fn above(&mut self) {
        let home = std::env::var_os("HOME").map(PathBuf::from).and_then(|home| home.canonicalize().ok());
        let repository = git2::Repository::discover(self.root).ok();
        let workdir = repository.and_then(|repository| repository.workdir()?.canonicalize().ok());
        for dir in self.root.ancestors().skip(1).filter(|dir| Some(*dir) != home.as_deref()) {
            let own = workdir.as_ref().is_some_and(|workdir| dir.starts_with(workdir));
            for file in LOOKED_FOR.map(|name| dir.join(name)).into_iter().filter(|file| file.is_file()) {
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
        }
    }

    /// The packages of the project's workspace, and all that they name by path.
    fn packages(&mut self, manifest: &Table) -> Result<(), SourceError> {
        let mut left = vec![self.root.to_path_buf()];
        if let Some(workspace) = manifest.get("workspace").and_then(Value::as_table) {
            for pattern in strings(workspace.get("members")) {
                left.extend(matching(self.root, pattern));
            }
        }
        for dir in left {
            self.read(&dir, true)?;
        }
        Ok(())
    }

    /// Reads the manifest of a package; cargo looks at what a package needs for its own tests where that is a `member`.
    fn read(&mut self, dir: &Path, member: bool) -> Result<(), SourceError> {
        if !self.seen.insert(dir.to_path_buf()) {
            return Ok(());
        }
        let file = dir.join("Cargo.toml");
        let Some(manifest) = table(&file) else { return Ok(()) };
        self.take(dir, &file, "its own directory")?;
        for (name, path) in paths(&manifest, member) {
            self.package(&path, dir, &file, &name)?;
        }
        if dir.starts_with(self.root) {
            return Ok(());
        }
        // What a neighbour inherits stands in the manifest of its own workspace.
        let Some(workspace) = workspace_of(dir, &manifest) else { return Ok(()) };
        let file = workspace.join("Cargo.toml");
        let Some(named) = table(&file) else { return Ok(()) };
        let named = named.get("workspace").and_then(|workspace| workspace.get("dependencies"));
        for (name, value) in dependencies(&manifest, member).into_iter().flat_map(entries) {
            let inherited = value.get("workspace").and_then(Value::as_bool) == Some(true);
            let path = named.and_then(|named| named.get(&name)).and_then(path_of);
            if let Some(path) = path.filter(|_| inherited) {
                self.package(&path, &workspace, &file, &name)?;
            }
        }
        Ok(())
    }

    /// A package at `path`, which `file` names relative to `base`.
    fn package(&mut self, path: &str, base: &Path, file: &Path, name: &str) -> Result<(), SourceError> {
        if Path::new(path).is_absolute() {
            return Err(self.unfit(
                format!(
                    "`{name}` in {} has the absolute path {path}, which would be built where it is",
                    file.display()
                ),
                "make the path relative, and it is copied with the project",
            ));
        }
        let Some(dir) = normal(&base.join(path)) else { return Ok(()) };
        // What is not there may not be needed; where it is, cargo says so.
        if !dir.join("Cargo.toml").is_file() {
            return Ok(());
        }
        self.take(&dir, file, name)?;
        // Within the project it is a member of its workspace, whether it is listed or not.
        self.read(&dir, dir.starts_with(self.root))
    }

    /// Takes a directory along, where it lies outside, and the manifest of the workspace that it inherits from.
    fn take(&mut self, dir: &Path, file: &Path, name: &str) -> Result<(), SourceError> {
        if dir.starts_with(self.root) {
            return Ok(());
        }
        if dir.canonicalize().ok().as_deref() != Some(dir) {
            return Err(self.unfit(
                format!("`{name}` in {} leads through a link to {}", file.display(), dir.display()),
                "name the directory itself",
            ));
        }
        self.dirs.insert(dir.to_path_buf());
        let workspace = table(&dir.join("Cargo.toml")).and_then(|manifest| workspace_of(dir, &manifest));
        if let Some(workspace) = workspace.filter(|above| above != dir && !above.starts_with(self.root)) {
            self.outside.files.insert(workspace.join("Cargo.toml"), workspace);
        }
        Ok(())
    }

    fn unfit(&self, reason: String, help: &str) -> SourceError {
        SourceError::Unfit { path: self.root.to_path_buf(), reason, help: help.to_owned() }
    }
}

#[cfg(test)]
mod tests;
