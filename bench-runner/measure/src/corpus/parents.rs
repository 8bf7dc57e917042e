//! Keeps foreign cargo configuration away from the work trees.
//!
//! A separate cargo home does not isolate a build: cargo also reads the configuration of every directory
//! above the work tree (including `$HOME/.cargo`, if the cache is below it), and a `Cargo.toml` in one of
//! them makes the work tree a part of its workspace. Both are refused by name, before anything is built.

use std::io;
use std::path::{Path, PathBuf};

use crate::toml_reader::{DocError, SourceText};

/// Configuration tables that cannot change the result or the duration of a build.
const HARMLESS: [&str; 11] = [
    "source",
    "registries",
    "registry",
    "net",
    "http",
    "term",
    "alias",
    "credential-alias",
    "cargo-new",
    "future-incompat-report",
    "cache",
];

const HELP: &str = "put the work trees elsewhere with `--cache-dir`";

/// A directory above the work trees that would change every build in them.
#[derive(Debug, thiserror::Error)]
pub enum ParentError {
    /// Its cargo configuration sets something that changes builds.
    #[error(
        "{} applies to every build in {} and sets {}",
        file.display(), below.display(), list(keys)
    )]
    Config {
        /// The configuration file.
        file: PathBuf,
        /// The keys that it sets, such as `build.rustflags`.
        keys: Vec<String>,
        /// Directory of the work trees.
        below: PathBuf,
    },
    /// Its configuration is not TOML; cargo would fail on it.
    #[error("cargo would read this for every build in {}: {error}", below.display())]
    Broken {
        /// The error, with its position.
        error: DocError,
        /// Directory of the work trees.
        below: PathBuf,
    },
    /// It has a `Cargo.toml`, which would make the work tree a member of its workspace.
    #[error(
        "{} would capture every project below it, and so those in {}",
        file.display(), below.display()
    )]
    Workspace {
        file: PathBuf,
        /// Directory of the work trees.
        below: PathBuf,
    },
    /// It cannot be read.
    #[error("failed to read {}: {error}", file.display())]
    Unreadable { file: PathBuf, error: io::Error },
}

impl ParentError {
    pub fn help(&self) -> Option<String> {
        let or = match self {
            Self::Config { .. } => ", or take these keys out of that file",
            Self::Broken { .. } => ", or mend that file",
            Self::Workspace { .. } => ", or move that file",
            Self::Unreadable { .. } => "",
        };
        Some(format!("{HELP}{or}"))
    }
}

fn list(keys: &[String]) -> String {
    keys.iter().map(|key| format!("`{key}`")).collect::<Vec<_>>().join(", ")
}

/// Checks that work trees can be in `dir`, which need not exist yet: looks at it and at every directory
/// above.
///
/// # Errors
/// The first file, from `dir` upwards, that would affect the builds.
pub fn check(dir: &Path) -> Result<(), ParentError> {
    let real = real_path(dir).map_err(|error| ParentError::Unreadable { file: dir.to_path_buf(), error })?;
    for parent in real.ancestors() {
        let manifest = parent.join("Cargo.toml");
        if read(&manifest)?.is_some() {
            return Err(ParentError::Workspace { file: manifest, below: real });
        }
        for name in ["config.toml", "config"] {
            let file = parent.join(".cargo").join(name);
            let Some(text) = read(&file)? else { continue };
            let keys = keys_that_change_builds(&text)
                .map_err(|error| ParentError::Broken { error, below: real.clone() })?;
            if !keys.is_empty() {
                return Err(ParentError::Config { file, keys, below: real });
            }
        }
    }
    Ok(())
}

/// The path as cargo will see it: links are resolved as far as the path exists.
fn real_path(dir: &Path) -> io::Result<PathBuf> {
    let absolute = std::path::absolute(dir)?;
    for existing in absolute.ancestors() {
        match existing.canonicalize() {
            Ok(real) => {
                let rest = absolute.strip_prefix(existing).unwrap_or(Path::new(""));
                return Ok(if rest.as_os_str().is_empty() { real } else { real.join(rest) });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(absolute)
}

fn read(file: &Path) -> Result<Option<SourceText>, ParentError> {
    match SourceText::read(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) => match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => Ok(None),
            _ => Err(ParentError::Unreadable { file: file.to_path_buf(), error }),
        },
    }
}

fn keys_that_change_builds(config: &SourceText) -> Result<Vec<String>, DocError> {
    let document = config.parse()?;
    let mut keys = Vec::new();
    for (key, value) in document.reader().entries() {
        if HARMLESS.contains(&key.as_str()) {
            continue;
        }
        let inner = if value.is_table() { value.entries()? } else { Vec::new() };
        if inner.is_empty() {
            keys.push(key);
        } else {
            keys.extend(inner.into_iter().map(|(_, value)| value.name().to_owned()));
        }
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::printed_error::PrintedError as _;

    fn below(config: Option<(&str, &str)>) -> (tempfile::TempDir, Result<(), ParentError>) {
        let dir = tempfile::tempdir().unwrap();
        if let Some((path, text)) = config {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let result = check(&dir.path().join("cache/work"));
        (dir, result)
    }

    #[test]
    fn what_cannot_change_a_build_is_let_pass() {
        below(None).1.unwrap();
        let text = "[net]\nretry = 3\n[source.crates-io]\nreplace-with = \"m\"\n[source.m]\nregistry = \"sparse+https://m/\"\n[term]\nquiet = true\n[alias]\nb = \"build\"\n";
        below(Some((".cargo/config.toml", text))).1.unwrap();
    }

    #[test]
    fn what_changes_builds_is_refused_with_its_keys() {
        for name in [".cargo/config.toml", ".cargo/config"] {
            let text = "[net]\nretry = 3\n[build]\nrustflags = [\"-Cx\"]\njobs = 2\n[env]\nA = \"b\"\n[target.x.y]\nlinker = \"l\"\n";
            let (dir, result) = below(Some((name, text)));
            let Err(ParentError::Config { file, keys, .. }) = &result else { panic!("{result:?}") };
            assert_eq!(*file, dir.path().canonicalize().unwrap().join(name));
            assert_eq!(keys, &["build.rustflags", "build.jobs", "env.A", "target.x"]);
            let text = result.unwrap_err().printed();
            assert!(
                text.contains("--cache-dir") && text.contains("`build.rustflags`, `build.jobs`"),
                "{text}"
            );
        }
        for text in
            ["include = \"more.toml\"\n", "paths = [\"/x\"]\n", "[profile.dev]\ndebug = 0\n", "[unknown]\n"]
        {
            assert!(
                matches!(below(Some((".cargo/config.toml", text))).1, Err(ParentError::Config { .. })),
                "{text}"
            );
        }
    }

    #[test]
    fn the_directory_itself_and_links_to_it_are_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let real = dir.path().join("real");
        fs::create_dir_all(real.join(".cargo")).unwrap();
        fs::write(real.join(".cargo/config.toml"), "[build]\njobs = 1\n").unwrap();
        assert!(check(&real).is_err());
        std::os::unix::fs::symlink(&real, dir.path().join("link")).unwrap();
        assert!(matches!(check(&dir.path().join("link/x")), Err(ParentError::Config { .. })));
        check(dir.path()).unwrap();
    }

    #[test]
    fn a_stray_manifest_is_refused() {
        let (_dir, result) = below(Some(("Cargo.toml", "[workspace]\n")));
        assert!(matches!(result, Err(ParentError::Workspace { .. })), "{result:?}");
    }

    #[test]
    fn a_broken_configuration_is_shown_at_its_place() {
        let (_dir, result) = below(Some((".cargo/config.toml", "[build\n")));
        let text = result.unwrap_err().printed();
        assert!(text.contains("config.toml:1:"), "{text}");
    }
}
