//! The contract of a format.

use super::cells::Selection;
use super::error::ExportError;

/// A text for another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportDocument {
    /// A name for the file: no slash, no blank.
    pub name: String,
    /// What goes into it.
    pub text: String,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The texts: one, except where a format wants a file for each variant.
    pub documents: Vec<ExportDocument>,
    /// What the format cannot hold, as sentences.
    pub omissions: Vec<String>,
}

/// A format of another tool.
#[derive(Debug)]
pub struct ExportFormat {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub summary: &'static str,
    /// The ending of its files, without the dot.
    pub extension: &'static str,
    /// What it can take.
    pub accepts: AcceptedRuns,
    /// The texts. What the format can take has been checked; an error says which cells cannot be told apart in it.
    pub(super) export: fn(&Selection<'_>) -> Result<Export, ExportError>,
}

/// What a format can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptedRuns {
    /// Some cells of one run.
    CellsOfOneRun,
    /// Some cells of any number of runs.
    CellsOfRuns,
    /// Any number of runs, each as a whole.
    WholeRuns,
}
