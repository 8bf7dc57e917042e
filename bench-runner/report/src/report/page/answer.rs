//! The answer: what is wrong with the run, each comparison in sentences, buttons to copy, then every verdict in
//! a table.

use bench_runner_core::bundle::Status;
use bench_runner_core::compare::{BlockResult, Comparison};
use maud::{Markup, html};

use super::document::with_code_spans;
use super::input::PageInput;
use super::{baselines, copies, effects, figures, glossary, pooled, verdicts};
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
            li.nothing[!answer.is_conclusive] { (lines(&answer)) @if let Some(command) = &answer.command { (settling(at, command, answer.command_label)) } }
        } }
        (figures::ratios(comparison))
        (copies::buttons(page))
        @if !comparison.blocks.is_empty() {
            (verdicts::section(page))
            (definitions(comparison))
        }
        (effects::section(comparison))
        (baselines::section(page))
        (fidelities(comparison))
        (pooled::section(&comparison.pooled_projects))
    }
}

/// The sentences of an answer below what was compared, a line each.
fn lines(answer: &BlockAnswer) -> Markup {
    html! {
        p { strong { (with_code_spans(&answer.block)) } }
        @for sentence in &answer.sentences {
            p.muted[sentence.starts_with("Control: ")] { (with_code_spans(sentence)) }
        }
    }
}

/// The command that goes on.
fn settling(at: usize, command: &str, label: &str) -> Markup {
    let id = format!("settle-{at}");
    html! { div.settle {
        (label) ": "
        code id=(id) { @for (at, word) in command.split(' ').enumerate() { @if at > 0 { " " } span.word { (word) } } } " "
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
            @if let Some((word, text)) = captions::fastest_words(comparison) { p.muted { strong { (word) } ": " (text) } }
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
