//! What the machine is, how quiet it is, and what changed on it during a sample.
//!
//! Reads files of `/proc` and `/sys` and asks the kernel, nothing else: it starts no program, prints nothing, and
//! knows nothing of projects, builds or statistics. Linux first: on other systems a reading that is not to be had
//! is `None`, never a guess, and a caller must be able to do without any of them.
//!
//! - [`HostMachine`]: the two keys under which samples are filed, and the provenance that is in neither.
//! - [`Health`] and [`findings`]: the state before and after a run, and what in it would disturb a measurement.
//! - [`InterferenceWatch`]: the cheap readings around one sample.
//! - [`settle()`], [`read_tree`], [`remove_tree`]: the same starting line for every sample.
//! - [`MeasuringLock`]: one harness at a time.
//! - [`cache_dir`], [`state_dir`]: where files of the user's own go.

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

pub use dirs::{DirsError, cache_dir, state_dir};
pub use health::{Health, HealthFinding, LoadAverage, PowerSource, Pressure, Severity, findings};
pub use lock::{DEFAULT_LOCK_DIR, LockError, MeasuringLock};
pub use machine::{Facts, HostMachine, InvalidLabel, LABEL_VARIABLE, MachineError, MachineLabel, Provenance};
pub use settle::{Settled, settle};
pub(crate) use tree::read_tree;
pub use tree::remove_tree;
pub(crate) use watch::InterferenceWatch;

/// An input or output error, with the file it befell and what was being done to it.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} `{path}`: {source}", path = path.display())]
pub struct PathError {
    /// What was being done, as words that read after "cannot".
    pub doing: &'static str,
    /// The file or directory.
    pub path: PathBuf,
    /// What the system answered.
    pub source: io::Error,
}

impl PathError {
    /// Wraps an error of the system; for use with `map_err`.
    fn context(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { doing, path: path.to_owned(), source }
    }
}
