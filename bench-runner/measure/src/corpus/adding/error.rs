//! What can go wrong when a project is added.

use crate::corpus::sources::SourceError;
use crate::spanned::DocError;

/// What keeps a manifest from being made.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// What was asked for cannot be added.
    #[error("{message}{}", help.as_ref().map(|help| format!("\nhelp: {help}")).unwrap_or_default())]
    Request {
        /// Why.
        message: String,
        /// What to do.
        help: Option<String>,
    },
    /// Its source cannot be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The manifest does not hold.
    #[error(transparent)]
    Manifest(#[from] DocError),
}

impl AddError {
    pub(super) fn request(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Request { message: message.into(), help: Some(help.into()) }
    }
}
