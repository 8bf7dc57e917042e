//! The answer: what is wrong with the run, each comparison in sentences, buttons to copy, then every verdict in
//! a table.

use bench_runner_core::bundle::Status;
use bench_runner_core::compare::{BlockResult, Comparison};
use maud::{Markup, html};

use super::document::with_code_spans;
use super::input::PageInput;
use super::{baselines, copies, figures, glossary, pooled, verdicts};
use crate::figure::wording::{self, verdict_definitions};
use crate::report::{BlockAnswer, answers, calibration, captions, fidelity, text};

pub(super) fn section(page: &PageInput<'_>) -> Markup {
    let comparison = page.comparison;
    html! {
        (run_state(page))
        @if let Some(post_hoc) = &comparison.post_hoc {
            p { "Post hoc: compared with " code { (post_hoc.baseline) } ", which was chosen after the run." }
        }
        @if comparison.blocks.is_empty() { p { (text::why_no_blocks(comparison)) } }
        ul.answers { @for (at, answer) in answers(comparison).into_iter().enumerate() {
            li.nothing[!answer.is_conclusive] { (with_lead(&answer)) @if let Some(command) = &answer.command { (settling(at, command)) } }
        } }
        (figures::ratios(comparison))
        (copies::buttons(page))
        @if !comparison.blocks.is_empty() {
            (verdicts::section(page))
            (definitions(comparison))
        }
        (baselines::section(page))
        (fidelities(comparison))
        (pooled::section(&comparison.pooled_projects))
    }
}

/// The sentences of an answer, with what was compared in bold.
fn with_lead(answer: &BlockAnswer) -> Markup {
    let lead = format!("{}:", answer.block);
    let (lead, text) = match answer.text.strip_prefix(&lead) {
        Some(text) => (lead.as_str(), text),
        None => ("", answer.text.as_str()),
    };
    html! { strong { (with_code_spans(lead)) } (with_code_spans(text)) }
}

/// The command that would settle what is undecided.
fn settling(at: usize, command: &str) -> Markup {
    let id = format!("settle-{at}");
    html! { div.settle {
        "To settle it: " code id=(id) { (command) } " "
        button.copy type="button" hidden data-copies=(id) { "Copy" }
    } }
}

/// Warnings about an incomplete run, and remarks about its files.
fn run_state(page: &PageInput<'_>) -> Markup {
    let status = match page.manifest.status {
        Status::Complete => None,
        Status::Running => Some("This run is still in progress or crashed; results are partial."),
        Status::Interrupted => Some("This run was interrupted; results are partial."),
        Status::Broken => Some("bench-runner failed during this run; results are partial."),
    };
    html! {
        @if let Some(status) = status { p.warning { strong { (status) } } }
        @for remark in page.remarks { p { "Note: " (remark) "." } }
    }
}

/// Definitions of the verdicts that occur, and the correction.
fn definitions(comparison: &Comparison) -> Markup {
    let ratios = || comparison.blocks.iter().flat_map(|block| &block.arms).filter_map(|arm| arm.ratio);
    let margin = comparison.blocks.first().map(|block| block.margin).unwrap_or_default();
    let occurring = verdict_definitions(margin)
        .into_iter()
        .filter(|(verdict, _)| ratios().any(|ratio| ratio.verdict == *verdict));
    html! {
        @if ratios().next().is_some() {
            dl.verdicts { @for (verdict, definition) in occurring {
                dt class=(verdict.as_str()) { (verdict.as_str()) }
                dd { (with_code_spans(&definition)) }
            } }
            @if let Some((word, text)) = captions::not_told_apart(comparison) { p.muted { strong { (word) } ": " (text) } }
            p.muted {
                (wording::family_sentence(comparison)) " " (calibration::text(&comparison.calibration)) " "
                a href="#words" { "All words and verdicts" } "; methods: " (glossary::methods()) "."
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
            h3 id="fidelity" { "Fidelity to your own build" }
            ul { @for block in compared { @for line in fidelity::lines(&block.fidelity) { li {
                (block.title) ": " @if line.is_warning { strong.warning { "warning: " } } (line.text)
            } } } }
        }
    }
}
