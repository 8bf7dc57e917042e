//! TOML read with places: every complaint names file, line and column, and shows the line.
//!
//! [`SourceText::parse`] gives a [`Document`], its [`Reader`] hands out one [`Value`] per key and remembers
//! which keys were asked for, so that [`Reader::finish`] can name the key that nobody knows and the valid one
//! closest to it. Knows nothing of projects, scenarios or any other meaning of what it reads.

mod masked;

mod quote;
mod reader;
mod source;
mod value;

pub(crate) use masked::masked;
pub use quote::quoted;
pub use reader::{Document, Reader};
pub use source::{DocError, SourceText};
pub use value::Value;
