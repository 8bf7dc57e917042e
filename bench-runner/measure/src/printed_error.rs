//! For tests: errors as they are printed, with the help as the last line.

use std::fmt::Display;

use crate::corpus::CatalogueError;
use crate::corpus::adding::AddError;
use crate::corpus::edits::EditError;
use crate::corpus::parents::ParentError;
use crate::corpus::sources::SourceError;
use crate::scenario::RequestError;
use crate::toml_reader::DocError;

/// An error that may have a hint.
pub(crate) trait PrintedError: Display {
    fn hint(&self) -> Option<String>;

    /// The error as the program prints it.
    fn printed(&self) -> String {
        let help = self.hint().map(|help| format!("\nhelp: {help}"));
        format!("{self}{}", help.unwrap_or_default())
    }
}

macro_rules! printed {
    ($($error:ty),*) => {
        $(impl PrintedError for $error {
            fn hint(&self) -> Option<String> {
                self.help()
            }
        })*
    };
}

printed!(AddError, CatalogueError, DocError, EditError, ParentError, RequestError, SourceError);
