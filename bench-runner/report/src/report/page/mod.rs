//! A run as one self-contained page: results, figures, method, recommendation.
//!
//! The page fetches nothing and is readable without scripts. All text is escaped by maud, so a name with
//! markup in it stays text.

mod document;
pub(super) mod figures;
mod input;
mod interference;
mod method;
mod metrics;
mod recommendation;
mod results;

use maud::{Markup, html};

pub(super) use document::{PageTemplate, render_page};
pub use input::PageInput;
pub use recommendation::Advice;

/// The page as HTML text.
pub fn page(page: &PageInput<'_>) -> String {
    let PageInput { manifest, comparison, .. } = page;
    let title = format!("{} on {}", comparison.scenario, comparison.machine);
    render_page(&PageTemplate {
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

fn parts<'a>(page: &PageInput<'_>) -> Vec<(&'a str, &'a str, Markup)> {
    vec![
        ("answer", "The answer", results::section(page)),
        ("figures", "Figures", figures::section(page.comparison)),
        ("conduct", "How it was done", method::section(page)),
        ("apply", "What to do with it", recommendation::section(page.advice)),
    ]
}

#[cfg(test)]
mod tests;
