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
#[cfg(test)]
mod fixture;
mod github_benchmark;
mod hyperfine;
mod json;
mod names;
mod openmetrics;

use bench_runner_core::bundle::Bundle;
use bench_runner_core::compare::Comparison;
use bench_runner_core::nearest::nearest;

pub(crate) use cells::Selection;

/// One run, and what its samples say.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Its files.
    pub bundle: &'a Bundle,
    /// The comparison made of them.
    pub comparison: &'a Comparison,
}

/// Which cells are exported; what is empty restricts nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pick {
    /// Ids of blocks.
    pub blocks: Vec<String>,
    /// Names of variants; a twin goes with its baseline's name.
    pub variants: Vec<String>,
}

impl Pick {
    fn is_everything(&self) -> bool {
        self.blocks.is_empty() && self.variants.is_empty()
    }
}

/// A text for another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// A name for the file: no slash, no blank.
    pub name: String,
    /// What goes into it.
    pub text: String,
}

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// The texts: one, except where a format wants a file for each variant.
    pub documents: Vec<Document>,
    /// What the format cannot hold, as sentences.
    pub unsaid: Vec<String>,
}

/// Why nothing came out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The format holds one run.
    #[error("`{format}` holds one run, and {given} were given; export them one by one")]
    OneRun {
        /// The format.
        format: &'static str,
        /// How many there were.
        given: usize,
    },
    /// The format holds whole runs.
    #[error("`{format}` holds whole runs; blocks and variants cannot be picked for it")]
    WholeRuns {
        /// The format.
        format: &'static str,
    },
    /// The same run was given more than once.
    #[error("the run `{run}` was given twice")]
    Twice {
        /// The run.
        run: String,
    },
    /// Two cells would have the same name.
    #[error("`{format}` tells benchmarks apart by their names, and `{name}` would be there twice; {help}")]
    SameName {
        /// The format.
        format: &'static str,
        /// The name.
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
    Unwritable {
        /// The format.
        format: &'static str,
        /// Why.
        reason: String,
    },
}

/// A format of another tool.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub summary: &'static str,
    /// The ending of its files, without the dot.
    pub extension: &'static str,
    /// What it can take.
    pub takes: Takes,
    /// The texts. What the format can take has been checked; an error says which cells cannot be told apart in it.
    export: fn(&Selection<'_>) -> Result<Export, ExportError>,
}

/// What a format can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// Some cells of one run.
    CellsOfOneRun,
    /// Some cells of any number of runs.
    CellsOfRuns,
    /// Any number of runs, each as a whole.
    WholeRuns,
}

/// All formats, in the order in which they are listed.
pub fn all() -> [&'static Format; 8] {
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
pub fn find(name: &str) -> Option<&'static Format> {
    all().into_iter().find(|format| format.name == name)
}

/// The runs in a format.
///
/// # Errors
/// Where the format cannot hold what was asked for, or nothing has a name that was picked.
pub fn export(format: &Format, runs: &[Run<'_>], pick: &Pick) -> Result<Export, ExportError> {
    let name = format.name;
    match format.takes {
        Takes::CellsOfOneRun if runs.len() > 1 => {
            return Err(ExportError::OneRun { format: name, given: runs.len() });
        }
        Takes::WholeRuns if !pick.is_everything() => return Err(ExportError::WholeRuns { format: name }),
        _ => {}
    }
    for (at, run) in runs.iter().enumerate() {
        let key =
            |run: &Run<'_>| (run.bundle.manifest.run.clone(), run.bundle.manifest.machine.directory.clone());
        if runs[..at].iter().any(|earlier| key(earlier) == key(run)) {
            return Err(ExportError::Twice { run: run.bundle.manifest.run.clone() });
        }
    }
    (format.export)(&Selection::of(runs, pick)?)
}

/// The nearest of the names, or all of them, as words that read after a semicolon.
fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let known: Vec<String> = known.map(|name| format!("`{name}`")).collect();
            if known.is_empty() {
                "there is none at all".to_owned()
            } else {
                format!("there is {}", known.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests;
