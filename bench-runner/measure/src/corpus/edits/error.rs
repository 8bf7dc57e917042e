//! What can go wrong with an edit.

use std::io;
use std::path::PathBuf;

use crate::corpus::manifest::EditClass;

/// An edit that cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The anchor is missing, or it is not clear which one is meant.
    #[error(
        "the anchor of the edit `{edit}` occurs {count} times in {}, not once: `{anchor}`",
        file.display()
    )]
    Anchor {
        /// Name of the edit.
        edit: String,
        file: PathBuf,
        /// The text that was looked for.
        anchor: String,
        /// How often it is there.
        count: usize,
    },
    /// The file cannot be read.
    #[error("failed to read {} for the edit `{edit}`: {error}", file.display())]
    Read {
        /// Name of the edit.
        edit: String,
        file: PathBuf,
        error: io::Error,
    },
    /// The file cannot be written.
    #[error("failed to write {} for the edit `{edit}`: {error}", file.display())]
    Write {
        /// Name of the edit.
        edit: String,
        file: PathBuf,
        error: io::Error,
    },
    /// A patch does not fit the source.
    #[error(
        "the patch of the edit `{edit}` does not fit {}: {reason}",
        file.display()
    )]
    Patch {
        /// Name of the edit.
        edit: String,
        file: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// It is not what it says.
    #[error(
        "the edit `{edit}` of {} is not of class `{class}`: {reason}",
        file.display()
    )]
    Class {
        /// Name of the edit.
        edit: String,
        class: EditClass,
        file: PathBuf,
        /// What it is instead.
        reason: &'static str,
    },
    /// The file is reached through a link that leads out of the work tree.
    #[error("the file of the edit `{edit}` lies outside the work tree: {}", file.display())]
    Outside {
        /// Name of the edit.
        edit: String,
        /// Where it really is.
        file: PathBuf,
    },
}

impl EditError {
    /// What would help.
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
