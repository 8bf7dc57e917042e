//! Several runs on one page: where the machines agree, the ratios side by side, what differs, what was refused.

use maud::{Markup, html};

use super::words;
use crate::figure::{self, wording};
use crate::machines::{BlockTogether, Cell, Machine, Row, SideBySide, as_ratio};
use crate::report::page::{Document, document, pictures};

/// The page as the text of an HTML file.
pub fn together_page(together: &SideBySide) -> String {
    let runs: usize = together.machines.iter().map(|machine| machine.runs.len()).sum();
    let count = wording::pluralize(together.machines.len(), "machine");
    document(&Document {
        title: &format!("{} of {count}, side by side", wording::pluralize(runs, "run")),
        generator: &format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        style: &figure::style_of_heat_maps(),
        head: html! {
            h1 { (wording::pluralize(runs, "run")) " of " (count) ", side by side" }
            p.muted { "Ratios alone, never seconds." }
        },
        parts: vec![
            ("answer", "Where the machines agree", answer(together)),
            ("machines", "The machines", machines(together)),
            ("ratios", "Ratios by machine", ratios(together)),
            ("conduct", "What differs, and what was refused", conduct(together)),
        ],
        foot: html! { "Made by " (env!("CARGO_PKG_NAME")) " " (env!("CARGO_PKG_VERSION")) " from the runs' files alone." },
    })
}

fn answer(together: &SideBySide) -> Markup {
    html! {
        @if together.blocks.is_empty() {
            p { "No two runs have a block in common, so there is nothing to put side by side." }
        }
        ul.answers { @for block in &together.blocks { li { (words::of_block(together, block)) } } }
        @for remark in &together.remarks { p { "To be known: " (remark) "." } }
        p.muted { (words::METHOD) }
    }
}

fn machines(together: &SideBySide) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Machines" { table {
            thead { tr { @for name in ["", "machine", "class", "what it is", "runs"] { th scope="col" { (name) } } } }
            tbody { @for machine in &together.machines { tr {
                td { strong { (machine.key) } }
                td { (machine.name) } td { (machine.class) } td { (machine.summary) }
                td { @for run in &machine.runs { code { (run) } br; } }
            } } }
        } }
    }
}

fn ratios(together: &SideBySide) -> Markup {
    let mut number = 0;
    let mut next = |one: &figure::Inline| {
        number += 1;
        pictures::picture(one, number)
    };
    html! {
        p.muted { "Point at a figure to be told what lies there, or move to it by keyboard and use the arrow keys." }
        @for block in &together.blocks {
            h3 { (block.title) }
            @for one in figure::inline_together(together, block) {
                (next(&one))
            }
            details { summary { "The same as a table" } (table(together, block)) }
            @for says in words::runs_of_block(together, block) { p { (says) "." } }
        }
    }
}

fn table(together: &SideBySide, block: &BlockTogether) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(block.title) { table {
            caption { "Wall time against " (block.baseline) "." }
            thead { tr {
                @for (name, is_number) in [("Variant", false), ("Machine", false), ("Verdict", false), ("Ratio", true), ("95 % interval", true), ("Runs", true)] {
                    th.n[is_number] scope="col" { (name) }
                }
            } }
            tbody { @for row in &block.rows {
                @for (cell, place) in row.cells.iter().zip(&block.machines) { (line(row, &together.machines[*place], cell)) }
                @for class in &row.classes { tr {
                    td.name { (row.variant) } td { "class " (class.class) } td { (wording::pluralize(class.machines, "machine")) }
                    (numbers(as_ratio(&class.combined.known)))
                    td {}
                } }
            } }
        } }
    }
}

fn line(row: &Row, machine: &Machine, cell: &Cell) -> Markup {
    html! { tr {
        td.name { (row.variant) }
        td { (machine.key) " · " (machine.name) }
        @match cell {
            Cell::Known(standing) => {
                @let word = standing.verdict().map_or("undecided", |verdict| verdict.as_str());
                td class=(word) { (standing.verdict_text()) }
                (numbers(standing.ratio()))
                td.n { (standing.runs.len()) }
            }
            Cell::Baseline => { td.muted colspan="4" { "the same thing as the baseline" } }
            Cell::Nothing(reason) => { td.muted colspan="4" { (reason) } }
        }
    } }
}

fn numbers((ratio, ends): (f64, (f64, f64))) -> Markup {
    let shown = wording::interval(ratio, ends);
    html! { td.n { (shown.estimate) "×" } td.n { (shown.low) " – " (shown.high) } }
}

fn conduct(together: &SideBySide) -> Markup {
    html! {
        h3 { "Tools, pins and settings that differ" }
        @if together.differences.is_empty() { p { "None: tools, pins and the number of jobs are the same everywhere." } }
        ul { @for one in &together.differences { li { (words::of_difference(one, &together.machines)) } } }
        h3 { "Not put beside the others" }
        @if together.refused.is_empty() { p { "Nothing." } }
        ul { @for one in &together.refused { li { (one.block) " of " code { (one.run) } ": " (one.reason) } } }
    }
}
