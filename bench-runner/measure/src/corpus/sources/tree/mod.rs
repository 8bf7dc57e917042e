//! A tree as a list of files with their hashes: read, hashed as a whole, copied.

pub(crate) mod archive;
pub(crate) mod walk;

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use bench_runner_core::record::hex;
use rayon::prelude::*;
use sha2::{Digest, Sha256};

use crate::corpus::sources::error::SourceError;

/// A sha256.
pub(crate) type Hash = [u8; 32];

/// One file of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeFile {
    /// Path from the root of the tree.
    pub path: PathBuf,
    /// Kind and content.
    pub kind: FileKind,
}

/// Kind of a file in a tree, with its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular {
        /// True if its owner may execute it.
        executable: bool,
        /// sha256 of its content.
        sha256: [u8; 32],
    },
    /// A symbolic link, copied as it is.
    Link {
        /// The target path, as stored in the link.
        target: PathBuf,
    },
}

/// Reads the files at `paths` below `root`, sorted by path.
pub(crate) fn read(root: &Path, paths: Vec<PathBuf>) -> Result<Vec<TreeFile>, SourceError> {
    let mut files = paths.into_par_iter().map(|path| read_file(root, path)).collect::<Result<Vec<_>, _>>()?;
    sort(&mut files);
    Ok(files)
}

/// Sorts files by the bytes of their paths, the order in which a tree is hashed.
pub(crate) fn sort(files: &mut [TreeFile]) {
    files.sort_by(|a, b| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
}

fn read_file(root: &Path, path: PathBuf) -> Result<TreeFile, SourceError> {
    let full = root.join(&path);
    read_one(root, path).map_err(|error| match error.kind() {
        // It existed a moment ago.
        io::ErrorKind::NotFound => SourceError::Changed { file: full },
        io::ErrorKind::PermissionDenied => SourceError::Unfit {
            path: full,
            reason: format!("reading it failed ({error})"),
            help: "make it readable, or name it in `exclude` in the manifest's `source`".to_owned(),
        },
        _ => SourceError::Io { doing: "read", path: full, error },
    })
}

/// The file at `path` below `root`.
pub(crate) fn read_one(root: &Path, path: PathBuf) -> io::Result<TreeFile> {
    let full = root.join(&path);
    let metadata = fs::symlink_metadata(&full)?;
    let kind = if metadata.is_symlink() {
        FileKind::Link { target: fs::read_link(&full)? }
    } else if metadata.is_file() {
        FileKind::Regular {
            executable: metadata.permissions().mode() & 0o100 != 0,
            sha256: hash_file(&full)?,
        }
    } else {
        // Opening a pipe would wait for a writer.
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
    };
    Ok(TreeFile { path, kind })
}

/// The hash of a whole tree, 64 hex digits: paths, kinds and contents, nothing else.
pub(crate) fn hash(files: &[TreeFile]) -> String {
    let mut whole = Sha256::new();
    whole.update(b"bench-runner tree 1\n");
    for file in files {
        let path = file.path.as_os_str().as_bytes();
        let (mark, content): (&[u8], Hash) = match &file.kind {
            FileKind::Regular { executable: false, sha256 } => (b"f", *sha256),
            FileKind::Regular { executable: true, sha256 } => (b"x", *sha256),
            FileKind::Link { target } => (b"l", Sha256::digest(target.as_os_str().as_bytes()).into()),
        };
        // The length in front keeps any path from looking like the end of one and the start of another.
        whole.update((path.len() as u64).to_le_bytes());
        whole.update(path);
        whole.update(mark);
        whole.update(content);
    }
    hex(&whole.finalize())
}

/// Copies the files of the tree `from` into the directory `into`, which is empty or does not exist yet.
pub(crate) fn copy(from: &Path, files: &[TreeFile], into: &Path) -> Result<(), SourceError> {
    fs::create_dir_all(into).map_err(SourceError::io("create", into))?;
    let mut present = fs::read_dir(into).map_err(SourceError::io("read", into))?;
    if present.next().is_some() {
        return Err(SourceError::Occupied { into: into.to_path_buf() });
    }
    let mut made: HashSet<&Path> = HashSet::new();
    for parent in files.iter().filter_map(|file| file.path.parent()).filter(|parent| made.insert(parent)) {
        let parent = into.join(parent);
        fs::create_dir_all(&parent).map_err(SourceError::io("create", &parent))?;
    }
    files
        .par_iter()
        .try_for_each(|file| copy_file(&from.join(&file.path), &file.kind, &into.join(&file.path)))
}

pub(crate) fn copy_file(from: &Path, kind: &FileKind, to: &Path) -> Result<(), SourceError> {
    let (executable, expected) = match kind {
        FileKind::Link { target } => return symlink(target, to).map_err(SourceError::io("create", to)),
        FileKind::Regular { executable, sha256 } => (*executable, sha256),
    };
    let mut source = File::open(from).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SourceError::Changed { file: from.to_path_buf() },
        _ => SourceError::Io { doing: "read", path: from.to_path_buf(), error },
    })?;
    let target = create(to, executable).map_err(SourceError::io("create", to))?;
    let found = if try_reflink(&source, &target) {
        // The copy is what will be built, wherever its blocks are, so the copy is hashed.
        hash_file(to).map_err(SourceError::io("read", to))?
    } else {
        write_hashed(&mut source, target).map_err(SourceError::io("copy", from))?
    };
    if found == *expected { Ok(()) } else { Err(SourceError::Changed { file: from.to_path_buf() }) }
}

/// Makes the new file `target` share the blocks of `source`, if the file system supports it; they are
/// separated when one of the two is written to.
#[cfg(target_os = "linux")]
fn try_reflink(source: &File, target: &File) -> bool {
    rustix::fs::ioctl_ficlone(target, source).is_ok()
}

/// Supported on Linux only.
#[cfg(not(target_os = "linux"))]
fn try_reflink(_source: &File, _target: &File) -> bool {
    false
}

/// Creates a file that does not exist yet.
pub(crate) fn create(path: &Path, executable: bool) -> io::Result<File> {
    let mode = if executable { 0o777 } else { 0o666 };
    OpenOptions::new().write(true).create_new(true).mode(mode).open(path)
}

/// Copies to the end and returns the hash of the copied bytes.
pub(crate) fn write_hashed(mut from: impl Read, mut to: impl Write) -> io::Result<Hash> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => return Ok(hasher.finalize().into()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
    }
}

/// The sha256 of a file.
pub fn hash_file(path: &Path) -> io::Result<Hash> {
    write_hashed(File::open(path)?, io::sink())
}

/// True if the owner of a file may execute it.
pub(crate) fn is_executable(path: &Path) -> io::Result<bool> {
    Ok(fs::metadata(path)?.permissions().mode() & 0o100 != 0)
}

/// The path that a link at `link` leads to, from the root of the tree; `None` if it leaves the tree or is
/// empty.
///
/// `..` is accepted only at the start of the target: after a name it would depend on the kind of that name.
pub(crate) fn link_destination(link: &Path, target: &Path) -> Option<PathBuf> {
    let mut end = link.parent()?.to_path_buf();
    let mut down = false;
    for part in target.components() {
        match part {
            Component::Normal(part) => {
                down = true;
                end.push(part);
            }
            Component::CurDir => {}
            Component::ParentDir if !down && end.pop() => {}
            _ => return None,
        }
    }
    (!target.as_os_str().is_empty()).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("src")).unwrap();
        fs::write(dir.path().join("src/main.rs"), "fn main() {}").unwrap();
        fs::write(dir.path().join("run.sh"), "#!/bin/sh\n").unwrap();
        fs::set_permissions(dir.path().join("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
        symlink("src/main.rs", dir.path().join("link.rs")).unwrap();
        dir
    }

    fn files(root: &Path) -> Vec<TreeFile> {
        read(root, ["run.sh", "link.rs", "src/main.rs"].map(PathBuf::from).to_vec()).unwrap()
    }

    #[test]
    fn a_copy_is_the_same_tree() {
        let (tree, target) = (sample(), tempfile::tempdir().unwrap());
        let into = target.path().join("deep/work");
        copy(tree.path(), &files(tree.path()), &into).unwrap();
        assert_eq!(files(&into), files(tree.path()));
        assert!(into.join("link.rs").is_symlink());
        assert!(matches!(copy(tree.path(), &files(tree.path()), &into), Err(SourceError::Occupied { .. })));
    }

    #[test]
    fn the_hash_sees_contents_paths_modes_and_links() {
        let tree = sample();
        let root = tree.path();
        let mut seen = vec![hash(&files(root))];
        let mut see = |root: &Path| seen.push(hash(&files(root)));
        fs::write(root.join("src/main.rs"), "fn main() { }").unwrap();
        see(root);
        fs::set_permissions(root.join("run.sh"), fs::Permissions::from_mode(0o644)).unwrap();
        see(root);
        fs::remove_file(root.join("link.rs")).unwrap();
        symlink("run.sh", root.join("link.rs")).unwrap();
        see(root);
        seen.push(hash(&files(root)[1..]));
        let distinct: HashSet<&String> = seen.iter().collect();
        assert_eq!(distinct.len(), 5, "{seen:?}");
        assert!(seen.iter().all(|hash| hash.len() == 64));
        assert_eq!(hash(&files(root)), hash(&files(root)));
    }

    #[test]
    fn a_file_that_disappears_is_one_that_changed() {
        let (tree, target) = (sample(), tempfile::tempdir().unwrap());
        let before = files(tree.path());
        fs::remove_file(tree.path().join("run.sh")).unwrap();
        let of_copy = copy(tree.path(), &before, target.path()).unwrap_err();
        let of_reading = read(tree.path(), vec!["run.sh".into()]).unwrap_err();
        for error in [of_copy, of_reading] {
            assert!(matches!(&error, SourceError::Changed { file } if file.ends_with("run.sh")), "{error}");
        }
    }

    #[test]
    fn a_file_that_changed_since_it_was_hashed_is_not_taken() {
        let (tree, target) = (sample(), tempfile::tempdir().unwrap());
        let before = files(tree.path());
        fs::write(tree.path().join("src/main.rs"), "fn other() {}").unwrap();
        let error = copy(tree.path(), &before, target.path()).unwrap_err();
        assert!(matches!(&error, SourceError::Changed { file } if file.ends_with("src/main.rs")), "{error}");
    }
}
