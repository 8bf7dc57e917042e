//! Reads TOML with positions: every error names file, line and column, and shows the line.
//!
//! [`SourceText::parse`] returns a [`TomlDocument`], its [`Reader`] returns one [`TomlValue`] per key and
//! remembers which keys were requested, so that [`Reader::finish`] can report an unknown key with the closest
//! valid one. Knows nothing of projects, scenarios or any other meaning of the text.

mod credentials;

mod quote;
mod reader;
mod source;
mod value;

pub(crate) use credentials::mask_credentials;
pub use quote::toml_string;
pub use reader::{Reader, TomlDocument};
pub use source::{DocError, SourceText};
pub use value::TomlValue;
