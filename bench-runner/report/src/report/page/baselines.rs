//! Every variant against every other: what each block says with another of its variants as the baseline. The
//! script of the page puts these rows into the table of verdicts if a reader chooses a baseline there.

use bench_runner_core::compare::{BlockResult, Comparison};
use bench_runner_core::record::Role;
use maud::{Markup, html};

use super::input::PageInput;
use super::verdicts::{BlockDigits, Cell, VerdictColumn, compared_columns};
use crate::figure::wording;

/// Most rows of all tables together: more make the page slow to load, and hardly anybody reads them.
const MOST_ROWS: usize = 500;

pub(super) fn section(page: &PageInput<'_>) -> Markup {
    let others: Vec<Vec<&BlockResult>> =
        page.comparison.blocks.iter().map(|block| other_results(page.other_baselines, block)).collect();
    let columns = compared_columns();
    let rows = others
        .iter()
        .flatten()
        .map(|other| other.arms.iter().filter(|arm| arm.ratio.is_some()).count())
        .sum();
    html! {
        @if (MOST_ROWS + 1..).contains(&rows) {
            h3 id="post-hoc" { "Variants against one another (post hoc)" }
            p.muted {
                "This run has too many variants to show each against every other on one page. "
                code { "bench-runner compare RUN --baseline VARIANT" } " compares them with another baseline."
            }
        } @else if rows > 0 {
            h3 id="post-hoc" { "Variants against one another (post hoc)" }
            p.muted {
                "Here each comparison is shown again with another of its variants as the baseline. Pairs with the planned baseline keep their \
                 planned verdicts. The other pairs were not planned, so one could pick the pair that looks best; their \
                 verdicts are therefore corrected for all "
                (pairs(page.other_baselines)) " pairs of variants of the run."
            }
            @for (index, (block, others)) in page.comparison.blocks.iter().zip(&others).enumerate() {
                @if !others.is_empty() { details.others {
                    summary { (block.title) }
                    (table(index, block, others, &columns))
                } }
            }
        }
    }
}

/// Results of the block with each other baseline.
fn other_results<'a>(comparisons: &'a [Comparison], block: &BlockResult) -> Vec<&'a BlockResult> {
    let mut found: Vec<&BlockResult> = Vec::new();
    for other in comparisons.iter().flat_map(|comparison| &comparison.blocks) {
        let is_new = found.iter().all(|known| known.baseline != other.baseline);
        if other.id == block.id && other.baseline != block.baseline && is_new {
            found.push(other);
        }
    }
    found
}

/// Number of pairs that the correction counts.
fn pairs(comparisons: &[Comparison]) -> usize {
    comparisons
        .iter()
        .filter_map(|comparison| comparison.post_hoc.as_ref())
        .map(|post_hoc| post_hoc.pairs)
        .max()
        .unwrap_or(0)
}

fn table(index: usize, block: &BlockResult, others: &[&BlockResult], columns: &[VerdictColumn]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label=(format!("{}, variants against one another", block.title)) {
            table data-others=(index) data-baseline=(block.baseline) {
                caption {
                    "Each group of rows is compared with the variant in its heading. The time per build is a share of that \
                     variant's median, so the same pair can differ by a little between groups, and from the table above."
                }
                thead { tr { @for column in columns { th.n[column.is_number] scope="col" { (column.heading) } } } }
                @for other in others { tbody data-baseline=(other.baseline) {
                    tr.group { th colspan=(columns.len()) scope="rowgroup" {
                        "against " (wording::arm_name(&other.arms[other.baseline]))
                        (if other.arms[other.baseline].role == Role::Baseline { " (planned)" } else { "" })
                    } }
                    @let digits = BlockDigits::of(other);
                    @for at in (0..other.arms.len()).filter(|at| other.is_compared(*at)) { (row(other, at, columns, &digits)) }
                } }
            }
        }
    }
}

fn row(block: &BlockResult, at: usize, columns: &[VerdictColumn], digits: &BlockDigits) -> Markup {
    html! {
        tr data-arm=(at) { @for (nth, column) in columns.iter().enumerate() {
            @let cell = Cell::of(block, at, column, digits);
            @if nth == 0 { th.name scope="row" { (cell.text) } } @else {
                td class=(cell.class) data-v=[&cell.value] { (cell.markup()) }
            }
        } }
    }
}
