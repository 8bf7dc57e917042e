//! Figures with tooltips.

use bench_runner_core::compare::Comparison;
use maud::{Markup, PreEscaped, html};

use crate::figure::{self, InlineFigure, Screens};

/// Hint about the exact values of figures; of use only with scripts.
pub(in crate::report) fn hint() -> Markup {
    html! { p.muted.scripted { "Hover for exact values (keyboard: Tab to a figure, then arrow keys)." } }
}

/// All ratios of the run, for wide screens and for narrow ones.
pub(super) fn ratios(comparison: &Comparison) -> Markup {
    html! {
        @for (at, one) in figure::inline_forest(comparison).iter().enumerate() { (figure_element(one, at + 1)) }
        @if !comparison.blocks.is_empty() { (hint()) }
    }
}

/// Figures of each comparison.
pub(super) fn section(comparison: &Comparison) -> Markup {
    // After the two of the ratios.
    let mut number = 2;
    let mut next = |one: &InlineFigure| {
        number += 1;
        figure_element(one, number)
    };
    html! {
        @if comparison.blocks.is_empty() { p { "No build to show." } }
        @for block in &comparison.blocks {
            @let (shown, others): (Vec<_>, Vec<_>) =
                figure::inline_block(block).into_iter().partition(|one| !one.on_demand);
            // A figure that is named after its block needs no heading with the same words.
            @if !shown.iter().any(|one| one.title.contains(&block.title)) { h3 { (block.title) } }
            @for one in &shown { (next(one)) }
            @if !others.is_empty() { details {
                summary { "More figures of " (block.title) }
                @for one in &others { (next(one)) }
            } }
        }
    }
}

/// A figure with its tooltips; `number` is unique on the page.
pub(in crate::report) fn figure_element(one: &InlineFigure, number: usize) -> Markup {
    let id = format!("tips-{number}");
    let screens = match one.screens {
        Screens::All => None,
        Screens::Wide => Some("wide"),
        Screens::Narrow => Some("narrow"),
    };
    html! {
        figure class=[screens] data-tips=(id) aria-label=(one.title) {
            div.picture { (PreEscaped(&one.svg)) }
            // `<` is escaped, so no text can end the element.
            script type="application/json" id=(id) { (PreEscaped(one.tooltips.replace('<', "\\u003c"))) }
        }
    }
}
