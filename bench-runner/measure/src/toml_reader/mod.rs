//! TOML read with places: every complaint names file, line and column, and shows the line.
//!
//! [`SourceText::parse`] gives a [`TomlDocument`], its [`Reader`] hands out one [`TomlValue`] per key and remembers
//! which keys were asked for, so that [`Reader::finish`] can name the key that nobody knows and the valid one
//! closest to it. Knows nothing of projects, scenarios or any other meaning of what it reads.

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
