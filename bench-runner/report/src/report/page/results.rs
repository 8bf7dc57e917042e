//! Results: the answer of each block in sentences, then every verdict in a table.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, PooledProjects, Ratio};
use bench_runner_core::record::{Metric, Role, Treatment};
use maud::{Markup, html};

use super::input::PageInput;
use super::metrics;
use crate::figure::wording::{self, TimeUnit};
use crate::report::{answers, calibration, fidelity, text};

pub(super) fn section(page: &PageInput<'_>) -> Markup {
    let comparison = page.comparison;
    html! {
        @if let Some(post_hoc) = &comparison.post_hoc {
            p { "Post hoc: compared with " code { (post_hoc.baseline) } ", which was chosen after the run." }
        }
        @if comparison.blocks.is_empty() { p { (text::why_no_blocks(comparison)) } }
        ul.answers {
            @for answer in answers(comparison) {
                li.nothing[!answer.is_conclusive] { (keep_percent_together(&answer.text)) }
            }
        }
        @if !comparison.blocks.is_empty() { (verdicts(comparison)) }
        (fidelities(comparison))
        (pooled_projects(&comparison.pooled_projects))
        (metrics::section(comparison))
        @if comparison.blocks.iter().flat_map(|block| &block.arms).any(|arm| arm.ratio.is_some()) {
            p.muted { (wording::family_sentence(comparison)) " " (calibration::text(&comparison.calibration)) }
        }
    }
}

/// Keeps a number and its percent sign on one line.
fn keep_percent_together(text: &str) -> String {
    text.replace(" %", "\u{a0}%")
}

/// Headings of the columns; the flag marks columns of numbers.
fn columns() -> Vec<(String, bool)> {
    let fixed = |(name, is_number): (&str, bool)| (name.to_owned(), is_number);
    let words = [("Block", false), ("Variant", false), ("Verdict", false)];
    let times = [("Ratio", true), ("95 % interval", true), ("Change", true), ("Median", true)];
    let builds = [("Builds", true), ("Failed", true)];
    let costs = compared_metrics().map(|metric| (metrics::heading(metric), true));
    words.into_iter().chain(times).map(fixed).chain(costs).chain(builds.map(fixed)).collect()
}

/// Metrics with a column of ratios.
fn compared_metrics() -> impl Iterator<Item = &'static Metric> {
    Metric::listed().filter(|metric| metric.treatment == Treatment::Compared && !metric.optional)
}

fn verdicts(comparison: &Comparison) -> Markup {
    let mut words: Vec<&str> = comparison
        .blocks
        .iter()
        .flat_map(|block| rows(block).map(|(at, arm)| verdict(block, at, arm)))
        .collect();
    words.sort_unstable();
    words.dedup();
    html! {
        div.controls hidden {
            label { "Find" input type="search" placeholder="variant, block, …"; }
            label { "Verdict" select { option value="" { "all" } @for word in &words { option { (word) } } } }
            label { "Block" select {
                option value="" { "all" }
                @for block in &comparison.blocks { option value=(block.id) { (block.title) } }
            } }
            span id="shown" role="status" class="muted" {}
        }
        div.scroll tabindex="0" role="region" aria-label="Verdicts" {
            table id="verdicts" {
                caption { "Every variant against the baseline of its block. Ratios under 1 take less than the baseline." }
                thead { tr { @for (name, is_number) in columns() { th.n[is_number] scope="col" { (name) } } } }
                tbody {
                    @for block in &comparison.blocks {
                        @for (at, arm) in rows(block) { (row(block, at, arm)) }
                    }
                }
            }
        }
    }
}

/// Fidelity of each block to the user's own build, for blocks where it was compared.
fn fidelities(comparison: &Comparison) -> Markup {
    let compared: Vec<&BlockResult> =
        comparison.blocks.iter().filter(|block| !block.fidelity.is_empty()).collect();
    html! {
        @if !compared.is_empty() {
            h3 { "Fidelity to your own build" }
            ul { @for block in compared { @for line in fidelity::lines(&block.fidelity) { li {
                (block.title) ": " @if line.is_warning { strong.warning { "warning: " } } (line.text)
            } } } }
        }
    }
}

/// Note below a verdict if the builds differ from the user's own, or could not be compared with them.
fn mark(block: &BlockResult) -> Option<&'static str> {
    let lines = fidelity::lines(&block.fidelity);
    lines.iter().any(|line| line.is_warning).then_some("see fidelity")
}

/// Arms with a row; the twin is covered by the sentences and the figures.
fn rows(block: &BlockResult) -> impl Iterator<Item = (usize, &ArmResult)> {
    block.arms.iter().enumerate().filter(|(_, arm)| arm.role != Role::Twin)
}

fn verdict(block: &BlockResult, at: usize, arm: &ArmResult) -> &'static str {
    match &arm.ratio {
        Some(ratio) => ratio.verdict.as_str(),
        None if at == block.baseline => "baseline",
        None => "none",
    }
}

fn row(block: &BlockResult, at: usize, arm: &ArmResult) -> Markup {
    let unit = TimeUnit::for_block(block);
    let word = verdict(block, at, arm);
    let ratio = arm.ratio.as_ref().map(|ratio| (ratio.ratio, wording::ratio(ratio), wording::change(ratio)));
    let median = arm.wall().map(|wall| format!("{} {}", wording::time(&wall, unit).estimate, unit.symbol()));
    let factor =
        |plain: &bench_runner_core::compare::PlainRatio| format!("{}×", wording::plain_ratio(plain).estimate);
    html! {
        tr data-verdict=(word) data-block=(block.id) {
            td { (block.title) }
            td.name { (wording::arm_name(arm)) @if word == "none" { br; span.muted { (wording::why_no_ratio(arm)) } } }
            td class=(word) { (word) @if let Some(few) = arm.ratio.as_ref().and_then(Ratio::few_rounds) { br; span.warning { (few) } } @if let Some(mark) = mark(block) { br; span.warning { (mark) } } }
            @match &ratio {
                Some((value, shown, change)) => {
                    td.n data-v=(value) { (shown.estimate) "×" }
                    td.n data-v=(value) { (shown.low) " – " (shown.high) }
                    td.n data-v=(value) { (change.estimate) " %" }
                }
                None => { @for _ in 0..3 { td.n data-v="" {} } }
            }
            (number(arm.wall().map(|wall| wall.median), median))
            @for metric in compared_metrics() {
                (number(arm.plain_ratios[metric.id].map(|cost| cost.ratio), arm.plain_ratios[metric.id].as_ref().map(factor)))
            }
            td.n data-v=(arm.points.len()) { (arm.points.len()) }
            td.n data-v=(arm.failures) { (arm.failures) }
        }
    }
}

/// A cell that is sorted by `value`; empty if there is no value.
fn number(value: Option<f64>, shown: Option<String>) -> Markup {
    let value = value.map(|value| value.to_string()).unwrap_or_default();
    html! { td.n data-v=(value) { (shown.unwrap_or_default()) } }
}

fn pooled_projects(pooled: &[PooledProjects]) -> Markup {
    let general = pooled.iter().any(|one| one.general.is_some());
    let interval = |ratio: f64, ends: (f64, f64)| {
        let shown = wording::interval(ratio, ends);
        format!("{} – {}", shown.low, shown.high)
    };
    html! {
        @if !pooled.is_empty() {
            h3 { "Across projects" }
            div.scroll tabindex="0" role="region" aria-label="Across projects" { table {
                caption { "Geometric means of the ratios with plain 95 % intervals, each project counted once. No "
                    "verdicts: these were not planned and are not corrected for their number." }
                thead { tr {
                    th scope="col" { "Variant" } th scope="col" { "Baseline" } th scope="col" { "Workload" }
                    th scope="col" { "Projects" } th.n scope="col" { "Ratio" } th.n scope="col" { "These projects" }
                    @if general { th.n scope="col" { "In general" } th.n scope="col" { "A further one" } }
                } }
                tbody { @for one in pooled { tr {
                    td { (one.variant) } td { (one.baseline) } td { (one.workload) }
                    td { (one.projects.join(", ")) @for left in &one.left_out { br; span.muted { "without " (left.project) ": " (left.reason) } } }
                    td.n { (wording::interval(one.ratio, one.these).estimate) "×" }
                    td.n { (interval(one.ratio, one.these)) }
                    @if general {
                        td.n { (one.general.map(|general| interval(one.ratio, general.mean)).unwrap_or_default()) }
                        td.n { (one.general.map(|general| interval(one.ratio, general.further)).unwrap_or_default()) }
                    }
                } } }
            } }
        }
    }
}
