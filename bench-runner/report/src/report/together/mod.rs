//! Several runs together: as text for a terminal, as JSON, as a page. Also whether a run was reproduced, and what to
//! decide.

mod decision;
mod json;
mod page;
mod reproduced;
mod text;
mod words;

pub use decision::{decisions_json, decisions_text};
pub use json::together_json;
pub use page::together_page;
pub use reproduced::{reproduced_json, reproduced_text};
pub use text::together_text;

#[cfg(test)]
mod tests;
