//! Machine-wide lock: two harnesses that measure on one machine would measure each other.
//!
//! The lock is on an existing directory that all users of the machine share. It is opened for reading only,
//! so nothing is written, no file is left, and the kernel releases the lock however the process ends.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The directory that is locked by default.
pub const DEFAULT_LOCK_DIR: &str = "/tmp";

/// Holds the right to measure on this machine until it is dropped.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct MeasuringLock {
    _directory: File,
}

/// The lock could not be acquired.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process holds it.
    #[error("{} is measuring on this machine (it holds the lock on `{}`)", holder(.pid), dir.display())]
    Held {
        /// The locked directory.
        dir: PathBuf,
        /// The process that holds it, if the kernel reports it, which it does not across
        /// containers.
        pid: Option<u32>,
    },
    /// The directory could not be opened or locked.
    #[error("cannot lock `{}`: {source}; name another directory that all users share with BENCH_RUNNER_LOCK_DIR", dir.display())]
    Unusable {
        dir: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
}

impl LockError {
    /// Hint for the user, if the message has none.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Held { .. } => Some("wait until it is done; verbs that measure do so with `--wait`"),
            Self::Unusable { .. } => None,
        }
    }
}

fn holder(pid: &Option<u32>) -> String {
    pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}

impl MeasuringLock {
    /// Acquires the lock on `dir`, an existing directory, without waiting for it.
    pub fn acquire(dir: &Path) -> Result<Self, LockError> {
        let unusable = |source| LockError::Unusable { dir: dir.to_owned(), source };
        let directory = File::open(dir).map_err(unusable)?;
        let metadata = directory.metadata().map_err(unusable)?;
        if !metadata.is_dir() {
            return Err(unusable(io::ErrorKind::NotADirectory.into()));
        }
        match directory.try_lock() {
            Ok(()) => Ok(Self { _directory: directory }),
            Err(TryLockError::WouldBlock) => {
                let (device, inode) = (metadata.dev(), metadata.ino());
                let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
                Err(LockError::Held { dir: dir.to_owned(), pid: holder_of(&locks, device, inode) })
            }
            Err(TryLockError::Error(source)) => Err(unusable(source)),
        }
    }
}

/// The process that holds a `flock` lock on the file, from the text of `/proc/locks`, with lines such as
/// `1: FLOCK  ADVISORY  WRITE 1234 08:01:131073 0 EOF`.
fn holder_of(locks: &str, device: u64, inode: u64) -> Option<u32> {
    let device = device as rustix::fs::Dev;
    let file = format!("{:02x}:{:02x}:{inode}", rustix::fs::major(device), rustix::fs::minor(device));
    locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // The line of a waiting process has `->` in second place, and does not match.
        let ["FLOCK", _, _, pid, place, ..] = words.get(1..)? else { return None };
        // A process outside this container is number 0.
        if *place == file { pid.parse().ok().filter(|&pid| pid > 0) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_until_the_first_is_done_and_nothing_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let first = MeasuringLock::acquire(dir.path()).unwrap();
        let error = MeasuringLock::acquire(dir.path()).unwrap_err();
        let LockError::Held { pid, .. } = &error else { panic!("{error}") };
        // The kernel may be built without /proc/locks; only a wrong number is a failure.
        assert!(pid.is_none_or(|pid| pid == std::process::id()), "{error}");
        assert!(error.to_string().contains("measuring on this machine"), "{error}");
        drop(first);
        let _again = MeasuringLock::acquire(dir.path()).unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }

    #[test]
    fn directories_are_locked_apart() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let _first = MeasuringLock::acquire(one.path()).unwrap();
        assert!(MeasuringLock::acquire(two.path()).is_ok());
    }

    #[test]
    fn only_an_existing_directory_can_be_locked() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        for name in ["gone", "file"] {
            let error = MeasuringLock::acquire(&dir.path().join(name)).unwrap_err();
            assert!(matches!(error, LockError::Unusable { .. }), "{error}");
            assert!(error.to_string().contains("BENCH_RUNNER_LOCK_DIR"), "{error}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn the_holder_is_found_among_other_locks() {
        let locks = "\
1: POSIX  ADVISORY  READ 11 08:01:131073 128 128
2: FLOCK  ADVISORY  WRITE 22 08:01:999 0 EOF
3: FLOCK  ADVISORY  WRITE 33 08:11:131073 0 EOF
4: FLOCK  ADVISORY  WRITE 44 08:01:131073 0 EOF
4: -> FLOCK  ADVISORY  WRITE 55 08:01:131073 0 EOF
5: FLOCK  ADVISORY  WRITE 0 08:01:77 0 EOF
";
        let device = rustix::fs::makedev(8, 1);
        assert_eq!(holder_of(locks, device, 131_073), Some(44));
        assert_eq!(holder_of(locks, device, 77), None, "outside this container");
        assert_eq!(holder_of(locks, device, 78), None);
        assert_eq!(holder_of("", device, 78), None);
    }
}
