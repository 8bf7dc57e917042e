//! A file of the user's: read with care, replaced in one step, and restored from its backup.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use bench_runner_core::record::Refusal;

/// End of the name of a backup.
const BACKUP: &str = "bench-runner-backup";

/// Number of backups that are kept; each has a number behind its name.
const MOST_BACKUPS: u32 = 1000;

/// Contents of a file that may be replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UserFile {
    pub(super) path: PathBuf,
    /// `None` if it does not exist.
    pub(super) text: Option<String>,
}

/// A file that has been replaced.
#[derive(Debug)]
pub(super) struct ReplacedFile {
    pub(super) path: PathBuf,
    /// `None` if it did not exist before.
    pub(super) backup: Option<PathBuf>,
    /// The directory that was created for it.
    created_dir: Option<PathBuf>,
}

impl UserFile {
    /// Reads a file at a path whose existing directories are not symbolic links.
    ///
    /// # Errors
    /// If it could not be replaced without changing more than its contents: a link, one that others have too, one that may
    /// not be written, or not text.
    pub(super) fn read(path: PathBuf) -> Result<Self, Refusal> {
        let shown = path.display();
        if let Some(link) = path.ancestors().find(|part| part.is_symlink()) {
            let target =
                fs::canonicalize(&path).map_or_else(|_| "nothing".to_owned(), |at| at.display().to_string());
            let what = match link == path {
                true => format!("{shown} is a symbolic link to {target}"),
                false => format!("{shown} is reached through the symbolic link {}", link.display()),
            };
            return Err(Refusal::new(what).with_help("write the lines into the file by hand"));
        }
        let metadata = match path.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self { path, text: None }),
            Err(error) => return Err(Refusal::new(format!("cannot read {shown}: {error}"))),
            Ok(metadata) => metadata,
        };
        let refused = |what: &str| Err(Refusal::new(format!("{shown} {what}")));
        if !metadata.is_file() {
            return refused("is not a file");
        }
        if metadata.nlink() > 1 {
            return refused("has another name too (a hard link), which would keep the old contents");
        }
        if metadata.permissions().mode() & 0o200 == 0 {
            return refused("is read-only");
        }
        let bytes = fs::read(&path).map_err(|error| Refusal::new(format!("cannot read {shown}: {error}")))?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self { path, text: Some(text) }),
            Err(_) => refused("is not UTF-8"),
        }
    }

    /// Replaces the contents in one step, after a backup. Permissions and owner stay.
    ///
    /// # Errors
    /// If the file is no longer as it was read, or cannot be written; then it is as it was.
    pub(super) fn replace(&self, text: &str) -> Result<ReplacedFile, Refusal> {
        let Self { path, text: before } = self;
        let failed = |error: io::Error| Refusal::new(format!("cannot write {}: {error}", path.display()));
        if Self::read(path.clone())? != *self {
            return Err(
                Refusal::new(format!("{} has been changed meanwhile", path.display())).with_help("try again")
            );
        }
        let dir = path.parent().unwrap_or(Path::new("."));
        let created_dir = (!dir.exists()).then(|| dir.to_owned());
        if created_dir.is_some() {
            fs::create_dir(dir).map_err(failed)?;
        }
        let backup = before.as_ref().map(|before| back_up(path, before)).transpose().map_err(failed)?;
        let replaced = ReplacedFile { path: path.clone(), backup, created_dir };
        match write(path, text) {
            Ok(()) => Ok(replaced),
            Err(error) => {
                // The file is as it was, so its backup is not needed.
                replaced.backup.iter().for_each(|backup| drop(fs::remove_file(backup)));
                replaced.created_dir.iter().for_each(|dir| drop(fs::remove_dir(dir)));
                Err(failed(error))
            }
        }
    }
}

impl ReplacedFile {
    /// Restores the file as it was.
    ///
    /// # Errors
    /// If that is not possible; the backup stays.
    pub(super) fn restore(&self) -> io::Result<()> {
        match &self.backup {
            Some(backup) => fs::rename(backup, &self.path)?,
            None => fs::remove_file(&self.path)?,
        }
        match &self.created_dir {
            Some(dir) => fs::remove_dir(dir),
            None => Ok(()),
        }
    }
}

/// Writes the contents of `path` into a new file beside it, and returns its name. An earlier backup stays.
fn back_up(path: &Path, text: &str) -> io::Result<PathBuf> {
    let metadata = path.metadata()?;
    for number in 1..=MOST_BACKUPS {
        let end = if number == 1 { String::new() } else { format!("-{number}") };
        let backup = PathBuf::from(format!("{}.{BACKUP}{end}", path.display()));
        let mode = metadata.permissions().mode() & 0o7777;
        match OpenOptions::new().write(true).create_new(true).mode(mode).open(&backup) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error),
            Ok(mut file) => {
                let written = file
                    .write_all(text.as_bytes())
                    .and_then(|()| keep_owner(&backup, &metadata))
                    .and_then(|()| file.set_permissions(Permissions::from_mode(mode)))
                    .and_then(|()| file.sync_all());
                return match written {
                    Ok(()) => Ok(backup),
                    Err(error) => {
                        drop(fs::remove_file(&backup));
                        Err(error)
                    }
                };
            }
        }
    }
    Err(io::Error::new(io::ErrorKind::AlreadyExists, format!("there are {MOST_BACKUPS} backups of it")))
}

/// Gives a file the owner and group of another one.
fn keep_owner(path: &Path, of: &fs::Metadata) -> io::Result<()> {
    let own = path.metadata()?;
    if (own.uid(), own.gid()) == (of.uid(), of.gid()) {
        return Ok(());
    }
    chown(path, Some(of.uid()), Some(of.gid()))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    // A new file has the permissions of the user's umask.
    let mut file = tempfile::Builder::new()
        .prefix(".bench-runner-")
        .permissions(Permissions::from_mode(0o666))
        .tempfile_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    if let Ok(metadata) = path.metadata() {
        keep_owner(file.path(), &metadata)?;
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn refused(path: &Path) -> String {
        UserFile::read(path.to_owned())
            .unwrap_err()
            .what
            .replace(path.parent().unwrap().to_str().unwrap(), "")
    }

    #[test]
    fn a_file_is_replaced_with_a_backup_and_restored() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let path = root.join("config.toml");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        fs::write(root.join("config.toml.bench-runner-backup"), "an earlier one").unwrap();
        let replaced = UserFile::read(path.clone()).unwrap().replace("new").unwrap();
        let backup = root.join("config.toml.bench-runner-backup-2");
        assert_eq!(replaced.backup.as_ref(), Some(&backup));
        let text = |path: &Path| fs::read_to_string(path).unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
        assert_eq!((text(&path), text(&backup)), ("new".to_owned(), "old".to_owned()));
        assert_eq!((mode(&path), mode(&backup)), (0o640, 0o640));
        assert_eq!(text(&root.join("config.toml.bench-runner-backup")), "an earlier one");
        replaced.restore().unwrap();
        assert_eq!((text(&path), mode(&path), backup.exists()), ("old".to_owned(), 0o640, false));
    }

    #[test]
    fn a_new_file_disappears_again_with_its_directory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join(".cargo/config.toml");
        let file = UserFile::read(path.clone()).unwrap();
        assert_eq!(file.text, None);
        let replaced = file.replace("new").unwrap();
        assert_eq!((fs::read_to_string(&path).unwrap().as_str(), &replaced.backup), ("new", &None));
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o600, 0o600);
        replaced.restore().unwrap();
        assert!(!path.parent().unwrap().exists());
    }

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().canonicalize().unwrap().join("x.toml");
        fs::write(&path, "old").unwrap();
        let file = UserFile::read(path.clone()).unwrap();
        fs::write(&path, "newer").unwrap();
        assert!(file.replace("new").unwrap_err().what.ends_with("has been changed meanwhile"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "no backup");
    }

    #[test]
    fn what_could_not_be_replaced_as_it_is_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let path = root.join("x.toml");
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(refused(&path), "/x.toml is not UTF-8");
        fs::set_permissions(&path, Permissions::from_mode(0o444)).unwrap();
        assert_eq!(refused(&path), "/x.toml is read-only");
        symlink(&path, root.join("link.toml")).unwrap();
        assert_eq!(refused(&root.join("link.toml")), "/link.toml is a symbolic link to /x.toml");
        symlink("nowhere", root.join("broken.toml")).unwrap();
        assert_eq!(refused(&root.join("broken.toml")), "/broken.toml is a symbolic link to nothing");
        fs::create_dir(root.join("real")).unwrap();
        symlink("real", root.join(".cargo")).unwrap();
        let through = UserFile::read(root.join(".cargo/config.toml")).unwrap_err().what;
        assert!(through.contains("is reached through the symbolic link"), "{through}");
        assert_eq!(refused(&root.join("real")), "/real is not a file");
        fs::write(root.join("one"), "").unwrap();
        fs::hard_link(root.join("one"), root.join("two")).unwrap();
        assert!(refused(&root.join("two")).starts_with("/two has another name too"));
    }
}
