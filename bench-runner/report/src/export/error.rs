//! Errors of an export.

/// Error of an export.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// Several runs for a format that holds only one.
    #[error("`{format}` holds one run, and {given} were given; export them one by one")]
    OneRun {
        format: &'static str,
        /// Number of runs.
        given: usize,
    },
    /// A selection of blocks or variants for a format that holds whole runs.
    #[error("`{format}` holds whole runs; blocks and variants cannot be picked for it")]
    WholeRuns { format: &'static str },
    /// The same run was given more than once.
    #[error("the run `{run}` was given twice")]
    Twice { run: String },
    /// Two cells would have the same name.
    #[error("`{format}` tells benchmarks apart by their names, and `{name}` would be there twice; {help}")]
    SameName {
        format: &'static str,
        name: String,
        /// Advice to the user.
        help: &'static str,
    },
    /// No block or variant has the picked name.
    #[error("no {what} is called `{name}`; {help}")]
    NoSuch {
        /// `block` or `variant`.
        what: &'static str,
        /// The picked name.
        name: String,
        /// The most similar name, or all names.
        help: String,
    },
    /// The text could not be written.
    #[error("failed to write {format}: {reason}")]
    Unwritable { format: &'static str, reason: String },
}
