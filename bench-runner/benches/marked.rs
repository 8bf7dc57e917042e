//! Output of a study: printed, or put into a document between two marker comments.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

/// Place of an output.
pub(crate) enum Output {
    Printed,
    /// A document, with the text up to the first marker and from the second one on.
    Marked {
        file: PathBuf,
        before: String,
        after: String,
    },
}

impl Output {
    /// Finds the markers, before a study that takes minutes.
    ///
    /// # Errors
    /// If the document cannot be read or lacks one of the markers.
    pub(crate) fn open(file: Option<PathBuf>, [begin, end]: [&str; 2]) -> Result<Self> {
        let Some(file) = file else { return Ok(Self::Printed) };
        let shown = file.display();
        let old = fs::read_to_string(&file).with_context(|| format!("failed to read {shown}"))?;
        let begins = old.find(begin).with_context(|| format!("{shown} has no line `{begin}`"))?;
        let (before, rest) = old.split_at(begins + begin.len());
        let ends = rest.find(end).with_context(|| format!("{shown} has no line `{end}` after `{begin}`"))?;
        let (before, after) = (before.to_owned(), rest[ends..].to_owned());
        Ok(Self::Marked { file, before, after })
    }

    /// Prints a text, or puts it between the markers.
    ///
    /// # Errors
    /// If the document cannot be written.
    #[expect(clippy::print_stdout, reason = "a program of its own, whose output this is")]
    pub(crate) fn show(self, text: &str) -> Result<()> {
        let Self::Marked { file, before, after } = self else {
            print!("{text}");
            return Ok(());
        };
        let text = text.trim_matches('\n');
        fs::write(&file, format!("{before}\n\n{text}\n\n{after}"))
            .with_context(|| format!("failed to write {}", file.display()))
    }
}
