//! Recommendation: configuration lines that apply the variants found to be better.

use maud::{Markup, html};

use super::document::with_code_spans;

/// A recommended variant and how to apply it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// Variant, such as `linker=mold`.
    pub heading: String,
    /// Results, such as `ripgrep 15.1.0 · incremental: 0.48× as long (…), compared with linker=bfd`.
    pub titles: Vec<String>,
    /// Files, each with the lines to add.
    pub files: Vec<(String, String)>,
    /// Further remarks, as sentences.
    pub remarks: Vec<String>,
}

pub(super) fn section(advice: &[Advice]) -> Markup {
    html! {
        @if advice.is_empty() {
            p { "Nothing to apply: no variant that a configuration file can hold was shown to be faster than its baseline." }
        }
        @if advice.len() > 1 {
            p { "Each was measured alone. Their effect together was not measured." }
        }
        @for (at, one) in advice.iter().enumerate() {
            h3 { (one.heading) }
            ul { @for title in &one.titles { li { (title) } } }
            @for (nth, (file, lines)) in one.files.iter().enumerate() {
                div.snippet {
                    p.file { span { "In " code { (file) } } button.copy type="button" hidden aria-label=(format!("Copy the lines for {file}"))
                        data-copies=(format!("lines-{at}-{nth}")) { "Copy" } }
                    pre tabindex="0" id=(format!("lines-{at}-{nth}")) { (lines) }
                }
            }
            ul.remarks { @for remark in &one.remarks { li { (with_code_spans(remark)) } } }
        }
    }
}
