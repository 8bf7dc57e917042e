//! A local project as one of its own commits has it. The user's work tree is not looked at.

use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use git2::{FileMode, ObjectType, Oid, Repository, Tree};
use sha2::{Digest, Sha256};

use crate::record::{Pin, is_hex, short_hash};

use super::tree::{self, FileKind, TreeFile};
use super::{Pinned, SourceError, Sources, local};

/// What a file of a commit holds.
struct Content {
    file: TreeFile,
    blob: Oid,
}

/// Pins the directory `path` of a git work tree as the commit `rev` has it.
pub(super) fn pin(path: &Path, rev: &str, with: &Sources) -> Result<Pinned, SourceError> {
    let root = path.canonicalize().map_err(SourceError::io("find", path))?;
    let unfit =
        |reason: String, help: &str| SourceError::Unfit { path: root.clone(), reason, help: help.to_owned() };
    if !is_hex(rev, 40) {
        let help = format!("`git -C {} rev-parse {rev}` gives it", root.display());
        return Err(unfit(format!("`{rev}` is not a full commit of 40 hex digits"), &help));
    }
    let broken = |error: git2::Error| unfit(error.message().to_owned(), "check it with `git fsck`");
    let repository = Repository::discover(&root).map_err(|error| {
        unfit(
            format!("it is in no git repository: {}", error.message()),
            "revisions are those of a repository",
        )
    })?;
    let commit = Oid::from_str(rev).and_then(|id| repository.find_commit(id)).map_err(|error| {
        let help = "`git fetch` may bring it; `git log --format=%H` lists those that are there";
        unfit(format!("there is no commit {rev} in its repository ({})", error.message()), help)
    })?;
    let below = repository
        .workdir()
        .and_then(|dir| dir.canonicalize().ok())
        .and_then(|dir| Some(root.strip_prefix(dir).ok()?.to_owned()))
        .unwrap_or_default();
    let whole = commit.tree().map_err(broken)?;
    let tree = match below.as_os_str().is_empty() {
        true => whole,
        false => whole.get_path(&below).and_then(|entry| repository.find_tree(entry.id())).map_err(|_| {
            unfit(format!("the commit {rev} has no directory {}", below.display()), "take a later commit")
        })?,
    };
    let mut contents = Vec::new();
    list(&repository, &tree, Path::new(""), &mut contents).map_err(|reason| {
        unfit(format!("the commit {rev} cannot be taken: {reason}"), "take another commit")
    })?;
    let mut files: Vec<TreeFile> = contents.iter().map(|content| content.file.clone()).collect();
    tree::sort(&mut files);
    let name = format!("git-{}-{}", &rev[..12], short_hash(&root.display().to_string()));
    let place = with.cache.sources().join(name);
    // The commit says what the tree must be, so that nothing else has to be remembered or trusted.
    if local::contents(&place)?.as_deref() != Some(files.as_slice()) {
        local::replace(&place, &with.cache, |into| write(&repository, &contents, into))?;
    }
    Ok(Pinned { pin: Pin::Git { rev: rev.to_owned() }, tree: place, files, notes: Vec::new() })
}

/// All files of `tree`. The error is a reason, as text.
fn list(repo: &Repository, tree: &Tree<'_>, below: &Path, into: &mut Vec<Content>) -> Result<(), String> {
    let text = |error: git2::Error| error.message().to_owned();
    for entry in tree {
        let name = Path::new(std::ffi::OsStr::from_bytes(entry.name_bytes()));
        // Of a path that is a single ordinary name nothing can lead out of the tree.
        let ordinary =
            matches!(name.components().collect::<Vec<_>>()[..], [Component::Normal(part)] if part == name);
        if !ordinary || name == ".git" {
            return Err(format!("`{}` is not a name of a file", name.display()));
        }
        let path = below.join(name);
        match entry.kind() {
            Some(ObjectType::Tree) => list(repo, &repo.find_tree(entry.id()).map_err(text)?, &path, into)?,
            Some(ObjectType::Blob) => {
                let blob = repo.find_blob(entry.id()).map_err(text)?;
                let kind = if entry.filemode() == i32::from(FileMode::Link) {
                    let target = PathBuf::from(std::ffi::OsStr::from_bytes(blob.content()));
                    FileKind::Link { target }
                } else {
                    let executable = entry.filemode() == i32::from(FileMode::BlobExecutable);
                    FileKind::Regular { executable, sha256: Sha256::digest(blob.content()).into() }
                };
                into.push(Content { file: TreeFile { path, kind }, blob: entry.id() });
            }
            _ => return Err(format!("`{}` is a submodule", path.display())),
        }
    }
    Ok(())
}

fn write(repo: &Repository, contents: &[Content], into: &Path) -> Result<(), SourceError> {
    fs::create_dir_all(into).map_err(SourceError::io("create", into))?;
    for Content { file, blob } in contents {
        let to = into.join(&file.path);
        let parent = to.parent().unwrap_or(into);
        fs::create_dir_all(parent).map_err(SourceError::io("create", parent))?;
        match &file.kind {
            FileKind::Link { target } => symlink(target, &to).map_err(SourceError::io("create", &to))?,
            FileKind::Regular { executable, .. } => {
                let blob = repo.find_blob(*blob).map_err(|error| SourceError::Unfit {
                    path: repo.path().to_owned(),
                    reason: error.message().to_owned(),
                    help: "check it with `git fsck`".into(),
                })?;
                let mut target = tree::create(&to, *executable).map_err(SourceError::io("create", &to))?;
                target.write_all(blob.content()).map_err(SourceError::io("write", &to))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use git2::Signature;

    use super::super::Cache;
    use super::*;

    fn sources(dir: &Path) -> Sources {
        Sources {
            cache: Cache::at(&dir.join("cache")).unwrap(),
            cargo: "cargo".into(),
            offline: true,
            user_home: None,
            exclude: Vec::new(),
        }
    }

    /// Commits everything below `dir` and gives the commit.
    fn commit(repo: &Repository) -> String {
        let mut index = repo.index().unwrap();
        index.add_all(["*"], git2::IndexAddOption::DEFAULT, None).unwrap();
        index.write().unwrap();
        let tree = repo.find_tree(index.write_tree().unwrap()).unwrap();
        let who = Signature::now("nobody", "nobody@localhost").unwrap();
        let parent = repo.head().ok().and_then(|head| head.peel_to_commit().ok());
        let parents: Vec<_> = parent.iter().collect();
        repo.commit(Some("HEAD"), &who, &who, "x", &tree, &parents).unwrap().to_string()
    }

    #[test]
    fn a_commit_is_taken_whatever_the_work_tree_holds_now() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("repo");
        fs::create_dir_all(root.join("p/src")).unwrap();
        let repo = Repository::init(&root).unwrap();
        fs::write(root.join("p/src/main.rs"), "first").unwrap();
        symlink("src/main.rs", root.join("p/link")).unwrap();
        let first = commit(&repo);
        fs::write(root.join("p/src/main.rs"), "second").unwrap();
        let second = commit(&repo);
        fs::write(root.join("p/src/main.rs"), "third").unwrap();
        let with = sources(dir.path());
        let read = |rev: &str| {
            let pinned = pin(&root.join("p"), rev, &with).unwrap();
            assert_eq!(pinned.pin, Pin::Git { rev: rev.to_owned() });
            assert_eq!(pinned.files.len(), 2);
            let into = tempfile::tempdir_in(dir.path()).unwrap();
            super::super::lay_out(&pinned, into.path()).unwrap();
            fs::read_to_string(into.path().join("link")).unwrap()
        };
        assert_eq!((read(&first), read(&second)), ("first".to_owned(), "second".to_owned()));
        // What was changed in the cache is written anew.
        let tree = pin(&root.join("p"), &first, &with).unwrap().tree;
        fs::write(tree.join("src/main.rs"), "tampered").unwrap();
        assert_eq!(read(&first), "first");
    }

    #[test]
    fn what_is_no_commit_here_is_refused_with_the_command_that_helps() {
        let dir = tempfile::tempdir().unwrap();
        Repository::init(dir.path()).unwrap();
        let with = sources(dir.path());
        let error = |rev: &str| pin(dir.path(), rev, &with).unwrap_err().to_string();
        assert!(error("main").contains("rev-parse main"), "{}", error("main"));
        let missing = error(&"ab".repeat(20));
        assert!(missing.contains("there is no commit abab") && missing.contains("git fetch"), "{missing}");
        let nowhere = tempfile::tempdir().unwrap();
        let error = pin(nowhere.path(), &"ab".repeat(20), &with).unwrap_err().to_string();
        assert!(error.contains("in no git repository"), "{error}");
    }
}
