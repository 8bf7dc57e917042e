//! Errors of edits.

use std::io;
use std::path::PathBuf;

use crate::corpus::manifest::EditClass;

/// An edit that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The anchor is missing, or occurs more than once.
    #[error(
        "the anchor of the edit `{edit}` occurs {count} times in {}, not once: `{anchor}`",
        file.display()
    )]
    Anchor {
        edit: String,
        file: PathBuf,
        /// The text that was looked for.
        anchor: String,
        /// Number of its occurrences.
        count: usize,
    },
    /// The file cannot be read.
    #[error("failed to read {} for the edit `{edit}`: {error}", file.display())]
    Read { edit: String, file: PathBuf, error: io::Error },
    /// The file cannot be written.
    #[error("failed to write {} for the edit `{edit}`: {error}", file.display())]
    Write { edit: String, file: PathBuf, error: io::Error },
    /// A patch does not fit the source.
    #[error(
        "the patch of the edit `{edit}` does not fit {}: {reason}",
        file.display()
    )]
    Patch {
        edit: String,
        file: PathBuf,
        /// The part that does not fit.
        reason: String,
    },
    /// It is not of the class that it states.
    #[error(
        "the edit `{edit}` of {} is not of class `{class}`: {reason}",
        file.display()
    )]
    Class {
        edit: String,
        class: EditClass,
        file: PathBuf,
        /// The reason why it is not of that class.
        reason: &'static str,
    },
    /// The file is reached through a link that leads out of the work tree.
    #[error("the file of the edit `{edit}` lies outside the work tree: {}", file.display())]
    Outside {
        edit: String,
        /// The real path.
        file: PathBuf,
    },
}

impl EditError {
    pub fn help(&self) -> Option<String> {
        let help = match self {
            Self::Anchor { .. } => "choose a longer text that stands there exactly once",
            Self::Patch { .. } => "make the patch anew from the pinned source",
            Self::Class { .. } => "give it another class, or change what it puts in",
            Self::Read { .. } | Self::Write { .. } | Self::Outside { .. } => return None,
        };
        Some(help.to_owned())
    }
}
