//! Proofs of a block: one word for each variant, and their texts.

use bench_runner_core::compare::{ArmResult, BlockResult};
use bench_runner_core::record::{Proof, ProofResult, Role};

use super::table::TextStyle;
use crate::figure::wording;

/// Result of a variant's proofs in a word; empty if it has none. A variant without any other proof is proven by its
/// workload.
pub(super) fn word(block: &BlockResult, arm: &ArmResult) -> &'static str {
    let of_arm = || block.proofs.iter().filter(|proof| is_of(proof, arm));
    let results: Vec<ProofResult> =
        of_arm().filter(|proof| is_news(proof, block)).map(|proof| proof.result).collect();
    let has = |result: ProofResult| results.contains(&result);
    match () {
        () if has(ProofResult::Fails) => "failed",
        () if has(ProofResult::NotProvable) => "not provable",
        () if has(ProofResult::Holds) => "proven",
        () if has(ProofResult::NotApplicable) => "not applicable",
        () if of_arm().any(|proof| proof.result == ProofResult::Holds) => "proven",
        () => "",
    }
}

/// True if the table of a block has a word for any proof.
pub(super) fn has_words(block: &BlockResult) -> bool {
    block.arms.iter().any(|arm| !word(block, arm).is_empty())
}

fn is_of(proof: &Proof, arm: &ArmResult) -> bool {
    arm.role == proof.role && arm.variant == proof.variant
}

/// Lines about the proofs: the failed ones, or all of them if details are wanted. Variants with the same
/// result share a line.
pub(super) fn lines(block: &BlockResult, style: TextStyle) -> Vec<String> {
    let mut of_arm: Vec<(&str, Role, Vec<String>)> = Vec::new();
    let is_shown = |proof: &&Proof| style.verbose || proof.result == ProofResult::Fails;
    for proof in block.proofs.iter().filter(|proof| is_news(proof, block)).filter(is_shown) {
        let words = proof_text(proof);
        match of_arm.iter_mut().find(|(name, role, _)| *name == proof.variant && *role == proof.role) {
            Some((_, _, all)) => all.push(words),
            None => of_arm.push((&proof.variant, proof.role, vec![words])),
        }
    }
    let mut of_text: Vec<(String, Vec<(&str, Role)>)> = Vec::new();
    for (name, role, words) in of_arm {
        let words = words.join("; ");
        match of_text.iter_mut().find(|(text, _)| *text == words) {
            Some((_, arms)) => arms.push((name, role)),
            None => of_text.push((words, vec![(name, role)])),
        }
    }
    of_text
        .iter()
        .flat_map(|(words, arms)| style.paragraph("", &format!("{}: {words}", names(arms))))
        .collect()
}

/// Names of variants; the baseline and its control together are both copies.
fn names(arms: &[(&str, Role)]) -> String {
    let has = |name: &str, role: Role| arms.contains(&(name, role));
    let one = |(name, role): &(&str, Role)| match role {
        Role::Twin if has(name, Role::Baseline) => None,
        Role::Twin => Some(wording::control_name(name)),
        Role::Baseline if has(name, Role::Twin) => Some(format!("{name} (both copies)")),
        Role::Baseline | Role::Variant => Some((*name).to_owned()),
    };
    arms.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

/// True if a proof is news to the reader. A build that does what its workload demands is not, nor is a
/// command that gives no evidence of it. A failed proof is the reason why its arm was not timed, and is not
/// repeated if that reason names it.
fn is_news(proof: &Proof, block: &BlockResult) -> bool {
    let arm = block.arms.iter().find(|arm| is_of(proof, arm));
    let reason = arm.and_then(|arm| arm.not_timed.as_deref()).unwrap_or_default();
    match proof.result {
        ProofResult::Holds | ProofResult::NotProvable => proof.axis != "workload",
        ProofResult::Fails => !(reason.contains(&proof.axis) && reason.contains(&proof.found)),
        ProofResult::NotApplicable => true,
    }
}

fn proof_text(proof: &Proof) -> String {
    let Proof { axis, expected, found, result, .. } = proof;
    match result {
        ProofResult::Holds => format!("{axis} proven: {found}"),
        ProofResult::Fails => format!("{axis} not in force: expected {expected}, found {found}"),
        ProofResult::NotApplicable => with_reason(format!("{axis} does not apply to this workload"), found),
        ProofResult::NotProvable => with_reason(format!("{axis} cannot be proven"), found),
    }
}

fn with_reason(words: String, reason: &str) -> String {
    if reason.is_empty() { words } else { format!("{words}: {reason}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::fixture::{block as block_of, names};

    #[test]
    fn a_variant_without_settings_is_proven_by_its_workload() {
        let mut one = block_of("hexyl", &names(2, false), 12, 4.2);
        let proof = |axis: &str, role: Role, variant: &str| Proof {
            block: one.id.clone(),
            role,
            variant: variant.to_owned(),
            axis: axis.to_owned(),
            expected: String::new(),
            found: "7 of 7 units compiled".to_owned(),
            result: ProofResult::Holds,
        };
        one.proofs = vec![proof("workload", Role::Variant, "linker=lld")];
        assert_eq!(word(&one, &one.arms[2]), "proven");
        assert_eq!(word(&one, &one.arms[0]), "", "it has no proof");
    }
}
