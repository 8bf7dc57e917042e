//! What to do with the answer: the lines that apply what was found to be better.

use maud::{Markup, html};

/// How to apply a variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// What it is good for, such as `ripgrep 15.1.0 · incremental: linker=mold, 2.1× faster`.
    pub title: String,
    /// Files and the lines for each.
    pub files: Vec<(String, String)>,
    /// What else has to be known, as sentences.
    pub remarks: Vec<String>,
}

pub(super) fn part(advice: &[Advice]) -> Markup {
    html! {
        @if advice.is_empty() {
            p { "Nothing: no variant that can be written down as configuration was shown to be faster than what it was "
                "compared with." }
        }
        @for (at, one) in advice.iter().enumerate() {
            h3 { (one.title) }
            @for (nth, (file, lines)) in one.files.iter().enumerate() {
                div.snippet {
                    p { "In " code { (file) } ":" }
                    pre tabindex="0" id=(format!("lines-{at}-{nth}")) { (lines) }
                    button.copy type="button" hidden data-copies=(format!("lines-{at}-{nth}")) { "Copy" }
                }
            }
            @for remark in &one.remarks { p { (remark) } }
        }
    }
}
