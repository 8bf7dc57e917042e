//! Changes of a work tree between two builds, one per round.
//!
//! An edit always starts from the pristine source, never from the edit before it: [`apply()`] with the same
//! number gives the same bytes in every work tree, and number 0 is the source as it was pinned. The number
//! reaches the compiler, so that neither it nor a cache has seen the text before.
//!
//! If a manifest has no edits, [`propose()`] finds some by parsing the project's source. [`stubs()`] replace
//! the sources of a project's crates if only their dependencies are to be built.
//!
//! Knows nothing of rounds, variants or builds.

mod apply;
mod error;
mod class_check;
mod metadata;
mod propose;
mod stubs;
mod text;

pub use super::numbered::argv as numbered_argv;
pub use apply::{apply, check, files};
pub use error::EditError;
pub use metadata::MetadataError;
pub use propose::{as_toml, propose, propose_for_all};
pub use stubs::{Stub, stubs};
