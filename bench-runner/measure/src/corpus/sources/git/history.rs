//! The history of a project: its last commits.

use std::path::Path;

use bench_runner_core::record::CommitLine;
use git2::{ErrorCode, Oid, Repository};

use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::{cli, worktree};

/// The last `count` commits up to `rev`, oldest first, going back by first parents; fewer if there are no
/// more, or if the repository does not have them.
///
/// # Errors
/// If `rev` is not there, or an object cannot be read.
pub fn last(repository: &Repository, rev: &str, count: usize) -> Result<Vec<String>, git2::Error> {
    let mut commits = first_parents(repository, Oid::from_str(rev)?, count)?.commits;
    commits.reverse();
    Ok(commits.iter().map(Oid::to_string).collect())
}

/// Commits after `from` up to `to`, oldest first, along the first parents of `to`; `None` if `from` is not among the
/// last `most` of these.
pub(crate) fn between(
    repository: &Repository,
    from: &str,
    to: &str,
    most: usize,
) -> Result<Option<Vec<CommitLine>>, git2::Error> {
    let commits = first_parents(repository, Oid::from_str(to)?, most + 1)?.commits;
    let from = Oid::from_str(from)?;
    let Some(place) = commits.iter().position(|commit| *commit == from) else { return Ok(None) };
    let line = |id: &Oid| {
        let commit = repository.find_commit(*id)?;
        let subject = commit.summary().ok().flatten().unwrap_or_default().to_owned();
        Ok(CommitLine { id: id.to_string(), subject })
    };
    commits[..place].iter().rev().map(line).collect::<Result<Vec<_>, _>>().map(Some)
}

/// The part of the history that can be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FirstParents {
    /// Commits, newest first.
    pub(crate) commits: Vec<Oid>,
    /// True if the parent of the last one is not there.
    pub(crate) cut: bool,
}

/// At most `count` commits back from `from` by first parents, including `from`.
///
/// git's list of shallow commits is not used: it states where some fetch ended, and another fetch may have
/// brought more.
pub(crate) fn first_parents(
    repository: &Repository,
    from: Oid,
    count: usize,
) -> Result<FirstParents, git2::Error> {
    let objects = repository.odb()?;
    let mut commits = Vec::new();
    let mut next = Some(from);
    while let Some(commit) = next.filter(|_| commits.len() < count.max(1)) {
        let object = match objects.read(commit) {
            Ok(object) => object,
            Err(error) if error.code() == ErrorCode::NotFound && commit != from => {
                return Ok(FirstParents { commits, cut: true });
            }
            Err(error) => return Err(error),
        };
        next = first_parent(object.data())?;
        commits.push(commit);
    }
    Ok(FirstParents { commits, cut: false })
}

/// The first parent in the header of a commit.
fn first_parent(commit: &[u8]) -> Result<Option<Oid>, git2::Error> {
    let header = commit.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let parent = header.filter_map(|line| line.strip_prefix(b"parent ")).next();
    parent.map(|hex| Oid::from_str(&String::from_utf8_lossy(hex))).transpose()
}

/// The last `count` commits of the project in the directory `path`, up to the checked out one.
pub(crate) fn last_in_directory(path: &Path, count: usize) -> Result<Vec<String>, SourceError> {
    let unfit = |reason: String, help: &str| SourceError::Unfit {
        path: path.to_path_buf(),
        reason,
        help: help.to_owned(),
    };
    let root = path.canonicalize().map_err(SourceError::io("find", path))?;
    let broken = |reason: String| unfit(reason, "check it with `git status` and `git fsck`");
    let tree = worktree::open(&root).map_err(broken)?;
    let none = || unfit("it is in no git repository".to_owned(), "commits are those of a repository");
    let tree = tree.ok_or_else(none)?;
    if tree.changed || !tree.untracked.is_empty() {
        let help = "commit them or put them aside with `git stash --include-untracked`";
        return Err(unfit("it has changes that are not committed".to_owned(), help));
    }
    let head =
        tree.head.ok_or_else(|| unfit("nothing has been committed yet".to_owned(), "commit something"))?;
    let most = format!("--max-count={}", count.max(1));
    let said = cli::ask(&root, &["rev-list", "--first-parent", "--reverse", &most, &head, "--"]);
    let said = said.map_err(|error| broken(cli::reason(&error)))?;
    Ok(String::from_utf8_lossy(&said).lines().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use git2::Signature;

    use super::*;

    fn commit(repository: &Repository) -> String {
        let mut index = repository.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        let who = Signature::now("nobody", "nobody@localhost").unwrap();
        let parent = repository.head().ok().and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<_> = parent.iter().collect();
        repository.commit(Some("HEAD"), &who, &who, "x", &tree, &parents).unwrap().to_string()
    }

    #[test]
    fn the_last_commits_come_oldest_first() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::init(dir.path()).unwrap();
        let commits: Vec<String> = (0..4)
            .map(|n| {
                fs::write(dir.path().join("f"), n.to_string()).unwrap();
                commit(&repository)
            })
            .collect();
        assert_eq!(last(&repository, &commits[3], 3).unwrap(), commits[1..]);
        assert_eq!(last(&repository, &commits[2], 9).unwrap(), commits[..3]);
        assert!(last(&repository, &"ab".repeat(20), 1).is_err());
        // git considers this the first commit; the others can be read all the same.
        fs::write(repository.path().join("shallow"), format!("{}\n", commits[2])).unwrap();
        let again = Repository::open(dir.path()).unwrap();
        assert_eq!(last(&again, &commits[3], 9).unwrap(), commits);
        fs::remove_file(repository.path().join("shallow")).unwrap();
        let file = repository.path().join("objects").join(&commits[1][..2]).join(&commits[1][2..]);
        fs::rename(&file, dir.path().join(".git/aside")).unwrap();
        let id = Oid::from_str(&commits[3]).unwrap();
        let ids = |from: usize, most| {
            let found =
                between(&Repository::open(dir.path()).unwrap(), &commits[from], &commits[3], most).unwrap();
            found.map(|all| all.into_iter().map(|one| one.id).collect::<Vec<_>>())
        };
        assert_eq!(ids(2, 5).unwrap(), commits[3..]);
        assert_eq!((ids(3, 5).unwrap().len(), ids(2, 0)), (0, None));
        let cut = |count| first_parents(&Repository::open(dir.path()).unwrap(), id, count).unwrap();
        assert_eq!((cut(2).cut, cut(2).commits.len()), (false, 2));
        assert_eq!((cut(3).cut, cut(3).commits.len()), (true, 2));
        fs::rename(dir.path().join(".git/aside"), &file).unwrap();
        assert_eq!(last_in_directory(dir.path(), 2).unwrap(), commits[2..]);
        fs::write(dir.path().join("g"), "").unwrap();
        let error = last_in_directory(dir.path(), 2).unwrap_err().to_string();
        assert!(error.contains("changes that are not committed"), "{error}");
    }
}
