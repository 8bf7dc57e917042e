//! Builds of variants. A [`BuildRequest`], which is independent of cargo, and [`BuildDirs`] become one
//! command line; the output of that command becomes [`BuildEvidence`].
//!
//! Only a driver composes flags and finds clashes between them. Nothing here starts a program, except to read
//! which toolchain a tree asks for ([`Toolchain::for_tree`]) and to query the [`Service`] of a build.

mod ask;
mod drivers;
mod elf_file;
mod evidence;
mod fidelity;
mod toml_merge;
mod linking;
mod request;
mod service;
mod target;
mod toolchain;
mod unit_graph;
mod user_settings;

pub use ask::{
    AskError, CargoInvocation, CompilerFlags, ConfigEntry, ConfigOrigin, Configuration, Members, PackageName,
    PlannedUnit, PlannedUnits, UnitsRequest, WorkspaceMember, members, units,
};
pub(crate) use ask::{dotted_key, units_and_flags};
pub use drivers::{
    CargoDriver, CommandDriver, Driver, PostBuildQueries, PreBuildQueries, UnitsAnswer, portable_cargo_args,
};
pub use elf_file::ElfFacts;
pub(crate) use elf_file::read as read_elf;
pub use evidence::{
    Artifact, BuildEvidence, BuildPart, CalledUnit, CompilerCall, Leftovers, LinkStep, Linked,
};
pub use fidelity::{ComparedBuild, differences, list_names};
pub use linking::Linking;
pub use request::{BuildDirs, BuildRequest, CommandLine, Detail, Goal};
pub use service::{CacheReport, CacheSandbox, DiscoveredServer, RunningService, Service, Store};
pub(crate) use service::{HOLD, is_cache_variable};
pub use target::{BuildTarget, SettingsInForce};
pub use toml_merge::merge_tables;
pub use toolchain::{Release, Toolchain};
pub use unit_graph::{LocalUnit, UnitGraph, UnitKind};
pub(crate) use user_settings::VARIABLES;
pub use user_settings::{build_settings, is_build_variable, user_settings, with_absolute_paths};

use crate::process::NotInstalled;

/// Reasons why a build cannot be composed.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The toolchain did not answer.
    #[error("failed to find out which toolchain builds {tree}: {reason}")]
    Toolchain { tree: String, reason: String },
    /// The toolchain that a tree asks for is not installed.
    #[error("{0}")]
    NotInstalled(NotInstalled),
    /// Two settings cannot both be in force.
    #[error("{first} and {second} exclude each other: {reason}")]
    Clash {
        first: String,
        second: String,
        /// Effect of having both.
        reason: String,
    },
    /// Cargo did not answer a question that the build depends on.
    #[error(transparent)]
    Ask(AskError),
    /// The driver has no such goal.
    #[error("{0}")]
    Unsupported(String),
    /// A file could not be read.
    #[error("failed to read {path}: {source}")]
    Read { path: String, source: std::io::Error },
    /// A file of the project is not valid TOML.
    #[error("{path} is not valid: {reason}")]
    Config { path: String, reason: String },
}

impl BuildError {
    /// Hint for the user.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::NotInstalled(missing) => Some(missing.help()),
            Self::Ask(error) => error.help.clone(),
            _ => None,
        }
    }
}
