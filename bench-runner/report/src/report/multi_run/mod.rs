//! Several runs together, as text for a terminal, as JSON and as a page: side by side, reproduction of a run,
//! decisions.

mod decision;
mod json;
mod page;
mod reproduction;
mod sentences;
mod text;

pub use decision::{decisions_json, decisions_text};
pub use json::multi_run_json;
pub use page::multi_run_page;
pub use reproduction::{reproduction_json, reproduction_text};
pub use text::multi_run_text;

#[cfg(test)]
mod tests;
