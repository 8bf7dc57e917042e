//! The history of a project: which commits it last had, and how a work tree goes from one to the next.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use git2::{ErrorCode, Oid, Repository};

use super::{FileKind, Pinned, SourceError, TreeFile};
use super::{git, git_dir, tree, users_git};

/// The last `count` commits up to `rev`, oldest first, going back by first parents; fewer where there are no more, or
/// where the repository does not hold them.
///
/// # Errors
/// Where `rev` is not there, or an object cannot be read.
pub fn last(repository: &Repository, rev: &str, count: usize) -> Result<Vec<String>, git2::Error> {
    let mut commits = back(repository, Oid::from_str(rev)?, count)?.commits;
    commits.reverse();
    Ok(commits.iter().map(Oid::to_string).collect())
}

/// How far history can be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Back {
    /// Commits, newest first.
    pub(super) commits: Vec<Oid>,
    /// Whether the last of them has a parent that is not there.
    pub(super) cut: bool,
}

/// At most `count` commits back from `from` by first parents, itself counted.
///
/// What git calls shallow is not asked: it says where some fetch ended, and another fetch may have brought more.
pub(super) fn back(repository: &Repository, from: Oid, count: usize) -> Result<Back, git2::Error> {
    let objects = repository.odb()?;
    let mut commits = Vec::new();
    let mut next = Some(from);
    while let Some(commit) = next.filter(|_| commits.len() < count.max(1)) {
        let object = match objects.read(commit) {
            Ok(object) => object,
            Err(error) if error.code() == ErrorCode::NotFound && commit != from => {
                return Ok(Back { commits, cut: true });
            }
            Err(error) => return Err(error),
        };
        next = first_parent(object.data())?;
        commits.push(commit);
    }
    Ok(Back { commits, cut: false })
}

/// The first parent that stands in a commit.
fn first_parent(commit: &[u8]) -> Result<Option<Oid>, git2::Error> {
    let header = commit.split(|byte| *byte == b'\n').take_while(|line| !line.is_empty());
    let parent = header.filter_map(|line| line.strip_prefix(b"parent ")).next();
    parent.map(|hex| Oid::from_str(&String::from_utf8_lossy(hex))).transpose()
}

/// The last `count` commits of the project in the directory `path`, up to the one that is checked out.
pub(super) fn of_directory(path: &Path, count: usize) -> Result<Vec<String>, SourceError> {
    let unfit = |reason: String, help: &str| SourceError::Unfit {
        path: path.to_path_buf(),
        reason,
        help: help.to_owned(),
    };
    let root = path.canonicalize().map_err(SourceError::io("find", path))?;
    let broken = |reason: String| unfit(reason, "check it with `git status` and `git fsck`");
    let tree = git::open(&root).map_err(broken)?;
    let none = || unfit("it is in no git repository".to_owned(), "commits are those of a repository");
    let tree = tree.ok_or_else(none)?;
    if tree.changed || !tree.untracked.is_empty() {
        let help = "commit them or put them aside with `git stash --include-untracked`";
        return Err(unfit("it has changes that are not committed".to_owned(), help));
    }
    let head =
        tree.head.ok_or_else(|| unfit("nothing has been committed yet".to_owned(), "commit something"))?;
    let most = format!("--max-count={}", count.max(1));
    let said = users_git::ask(&root, &["rev-list", "--first-parent", "--reverse", &most, &head, "--"]);
    let said = said.map_err(|error| broken(users_git::reason(&error)))?;
    Ok(String::from_utf8_lossy(&said).lines().map(str::to_owned).collect())
}

/// Makes a work tree that was laid out from `from` one of `to`. Only what differs is written, as a `git checkout` would
/// do it, so that everything else keeps its time.
///
/// # Errors
/// Where it cannot be written, or `to` is not what it was.
pub(crate) fn move_on(from: &Pinned, to: &Pinned, worktree: &Path) -> Result<(), SourceError> {
    let by_path = |files: &'_ [TreeFile]| -> BTreeMap<_, _> {
        files.iter().map(|file| (file.path.clone(), file.kind.clone())).collect()
    };
    let (old, new) = (by_path(&from.files), by_path(&to.files));
    for path in old.keys().filter(|path| old.get(*path) != new.get(*path)) {
        let file = worktree.join(path);
        absent(fs::remove_file(&file)).map_err(SourceError::io("remove", &file))?;
        // A directory that has become empty may have to make place for a file.
        let above = path.ancestors().skip(1).take_while(|above| !above.as_os_str().is_empty());
        for directory in above {
            if fs::remove_dir(worktree.join(directory)).is_err() {
                break;
            }
        }
    }
    for (path, kind) in new.iter().filter(|(path, kind)| old.get(*path) != Some(kind)) {
        let (source, file) = (to.tree.join(path), worktree.join(path));
        let parent = file.parent().unwrap_or(worktree);
        fs::create_dir_all(parent).map_err(SourceError::io("create", parent))?;
        absent(fs::remove_file(&file)).map_err(SourceError::io("replace", &file))?;
        match kind {
            FileKind::Link { target } => symlink(target, &file).map_err(SourceError::io("create", &file))?,
            FileKind::Regular { executable, sha256 } => {
                let from = File::open(&source).map_err(SourceError::io("read", &source))?;
                let into = tree::create(&file, *executable).map_err(SourceError::io("create", &file))?;
                let found = tree::write_hashed(from, into).map_err(SourceError::io("copy", &source))?;
                if found != *sha256 {
                    return Err(SourceError::Changed { file: source });
                }
            }
        }
    }
    git_dir::lay_out(to, worktree)
}

/// Nothing to remove is as good as removed.
fn absent(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use bench_runner_core::record::Pin;
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
        // git takes this for the first commit; the others can be read all the same.
        fs::write(repository.path().join("shallow"), format!("{}\n", commits[2])).unwrap();
        let again = Repository::open(dir.path()).unwrap();
        assert_eq!(last(&again, &commits[3], 9).unwrap(), commits);
        fs::remove_file(repository.path().join("shallow")).unwrap();
        let file = repository.path().join("objects").join(&commits[1][..2]).join(&commits[1][2..]);
        fs::rename(&file, dir.path().join(".git/aside")).unwrap();
        let id = Oid::from_str(&commits[3]).unwrap();
        let cut = |count| back(&Repository::open(dir.path()).unwrap(), id, count).unwrap();
        assert_eq!((cut(2).cut, cut(2).commits.len()), (false, 2));
        assert_eq!((cut(3).cut, cut(3).commits.len()), (true, 2));
        fs::rename(dir.path().join(".git/aside"), &file).unwrap();
        assert_eq!(of_directory(dir.path(), 2).unwrap(), commits[2..]);
        fs::write(dir.path().join("g"), "").unwrap();
        let error = of_directory(dir.path(), 2).unwrap_err().to_string();
        assert!(error.contains("changes that are not committed"), "{error}");
    }

    fn pinned(dir: &Path, files: &[(&str, &str)]) -> Pinned {
        for (path, text) in files {
            let path = dir.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let paths = files.iter().map(|(path, _)| path.into()).collect();
        let pin = Pin::Git { rev: "ab".repeat(20) };
        Pinned {
            pin,
            tree: dir.to_owned(),
            root: PathBuf::new(),
            files: tree::read(dir, paths).unwrap(),
            notes: Vec::new(),
            ignored: None,
        }
    }

    #[test]
    fn only_what_differs_is_written() {
        let dirs = [(); 3].map(|()| tempfile::tempdir().unwrap());
        let [old, new, work] = dirs.each_ref().map(|dir| dir.path());
        let old = pinned(old, &[("same", "1"), ("changed", "1"), ("gone/deep", "1"), ("d/x", "1")]);
        let new = pinned(new, &[("same", "1"), ("changed", "2"), ("d", "a file now"), ("made/y", "2")]);
        tree::copy(&old.tree, &old.files, work).unwrap();
        let time = || fs::metadata(work.join("same")).unwrap().modified().unwrap();
        let before = time();
        move_on(&old, &new, work).unwrap();
        let text = |name: &str| fs::read_to_string(work.join(name)).ok();
        assert_eq!((text("changed").as_deref(), text("d").as_deref()), (Some("2"), Some("a file now")));
        assert_eq!((text("made/y").as_deref(), work.join("gone").exists()), (Some("2"), false));
        assert_eq!(time(), before);
        move_on(&new, &old, work).unwrap();
        let paths: Vec<_> = old.files.iter().map(|file| file.path.clone()).collect();
        assert_eq!(tree::read(work, paths).unwrap(), old.files);
        assert!(!work.join("made").exists());
    }
}
