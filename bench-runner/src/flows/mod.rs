//! What joins measuring and judging: finding the projects, measuring a plan, judging a bundle, publishing what it
//! says. Each flow is a few calls of the modules above; commands only parse, call a flow and print.

#[cfg(test)]
mod agreement;
mod adding;
mod advice;
mod calibration;
mod measure;
mod publish;
mod reproduce;
mod together;
mod tools;
mod verify;
mod projects;

pub use adding::{AddRequest, Added, add};
pub use advice::advice;
pub(crate) use advice::advice_for;
pub use measure::Measured;
pub(crate) use measure::{MeasuringSession, unfinished};
pub use projects::{Places, Projects};
pub(crate) use publish::{Published, publish};
pub use publish::{judge, page};
pub(crate) use reproduce::{Again, plan_again};
pub use together::{JudgedRun, decide, side_by_side};
pub(crate) use together::{judge_all, publish_together, reproduced};
pub use verify::{Built, Fault, ProvenEdit, Verified, VerifyOptions};
pub(crate) use verify::{Verifier, fetch_all, verify_sources};

use bench_runner_core::bundle::BundleError;
use bench_runner_core::record::Refusal;
use bench_runner_measure::corpus::CatalogueError;
use bench_runner_measure::corpus::adding::AddError;
use bench_runner_measure::corpus::parents::ParentError;
use bench_runner_measure::corpus::sources::SourceError;
use bench_runner_measure::plan::PlanError;
use bench_runner_measure::scenario::RequestError;

/// Why a flow came to no end, by whose fault it is.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The request was wrong.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// The corpus was wrong.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A source could not be had.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A directory above the cache would change the builds.
    #[error(transparent)]
    Parent(#[from] ParentError),
    /// A bundle could not be read or written.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The harness itself failed.
    #[error("{0:#}")]
    Harness(anyhow::Error),
}

impl FlowError {
    /// Whether the request was wrong, rather than the harness.
    pub(crate) fn is_request(&self) -> bool {
        match self {
            Self::Request(_) | Self::Catalogue(_) | Self::Parent(_) => true,
            Self::Source(error) => error.is_request(),
            Self::Bundle(error) => {
                matches!(error, BundleError::NotABundle { .. } | BundleError::TooNew { .. })
            }
            Self::Harness(_) => false,
        }
    }

    pub(crate) fn harness(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Harness(error.into())
    }
}

/// What an error says, and its help apart from that. The errors of `bench_runner_measure` that still print their help
/// below a line are cut in two here.
pub(crate) fn refusal(error: &dyn std::fmt::Display) -> Refusal {
    let text = error.to_string();
    match text.rsplit_once("\nhelp: ") {
        Some((what, help)) => Refusal::new(what).with_help(help),
        None => Refusal::new(text),
    }
}

/// A plan carries what went wrong in its world through unchanged.
impl From<PlanError> for FlowError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Request(error) => Self::Request(error),
            PlanError::World(error) => match error.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::Harness(anyhow::anyhow!(other)),
            },
        }
    }
}

impl From<FlowError> for PlanError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::Request(error) => Self::Request(error),
            other => Self::World(Box::new(other)),
        }
    }
}

impl From<AddError> for FlowError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Request { message, help } => Self::Request(RequestError::usage(message, help)),
            AddError::Source(error) => Self::Source(error),
            AddError::Manifest(error) => Self::Request(error.into()),
        }
    }
}

impl From<anyhow::Error> for FlowError {
    fn from(error: anyhow::Error) -> Self {
        Self::Harness(error)
    }
}
