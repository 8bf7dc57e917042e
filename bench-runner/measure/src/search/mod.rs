//! Searching for the best configuration: the space of settings to choose from on this machine, and the
//! scenario of each stage.
//!
//! Which combinations a stage builds, and which of them wins, is decided elsewhere.

#[cfg(test)]
mod fixture;
mod read;
mod requirement;
mod resolve;
mod space;
mod stage;

use std::path::Path;

use bench_runner_core::record::{AS_CONFIGURED, Refusal};

use crate::scenario::{RequestError, RequestWord};
use crate::toml_reader::SourceText;

pub use requirement::{Allowance, Requirement};
pub use resolve::{SearchedProject, available_space};
pub use space::{AvailableSpace, DroppedLevel, ForbiddenPair, SpaceAxis, SpaceLevel};
pub use stage::{StageRequest, stage_scenario};

/// Word for the level that leaves a setting as the user has it.
pub const UNTOUCHED: &str = AS_CONFIGURED;

/// A space file: the axes of a search and their levels, before this machine is asked.
#[derive(Debug, Clone, PartialEq)]
pub struct SpaceFile {
    pub name: String,
    /// One line for listings.
    pub summary: String,
    /// In the order of the file.
    pub axes: Vec<DeclaredAxis>,
    /// Pairs of levels that are left out, in addition to those that make no sense together.
    pub exclude: Vec<ExcludedPair>,
}

/// An axis of a space file.
#[derive(Debug, Clone, PartialEq)]
pub struct DeclaredAxis {
    pub key: String,
    /// Values besides [`UNTOUCHED`]: of the axis, or `cores/N` for an N-th of the machine's threads.
    pub values: Vec<RequestWord>,
}

/// A pair of levels that a space file leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct ExcludedPair {
    /// Keys and values; the value may be [`UNTOUCHED`].
    pub when: [(String, RequestWord); 2],
    pub reason: String,
}

impl SpaceFile {
    /// Reads a space from `text`, the contents of the file `name`.
    ///
    /// # Errors
    /// At the place of what is wrong in it.
    pub fn parse(name: &str, text: &str) -> Result<Self, RequestError> {
        Ok(read::space_file(&SourceText::new(name, text))?)
    }

    /// Reads a space file.
    ///
    /// # Errors
    /// If it cannot be read, or at the place of what is wrong in it.
    pub fn read(path: &Path) -> Result<Self, RequestError> {
        let source = SourceText::read(path).map_err(|error| {
            Refusal::new(format!("cannot read {}: {error}", path.display()))
                .with_help("write one as in `spaces/`; docs/SEARCH.md explains it")
        })?;
        Ok(read::space_file(&source)?)
    }
}
