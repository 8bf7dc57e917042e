//! How a variant is built: a cargo-neutral [`Recipe`] and a [`Site`] in, one command line out; the command's
//! output in, [`Evidence`] out.
//!
//! Only a driver composes flags and finds clashes between them. Nothing here starts a program, except for
//! reading which toolchain a tree asks for ([`Toolchain::of_tree`]) and for asking a [`Service`] that a build has
//! beside it.

mod ask;
mod drivers;
mod elf_file;
mod evidence;
mod layers;
mod linking;
mod own_settings;
mod recipe;
mod service;
mod toolchain;
mod unit_graph;
mod user_settings;

pub use ask::{
    AskError, Asked, Configuration, Entry, Flags, Members, Origin, PackageName, PlannedUnit, Units,
    UnitsRequest, WorkspaceMember, members, units,
};
pub use drivers::{Answers, CargoDriver, CommandDriver, Driver, config_of_tree};
pub use elf_file::{ElfFacts, read as read_elf};
pub use evidence::{Artifact, CalledUnit, CompilerCall, Evidence, Leftovers, LinkStep, Linked, Part};
pub use layers::{dropped_flags, merged};
pub use linking::Linking;
pub use own_settings::OwnSettings;
pub use recipe::{Detail, Goal, Recipe, Site, Step};
pub use service::{HOLD, Report, Service, Standing, Store};
pub use toolchain::{Lacking, Release, Toolchain};
pub use unit_graph::{LocalUnit, UnitGraph, UnitKind};
pub use user_settings::{VARIABLES, files_above, user_settings};

/// Why a build could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// The toolchain did not answer.
    #[error("failed to find out which toolchain builds {tree}: {reason}")]
    Toolchain {
        /// The source tree.
        tree: String,
        /// What went wrong.
        reason: String,
    },
    /// Two settings cannot both be in force.
    #[error("{first} and {second} exclude each other: {reason}")]
    Clash {
        /// One of them.
        first: String,
        /// The other.
        second: String,
        /// What would happen.
        reason: String,
    },
    /// The driver has no such goal.
    #[error("{0}")]
    Unsupported(String),
    /// A file could not be read.
    #[error("failed to read {path}: {source}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file of the project is not valid TOML.
    #[error("{path} is not valid: {reason}")]
    Config {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
}
