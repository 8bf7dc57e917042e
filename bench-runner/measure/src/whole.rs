//! For tests: errors as they are printed, the help last.

use std::fmt::Display;

use crate::corpus::CatalogueError;
use crate::corpus::adding::AddError;
use crate::corpus::edits::EditError;
use crate::corpus::parents::ParentError;
use crate::corpus::sources::SourceError;
use crate::scenario::RequestError;
use crate::toml_reader::DocError;

/// An error that may know what would help.
pub(crate) trait Whole: Display {
    fn what_would_help(&self) -> Option<String>;

    /// All of it, as it is printed.
    fn whole(&self) -> String {
        let help = self.what_would_help().map(|help| format!("\nhelp: {help}"));
        format!("{self}{}", help.unwrap_or_default())
    }
}

macro_rules! whole {
    ($($error:ty),*) => {
        $(impl Whole for $error {
            fn what_would_help(&self) -> Option<String> {
                self.help()
            }
        })*
    };
}

whole!(AddError, CatalogueError, DocError, EditError, ParentError, RequestError, SourceError);
