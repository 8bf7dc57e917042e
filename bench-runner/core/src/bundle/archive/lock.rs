//! The right to change the archives of a machine.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::bundle::error::BundleError;

/// Holds the right to change the archives of a machine. The lock is on the machine's directory, so no file is left, and it
/// ends with the process.
#[derive(Debug)]
#[must_use = "the lock is given back when this is dropped"]
pub struct ArchiveLock {
    _directory: File,
}

impl ArchiveLock {
    /// Takes the lock without waiting for it.
    ///
    /// # Errors
    ///
    /// If another process has it.
    pub fn take(machine: &Path) -> Result<Self, BundleError> {
        let failed = |error| BundleError::io("lock", machine, error);
        let directory = File::open(machine).map_err(failed)?;
        match directory.try_lock() {
            Ok(()) => Ok(Self { _directory: directory }),
            Err(TryLockError::WouldBlock) => Err(BundleError::ArchiveBusy { machine: machine.to_owned() }),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }
}
