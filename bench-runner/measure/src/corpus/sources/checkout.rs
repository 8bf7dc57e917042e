//! Work trees: copied from a pinned source, and updated to another one.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use super::error::SourceError;
use super::git::build_repository;
use super::ignored_files;
use super::pinned::Pinned;
use super::tree::{self, FileKind, TreeFile};

/// Writes a work tree: a copy of the pinned tree in `into`, which is empty or does not exist yet. The project
/// is in [`Pinned::dir_in`] of it.
///
/// If the build asks git, the copy contains a repository with the pinned commit; see `git::build_repository`.
///
/// Blocks are shared if the file system supports that. A copy with ignored files, which may contain secrets,
/// is readable by its owner only. Files get the time of the copy, executables stay executable and links stay
/// links.
///
/// # Errors
/// If it cannot be written, or the pinned tree has changed.
pub fn check_out(pinned: &Pinned, into: &Path) -> Result<(), SourceError> {
    tree::copy(&pinned.tree, &pinned.files, into)?;
    if pinned.ignored_hash().is_some() {
        ignored_files::keep_private(into)?;
    }
    build_repository::check_out(pinned, into)
}

/// Updates a work tree that was checked out from `from` to `to`. Only differing files are written, as by a
/// `git checkout`, so that all other files keep their times.
///
/// # Errors
/// If it cannot be written, or `to` has changed.
pub(crate) fn update_worktree(from: &Pinned, to: &Pinned, worktree: &Path) -> Result<(), SourceError> {
    let (old, new) = (kinds_by_path(&from.files), kinds_by_path(&to.files));
    let is_new = |file: &&TreeFile| old.get(file.path.as_path()) != Some(&&file.kind);
    let is_outdated = |file: &&TreeFile| new.get(file.path.as_path()) != Some(&&file.kind);
    for TreeFile { path, .. } in from.files.iter().filter(is_outdated) {
        let file = worktree.join(path);
        ignore_missing(fs::remove_file(&file)).map_err(SourceError::io("remove", &file))?;
        // A directory that has become empty may have to be replaced by a file.
        let above = path.ancestors().skip(1).take_while(|above| !above.as_os_str().is_empty());
        for directory in above {
            if fs::remove_dir(worktree.join(directory)).is_err() {
                break;
            }
        }
    }
    for TreeFile { path, kind } in to.files.iter().filter(is_new) {
        let (source, file) = (to.tree.join(path), worktree.join(path));
        let parent = file.parent().unwrap_or(worktree);
        fs::create_dir_all(parent).map_err(SourceError::io("create", parent))?;
        ignore_missing(fs::remove_file(&file)).map_err(SourceError::io("replace", &file))?;
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
    build_repository::check_out(to, worktree)
}

fn kinds_by_path(files: &[TreeFile]) -> HashMap<&Path, &FileKind> {
    files.iter().map(|file| (file.path.as_path(), &file.kind)).collect()
}

/// A file that is already missing counts as removed.
fn ignore_missing(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use bench_runner_core::record::Pin;

    use super::*;

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
        update_worktree(&old, &new, work).unwrap();
        let text = |name: &str| fs::read_to_string(work.join(name)).ok();
        assert_eq!((text("changed").as_deref(), text("d").as_deref()), (Some("2"), Some("a file now")));
        assert_eq!((text("made/y").as_deref(), work.join("gone").exists()), (Some("2"), false));
        assert_eq!(time(), before);
        update_worktree(&new, &old, work).unwrap();
        let paths: Vec<_> = old.files.iter().map(|file| file.path.clone()).collect();
        assert_eq!(tree::read(work, paths).unwrap(), old.files);
        assert!(!work.join("made").exists());
    }
}
