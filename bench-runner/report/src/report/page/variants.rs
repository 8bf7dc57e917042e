//! The configuration, the command and the proofs of each variant of a block, in a fold.

use bench_runner_core::compare::{ArmResult, BlockResult};
use bench_runner_core::record::{Proof, ProofResult};
use maud::{Markup, html};

use super::builds;
use super::input::{PageInput, VariantSetup};
use crate::figure::wording;

pub(super) fn section(page: &PageInput<'_>) -> Markup {
    let blocks = &page.comparison.blocks;
    html! {
        @if blocks.is_empty() { p { "No variant was built." } }
        @for (index, block) in blocks.iter().enumerate() {
            h3 { (block.title) }
            @for (at, arm) in block.arms.iter().enumerate() {
                @let setup = page.setups.iter().find(|setup| setup.block == block.id);
                (variant(block, (index, at), arm, setup.and_then(|setup| setup.variants.get(at))))
            }
            (builds::section(page, block))
        }
    }
}

fn variant(
    block: &BlockResult,
    (index, at): (usize, usize),
    arm: &ArmResult,
    setup: Option<&VariantSetup>,
) -> Markup {
    let proofs: Vec<&Proof> =
        block.proofs.iter().filter(|proof| proof.role == arm.role && proof.variant == arm.variant).collect();
    html! {
        details.variant id=(format!("variant-{index}-{at}")) {
            summary { (wording::arm_name(arm)) " " span.muted { (proof_summary(&proofs)) } }
            @if let Some(setup) = setup { (configuration(setup)) }
            @if let Some(reason) = &arm.not_timed { p.warning { "Not timed: " (reason) "." } }
            @if !proofs.is_empty() { (table(&proofs)) }
        }
    }
}

fn configuration(setup: &VariantSetup) -> Markup {
    let (texts, settings): (Vec<_>, Vec<_>) =
        setup.settings.iter().partition(|(_, value)| value.contains('\n'));
    html! {
        @if setup.settings.is_empty() { p { "Nothing is set: the project as it is." } }
        @if !settings.is_empty() {
            dl { @for (key, value) in settings { dt { code { (key) } } dd { code { (value) } } } }
        }
        @for (key, text) in texts { p.label { code { (key) } } pre tabindex="0" { (text) } }
        @if let Some(command) = &setup.command {
            p.label { "Command, without directories of the machine" }
            pre tabindex="0" { (command) }
        }
        @for (file, lines) in &setup.files {
            p.label { "The same as lines of " code { (file) } }
            pre tabindex="0" { (lines) }
        }
    }
}

/// Proofs that hold are one word; those that fail are named.
fn proof_summary(proofs: &[&Proof]) -> String {
    let failed: Vec<&str> = proofs
        .iter()
        .filter(|proof| proof.result == ProofResult::Fails)
        .map(|proof| proof.axis.as_str())
        .collect();
    let holds = || proofs.iter().any(|proof| proof.result == ProofResult::Holds);
    match () {
        () if !failed.is_empty() => format!("not in force: {}", failed.join(", ")),
        () if holds() => "proven".to_owned(),
        () => "without a proof".to_owned(),
    }
}

fn table(proofs: &[&Proof]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Proofs" { table {
            caption { "Proofs" }
            thead { tr { @for name in ["Axis", "Result", "Expected", "Found"] { th scope="col" { (name) } } } }
            tbody { @for proof in proofs { tr {
                td { (proof.axis) } td { (result_words(proof.result)) } td { (proof.expected) } td { (proof.found) }
            } } }
        } }
    }
}

fn result_words(result: ProofResult) -> &'static str {
    match result {
        ProofResult::Holds => "proven",
        ProofResult::Fails => "not in force",
        ProofResult::NotApplicable => "no effect under this workload",
        ProofResult::NotProvable => "cannot be proven",
    }
}
