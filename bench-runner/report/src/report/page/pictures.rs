//! The figures, with what is told of their parts.

use bench_runner_core::compare::Comparison;
use maud::{Markup, PreEscaped, html};

use crate::figure::{self, Inline, Screens};

pub(super) fn part(comparison: &Comparison) -> Markup {
    let mut number = 0;
    let mut next = |one: &Inline| {
        number += 1;
        picture(one, number)
    };
    html! {
        p.muted { "Point at a figure to be told what lies there, or move to it by keyboard and use the arrow keys." }
        @for one in figure::inline_forest(comparison) { (next(&one)) }
        @for block in &comparison.blocks {
            h3 { (block.title) }
            @for one in figure::inline_block(block) { (next(&one)) }
        }
    }
}

/// A figure with what is told of it; the number tells those of a page apart.
pub(in crate::report) fn picture(one: &Inline, number: usize) -> Markup {
    let id = format!("tips-{number}");
    let screens = match one.screens {
        Screens::All => None,
        Screens::Wide => Some("wide"),
        Screens::Narrow => Some("narrow"),
    };
    html! {
        figure class=[screens] data-tips=(id) aria-label=(one.title) {
            div.picture { (PreEscaped(&one.svg)) }
            // `<` is escaped, so that no text can end the element.
            script type="application/json" id=(id) { (PreEscaped(one.tips.replace('<', "\\u003c"))) }
        }
    }
}
