//! Errors when a project is added.

use bench_runner_core::record::Refusal;

use crate::corpus::sources::SourceError;
use crate::toml_reader::DocError;

/// The reason why a manifest could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// The request cannot be fulfilled.
    #[error(transparent)]
    Request(Refusal),
    /// The source could not be pinned.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The manifest is not valid.
    #[error(transparent)]
    Manifest(#[from] DocError),
}

impl AddError {
    pub(super) fn request(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Request(Refusal::new(message).with_help(help))
    }

    pub fn help(&self) -> Option<String> {
        match self {
            Self::Request(refusal) => refusal.help.clone(),
            Self::Source(error) => error.help(),
            Self::Manifest(error) => error.help(),
        }
    }
}
