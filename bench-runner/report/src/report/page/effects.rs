//! Effects of axes: a table for each block that crosses several.

use bench_runner_core::compare::Comparison;
use maud::{Markup, html};

use super::document::with_code_spans;
use super::glossary::anchor;
use crate::figure::wording;
use crate::report::effects;

pub(super) fn section(comparison: &Comparison) -> Markup {
    let blocks = || comparison.blocks.iter().filter(|block| block.effects.is_some());
    html! {
        @if blocks().next().is_some() {
            h3 id="effects" { "Effects of the axes" }
            @if let Some((_, text)) = effects::caption(comparison) {
                p.muted { (with_code_spans(&wording::capitalized(&text))) }
            }
            @for block in blocks() {
                @if let Some(reason) = wording::why_no_effects(block) { p { (block.title) ": " (reason) "." } }
                @if let Some(found) = effects::of_block(block) {
                    div.scroll tabindex="0" role="region" aria-label=(format!("Effects of the axes: {}", block.title)) { table {
                        caption { (block.title) ": " (wording::effects_title(found)) }
                        thead { tr { @for column in &effects::COLUMNS { th.n[column.right] scope="col" { (wording::capitalized(column.heading)) } } } }
                        tbody { @for row in effects::rows(found) { (self::row(&row)) } }
                    } }
                    ul { @for sentence in wording::effect_sentences(found) { li { (with_code_spans(&sentence)) } } }
                }
            }
        }
    }
}

/// A row with a cell for each column; verdicts have their color and their definition.
fn row(cells: &[String]) -> Markup {
    let is_verdict =
        |cell: &str| wording::verdict_definitions(0.0).iter().any(|(verdict, _)| verdict.as_str() == cell);
    html! {
        tr { @for (column, cell) in effects::COLUMNS.iter().zip(cells) {
            @if column.heading == effects::COLUMNS[0].heading { th.name scope="row" { (cell) } }
            @else if is_verdict(cell) { td class=(cell) { a.word href=(anchor(cell)) { (cell) } } }
            @else { td.n[column.right] { (cell) } }
        } }
    }
}
