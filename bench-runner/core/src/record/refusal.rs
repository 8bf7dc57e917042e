//! Refusals: reasons to reject a request, as values.

use std::fmt;

use crate::suggest::suggest;

/// A problem and an optional hint. It remains data until it is printed; its `Display` prints only the
/// problem.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    /// The problem: one or more lines, lower case, without a full stop.
    pub what: String,
    /// The hint, in the same style.
    pub help: Option<String>,
}

impl Refusal {
    /// A refusal without a hint.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: None }
    }

    /// Adds a hint.
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// Adds a hint with the one of `valid` that was most likely meant by `word`, if one is close.
    pub fn did_you_mean<'a>(self, word: &str, valid: impl IntoIterator<Item = &'a str>) -> Self {
        match suggest(word, valid) {
            Some(name) => self.with_help(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Refusal {}
