//! Several runs on one page: agreement of the machines, ratios side by side, differences in setup, refused
//! blocks.

use maud::{Markup, html};

use super::sentences;
use crate::figure::{self, wording};
use crate::machines::{MachineCell, MachineRuns, MultiRunBlock, SideBySide, VariantRow, as_ratio};
use crate::report::page::{PageTemplate, figures, render_page};

/// The page as HTML text.
pub fn multi_run_page(together: &SideBySide) -> String {
    let runs: usize = together.machines.iter().map(|machine| machine.runs.len()).sum();
    let count = wording::pluralize(together.machines.len(), "machine");
    render_page(&PageTemplate {
        title: &format!("{} of {count}, side by side", wording::pluralize(runs, "run")),
        generator: &format!("{} {}", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION")),
        style: &figure::heat_map_style(),
        head: html! {
            h1 { (wording::pluralize(runs, "run")) " of " (count) ", side by side" }
            p.muted { "Only ratios are compared, never seconds." }
        },
        parts: vec![
            ("answer", "Where the machines agree", results(together)),
            ("machines", "The machines", machines(together)),
            ("ratios", "Ratios by machine", ratios(together)),
            ("conduct", "Differences and exclusions", exclusions(together)),
        ],
        foot: html! { "Made by " (env!("CARGO_PKG_NAME")) " " (env!("CARGO_PKG_VERSION")) " from the runs' files alone." },
    })
}

fn results(together: &SideBySide) -> Markup {
    html! {
        @if together.blocks.is_empty() {
            p { "No two runs have a comparison in common, so there is nothing to show side by side." }
        }
        ul.answers { @for block in &together.blocks { li { (sentences::block_sentences(together, block)) } } }
        @for remark in &together.remarks { p { "Note: " (remark) "." } }
        p.muted { (sentences::METHOD) }
    }
}

fn machines(together: &SideBySide) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Machines" { table {
            caption { "Machines; those of one machine type have the same processor model, cores, memory, architecture and system." }
            thead { tr { @for name in ["Key", "Machine", "Machine type", "Description", "Runs"] { th scope="col" { (name) } } } }
            tbody { @for machine in &together.machines { tr {
                th.name scope="row" { strong { (machine.key) } }
                td { (machine.name) } td { (machine.class) } td { (machine.summary) }
                td { @for run in &machine.runs { code { (run) } br; } }
            } } }
        } }
    }
}

fn ratios(together: &SideBySide) -> Markup {
    let mut number = 0;
    let mut next = |one: &figure::InlineFigure| {
        number += 1;
        figures::figure_element(one, number)
    };
    html! {
        (figures::hint())
        @for block in &together.blocks {
            h3 { (block.title) }
            @for one in figure::inline_multi_run_block(together, block) {
                (next(&one))
            }
            details { summary { "Table: " (block.title) } (table(together, block)) }
            @for sentence in sentences::runs_sentences(together, block) { p { (sentence) "." } }
        }
    }
}

fn table(together: &SideBySide, block: &MultiRunBlock) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(block.title) { table {
            caption { "Wall time of " (block.title) " against " (block.baseline) "; below 1× is less time." }
            thead { tr {
                @for (name, is_number) in [("Variant", false), ("Machine", false), ("Result", false), ("Time ratio", true), ("95% interval", true), ("Change", true), ("Runs", true)] {
                    th.n[is_number] scope="col" { (name) }
                }
            } }
            tbody { @for row in &block.rows {
                @for (cell, index) in row.cells.iter().zip(&block.machines) { (line(row, &together.machines[*index], cell)) }
                @for class in &row.classes { tr {
                    th.name scope="row" { (row.variant) } td { "machine type " (class.class) } td { (wording::pluralize(class.machines, "machine")) }
                    (numbers(as_ratio(&class.combined.mean)))
                    td {}
                } }
            } }
        } }
    }
}

fn line(row: &VariantRow, machine: &MachineRuns, cell: &MachineCell) -> Markup {
    html! { tr {
        th.name scope="row" { (row.variant) }
        td { (machine.key) " · " (machine.name) }
        @match cell {
            MachineCell::Known(machine_ratio) => {
                @let word = machine_ratio.verdict().map_or("undecided", |verdict| verdict.as_str());
                td class=(word) { (machine_ratio.verdict_text()) }
                (numbers(machine_ratio.ratio()))
                td.n { (machine_ratio.runs.len()) }
            }
            MachineCell::Baseline => { td.muted colspan="5" { "the same as the baseline" } }
            MachineCell::Nothing(reason) => { td.muted colspan="5" { (reason) } }
        }
    } }
}

fn numbers((ratio, ends): (f64, (f64, f64))) -> Markup {
    let shown = wording::interval(ratio, ends);
    html! {
        td.n { (shown.estimate) "×" }
        td.n { (shown.low) "–" (shown.high) "×" }
        td.n { (wording::ColumnDigits::of_ratios([(ratio, ends)]).change(ratio)) "%" }
    }
}

fn exclusions(together: &SideBySide) -> Markup {
    html! {
        h3 { "Tools, pins and settings that differ" }
        @if together.differences.is_empty() { p { "None: tools, pins and the number of jobs are the same on all machines." } }
        ul { @for one in &together.differences { li { (sentences::difference_sentence(one, &together.machines)) } } }
        h3 { "Not compared" }
        @if together.refused.is_empty() { p { "Nothing." } }
        ul { @for one in &together.refused { li { (one.block) " of " code { (one.run) } ": " (one.reason) } } }
    }
}
