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
mod workplace;

pub use adding::{AddRequest, Added, add};
pub use advice::advice;
pub(crate) use advice::advice_for;
pub use measure::Measured;
pub(crate) use measure::{Laboratory, MeasureOptions, Workshops};
pub(crate) use publish::{Published, publish};
pub use publish::{judge, page};
pub(crate) use reproduce::{Again, plan_again};
pub use together::{JudgedRun, decide, side_by_side};
pub(crate) use together::{judge_all, publish_together, reproduced};
pub use verify::{Built, Fault, ProvenEdit, Verified, VerifyOptions};
pub(crate) use verify::{Verifier, fetch_all, verify_sources};
pub use workplace::{Places, Workplace};

use bench_runner_core::bundle::BundleError;
use bench_runner_core::record::Refusal;
use bench_runner_measure::corpus::CatalogueError;
use bench_runner_measure::corpus::adding::AddError;
use bench_runner_measure::corpus::parents::ParentError;
use bench_runner_measure::corpus::sources::SourceError;
use bench_runner_measure::host::LockError;
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
}

impl FlowError {
    /// What to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Request(error) => error.help().map(str::to_owned),
            Self::Catalogue(CatalogueError::Manifest(error)) => error.help().map(str::to_owned),
            _ => None,
        }
    }

    /// The message with what to do about it, as a terminal shows the two.
    pub(crate) fn in_full(&self) -> String {
        self.help().map_or_else(|| self.to_string(), |help| format!("{self}\nhelp: {help}"))
    }

    /// The same as a reason to leave something out.
    pub(crate) fn refusal(&self) -> Refusal {
        let refusal = refusal_of(self);
        Refusal { help: refusal.help.or_else(|| self.help()), ..refusal }
    }
}

/// An error of the corpus, whose text ends with what helps.
fn refusal_of(error: &dyn std::error::Error) -> Refusal {
    let text = error.to_string();
    match text.split_once("\nhelp: ") {
        Some((what, help)) => Refusal::new(what).with_help(help),
        None => Refusal::new(text),
    }
}

impl FlowError {
    /// Whether somebody else measures on this machine.
    pub(crate) fn is_busy(&self) -> bool {
        let lock = match self {
            Self::Harness(error) => error.downcast_ref::<LockError>(),
            _ => None,
        };
        matches!(lock, Some(LockError::Held { .. }))
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
