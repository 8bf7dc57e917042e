//! A comparison → what people read: a page, Markdown, text for a terminal.
//!
//! Pure: result types go in, text comes out. Nothing here computes a statistic, reads a file or prints.

mod across;
mod answers;
mod blocks;
mod calibration;
mod derived;
pub mod fidelity;
mod further;
mod json;
mod markdown;
mod page;
mod summary;
mod table;
mod text;
mod together;

pub use across::across_csv;
pub use answers::{Answer, answers, speed};
pub use blocks::blocks_csv;
pub(crate) use derived::csv_text;
pub use json::json;
pub use markdown::markdown;
pub use page::{Advice, Page, page};
pub use summary::summary_csv;
pub use text::text;
pub use together::{
    decisions_json, decisions_text, reproduced_json, reproduced_text, together_json, together_page,
    together_text,
};
