//! What runs say, in the formats of other tools. Each member is one file that says what its format can hold and how a
//! run is put into it; a new format is a new file and one line in [`all`]. docs/EXPORTS.md is the table of them.
//!
//! Pure: bundles and their comparisons go in, texts come out. Knows nothing of builds, files or terminals, and judges
//! nothing: what counts and every figure come from the comparison. Only builds that count are exported as times; what a
//! format cannot hold (failures, values that were left out) comes back as sentences, so that it is never dropped
//! without a word.

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

/// All formats, in the order in which they are listed.
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

/// The format of this name.
pub fn find(name: &str) -> Option<&'static ExportFormat> {
    all().into_iter().find(|format| format.name == name)
}

/// The runs in a format.
///
/// # Errors
/// Where the format cannot hold what was asked for, or nothing has a name that was picked.
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
