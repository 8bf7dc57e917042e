//! Reads directory trees, so that they are in memory, and removes them, including read-only directories.

use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::PathError;

/// Reads every file below `dir` once, so that the next build finds it in memory, and returns the number of
/// bytes. Links below `dir` are not followed, and only regular files are opened.
pub(crate) fn read_tree(dir: &Path) -> Result<u64, PathError> {
    let mut buffer = vec![0; 1 << 18];
    let mut waiting = vec![dir.to_owned()];
    let mut bytes = 0;
    while let Some(dir) = waiting.pop() {
        for entry in fs::read_dir(&dir).map_err(PathError::context("read", &dir))? {
            let entry = entry.map_err(PathError::context("read", &dir))?;
            let path = entry.path();
            let kind = entry.file_type().map_err(PathError::context("read", &path))?;
            if kind.is_dir() {
                waiting.push(path);
            } else if kind.is_file() {
                bytes += read_through(&path, &mut buffer).map_err(PathError::context("read", &path))?;
            }
        }
    }
    Ok(bytes)
}

fn read_through(path: &Path, buffer: &mut [u8]) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut bytes = 0;
    loop {
        match file.read(buffer) {
            Ok(0) => return Ok(bytes),
            Ok(count) => bytes += count as u64,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Removes `dir` with everything below it, if it exists. Directories that a build made read-only are made
/// writable first. A link is removed, never its target.
pub fn remove_tree(dir: &Path) -> Result<(), PathError> {
    // A process that is about to exit may put a file into a directory that has just been emptied.
    const ATTEMPTS: u32 = 5;
    let mut attempt = 1;
    loop {
        let error = match remove(dir) {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        match error.kind() {
            io::ErrorKind::NotFound if !is_there(dir) => return Ok(()),
            io::ErrorKind::PermissionDenied if attempt < ATTEMPTS => {
                make_writable(dir)?;
            }
            io::ErrorKind::NotFound | io::ErrorKind::DirectoryNotEmpty if attempt < ATTEMPTS => {}
            _ => return Err(PathError::context("remove", dir)(error)),
        }
        attempt += 1;
    }
}

fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn remove(dir: &Path) -> io::Result<()> {
    if fs::symlink_metadata(dir)?.is_dir() { fs::remove_dir_all(dir) } else { fs::remove_file(dir) }
}

/// Gives the owner all permissions on `dir` and on the directories below it.
fn make_writable(dir: &Path) -> Result<(), PathError> {
    let failed = || PathError::context("make writable, to remove it,", dir);
    let metadata = fs::symlink_metadata(dir).map_err(failed())?;
    if !metadata.is_dir() {
        return Ok(());
    }
    let mode = metadata.permissions().mode();
    if mode & 0o700 != 0o700 {
        fs::set_permissions(dir, Permissions::from_mode(mode | 0o700)).map_err(failed())?;
    }
    for entry in fs::read_dir(dir).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        if entry.file_type().map_err(failed())?.is_dir() {
            make_writable(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn reading_counts_regular_files_and_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("big"), vec![0; 5000]).unwrap();
        let root = dir.path();
        fs::create_dir_all(root.join("a/b")).unwrap();
        fs::write(root.join("a/b/x"), vec![1; (1 << 18) + 3]).unwrap();
        fs::write(root.join("y"), "12345").unwrap();
        symlink(outside.path(), root.join("link")).unwrap();
        symlink(outside.path().join("big"), root.join("a/link")).unwrap();
        symlink("nowhere", root.join("dangling")).unwrap();
        // A reader of a pipe would wait for a writer forever.
        #[cfg(target_os = "linux")]
        rustix::fs::mkfifoat(rustix::fs::CWD, root.join("pipe"), rustix::fs::Mode::RUSR).unwrap();
        assert_eq!(read_tree(root).unwrap(), (1 << 18) + 3 + 5);
    }

    #[test]
    fn reading_a_missing_tree_is_an_error_that_names_it() {
        let dir = tempfile::tempdir().unwrap();
        let error = read_tree(&dir.path().join("gone")).unwrap_err().to_string();
        assert!(error.starts_with("cannot read `") && error.contains("gone"), "{error}");
    }

    #[test]
    fn removing_takes_read_only_directories_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("target");
        fs::create_dir_all(root.join("a/locked/deep")).unwrap();
        fs::write(root.join("a/locked/deep/file"), "x").unwrap();
        for (path, mode) in [("a/locked/deep", 0o555), ("a/locked", 0o000), ("a", 0o500)] {
            fs::set_permissions(root.join(path), Permissions::from_mode(mode)).unwrap();
        }
        remove_tree(&root).unwrap();
        assert!(!is_there(&root));
        assert!(is_there(dir.path()));
    }

    /// Separate from the removal, because a superuser may remove anything and would not notice.
    #[test]
    fn rights_are_given_on_directories_below_and_not_through_links() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        fs::create_dir(outside.path().join("sub")).unwrap();
        fs::set_permissions(outside.path().join("sub"), Permissions::from_mode(0o500)).unwrap();
        fs::create_dir_all(dir.path().join("a/b")).unwrap();
        symlink(outside.path().join("sub"), dir.path().join("a/link")).unwrap();
        for path in ["a/b", "a"] {
            fs::set_permissions(dir.path().join(path), Permissions::from_mode(0o000)).unwrap();
        }
        make_writable(dir.path()).unwrap();
        assert_eq!((mode(&dir.path().join("a")), mode(&dir.path().join("a/b"))), (0o700, 0o700));
        assert_eq!(mode(&outside.path().join("sub")), 0o500);
    }

    #[test]
    fn removing_leaves_alone_what_links_point_to() {
        let dir = tempfile::tempdir().unwrap();
        let outside = dir.path().join("outside");
        fs::create_dir(&outside).unwrap();
        fs::write(outside.join("kept"), "x").unwrap();
        let root = dir.path().join("root");
        fs::create_dir(&root).unwrap();
        symlink(&outside, root.join("link")).unwrap();
        symlink(&outside, dir.path().join("itself")).unwrap();
        remove_tree(&root).unwrap();
        remove_tree(&dir.path().join("itself")).unwrap();
        assert!(!is_there(&root) && !is_there(&dir.path().join("itself")));
        assert!(outside.join("kept").exists());
    }

    #[test]
    fn removing_what_is_not_there_is_done_already_and_a_file_goes_too() {
        let dir = tempfile::tempdir().unwrap();
        remove_tree(&dir.path().join("gone/deeper")).unwrap();
        fs::write(dir.path().join("file"), "x").unwrap();
        remove_tree(&dir.path().join("file")).unwrap();
        assert!(!is_there(&dir.path().join("file")));
    }
}
