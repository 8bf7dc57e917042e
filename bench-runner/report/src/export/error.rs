//! Why nothing came out.

/// Why nothing came out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The format holds one run.
    #[error("`{format}` holds one run, and {given} were given; export them one by one")]
    OneRun {
        format: &'static str,
        /// How many there were.
        given: usize,
    },
    /// The format holds whole runs.
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
        /// What to do.
        help: &'static str,
    },
    /// Nothing has the name that was picked.
    #[error("no {what} is called `{name}`; {help}")]
    NoSuch {
        /// `block` or `variant`.
        what: &'static str,
        /// What was picked.
        name: String,
        /// The nearest name, or all of them.
        help: String,
    },
    /// The text could not be made.
    #[error("failed to write {format}: {reason}")]
    Unwritable { format: &'static str, reason: String },
}
