//! The frame of a page, whatever it is about.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figure;

/// A page of parts that are told apart by headings.
pub(in crate::report) struct PageTemplate<'a> {
    pub(in crate::report) title: &'a str,
    /// What wrote the data.
    pub(in crate::report) generator: &'a str,
    /// Rules of style beside those of every page.
    pub(in crate::report) style: &'a str,
    pub(in crate::report) head: Markup,
    /// Name of the place, heading and content of each; the first is what the page is read for.
    pub(in crate::report) parts: Vec<(&'a str, &'a str, Markup)>,
    pub(in crate::report) foot: Markup,
}

/// The text of the page.
pub(in crate::report) fn render_page(page: &PageTemplate<'_>) -> String {
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(page.generator);
                title { (page.title) }
                style { (PreEscaped(figure::style())) (PreEscaped(page.style)) (PreEscaped(include_str!("style.css"))) }
            }
            body {
                a.skip href="#answer" { "To the answer" }
                header {
                    (page.head)
                    nav aria-label="Parts of this page" { ul {
                        @for (id, name, _) in &page.parts { li { a href=(format!("#{id}")) { (name) } } }
                    } }
                }
                main { @for (id, name, part) in &page.parts {
                    section id=(id) aria-labelledby=(format!("{id}-heading")) {
                        h2 id=(format!("{id}-heading")) { (name) }
                        (part)
                    }
                } }
                footer { (page.foot) }
                script { (PreEscaped(include_str!("script.js"))) }
            }
        }
    };
    markup.into_string()
}

/// A sentence in which what stands between backticks is code.
pub(super) fn with_code_spans(remark: &str) -> Markup {
    html! {
        @for (at, part) in remark.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
