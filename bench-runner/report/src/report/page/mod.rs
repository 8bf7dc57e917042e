//! A run as one self-contained page: results, figures, method, recommendation.
//!
//! The page fetches nothing and is readable without scripts. All text is escaped by maud, so a name with
//! markup in it stays text.

mod answer;
mod baselines;
mod builds;
mod copies;
mod document;
mod effects;
pub(super) mod figures;
mod glossary;
mod input;
mod interference;
mod machine;
mod method;
mod metrics;
mod pooled;
mod question;
mod recommendation;
mod variants;
mod verdicts;

use maud::{Markup, html};

pub(super) use document::{PageTemplate, render_page};
pub use input::{BlockSetup, BuildLog, PageInput, VariantSetup};
pub use recommendation::Advice;

/// The page as HTML text.
pub fn page(page: &PageInput<'_>) -> String {
    let PageInput { manifest, comparison, .. } = page;
    let question = question::question(&manifest.plan, comparison);
    render_page(&PageTemplate {
        title: &question,
        generator: &format!("{} {}", manifest.program.name, manifest.program.version),
        style: "",
        head: html! {
            h1 { (question) }
            p.muted {
                (comparison.machine) " · scenario " (comparison.scenario) " · "
                span.whole { (time_to_the_minute(&manifest.started_at)) } " · "
                span.whole { "run " code { (manifest.run) } }
            }
        },
        parts: parts(page),
        foot: html! { "Made by " (manifest.program.name) " " (env!("CARGO_PKG_VERSION")) " from the run's files alone." },
    })
}

/// `2026-11-20 19:34 UTC`, of a time such as `2026-11-20T19:34:06Z`; other texts stay as they are.
fn time_to_the_minute(time: &str) -> String {
    match (time.get(..10), time.get(10..11), time.get(11..16), time.ends_with('Z')) {
        (Some(date), Some("T"), Some(minute), true) => format!("{date} {minute} UTC"),
        _ => time.to_owned(),
    }
}

fn parts<'a>(page: &PageInput<'_>) -> Vec<(&'a str, &'a str, Markup)> {
    vec![
        ("answer", "The answer", answer::section(page)),
        ("figures", "Figures", figures::section(page.comparison)),
        ("builds", "Variants and builds", variants::section(page)),
        ("apply", "How to apply this", recommendation::section(page.advice)),
        ("conduct", "How it was done", method::section(page)),
        ("words", "Words and verdicts", glossary::section(page.comparison)),
    ]
}

#[cfg(test)]
mod tests;
