//! Table of the metrics other than wall time: they are compared, and have no verdicts.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, PlainRatio, Summary};
use bench_runner_core::record::{Metric, MetricId, Role, Treatment, Unit};
use maud::{Markup, html};

use crate::figure::MEMORY;
use crate::figure::wording::{self, ColumnDigits, TimeUnit};

/// Empty if no arm has any of these metrics.
pub(super) fn section(comparison: &Comparison) -> Markup {
    let arms = || comparison.blocks.iter().flat_map(|block| &block.arms);
    let metrics: Vec<&Metric> = Metric::listed()
        .filter(|metric| metric.treatment == Treatment::Compared)
        .filter(|metric| arms().any(|arm| arm.summaries[metric.id].is_some()))
        .collect();
    let has_control = comparison.blocks.iter().any(|block| block.twin.is_some());
    html! {
        @if !metrics.is_empty() {
            h3 id="metrics" { "Other metrics" }
            div.scroll tabindex="0" role="region" aria-label="Other metrics" { table {
                caption {
                    "Medians of the builds that count. Below each, the ratio to the baseline of the comparison with its 95% \
                     interval; below 1× is less than the baseline. "
                    @if metrics.iter().any(|metric| metric.id == MetricId::MaxRss) { (wording::sentence(MEMORY)) " " }
                    @if has_control { "The control shows what two identical builds differ by in the same metric. " }
                    "No verdicts."
                }
                thead { tr {
                    th scope="col" { "Variant" }
                    @for metric in &metrics { th.n scope="col" { (heading(metric)) } }
                } }
                @for block in &comparison.blocks { tbody {
                    tr.group { th colspan=(metrics.len() + 1) scope="rowgroup" { (block.title) } }
                    @let columns: Vec<MetricColumn<'_>> = metrics.iter().map(|metric| MetricColumn::of(block, metric)).collect();
                    @for arm in &block.arms { tr {
                        th.name scope="row" { (wording::arm_name(arm)) }
                        @for column in &columns { td.n { (column.cell(block, arm)) } }
                    } }
                } }
            } }
        }
    }
}

/// A metric of a block, with the unit and the decimals that its cells share.
pub(super) struct MetricColumn<'m> {
    metric: &'m Metric,
    unit: TimeUnit,
    medians: ColumnDigits,
    ratios: ColumnDigits,
}

impl<'m> MetricColumn<'m> {
    pub(super) fn of(block: &BlockResult, metric: &'m Metric) -> Self {
        let summaries: Vec<Summary> = block.arms.iter().filter_map(|arm| arm.summaries[metric.id]).collect();
        let unit = TimeUnit::for_seconds(summaries.iter().map(|summary| summary.median).fold(0.0, f64::max));
        // The control's interval may be so narrow that its decimals would say nothing about the variants.
        let ratios = block.arms.iter().filter_map(|arm| arm.plain_ratios[metric.id]);
        Self {
            metric,
            unit,
            medians: ColumnDigits::of_times(&summaries, unit),
            ratios: ColumnDigits::of_ratios(ratios.map(|ratio| (ratio.ratio, (ratio.low, ratio.high)))),
        }
    }

    /// Ratio of an arm without its interval, such as `0.620×`.
    pub(super) fn ratio(&self, block: &BlockResult, arm: &ArmResult) -> Option<(f64, String)> {
        let ratio = ratio(block, arm, self.metric)?;
        Some((ratio.ratio, format!("{}×", self.ratios.ratio(ratio.ratio, (ratio.low, ratio.high)).estimate)))
    }

    fn cell(&self, block: &BlockResult, arm: &ArmResult) -> Markup {
        let Some(summary) = &arm.summaries[self.metric.id] else { return Markup::default() };
        let interval = ratio(block, arm, self.metric).map(|ratio| {
            let shown = self.ratios.ratio(ratio.ratio, (ratio.low, ratio.high));
            format!("{}× ({}–{})", shown.estimate, shown.low, shown.high)
        });
        html! { (self.median(summary)) @if let Some(interval) = interval { br; span.muted { (interval) } } }
    }

    fn median(&self, summary: &Summary) -> String {
        match self.metric.unit {
            Unit::Seconds => {
                format!("{} {}", self.medians.time(summary.median, self.unit), self.unit.symbol())
            }
            Unit::Bytes => format!("{} MiB", wording::mebibytes(summary).estimate),
            Unit::Count => wording::count(summary).estimate,
        }
    }
}

/// Ratio of an arm to the baseline; that of the control is to the planned one.
fn ratio(block: &BlockResult, arm: &ArmResult, metric: &Metric) -> Option<PlainRatio> {
    match arm.role {
        Role::Twin => block.twin_ratios[metric.id],
        Role::Baseline | Role::Variant => arm.plain_ratios[metric.id],
    }
}

/// Column heading of a metric.
pub(super) fn heading(metric: &Metric) -> String {
    wording::capitalized(metric.label)
}
