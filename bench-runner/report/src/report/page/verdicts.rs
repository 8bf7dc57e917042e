//! Table of all verdicts: a group of rows for each block, with its baseline and its control.

use std::collections::BTreeSet;

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Ratio, Verdict, with_separators};
use bench_runner_core::record::{Metric, Role, Treatment};
use maud::{Markup, html};

use super::document::with_code_spans;
use super::glossary::anchor;
use super::input::{BlockSetup, PageInput};
use super::metrics::{self, MetricColumn};
use super::variants;
use crate::figure::MEMORY;
use crate::figure::wording::{self, ColumnDigits, TimeUnit};
use crate::report::{captions, fidelity};

/// Number of rows above which the table can be searched.
const SEARCHED_FROM: usize = 20;

pub(super) fn section(page: &PageInput<'_>) -> Markup {
    let comparison = page.comparison;
    let columns = columns(comparison);
    let rows: usize = comparison.blocks.iter().map(|block| block.arms.len()).sum();
    html! {
        @if rows > SEARCHED_FROM { (controls(comparison)) }
        div.scroll {
            table.results id="verdicts" role="table" {
                caption { (caption(comparison)) }
                thead role="rowgroup" { tr role="row" {
                    @for column in &columns { th.n[column.is_number] scope="col" role="columnheader" { (column.heading) } }
                } }
                @for (index, block) in comparison.blocks.iter().enumerate() {
                    tbody role="rowgroup" data-block=(index) {
                        (group(page, block, columns.len()))
                        @for (at, arm) in block.arms.iter().enumerate() { (row(block, (index, at), arm, &columns)) }
                    }
                }
            }
        }
    }
}

/// A column of the table.
pub(super) struct VerdictColumn {
    pub(super) heading: String,
    pub(super) is_number: bool,
    kind: ColumnKind,
}

enum ColumnKind {
    Variant,
    Verdict,
    Ratio,
    Interval,
    Change,
    Saved,
    Median,
    Metric(&'static Metric),
    Builds,
    Failed,
}

impl VerdictColumn {
    fn new(heading: &str, kind: ColumnKind) -> Self {
        let is_number = !matches!(kind, ColumnKind::Variant | ColumnKind::Verdict);
        Self { heading: heading.to_owned(), is_number, kind }
    }
}

/// Columns that compare a variant with a baseline.
pub(super) fn compared_columns() -> Vec<VerdictColumn> {
    let mut columns = vec![
        VerdictColumn::new("Variant", ColumnKind::Variant),
        VerdictColumn::new("Verdict", ColumnKind::Verdict),
        VerdictColumn::new("Ratio", ColumnKind::Ratio),
        VerdictColumn::new("95% interval", ColumnKind::Interval),
        VerdictColumn::new("Change", ColumnKind::Change),
        VerdictColumn::new("Per build", ColumnKind::Saved),
    ];
    columns.extend(
        Metric::listed()
            .filter(|metric| metric.treatment == Treatment::Compared && !metric.optional)
            .map(|metric| VerdictColumn::new(&metrics::heading(metric), ColumnKind::Metric(metric))),
    );
    columns
}

fn columns(comparison: &Comparison) -> Vec<VerdictColumn> {
    let mut columns = compared_columns();
    columns.insert(6, VerdictColumn::new("Median", ColumnKind::Median));
    columns.push(VerdictColumn::new("Builds", ColumnKind::Builds));
    if comparison.blocks.iter().flat_map(|block| &block.arms).any(|arm| arm.failures > 0) {
        columns.push(VerdictColumn::new("Failed", ColumnKind::Failed));
    }
    columns
}

fn caption(comparison: &Comparison) -> Markup {
    let ratios: BTreeSet<&str> = comparison.blocks.iter().map(wording::ratio_caption).collect();
    let of_words = [
        captions::minimum(comparison),
        captions::settle(comparison),
        captions::more_comparisons(comparison),
        captions::per_build(comparison),
        captions::control(comparison),
        captions::values(&comparison.blocks),
    ];
    let of_words = of_words.into_iter().flatten();
    html! {
        "Each variant against the baseline of its " a href=(anchor("comparison")) { "comparison" }
        "; below 1× is better: less time, less memory. "
        @for caption in ratios { (wording::sentence(caption)) " " }
        "CPU time and memory are ratios without a verdict (" a href="#metrics" { "their intervals" } "); " (MEMORY) ". "
        "The warm-up build of each variant has " a href=(anchor("proof")) { "proven" } " that its settings were in force, \
         unless the row says otherwise; a click on a variant shows its proofs."
        @for (word, text) in of_words { br; strong { (word) } ": " (with_code_spans(&text)) }
    }
}

fn controls(comparison: &Comparison) -> Markup {
    let words: BTreeSet<&str> = comparison
        .blocks
        .iter()
        .flat_map(|block| block.arms.iter().enumerate().map(move |(at, arm)| verdict(block, at, arm)))
        .collect();
    html! {
        div.controls hidden {
            label { "Find" input type="search" placeholder="variant"; }
            label { "Verdict" select { option value="" { "all" } @for word in &words { option { (word) } } } }
            label { "Comparison" select {
                option value="" { "all" }
                @for (at, block) in comparison.blocks.iter().enumerate() { option value=(at) { (block.title) } }
            } }
            span id="shown" role="status" class="muted" {}
        }
    }
}

/// Heading of a block's rows: its title, its conditions and how it ended.
fn group(page: &PageInput<'_>, block: &BlockResult, columns: usize) -> Markup {
    let is_short = block.rounds < block.min_rounds;
    html! {
        tr.group role="row" { th colspan=(columns) scope="rowgroup" role="rowheader" {
            div.title { span { (block.title) } }
            div.conditions {
                @let profiles = wording::profiles(std::slice::from_ref(block));
                @if !profiles.is_empty() { (wording::sentence(&profiles)) " " }
                @for sentence in conditions(page.setups, block) { (with_code_spans(sentence)) " " }
                span.warning[is_short] { (wording::sentence(&wording::progress(block))) } " "
                @if let Some(floor) = block.noise_floor {
                    a.word href=(anchor("noise floor")) { "Noise floor" } ": " (wording::share(floor)) ". "
                }
                @for warning in &block.warnings { span.warning { (with_code_spans(warning)) } " " }
                @if has_warning(block) { a.warning href="#fidelity" { "It differs from your own build." } }
            }
        } }
    }
}

fn conditions<'a>(setups: &'a [BlockSetup], block: &BlockResult) -> &'a [String] {
    setups.iter().find(|setup| setup.block == block.id).map_or(&[], |setup| &setup.conditions)
}

/// True if the builds differ from the user's own, or could not be compared with them.
fn has_warning(block: &BlockResult) -> bool {
    fidelity::lines(&block.fidelity).iter().any(|line| line.is_warning)
}

/// The word in the column of verdicts.
fn verdict(block: &BlockResult, at: usize, arm: &ArmResult) -> &'static str {
    match (&arm.ratio, arm.role) {
        (Some(ratio), _) => ratio.verdict.as_str(),
        (None, _) if at == block.baseline => "baseline",
        (None, Role::Twin) => "control",
        (None, _) => "none",
    }
}

fn count(n: usize) -> String {
    with_separators(&n.to_string())
}

/// Decimals of the columns of a block, so that they are the same in all rows.
pub(super) struct BlockDigits {
    ratios: ColumnDigits,
    medians: ColumnDigits,
    unit: TimeUnit,
    saved_unit: TimeUnit,
}

impl BlockDigits {
    pub(super) fn of(block: &BlockResult) -> Self {
        let unit = TimeUnit::for_block(block);
        Self {
            ratios: ColumnDigits::of_block(block),
            medians: ColumnDigits::of_medians(block, unit),
            unit,
            saved_unit: wording::saved_unit(block),
        }
    }
}

fn row(
    block: &BlockResult,
    (index, at): (usize, usize),
    arm: &ArmResult,
    columns: &[VerdictColumn],
) -> Markup {
    let digits = BlockDigits::of(block);
    html! {
        tr role="row" data-arm=(at) data-verdict=(verdict(block, at, arm)) {
            @for column in columns {
                @let cell = Cell::of(block, at, column, &digits);
                @match column.kind {
                    ColumnKind::Variant => {
                        th.name scope="row" role="rowheader" {
                            a href=(format!("#variant-{index}-{at}")) { (cell.text) }
                            @if verdict(block, at, arm) == "none" { br; span.muted { (wording::why_no_ratio(arm)) } }
                            @if let Some(gap) = variants::gap_in_proofs(block, arm) { br; span.warning { (gap) } }
                        }
                    }
                    _ => td class=(cell.class) role="cell" data-v=[&cell.value] data-label=(column.heading) { (cell.markup()) },
                }
            }
        }
    }
}

/// Cell of a row.
pub(super) struct Cell {
    pub(super) text: String,
    /// Warning below the text.
    warning: Option<String>,
    /// True if the text is a word with a definition.
    is_defined: bool,
    pub(super) class: &'static str,
    /// Value to sort by; empty without one. `None` for words, which sort by their text.
    pub(super) value: Option<String>,
}

impl Cell {
    pub(super) fn of(block: &BlockResult, at: usize, column: &VerdictColumn, digits: &BlockDigits) -> Self {
        let arm = &block.arms[at];
        let ratio = arm.ratio.as_ref();
        let control = block.twin.as_ref().filter(|_| arm.role == Role::Twin);
        let known = ratio
            .map(|ratio| (ratio.ratio, (ratio.low, ratio.high)))
            .or_else(|| control.map(|twin| (twin.ratio, twin.ends())));
        match column.kind {
            ColumnKind::Variant => Self::word(wording::arm_name(arm), ""),
            ColumnKind::Verdict => {
                let word = verdict(block, at, arm);
                let differs = control.is_some() && wording::twin_differs(block);
                let warning = ratio.and_then(Ratio::few_rounds).or(differs.then(|| "differs".to_owned()));
                Self { warning, is_defined: word != "none", ..Self::word(word.to_owned(), word) }
            }
            ColumnKind::Ratio => Self::number(known, |(ratio, ends)| {
                (ratio, format!("{}×", digits.ratios.ratio(ratio, ends).estimate))
            }),
            ColumnKind::Interval => Self::number(known, |(ratio, ends)| {
                let shown = digits.ratios.ratio(ratio, ends);
                (ratio, format!("{}–{}×", shown.low, shown.high))
            }),
            ColumnKind::Change => {
                Self::number(known, |(ratio, _)| (ratio, format!("{}%", digits.ratios.change(ratio))))
            }
            ColumnKind::Saved => {
                let shown = ratio.filter(|ratio| matches!(ratio.verdict, Verdict::Faster | Verdict::Slower));
                let saved = wording::time_saved_in(block, arm, digits.saved_unit).zip(shown);
                Self::number(saved, |(text, ratio)| (ratio.ratio, text))
            }
            ColumnKind::Median => Self::number(arm.wall(), |wall| {
                (
                    wall.median,
                    format!("{} {}", digits.medians.time(wall.median, digits.unit), digits.unit.symbol()),
                )
            }),
            ColumnKind::Metric(metric) => {
                Self::number(MetricColumn::of(block, metric).ratio(block, arm), |shown| shown)
            }
            ColumnKind::Builds => Self::number(Some(arm.points.len()), |n| (n as f64, count(n))),
            ColumnKind::Failed => Self::number(Some(arm.failures), |n| (n as f64, count(n))),
        }
    }

    fn word(text: String, class: &'static str) -> Self {
        Self { text, warning: None, is_defined: false, class, value: None }
    }

    fn number<T>(value: Option<T>, shown: impl FnOnce(T) -> (f64, String)) -> Self {
        let (value, text) =
            value.map(shown).map(|(value, text)| (value.to_string(), text)).unwrap_or_default();
        Self { text, warning: None, is_defined: false, class: "n", value: Some(value) }
    }

    pub(super) fn markup(&self) -> Markup {
        html! {
            @if self.is_defined { a.word href=(anchor(&self.text)) { (self.text) } } @else { (self.text) }
            @if let Some(warning) = &self.warning { br; span.warning { (warning) } }
        }
    }
}
