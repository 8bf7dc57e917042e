//! A run's files: written once by one run, read by everybody else. docs/FORMAT.md describes them column by column.
//!
//! The formats live here and nowhere else. Knows nothing of how samples come about or what they mean.

#![warn(missing_docs)]

mod earlier_twins;
mod error;
mod files;
#[cfg(any(test, feature = "fixture"))]
pub mod fixture;
mod manifest;
mod open;
mod rows;
mod samples;
mod write;

pub use error::BundleError;
pub use manifest::{MachineEntry, Manifest, ProgramEntry, Status, TimeSpent, ToolEntry};
pub use open::{Bundle, open, read_manifest};
pub use write::{BundleWriter, run_id, write_derived};

#[cfg(test)]
mod tests;
