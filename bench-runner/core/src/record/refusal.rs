//! Why something is refused, as a value.

use std::fmt;

use crate::suggest::suggest;

/// What is wrong, and what would help. It stays data until it is printed; its `Display` is what is wrong alone.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Refusal {
    /// One or more lines, lower case, without a full stop.
    pub what: String,
    /// What to do about it, likewise.
    pub help: Option<String>,
}

impl Refusal {
    /// A refusal with nothing that would help.
    pub fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), help: None }
    }

    /// The same, with what would help.
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// The same with the one of `valid` that was most likely meant in place of `word`, if one is close.
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
