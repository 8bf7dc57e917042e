//! A comparison → a page, Markdown, text for a terminal, JSON and CSV.
//!
//! Pure: result types → text. Nothing here computes a statistic, reads a file or prints.

mod answer;
mod answers;
mod blocks;
mod calibration;
mod captions;
mod csv;
mod details;
mod effects;
mod fastest;
pub mod fidelity;
mod findings;
mod gate;
mod gate_old;
mod history;
mod json;
mod markdown;
mod multi_run;
mod page;
mod pooled_projects;
mod proofs;
mod summary;
mod table;
mod text;
mod tracking;

pub use answer::answer_text;
pub use answers::{BlockAnswer, answers};
pub use blocks::blocks_csv;
pub(crate) use csv::csv_text;
pub use effects::effects_csv;
pub use gate::{GateReport, gate_json, gate_markdown, gate_text};
pub use gate_old::{OldGateReport, old_gate_json, old_gate_markdown, old_gate_text};
pub use history::{HistoryReport, history_csv, history_json, history_page, history_text};
pub use json::json;
pub use markdown::markdown;
pub use multi_run::{
    decisions_json, decisions_text, multi_run_json, multi_run_page, multi_run_text, reproduction_json,
    reproduction_text,
};
pub use page::{Advice, BlockSetup, BuildLog, PageInput, VariantSetup, page};
pub use pooled_projects::pooled_projects_csv;
pub use summary::summary_csv;
pub use table::{LongWord, TextStyle, to_ascii, wrap};
pub use text::text;
pub use tracking::{
    ResponsibleStates, TrackReport, alarm_json, joined_text, series_name, track_json, track_text,
};
