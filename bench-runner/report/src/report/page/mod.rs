//! A run as one self-contained page: the answer, figures, how it was done, what to do with it.
//!
//! Nothing is fetched and no script comes from elsewhere; without scripts everything is still there to read. Text goes
//! through maud, which escapes it, so that a name with markup in it stays a name.

mod answer;
mod apply;
mod conduct;
mod document;
mod input;
mod metrics;
pub(super) mod pictures;
mod quiet;

use maud::{Markup, html};

pub use apply::Advice;
pub(super) use document::{Document, document};
pub use input::Page;

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

fn parts<'a>(page: &Page<'_>) -> Vec<(&'a str, &'a str, Markup)> {
    vec![
        ("answer", "The answer", answer::part(page)),
        ("figures", "Figures", pictures::part(page.comparison)),
        ("conduct", "How it was done", conduct::part(page)),
        ("apply", "What to do with it", apply::part(page.advice)),
    ]
}

#[cfg(test)]
mod tests;
