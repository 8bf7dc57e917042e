//! A project from a directory without a manifest: `--project PATH`.

use std::io;
use std::path::{Path, PathBuf};

use crate::toml_reader::{DocError, SourceText, toml_string};

use super::adding::{insert_lock, valid_name};
use super::manifest::Project;
use super::sources::{self, FetchContext, MemberPackage, SourceError};

/// A directory that cannot be used as a project.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// It does not exist, or is not a directory.
    #[error("failed to find the project {}: {error}", path.display())]
    Missing { path: PathBuf, error: io::Error },
    /// Its path cannot be written into a manifest.
    #[error("the path {} is not UTF-8", path.display())]
    NotText { path: PathBuf },
    /// Its workspace could not be determined.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// Its manifest has no place for a lock file.
    #[error("{origin} has no line `[source]`, below which the Cargo.lock that was made would go")]
    NoPlace {
        /// The manifest.
        origin: String,
    },
    /// The manifest that was made for it is not valid.
    #[error(transparent)]
    Manifest(#[from] DocError),
}

impl LocalError {
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => None,
            Self::NotText { .. } => Some("give the project through a link with another name".to_owned()),
            Self::Source(error) => error.help(),
            Self::NoPlace { .. } => Some("`cargo generate-lockfile` makes one in the project".to_owned()),
            Self::Manifest(error) => error.help(),
        }
    }
}

/// The directory of a local project.
///
/// # Errors
/// If it does not exist.
pub fn directory(path: &Path) -> Result<PathBuf, LocalError> {
    let missing = |error| LocalError::Missing { path: path.to_path_buf(), error };
    let root = path.canonicalize().map_err(missing)?;
    if !root.is_dir() {
        return Err(missing(io::ErrorKind::NotADirectory.into()));
    }
    Ok(root)
}

/// The project in the directory `path`, with a generated manifest: it has the name of the directory, and no
/// edits. If the directory is a member of a workspace, the source is the workspace, and the member is built.
///
/// # Errors
/// If there is no such directory, its path is not UTF-8, or the workspace above it does not have it as a
/// member.
pub fn project(path: &Path, with: &FetchContext) -> Result<Project, LocalError> {
    let root = directory(path)?;
    let member = sources::member(&root, with)?;
    let text = manifest(&root, member.as_ref()).ok_or_else(|| LocalError::NotText { path: root.clone() })?;
    Ok(Project::parse(&SourceText::new(format!("the manifest for {}", root.display()), text), Some(root))?)
}

fn manifest(root: &Path, member: Option<&MemberPackage>) -> Option<String> {
    let source = member.map_or(root, |member| &member.workspace).to_str()?;
    let (summary, build) = match member {
        None => (format!("the project in {source}"), String::new()),
        Some(MemberPackage { package, directory, .. }) => {
            let directory = match directory {
                Some(directory) => format!("directory = {}\n", toml_string(directory.to_str()?)),
                None => String::new(),
            };
            (
                format!("the package {package} of the workspace in {source}"),
                format!("\n[build]\npackage = {}\n{directory}", toml_string(package)),
            )
        }
    };
    Some(format!(
        "name = {}\nsummary = {}\n\n[source]\nkind = \"path\"\npath = {}\n{build}",
        toml_string(&name(root)),
        toml_string(&summary),
        toml_string(source),
    ))
}

/// The project with `lock` as its Cargo.lock, which becomes part of its manifest.
///
/// # Errors
/// If the manifest has no place for it.
pub fn with_lock(project: &Project, lock: &str) -> Result<Project, LocalError> {
    let text = insert_lock(&project.text, lock);
    let locked = Project::parse(&SourceText::new(project.origin.clone(), text), project.base.clone())?;
    match &locked.lock {
        Some(_) => Ok(locked),
        None => Err(LocalError::NoPlace { origin: project.origin.clone() }),
    }
}

/// The name of a directory, with invalid characters replaced.
fn name(root: &Path) -> String {
    valid_name(&root.file_name().unwrap_or_default().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::corpus::names::is_name;
    use crate::corpus::sources::kinds::path::PathSource;

    #[test]
    fn a_directory_becomes_a_project_under_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("my \"pröject\"");
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("src/main.rs"), "fn main() {\n}\n").unwrap();
        let made = project(&root, &FetchContext::in_tests(dir.path())).unwrap();
        assert_eq!(made.name, "my--pr-ject-");
        let source: &PathSource = made.source.downcast().unwrap();
        assert_eq!(source.path, root.canonicalize().unwrap());
        assert_eq!(made.edits, []);
        let again = Project::parse(&SourceText::new("again", made.text.clone()), None).unwrap();
        assert_eq!(again.source, made.source);
    }

    #[test]
    fn names_are_always_valid() {
        for path in ["/", "/...", "/.hidden", "/x y", &format!("/{}", "long".repeat(40))] {
            assert!(is_name(&name(Path::new(path))), "{path}");
        }
        assert_eq!(name(Path::new("/.hidden")), "hidden");
    }

    #[test]
    fn what_is_no_directory_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        for path in ["file", "absent"] {
            assert!(
                matches!(
                    project(&dir.path().join(path), &FetchContext::in_tests(dir.path())),
                    Err(LocalError::Missing { .. })
                ),
                "{path}"
            );
        }
    }
}
