//! A comparison → what people read: a page, Markdown, text for a terminal.
//!
//! Pure: result types go in, text comes out. Nothing here computes a statistic, reads a file or prints.

mod answers;
mod blocks;
mod calibration;
mod csv;
mod details;
pub mod fidelity;
mod json;
mod markdown;
mod page;
mod pooled_projects;
mod summary;
mod table;
mod text;
mod together;

pub use answers::{Answer, answers, speed};
pub use blocks::blocks_csv;
pub(crate) use csv::csv_text;
pub use json::json;
pub use markdown::markdown;
pub use page::{Advice, Page, page};
pub use pooled_projects::across_csv;
pub use summary::summary_csv;
pub use text::text;
pub use together::{
    decisions_json, decisions_text, reproduced_json, reproduced_text, together_json, together_page,
    together_text,
};
