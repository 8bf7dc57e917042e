//! A run as one self-contained page: the answer, figures, how it was done, what to do with it.
//!
//! Nothing is fetched and no script comes from elsewhere; without scripts everything is still there to read. Text goes
//! through maud, which escapes it, so that a name with markup in it stays a name.

mod answer;
mod apply;
mod conduct;
mod pictures;
mod quiet;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::bundle::Manifest;
use crate::compare::Comparison;
use crate::figure;
use crate::record::Sample;

pub use apply::Advice;

/// What a page is made from.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// What was run, where, with what.
    pub manifest: &'a Manifest,
    /// Its samples, for what went on beside them.
    pub samples: &'a [Sample],
    /// What they say.
    pub comparison: &'a Comparison,
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
    let markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="generator" content=(format!("{} {}", manifest.program.name, manifest.program.version));
                title { (title) }
                style { (PreEscaped(figure::style())) (PreEscaped(include_str!("style.css"))) }
            }
            body {
                a.skip href="#answer" { "To the answer" }
                header {
                    h1 { (comparison.scenario) }
                    p.muted { (comparison.machine) " · " (manifest.started_at) " · run " code { (manifest.run) } }
                    nav aria-label="Parts of this page" { ul {
                        @for (id, name) in PARTS { li { a href=(format!("#{id}")) { (name) } } }
                    } }
                }
                main { (parts(page)) }
                footer { "Made by " (manifest.program.name) " " (env!("CARGO_PKG_VERSION")) " from the run's files alone." }
                script { (PreEscaped(include_str!("script.js"))) }
            }
        }
    };
    markup.into_string()
}

/// Parts of the page: the name of the place, and the heading.
const PARTS: [(&str, &str); 4] = [
    ("answer", "The answer"),
    ("figures", "Figures"),
    ("conduct", "How it was done"),
    ("apply", "What to do with it"),
];

fn parts(page: &Page<'_>) -> Markup {
    let of_part: [Markup; 4] =
        [answer::part(page), pictures::part(page.comparison), conduct::part(page), apply::part(page.advice)];
    html! {
        @for ((id, name), part) in PARTS.iter().zip(of_part) {
            section id=(id) aria-labelledby=(format!("{id}-heading")) {
                h2 id=(format!("{id}-heading")) { (name) }
                (part)
            }
        }
    }
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
