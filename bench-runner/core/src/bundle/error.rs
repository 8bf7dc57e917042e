//! Errors from reading and writing the files of a bundle.

use std::path::PathBuf;

use super::files::MANIFEST;

/// Failure to read or write a bundle.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// The directory is not a bundle.
    #[error("{} is not a bundle: it has no {MANIFEST}; name a directory such as results/<machine>/<run>", path.display())]
    NotABundle {
        /// The directory that was given.
        path: PathBuf,
    },
    /// The bundle was written by a newer version of this program.
    #[error("{} has format {found}, and this program reads formats up to {known}; use a newer version of it", path.display())]
    TooNew {
        /// Path of the manifest.
        path: PathBuf,
        /// Format of the bundle.
        found: u64,
        /// Newest format that this program can read.
        known: u32,
    },
    /// A file has invalid content.
    #[error("{}:{line}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// The problem, with the column if it concerns one.
        reason: String,
    },
    /// A file could not be read or written.
    #[error("failed to {action} {}: {source}", path.display())]
    Io {
        /// The attempted action, as a verb.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The error of the operating system.
        source: std::io::Error,
    },
}

impl BundleError {
    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}
