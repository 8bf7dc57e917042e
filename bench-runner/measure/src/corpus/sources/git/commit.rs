//! A commit as a list of files: read from a repository, checked, written out.
//!
//! Every object is read, and libgit2 checks each against its own id, so that the list is complete and sound.
//! git attributes (`export-ignore`, filters, line ends) are not applied: the files are the bytes of the
//! commit.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Component, Path, PathBuf};

use git2::{FileMode, ObjectType, Oid, Repository, Tree, TreeEntry};
use sha2::{Digest, Sha256};

use crate::corpus::sources::error::{SourceError, too_large};
use crate::corpus::sources::tree::{self, FileKind, TreeFile};

/// Deepest nesting of directories; a deeper tree is malicious.
const DEEPEST: usize = 128;
/// Most files of one commit.
const MOST_ENTRIES: usize = 1_000_000;

/// A file of a commit, and the id of its content.
#[derive(Debug, Clone)]
pub(crate) struct CommitFile {
    pub(crate) file: TreeFile,
    pub(crate) blob: Oid,
}

/// A commit of another repository in a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Submodule {
    /// Path in the tree.
    pub(crate) path: PathBuf,
    pub(crate) rev: String,
}

/// Contents of a commit.
#[derive(Debug, Default)]
pub(crate) struct CommitListing {
    /// The files, in no particular order.
    pub(crate) contents: Vec<CommitFile>,
    pub(crate) submodules: Vec<Submodule>,
    /// Total size of the files.
    pub(crate) bytes: u64,
}

/// The reason why a commit could not be listed.
#[derive(Debug)]
pub(crate) enum ListError {
    /// An object is missing or does not match its id.
    Damaged(String),
    /// It has contents that no source should have. A reason, as text.
    Refused(String),
}

/// All files below `tree`, of at most `limit` bytes.
pub(crate) fn list(repo: &Repository, tree: &Tree<'_>, limit: u64) -> Result<CommitListing, ListError> {
    let mut lister = CommitLister { repo, limit, entries: 0, listing: CommitListing::default() };
    lister.tree(tree, Path::new(""), 0)?;
    Ok(lister.listing)
}

struct CommitLister<'r> {
    repo: &'r Repository,
    limit: u64,
    entries: usize,
    listing: CommitListing,
}

fn damaged(error: git2::Error) -> ListError {
    ListError::Damaged(error.message().to_owned())
}

impl CommitLister<'_> {
    fn tree(&mut self, tree: &Tree<'_>, below: &Path, depth: usize) -> Result<(), ListError> {
        if depth > DEEPEST {
            return Err(ListError::Refused(format!(
                "it has more than {DEEPEST} directories within one another"
            )));
        }
        for entry in tree {
            // A small commit can name the same directory over and over.
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(ListError::Refused("it has more entries than sources may".to_owned()));
            }
            let path = below.join(name(&entry)?);
            match entry.kind() {
                Some(ObjectType::Tree) => {
                    let inner = self.repo.find_tree(entry.id()).map_err(damaged)?;
                    self.tree(&inner, &path, depth + 1)?;
                }
                Some(ObjectType::Blob) => self.file(&entry, path)?,
                Some(ObjectType::Commit) => {
                    self.listing.submodules.push(Submodule { path, rev: entry.id().to_string() });
                }
                _ => return Err(ListError::Refused(format!("`{}` is no file", printable(&path)))),
            }
        }
        Ok(())
    }

    fn file(&mut self, entry: &TreeEntry<'_>, path: PathBuf) -> Result<(), ListError> {
        // Before it is read: a small pack can hold a large file.
        let (size, _) = self.repo.odb().and_then(|odb| odb.read_header(entry.id())).map_err(damaged)?;
        self.listing.bytes = self.listing.bytes.saturating_add(size as u64);
        if self.listing.bytes > self.limit {
            return Err(ListError::Refused(too_large(self.limit)));
        }
        let blob = self.repo.find_blob(entry.id()).map_err(damaged)?;
        let kind = if entry.filemode() == i32::from(FileMode::Link) {
            FileKind::Link { target: PathBuf::from(OsStr::from_bytes(blob.content())) }
        } else {
            let executable = entry.filemode() == i32::from(FileMode::BlobExecutable);
            FileKind::Regular { executable, sha256: Sha256::digest(blob.content()).into() }
        };
        self.listing.contents.push(CommitFile { file: TreeFile { path, kind }, blob: entry.id() });
        Ok(())
    }
}

/// The name of an entry, checked to be a plain name: a path of plain names cannot leave the tree.
fn name(entry: &TreeEntry<'_>) -> Result<PathBuf, ListError> {
    let bytes = entry.name_bytes();
    let name = Path::new(OsStr::from_bytes(bytes));
    let ordinary =
        matches!(name.components().collect::<Vec<_>>()[..], [Component::Normal(part)] if part == name);
    if !ordinary || bytes.eq_ignore_ascii_case(b".git") {
        return Err(ListError::Refused(format!("`{}` is not a name of a file", printable(name))));
    }
    Ok(name.to_owned())
}

/// The first link that leads out of a tree of these files.
pub(crate) fn leaving_link(files: &[TreeFile]) -> Option<&Path> {
    let leaves = |file: &&TreeFile| match &file.kind {
        FileKind::Link { target } => tree::link_destination(&file.path, target).is_none(),
        FileKind::Regular { .. } => false,
    };
    files.iter().find(leaves).map(|file| file.path.as_path())
}

/// The first file whose path is also that of another file or of a directory. Written out, it could be a link
/// through which the files "below" it are written.
pub(crate) fn duplicate_path(files: &[TreeFile]) -> Option<&Path> {
    let mut seen = BTreeSet::new();
    let twice = files.iter().map(|file| file.path.as_path()).find(|path| !seen.insert(*path));
    let above = |path: &Path| path.ancestors().skip(1).any(|above| seen.contains(above));
    twice.or_else(|| files.iter().map(|file| file.path.as_path()).find(|path| above(path)))
}

/// Writes the files into `into`, links last, so that nothing is written through them.
pub(crate) fn write(repo: &Repository, contents: &[CommitFile], into: &Path) -> Result<(), SourceError> {
    fs::create_dir_all(into).map_err(SourceError::io("create", into))?;
    let is_link = |content: &&CommitFile| matches!(content.file.kind, FileKind::Link { .. });
    let files = contents.iter().filter(|content| !is_link(content));
    for CommitFile { file, blob } in files.chain(contents.iter().filter(is_link)) {
        let to = into.join(&file.path);
        let parent = to.parent().unwrap_or(into);
        fs::create_dir_all(parent).map_err(SourceError::io("create", parent))?;
        match &file.kind {
            FileKind::Link { target } => symlink(target, &to).map_err(SourceError::io("create", &to))?,
            FileKind::Regular { executable, .. } => {
                let blob = repo.find_blob(*blob).map_err(|error| SourceError::Damaged {
                    store: repo.path().to_owned(),
                    reason: error.message().to_owned(),
                    help: "run again; `git fsck` there says more",
                })?;
                let mut target = tree::create(&to, *executable).map_err(SourceError::io("create", &to))?;
                target.write_all(blob.content()).map_err(SourceError::io("write", &to))?;
            }
        }
    }
    Ok(())
}

/// A path from a foreign tree, safe to print.
pub(crate) fn printable(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}

#[cfg(test)]
mod tests {
    use git2::Signature;

    use super::*;

    /// A repository with a tree of one entry of this name, which no honest tool would write, and that tree.
    fn hostile(name: &[u8], mode: &[u8], content: &[u8]) -> (tempfile::TempDir, Repository, Oid) {
        let dir = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(dir.path()).unwrap();
        let blob = repo.blob(content).unwrap();
        let raw = [mode, b" ", name, b"\0", blob.as_bytes()].concat();
        let tree = repo.odb().unwrap().write(ObjectType::Tree, &raw).unwrap();
        (dir, repo, tree)
    }

    fn refused(repo: &Repository, tree: Oid, limit: u64) -> String {
        match list(repo, &repo.find_tree(tree).unwrap(), limit) {
            Err(ListError::Refused(reason)) => reason,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        for name in ["..", ".", "a/b", "/etc", ".git", ".GIT"] {
            let (_dir, repo, tree) = hostile(name.as_bytes(), b"100644", b"x");
            assert!(refused(&repo, tree, 100).contains("not a name of a file"), "{name}");
        }
    }

    #[test]
    fn there_is_an_end_to_what_a_commit_may_hold() {
        let (_dir, repo, tree) = hostile(b"big", b"100644", &[b'x'; 2_000]);
        assert!(refused(&repo, tree, 1_999).contains("max-mb"));
        assert_eq!(list(&repo, &repo.find_tree(tree).unwrap(), 2_000).unwrap().bytes, 2_000);
    }

    #[test]
    fn trees_within_trees_come_to_an_end() {
        let (_dir, repo, mut tree) = hostile(b"x", b"100644", b"x");
        for _ in 0..=DEEPEST {
            let raw = [b"40000 d\0".as_slice(), tree.as_bytes()].concat();
            tree = repo.odb().unwrap().write(ObjectType::Tree, &raw).unwrap();
        }
        assert!(refused(&repo, tree, 100).contains("within one another"));
    }

    #[test]
    fn links_out_of_the_tree_are_found() {
        let link = |path: &str, target: &str| TreeFile {
            path: path.into(),
            kind: FileKind::Link { target: target.into() },
        };
        assert_eq!(leaving_link(&[link("a/b", "../c"), link("a/c", "d")]), None);
        for target in ["/etc/passwd", "../../x", "d/../../../x"] {
            assert_eq!(leaving_link(&[link("a/b", target)]), Some(Path::new("a/b")), "{target}");
        }
    }

    #[test]
    fn a_name_that_is_a_link_and_a_directory_is_found() {
        let file = |path: &str| TreeFile {
            path: path.into(),
            kind: FileKind::Regular { executable: false, sha256: [0; 32] },
        };
        assert_eq!(duplicate_path(&[file("a"), file("a.b"), file("b/a"), file("b/c")]), None);
        assert_eq!(duplicate_path(&[file("a"), file("b"), file("a")]), Some(Path::new("a")));
        assert_eq!(duplicate_path(&[file("d/l"), file("d/l/evil")]), Some(Path::new("d/l/evil")));
    }

    #[test]
    fn a_missing_object_is_damage() {
        let (dir, repo, tree) = hostile(b"a", b"100644", b"content");
        let who = Signature::now("nobody", "nobody@localhost").unwrap();
        let found = repo.find_tree(tree).unwrap();
        let commit = repo.commit(None, &who, &who, "x", &found, &[]).unwrap();
        let blob = found.get(0).unwrap().id().to_string();
        fs::remove_file(dir.path().join("objects").join(&blob[..2]).join(&blob[2..])).unwrap();
        let again = Repository::open_bare(dir.path()).unwrap();
        let tree = again.find_commit(commit).unwrap().tree().unwrap();
        assert!(matches!(list(&again, &tree, 100), Err(ListError::Damaged(_))));
    }
}
