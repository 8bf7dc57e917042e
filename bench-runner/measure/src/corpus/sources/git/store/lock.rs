//! Locks a repository of the cache against other processes and threads.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::corpus::sources::error::SourceError;
use crate::process::interrupted;

/// A process that holds a repository for longer fetches something very large, or hangs.
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);

/// Waits for the lock of the repository in `store`, which is held until the file is dropped.
pub(crate) fn acquire(store: &Path) -> Result<File, SourceError> {
    let mut name = store.as_os_str().to_owned();
    name.push(".lock");
    let path = PathBuf::from(name);
    let failed = |error| SourceError::Io { doing: "lock", path: path.clone(), error };
    let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if interrupted() => {
                return Err(failed(io::ErrorKind::Interrupted.into()));
            }
            Err(TryLockError::WouldBlock) if start.elapsed() > LONGEST_WAIT => {
                return Err(failed(io::ErrorKind::TimedOut.into()));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(50)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}
