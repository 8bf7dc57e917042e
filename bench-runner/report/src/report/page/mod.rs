//! A run as one self-contained page: the answer, figures, how it was done, what to do with it.
//!
//! Nothing is fetched and no script comes from elsewhere; without scripts everything is still there to read. Text goes
//! through maud, which escapes it, so that a name with markup in it stays a name.

mod answer;
mod apply;
mod conduct;
mod metrics;
pub(super) mod pictures;
mod quiet;

use bench_runner_core::bundle::Manifest;
use bench_runner_core::compare::{Besides, Comparison};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::figure;

pub use apply::Advice;

/// What a page is made from.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What was run, where, with what.
    pub manifest: &'a Manifest,
    /// What its samples say.
    pub comparison: &'a Comparison,
    /// What went on beside them.
    pub besides: Besides,
    /// What was odd about the files, as sentences.
    pub remarks: &'a [String],
    /// How to apply what was found to be better.
    pub advice: &'a [Advice],
    /// The command that repeats the run.
    pub repeat: &'a str,
}

/// The page as the text of an HTML file.
pub fn page(page: &Page<'_>) -> String {
    let Page { manifest, comparison, .. } = page;
    let title = format!("{} on {}", comparison.scenario, comparison.machine);
    document(&Document {
        title: &title,
        generator: &format!("{} {}", manifest.program.name, manifest.program.version),
        style: "",
        head: html! {
            h1 { (comparison.scenario) }
            p.muted { (comparison.machine) " · " (manifest.started_at) " · run " code { (manifest.run) } }
        },
        parts: parts(page),
        foot: html! { "Made by " (manifest.program.name) " " (env!("CARGO_PKG_VERSION")) " from the run's files alone." },
    })
}

/// A page of parts that are told apart by headings.
pub(super) struct Document<'a> {
    pub(super) title: &'a str,
    /// What wrote the data.
    pub(super) generator: &'a str,
    /// Rules of style beside those of every page.
    pub(super) style: &'a str,
    pub(super) head: Markup,
    /// Name of the place, heading and content of each; the first is what the page is read for.
    pub(super) parts: Vec<(&'a str, &'a str, Markup)>,
    pub(super) foot: Markup,
}

/// The text of the page.
pub(super) fn document(page: &Document<'_>) -> String {
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

fn parts<'a>(page: &Page<'_>) -> Vec<(&'a str, &'a str, Markup)> {
    vec![
        ("answer", "The answer", answer::part(page)),
        ("figures", "Figures", pictures::part(page.comparison)),
        ("conduct", "How it was done", conduct::part(page)),
        ("apply", "What to do with it", apply::part(page.advice)),
    ]
}

/// A sentence in which what stands between backticks is code.
fn told(remark: &str) -> Markup {
    html! {
        @for (at, part) in remark.split('`').enumerate() {
            @if at % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests;
