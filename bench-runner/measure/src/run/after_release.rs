//! The state of a target directory after a release build, and how it is restored after another build: cargo
//! has a directory for each profile, so later builds only add entries.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::RunError;
use super::arm::{AfterRelease, LiveArm};
use super::arm_dirs::copy_tree;
use super::block_dirs::BlockDirs;
use crate::host;

/// Lists and copies everything that the release build of `arm` left.
pub(super) fn save_state(block_dirs: &BlockDirs, arm: &LiveArm<'_>) -> Result<AfterRelease, RunError> {
    let dirs = &arm.dirs;
    let mut built = Vec::new();
    for dir in [&dirs.target, &dirs.build_dir].into_iter().filter(|dir| dir.is_dir()) {
        let failed = |source| RunError::Io { action: "read", path: dir.clone(), source };
        built.push((dir.clone(), entries(dir).map_err(failed)?));
    }
    let (left, kept) = block_dirs.kept_changes(arm).unwrap_or_default();
    let beside = dirs.target.with_extension("release");
    host::remove_tree(&beside)?;
    let mut copies = Vec::new();
    for (number, dir) in [&dirs.home, &dirs.tmp, &kept].into_iter().enumerate() {
        let copy = beside.join(number.to_string());
        copy_tree(dir, &copy)?;
        copies.push((copy, dir.clone()));
    }
    Ok(AfterRelease { built, left, copies })
}

/// Restores the state after the release build of `arm`.
pub(super) fn restore_state(dirs: &BlockDirs, arm: &LiveArm<'_>) -> Result<(), RunError> {
    let Some(after) = &arm.after_release else { return Ok(()) };
    for (dir, kept) in &after.built {
        remove_newer(dir, kept)?;
    }
    for (copy, dir) in &after.copies {
        host::remove_tree(dir)?;
        copy_tree(copy, dir)?;
    }
    dirs.set_kept_changes(arm, after.left.clone());
    Ok(())
}

/// The entries of a target directory and of the directories directly below it. With a target triple, the
/// directories of the profiles are at the second level.
fn entries(target: &Path) -> io::Result<BTreeSet<PathBuf>> {
    let mut found = BTreeSet::new();
    for entry in std::fs::read_dir(target)? {
        let entry = entry?;
        let name = PathBuf::from(entry.file_name());
        if entry.file_type()?.is_dir() {
            for below in std::fs::read_dir(entry.path())? {
                found.insert(name.join(below?.file_name()));
            }
        }
        found.insert(name);
    }
    Ok(found)
}

/// Removes all entries that are not among `kept`.
fn remove_newer(target: &Path, kept: &BTreeSet<PathBuf>) -> Result<(), RunError> {
    let failed = |source| RunError::Io { action: "read", path: target.to_owned(), source };
    for entry in entries(target).map_err(failed)?.difference(kept) {
        let path = target.join(entry);
        if path.is_dir() {
            host::remove_tree(&path)?;
            continue;
        }
        match std::fs::remove_file(&path) {
            // It was removed with its directory.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(RunError::Io { action: "remove", path, source }),
            Ok(()) => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_later_goes_and_what_was_there_stays() {
        let target = tempfile::tempdir().unwrap();
        let write = |name: &str| {
            let path = target.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        };
        let kept = [".rustc_info.json", "release/deps/a.rlib", "triple/release/a"];
        kept.iter().for_each(|name| write(name));
        let before = entries(target.path()).unwrap();
        ["debug/a", "debug/deps/b", "triple/debug/a", "new"].iter().for_each(|name| write(name));
        remove_newer(target.path(), &before).unwrap();
        assert_eq!(entries(target.path()).unwrap(), before);
        assert!(kept.iter().all(|name| target.path().join(name).is_file()));
    }
}
