//! What can go wrong when a project is added.

use bench_runner_core::record::Refusal;

use crate::corpus::sources::SourceError;
use crate::toml_reader::DocError;

/// What keeps a manifest from being made.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// What was asked for cannot be added.
    #[error(transparent)]
    Request(Refusal),
    /// Its source cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The manifest does not hold.
    #[error(transparent)]
    Manifest(#[from] DocError),
}

impl AddError {
    pub(super) fn request(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Request(Refusal::new(message).with_help(help))
    }

    /// What would help.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Request(refusal) => refusal.help.clone(),
            Self::Source(error) => error.help(),
            Self::Manifest(error) => error.help(),
        }
    }
}
