//! The flows that join measuring and judging: finding projects, measuring a plan, judging a bundle,
//! publishing the results. Each flow is a few calls of the modules above; commands only parse, call a flow
//! and print.

#[cfg(test)]
mod stopping_rule_matches_report;
mod adding;
mod advice;
mod archiving;
mod bisection;
mod calibration;
mod distribution;
mod history;
mod measure;
mod publish;
mod reproduce;
mod page_folds;
mod multi_run;
mod comparison_conditions;
mod search;
mod thinning;
mod tools;
mod tracking;
mod verify;
mod projects;

pub use adding::{AddRequest, AddedProject, add};
pub use advice::advice;
pub(crate) use advice::advice_for;
pub(crate) use archiving::{
    ArchivePlan, ArchivedMachine, RunSelection, archive, ended_before, plan_archive, thin,
};
pub(crate) use bisection::BisectionSteps;
pub(crate) use calibration::machine_history;
pub use distribution::{PackagedVersion, packaged_version};
pub(crate) use history::{directories as machine_dirs, is_of_history, load_runs, publish_history};
pub use measure::MeasuredRun;
pub(crate) use measure::{MeasuringSession, open_unfinished};
pub use multi_run::{JudgedRun, decide, side_by_side};
pub(crate) use multi_run::{compare_reproduction, judge_all, publish_together};
pub(crate) use projects::ProjectWord;
pub use projects::{Places, Projects};
pub(crate) use publish::{PublishedReport, publish};
pub use publish::{judge, page};
pub(crate) use reproduce::{ReproduceOptions, plan_again};
pub(crate) use search::{
    MeasuredStage, PILOT, SavedSearch, SearchDirectory, StagePlan, StageRun, combination_name,
    combination_settings, confirmation_of, has_same_sources, is_part_of_search, is_search, pilot_scenarios,
    saved_space, search_request, space_of,
};
pub(crate) use tracking::{
    FollowedProject, LogFile, LookGroup, NightSeries, NotLooked, deliver, judge_look, load_marks,
    look_groups, news, night_series, publish_machine_history, responsible, tracking_of,
};
pub use verify::{Fault, ProvenEdit, VerifiedBuild, VerifiedProject, VerifyOptions};
pub(crate) use verify::{Verifier, fetch_all, verify_sources};

use bench_runner_core::bundle::BundleError;
use bench_runner_core::record::{Refusal, Skipped};
use bench_runner_measure::build::{AskError, BuildError};
use bench_runner_measure::corpus::CatalogueError;
use bench_runner_measure::corpus::adding::AddError;
use bench_runner_measure::corpus::cache_place::PlaceError;
use bench_runner_measure::corpus::edits::EditError;
use bench_runner_measure::corpus::local::LocalError;
use bench_runner_measure::corpus::parents::ParentError;
use bench_runner_measure::corpus::sources::SourceError;
use bench_runner_measure::host::LockError;
use bench_runner_measure::run::RunError;
use bench_runner_measure::scenario::RequestError;
use bench_runner_measure::toml_reader::DocError;

/// Errors from a flow, grouped by who has to fix them.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The request was wrong.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// Nothing that was requested can be built here.
    #[error("{message}")]
    Empty {
        /// The reasons, as text.
        message: String,
        /// Everything that is left out.
        skipped: Vec<Skipped>,
    },
    /// The corpus was wrong.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
    /// A source is not available.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// A directory above the cache would change the builds.
    #[error(transparent)]
    Parent(#[from] ParentError),
    /// A bundle could not be read or written.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The right to measure on this machine cannot be had.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The harness itself failed.
    #[error("{0:#}")]
    Harness(anyhow::Error),
}

impl FlowError {
    /// True if the request was wrong; false if the harness failed.
    pub(crate) fn is_request(&self) -> bool {
        match self {
            Self::Request(_) | Self::Empty { .. } | Self::Catalogue(_) | Self::Parent(_) => true,
            Self::Source(error) => error.is_request(),
            Self::Bundle(error) => error.is_request(),
            Self::Lock(_) | Self::Harness(_) => false,
        }
    }

    /// True if the machine is not fit: another process measures on it.
    pub(crate) fn is_unfit(&self) -> bool {
        matches!(self, Self::Lock(LockError::Held { .. }))
    }

    /// The error and its hint.
    pub(crate) fn refusal(&self) -> Refusal {
        Refusal { what: self.to_string(), help: self.help() }
    }

    pub fn help(&self) -> Option<String> {
        match self {
            Self::Request(error) => error.help(),
            Self::Catalogue(error) => error.help(),
            Self::Source(error) => error.help(),
            Self::Parent(error) => error.help(),
            Self::Empty { .. } | Self::Bundle(_) => None,
            Self::Lock(error) => error.help().map(str::to_owned),
            Self::Harness(error) => error.chain().find_map(help_of),
        }
    }

    pub(crate) fn harness(error: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Harness(error.into())
    }
}

/// The hint of an error, if its type has hints.
fn help_of(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    error
        .downcast_ref::<RunError>()
        .and_then(RunError::help)
        .or_else(|| error.downcast_ref::<SourceError>()?.help())
        .or_else(|| error.downcast_ref::<EditError>()?.help())
        .or_else(|| error.downcast_ref::<RequestError>()?.help())
        .or_else(|| error.downcast_ref::<CatalogueError>()?.help())
        .or_else(|| error.downcast_ref::<ParentError>()?.help())
        .or_else(|| error.downcast_ref::<DocError>()?.help())
        .or_else(|| error.downcast_ref::<AskError>()?.help().map(str::to_owned))
        .or_else(|| error.downcast_ref::<LocalError>()?.help())
        .or_else(|| error.downcast_ref::<BuildError>()?.help())
        .or_else(|| error.downcast_ref::<Refusal>()?.help.clone())
}

impl From<RunError> for FlowError {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Source(error) => Self::Source(error),
            other => Self::harness(other),
        }
    }
}

impl From<PlaceError> for FlowError {
    fn from(error: PlaceError) -> Self {
        match error {
            PlaceError::Parent(error) => Self::Parent(error),
            PlaceError::NotPrivate(Refusal { what, help }) => Self::Request(RequestError::usage(what, help)),
        }
    }
}

impl From<AddError> for FlowError {
    fn from(error: AddError) -> Self {
        match error {
            AddError::Request(Refusal { what, help }) => Self::Request(RequestError::usage(what, help)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_help_is_found_behind_what_was_being_done() {
        let asked =
            AskError { what: "anything", reason: "no".to_owned(), help: Some("ask again".to_owned()) };
        let wrapped = |error: anyhow::Error| FlowError::Harness(error.context("failed to prepare")).refusal();
        let refusal = wrapped(BuildError::Ask(asked.clone()).into());
        assert_eq!(refusal.what, "failed to prepare: cargo did not say anything: no");
        assert_eq!(refusal.help.as_deref(), Some("ask again"));
        assert_eq!(wrapped(asked.into()).help.as_deref(), Some("ask again"));
        assert_eq!(wrapped(Refusal::new("no").with_help("later").into()).help.as_deref(), Some("later"));
        assert_eq!(wrapped(anyhow::anyhow!("no")).help, None);
    }
}
