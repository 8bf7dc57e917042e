//! Frame of a page, independent of its content.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figure;

/// Content of a page: a head, parts with headings, and a foot.
pub(in crate::report) struct PageTemplate<'a> {
    pub(in crate::report) title: &'a str,
    /// Program that wrote the data.
    pub(in crate::report) generator: &'a str,
    /// CSS rules in addition to those of every page.
    pub(in crate::report) style: &'a str,
    pub(in crate::report) head: Markup,
    /// Id, heading and content of each part; the first part is the answer.
    pub(in crate::report) parts: Vec<(&'a str, &'a str, Markup)>,
    pub(in crate::report) foot: Markup,
}

/// HTML text of the page.
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
                a.skip href="#answer" { "Skip to the answer" }
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

/// A sentence with the text between backticks as code.
pub(super) fn with_code_spans(remark: &str) -> Markup {
    html! {
        @for (at, part) in remark.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}
