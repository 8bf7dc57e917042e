//! What git knows of a directory: which of its files belong to the project, and in which state they are.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Repository, StatusOptions};

use super::SourceError;

/// Mode of an index entry that is a submodule.
const SUBMODULE: u32 = 0o160_000;

/// A directory in a git repository.
pub(super) struct GitTree {
    repository: Repository,
    /// The directory, from the root of the repository.
    below: PathBuf,
    /// The files in the index, from the directory.
    pub(super) tracked: BTreeSet<PathBuf>,
}

/// The repository that `root` belongs to, where there is one that does not ignore it. A repository that cannot
/// be read is a reason, as text.
pub(super) fn open(root: &Path) -> Result<Option<GitTree>, String> {
    let repository = match Repository::discover(root) {
        Ok(repository) => repository,
        Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
        Err(error) => return Err(error.message().to_owned()),
    };
    let text = |error: git2::Error| error.message().to_owned();
    let Some(workdir) = repository.workdir().and_then(|dir| dir.canonicalize().ok()) else { return Ok(None) };
    let Some(below) =
        root.canonicalize().ok().and_then(|r| Some(r.strip_prefix(workdir).ok()?.to_path_buf()))
    else {
        return Ok(None);
    };
    // A project in an ignored directory of another one is a project of its own.
    if below != Path::new("") && repository.is_path_ignored(&below).map_err(text)? {
        return Ok(None);
    }
    let index = repository.index().map_err(text)?;
    let entries = index.iter().filter(|entry| entry.mode != SUBMODULE);
    let tracked = entries
        .filter_map(|entry| {
            Some(Path::new(OsStr::from_bytes(&entry.path)).strip_prefix(&below).ok()?.to_path_buf())
        })
        .collect();
    Ok(Some(GitTree { repository, below, tracked }))
}

impl GitTree {
    /// Whether git's rules leave this path out, where it is not tracked.
    pub(super) fn ignores(&self, root: &Path, path: &Path) -> Result<bool, SourceError> {
        self.repository.is_path_ignored(self.below.join(path)).map_err(|error| SourceError::Unfit {
            path: root.to_path_buf(),
            reason: format!(
                "git could not tell whether `{}` is ignored: {}",
                path.display(),
                error.message()
            ),
            help: "check the repository with `git status`".into(),
        })
    }

    /// The state of the directory in words: its commit, and whether it differs from it.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let head = self.repository.head().and_then(|head| head.peel_to_commit());
        match head {
            Ok(commit) => notes.push(format!("HEAD is {}", commit.id())),
            Err(_) => notes.push("nothing has been committed yet".to_owned()),
        }
        let mut options = StatusOptions::new();
        options.include_untracked(true).exclude_submodules(true).disable_pathspec_match(true);
        if self.below != Path::new("") {
            options.pathspec(&self.below);
        }
        match self.repository.statuses(Some(&mut options)) {
            Ok(statuses) if statuses.is_empty() => {}
            Ok(_) => notes.push("uncommitted changes".to_owned()),
            Err(error) => notes.push(format!("git could not tell what is uncommitted: {}", error.message())),
        }
        notes
    }
}
