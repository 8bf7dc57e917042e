//! A project from a directory alone, without a manifest: what `--project PATH` means.

use std::io;
use std::path::{Path, PathBuf};

use crate::spanned::{DocError, SourceText, quoted};

use super::adding::fitting;
use super::manifest::Project;

/// A directory that cannot be taken for a project.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// It is not there, or no directory.
    #[error("failed to find the project {}: {error}", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Its path cannot stand in a manifest.
    #[error("the path {} is not UTF-8\nhelp: give the project through a link with another name", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
    },
    /// The manifest that was made for it does not hold: a fault of this program.
    #[error("the manifest made for a directory cannot be read: {0}")]
    Manifest(#[from] DocError),
}

/// The project in the directory `path`, with a manifest made for it: its name is that of the directory, and it names no
/// edit.
///
/// # Errors
/// Where there is no such directory, or its path is not UTF-8.
pub fn project(path: &Path) -> Result<Project, LocalError> {
    let missing = |error| LocalError::Missing { path: path.to_path_buf(), error };
    let root = path.canonicalize().map_err(missing)?;
    if !root.is_dir() {
        return Err(missing(io::ErrorKind::NotADirectory.into()));
    }
    let text = manifest(&root).ok_or_else(|| LocalError::NotText { path: root.clone() })?;
    Ok(Project::parse(&SourceText::new(format!("the manifest for {}", root.display()), text), Some(root))?)
}

fn manifest(root: &Path) -> Option<String> {
    let path = root.to_str()?;
    Some(format!(
        "name = {}\nsummary = {}\n\n[source]\nkind = \"path\"\npath = {}\n",
        quoted(&name(root)),
        quoted(&format!("the project in {path}")),
        quoted(path),
    ))
}

/// The name of a directory, with what a name cannot hold replaced.
fn name(root: &Path) -> String {
    fitting(&root.file_name().unwrap_or_default().to_string_lossy())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::corpus::Source;
    use crate::corpus::manifest::is_name;

    #[test]
    fn a_directory_becomes_a_project_under_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("my \"pröject\"");
        fs::create_dir_all(root.join("src")).unwrap();
        fs::write(root.join("src/main.rs"), "fn main() {\n}\n").unwrap();
        let made = project(&root).unwrap();
        assert_eq!(made.name, "my--pr-ject-");
        let Source::Path(source) = &made.source else { panic!("{:?}", made.source) };
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
            assert!(matches!(project(&dir.path().join(path)), Err(LocalError::Missing { .. })), "{path}");
        }
    }
}
