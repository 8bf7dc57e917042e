//! Table of the metrics that not every run has.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison};
use bench_runner_core::record::{Metric, Role, Unit};
use maud::{Markup, html};

use crate::figure::wording::{self, TimeUnit};

/// Empty if no arm has any of these metrics.
pub(super) fn section(comparison: &Comparison) -> Markup {
    let arms = || comparison.blocks.iter().flat_map(rows);
    let metrics: Vec<&Metric> = Metric::listed()
        .filter(|metric| metric.optional && arms().any(|arm| arm.summaries[metric.id].is_some()))
        .collect();
    html! {
        @if !metrics.is_empty() {
            h3 { "Other metrics" }
            div.scroll tabindex="0" role="region" aria-label="Other metrics" { table {
                caption { "Medians of the builds that count, with ratios to the baseline of the comparison. No verdicts." }
                thead { tr {
                    th scope="col" { "Variant" }
                    @for metric in &metrics { th.n scope="col" { (heading(metric)) } }
                } }
                @for block in &comparison.blocks { tbody {
                    tr.group { th colspan=(metrics.len() + 1) scope="rowgroup" { (block.title) } }
                    @for arm in rows(block) { tr {
                        th.name scope="row" { (wording::arm_name(arm)) }
                        @for metric in &metrics { td.n { (cell(block, arm, metric)) } }
                    } }
                } }
            } }
        }
    }
}

/// Arms with a row; the control has no ratios of these.
fn rows(block: &BlockResult) -> impl Iterator<Item = &ArmResult> {
    block.arms.iter().filter(|arm| arm.role != Role::Twin)
}

/// Median and ratio of an arm, in the unit of the block's column.
fn cell(block: &BlockResult, arm: &ArmResult, metric: &Metric) -> String {
    let Some(summary) = &arm.summaries[metric.id] else { return String::new() };
    let median = match metric.unit {
        Unit::Seconds => {
            let medians =
                rows(block).filter_map(|arm| arm.summaries[metric.id]).map(|summary| summary.median);
            let unit = TimeUnit::for_seconds(medians.fold(0.0, f64::max));
            format!("{} {}", wording::time(summary, unit).estimate, unit.symbol())
        }
        Unit::Bytes => format!("{} MiB", wording::mebibytes(summary).estimate),
        Unit::Count => wording::count(summary).estimate,
    };
    match arm.ratio_of(metric.id) {
        Some(ratio) => format!("{median} ({}×)", wording::plain_ratio(&ratio).estimate),
        None => median,
    }
}

/// Column heading of a metric.
pub(super) fn heading(metric: &Metric) -> String {
    let mut letters = metric.label.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
