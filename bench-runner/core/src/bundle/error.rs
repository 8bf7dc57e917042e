//! Errors from reading and writing the files of a bundle.

use std::path::{Path, PathBuf};

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
    /// An archive, or a file in it, is not as it was written.
    #[error("{}: damaged: {reason}; restore the archive from a copy (`zip -FF` saves the files in it that are whole)", path.display())]
    DamagedArchive {
        /// The archive, or the file in it.
        path: PathBuf,
        /// The problem.
        reason: String,
    },
    /// A run has no samples any more.
    #[error("{}: this run was thinned on {} by `archive --thin`: its samples were dropped, so only `history` can show it", path.display(), date(thinned_at))]
    Thinned {
        /// The run.
        path: PathBuf,
        /// Time in UTC, RFC 3339.
        thinned_at: String,
    },
    /// The path of an archive was given in place of the path of a run.
    #[error("{} is an archive of {}; name one of them, such as {}", path.display(), pluralize(*runs), path.join(first).display())]
    SeveralRuns {
        /// The archive.
        path: PathBuf,
        /// Number of its runs.
        runs: usize,
        /// Name of the first.
        first: String,
    },
    /// Another process is changing the archives of a machine.
    #[error("{} is being archived by another process; nothing was changed, so try again when it has ended", machine.display())]
    ArchiveBusy {
        /// Directory of the machine.
        machine: PathBuf,
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

/// The date of a time in RFC 3339.
fn date(time: &str) -> &str {
    time.split('T').next().unwrap_or(time)
}

fn pluralize(runs: usize) -> String {
    if runs == 1 { "1 run".to_owned() } else { format!("{runs} runs") }
}

impl BundleError {
    /// True if another path or another run would have been right; false if a file is damaged or cannot be accessed.
    pub fn is_request(&self) -> bool {
        match self {
            Self::NotABundle { .. }
            | Self::TooNew { .. }
            | Self::Thinned { .. }
            | Self::SeveralRuns { .. } => true,
            Self::Malformed { .. }
            | Self::DamagedArchive { .. }
            | Self::ArchiveBusy { .. }
            | Self::Io { .. } => false,
        }
    }

    pub(super) fn damaged_archive(path: &Path, reason: String) -> Self {
        Self::DamagedArchive { path: path.to_owned(), reason }
    }

    pub(super) fn io(action: &'static str, path: impl Into<PathBuf>, source: std::io::Error) -> Self {
        Self::Io { action, path: path.into(), source }
    }
}
