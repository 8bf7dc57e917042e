//! Exports of runs in the formats of other tools. Each format is one file with its capabilities and its
//! conversion; a new format needs a new file and one line in [`all`]. docs/EXPORTS.md lists the formats.
//!
//! Pure: bundles and their comparisons → texts. Independent of builds, files and terminals. Judges nothing:
//! verdicts and the selection of the builds that count come from the comparison. Only builds that count are
//! exported as times; what a format cannot represent (failures, variants that were left out) is returned as
//! sentences, so nothing is dropped silently.

mod bencher;
mod cells;
mod critcmp;
mod csv;
mod error;
#[cfg(test)]
mod fixture;
mod format;
mod github_benchmark;
mod hyperfine;
mod json;
mod names;
mod openmetrics;
mod run;

pub use error::ExportError;
pub use format::{AcceptedRuns, Export, ExportDocument, ExportFormat};
pub use run::{CellFilter, ExportRun};

use cells::Selection;

/// All formats, in the order of listings.
pub fn all() -> [&'static ExportFormat; 8] {
    [
        &hyperfine::SCHEMA_2,
        &hyperfine::SCHEMA_1,
        &bencher::FORMAT,
        &critcmp::FORMAT,
        &github_benchmark::FORMAT,
        &openmetrics::FORMAT,
        &csv::FORMAT,
        &json::FORMAT,
    ]
}

/// Format with this name.
pub fn find(name: &str) -> Option<&'static ExportFormat> {
    all().into_iter().find(|format| format.name == name)
}

/// Exports runs in a format.
///
/// # Errors
/// If the format cannot hold the selection, a run was given twice, or nothing has a picked name.
pub fn export(
    format: &ExportFormat,
    runs: &[ExportRun<'_>],
    filter: &CellFilter,
) -> Result<Export, ExportError> {
    let name = format.name;
    match format.accepts {
        AcceptedRuns::CellsOfOneRun if runs.len() > 1 => {
            return Err(ExportError::OneRun { format: name, given: runs.len() });
        }
        AcceptedRuns::WholeRuns if !filter.is_everything() => {
            return Err(ExportError::WholeRuns { format: name });
        }
        _ => {}
    }
    for (at, run) in runs.iter().enumerate() {
        let key = |run: &ExportRun<'_>| {
            (run.bundle.manifest.run.clone(), run.bundle.manifest.machine.directory.clone())
        };
        if runs[..at].iter().any(|earlier| key(earlier) == key(run)) {
            return Err(ExportError::Twice { run: run.bundle.manifest.run.clone() });
        }
    }
    (format.export)(&Selection::from_runs(runs, filter)?)
}

#[cfg(test)]
mod tests;
