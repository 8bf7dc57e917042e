//! The user's own tree beside its copy: what cargo reads there, and whether builds of the copy are those of the tree.

use std::path::{Path, PathBuf};

use super::Workplace;
use super::bench::Bench;
use crate::build::{AskError, Asked, user_settings};
use crate::corpus::Source;
use crate::process::find_in_path;

impl Workplace {
    /// What the user's own configuration says to builds of a project, beside what the project says.
    pub(super) fn configured(&self, bench: Option<&Bench>) -> Result<String, AskError> {
        let own = bench.and_then(Bench::own_tree);
        let asked = self.asked_as_user(own.as_deref());
        let configuration = asked.configuration()?;
        // What was copied belongs to the project. A project from elsewhere has no place of its own on this machine.
        let copied =
            |file: &Path| own.as_deref().zip(bench).is_some_and(|(own, bench)| bench.has_copied(own, file));
        Ok(user_settings(&configuration, copied, &asked.env))
    }

    /// The user's cargo in a directory of the user's, or in none that matters.
    pub(super) fn asked_as_user(&self, dir: Option<&Path>) -> Asked {
        let dir = dir.map_or_else(|| self.sources.cache.nowhere(), Path::to_path_buf);
        let mut env = Asked::user_environment();
        if let Some(home) = &self.sources.user_home {
            env.insert("CARGO_HOME".to_owned(), home.display().to_string());
        }
        Asked { cargo: find_in_path("cargo", &self.path).unwrap_or_else(|| "cargo".into()), dir, env }
    }
}

impl Bench {
    /// The user's own directory of a local project.
    pub(super) fn own_tree(&self) -> Option<PathBuf> {
        let Source::Path(source) = &self.project.source else { return None };
        let own = self.project.base.as_deref().unwrap_or(Path::new("")).join(&source.path);
        Some(own.canonicalize().unwrap_or(own))
    }

    /// The directory that the copy begins at, of which `own` is the project.
    pub(super) fn copied_from<'o>(&self, own: &'o Path) -> &'o Path {
        let depth = self.source.as_ref().map_or(0, |source| source.root.components().count());
        own.ancestors().nth(depth).unwrap_or(own)
    }

    /// Whether a file of the user's is in the copy.
    fn has_copied(&self, own: &Path, file: &Path) -> bool {
        let below = file.strip_prefix(self.copied_from(own));
        let files = self.source.as_ref().map(|source| &source.files);
        below.is_ok_and(|below| files.is_some_and(|files| files.iter().any(|copied| copied.path == below)))
    }
}
