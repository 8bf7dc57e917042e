//! A run's files: written once by one run, read by everybody else. docs/FORMAT.md describes them column by column.
//!
//! The formats live here and nowhere else. Knows nothing of how samples come about or what they mean.

mod earlier;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod manifest;
mod open;
mod samples;
mod write;

use std::path::PathBuf;

pub use manifest::{MachineEntry, Manifest, ProgramEntry, Status, TimeSpent, ToolEntry};
pub use open::{Bundle, open, read_manifest};
pub use write::{Writer, run_id, write_derived};

/// File names within a bundle.
pub(crate) const MANIFEST: &str = "manifest.json";
pub(crate) const SAMPLES: &str = "samples.csv";
pub(crate) const PROOFS: &str = "proofs.csv";
pub(crate) const UNIT_SETS: &str = "unit-sets.csv";
pub(crate) const EARLIER: &str = "earlier-twins.csv";

/// Columns of the proofs, in their order.
const PROOF_COLUMNS: [&str; 7] = ["block", "variant", "axis", "expected", "found", "result", "role"];

/// Why a bundle could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// There is no bundle.
    #[error("{} is not a bundle: it has no {MANIFEST}; name a directory such as results/<machine>/<run>", path.display())]
    NotABundle {
        /// What was named.
        path: PathBuf,
    },
    /// It was written by a newer version of this program.
    #[error("{} has format {found}, and this program reads formats up to {known}; use a newer version of it", path.display())]
    TooNew {
        /// The manifest.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format that is understood.
        known: u32,
    },
    /// Something in it cannot be read.
    #[error("{}:{line}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong, with the column where there is one.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    Io {
        /// What was to be done.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl BundleError {
    fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}

/// Where the last whole row ends in a file of rows. A line end within quotes ends no row; one at the very end always
/// does, so that a file that was not cut is not searched.
fn end_of_whole_rows(bytes: &[u8]) -> usize {
    if bytes.ends_with(b"\n") {
        return bytes.len();
    }
    let (mut end, mut quoted) = (0, false);
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => end = at + 1,
            _ => {}
        }
    }
    end
}

#[cfg(test)]
mod tests;
