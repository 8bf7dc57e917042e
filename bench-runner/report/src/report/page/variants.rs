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
    let proofs = proofs_of(block, arm);
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

/// Proofs that hold are one word; those that fail, and settings that cannot be proven, are named.
fn proof_summary(proofs: &[&Proof]) -> String {
    let axes = |result: ProofResult| {
        let of_result = proofs.iter().filter(|proof| proof.result == result);
        of_result.map(|proof| proof.axis.as_str()).collect::<Vec<&str>>().join(", ")
    };
    let [failed, unproven] = [ProofResult::Fails, ProofResult::NotProvable].map(axes);
    let holds = || proofs.iter().any(|proof| proof.result == ProofResult::Holds);
    match () {
        () if !failed.is_empty() => format!("not in force: {failed}"),
        () if !unproven.is_empty() => format!("cannot be proven: {unproven}"),
        () if holds() => PROVEN.to_owned(),
        () => "without a proof".to_owned(),
    }
}

/// Summary of proofs that hold.
const PROVEN: &str = "proven";

/// Gaps in the proofs of an arm; `None` if its settings were proven, or if it was not built, whose
/// reason is elsewhere in its row.
pub(super) fn gap_in_proofs(block: &BlockResult, arm: &ArmResult) -> Option<String> {
    let summary = proof_summary(&proofs_of(block, arm));
    (arm.not_timed.is_none() && summary != PROVEN).then_some(summary)
}

fn proofs_of<'b>(block: &'b BlockResult, arm: &ArmResult) -> Vec<&'b Proof> {
    block.proofs.iter().filter(|proof| proof.role == arm.role && proof.variant == arm.variant).collect()
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
