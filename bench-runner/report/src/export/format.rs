//! Interface of an export format.

use super::cells::Selection;
use super::error::ExportError;

/// A file for another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportDocument {
    /// File name without slashes and spaces.
    pub name: String,
    pub text: String,
}

/// Result of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The files: one, or one for each variant if the format demands it.
    pub documents: Vec<ExportDocument>,
    /// Facts that the format cannot represent, as sentences.
    pub omissions: Vec<String>,
}

/// A format of another tool.
#[derive(Debug)]
pub struct ExportFormat {
    /// Name on the command line.
    pub name: &'static str,
    /// Description in a few words.
    pub summary: &'static str,
    /// File extension, without the dot.
    pub extension: &'static str,
    /// Runs and cells that the format accepts.
    pub accepts: AcceptedRuns,
    /// Exports a selection that the format accepts; fails if two cells would have the same name.
    pub(super) export: fn(&Selection<'_>) -> Result<Export, ExportError>,
}

/// Runs and cells that a format accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcceptedRuns {
    /// Any cells of one run.
    CellsOfOneRun,
    /// Any cells of any number of runs.
    CellsOfRuns,
    /// Any number of whole runs.
    WholeRuns,
}
