//! Buttons that copy results, and the texts that they copy.

use bench_runner_core::compare::Comparison;
use maud::{Markup, html};

use super::input::PageInput;
use crate::report::{markdown, summary_csv};

/// Buttons at the top of the page.
pub(super) fn buttons(page: &PageInput<'_>) -> Markup {
    html! {
        p.copies {
            button.copy type="button" hidden data-copies="markdown" { "Copy as Markdown" }
            button.copy type="button" hidden data-copies="csv" { "Copy as CSV" }
            @for (at, advice) in page.advice.iter().enumerate() { @for (nth, (file, _)) in advice.files.iter().enumerate() {
                button.copy type="button" hidden data-copies=(format!("lines-{at}-{nth}")) {
                    "Copy the lines of " (advice.heading) " for " (file)
                }
            } }
        }
    }
}

/// The texts to copy. They repeat results that are elsewhere on the page.
pub(super) fn texts(comparison: &Comparison) -> Markup {
    html! {
        details.repeats {
            summary { "As Markdown" }
            pre tabindex="0" id="markdown" { (markdown::markdown(comparison)) }
        }
        // A table of numbers cannot fail to become CSV; without one there is nothing to copy.
        @if let Ok(csv) = summary_csv(comparison) {
            details.repeats { summary { "As CSV" } pre tabindex="0" id="csv" { (csv) } }
        }
    }
}
