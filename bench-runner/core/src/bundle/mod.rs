//! The files of a run: written once by that run, read by everything else. docs/FORMAT.md describes them
//! column by column.
//!
//! Only this module knows the formats. It knows nothing of where samples come from or what they mean.

#![warn(missing_docs)]

pub mod archive;
mod earlier_twins;
mod error;
mod files;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod manifest;
mod open;
mod rows;
mod run_files;
mod samples;
mod write;

pub use error::BundleError;
pub use manifest::{MachineEntry, Manifest, ProgramEntry, Status, TimeSpent, ToolEntry};
pub use open::{Bundle, open, read_manifest};
pub use run_files::{FileStamp, ListedRuns, RunFiles, archived_runs, is_archive, list_runs};
pub use write::{BundleWriter, run_id, write_derived};

#[cfg(test)]
mod tests;
