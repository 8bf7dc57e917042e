//! Identity of the machine, its state, and activity on it during a sample.
//!
//! Reads files of `/proc` and `/sys` and asks the kernel, nothing else: it starts no program, prints nothing,
//! and knows nothing of projects, builds or statistics. Linux first: on other systems a value that is not
//! available is `None`, never a guess, and a caller must be able to do without any of them.
//!
//! - [`HostMachine`]: the two keys that samples are filed under, and the provenance that is in neither.
//! - [`Health`] and [`findings`]: the state before and after a run, and everything in it that would disturb a
//!   measurement.
//! - [`InterferenceWatch`]: cheap readings before and after a sample.
//! - [`settle()`], [`read_tree`], [`remove_tree`]: the same starting conditions for every sample.
//! - [`MeasuringLock`]: one harness at a time.
//! - [`cache_dir`], [`state_dir`]: directories for the user's files.

mod dirs;
mod frequency;
mod lock;
mod machine;
mod procfs;
mod health;
mod settle;
mod system_files;
mod tree;
mod watch;

use std::io;
use std::path::{Path, PathBuf};

pub use dirs::{DirsError, cache_dir, is_cache_chosen, state_dir};
pub use health::{Health, HealthFinding, LoadAverage, PowerSource, Pressure, Severity, findings, free_disk};
pub use lock::{DEFAULT_LOCK_DIR, LockError, MeasuringLock};
pub use machine::{Facts, HostMachine, InvalidLabel, LABEL_VARIABLE, MachineError, MachineLabel, Provenance};
pub use settle::{Settled, settle};
pub(crate) use tree::read_tree;
pub use tree::remove_tree;
pub(crate) use watch::InterferenceWatch;

/// An input or output error, with the file and the failed operation.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} `{path}`: {source}", path = path.display())]
pub struct PathError {
    /// The failed operation, as words that read after "cannot".
    pub doing: &'static str,
    /// The file or directory.
    pub path: PathBuf,
    /// Error of the system.
    pub source: io::Error,
}

impl PathError {
    /// Wraps an error of the system; for use with `map_err`.
    fn context(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { doing, path: path.to_owned(), source }
    }
}
