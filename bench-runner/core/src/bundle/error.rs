//! What can go wrong with the files of a bundle.

use std::path::PathBuf;

use super::files::MANIFEST;

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
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}
