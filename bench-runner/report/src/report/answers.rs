//! Answer of each block, in sentences.

use bench_runner_core::compare::{BlockResult, Comparison, Verdict};

use super::fastest;
use super::findings::{self, Judged};
use crate::figure::wording::{self, pluralize};

/// Result of a block in a few sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockAnswer {
    /// Title of the block.
    pub block: String,
    /// True if the block has a conclusive verdict.
    pub is_conclusive: bool,
    /// Whole sentences, the result first and the control last.
    pub sentences: Vec<String>,
    /// Command that would settle the undecided variants, that has as many rounds as planned, or that measures what a fraction
    /// nominates.
    pub command: Option<String>,
    /// Label of the command.
    pub command_label: &'static str,
}

impl BlockAnswer {
    /// Title and sentences in one paragraph.
    pub fn text(&self) -> String {
        format!("{}: {}", self.block, self.sentences.join(" "))
    }
}

/// Answer of each block: those with a conclusive verdict first, otherwise in the order of the comparison.
pub fn answers(comparison: &Comparison) -> Vec<BlockAnswer> {
    let mut answers: Vec<BlockAnswer> = comparison.blocks.iter().map(answer).collect();
    answers.sort_by_key(|answer| !answer.is_conclusive);
    answers
}

fn answer(block: &BlockResult) -> BlockAnswer {
    let title = &block.title;
    let judged = findings::judged(block);
    let is_conclusive = judged.iter().any(Judged::is_decided);
    let mut clauses: Vec<String> = fastest::clause(block).into_iter().collect();
    let effects = block.effects.as_ref().and_then(|effects| effects.as_ref().ok());
    let nomination = effects.and_then(|effects| effects.nomination.as_ref());
    clauses.extend(nomination.map(|nomination| format!("nominated: {}", nomination.describe())));
    let of = |verdict: Verdict| judged.iter().copied().filter(move |one| one.ratio.verdict == verdict);
    let decided = of(Verdict::Faster).chain(of(Verdict::Slower).rev()).chain(of(Verdict::Equivalent));
    clauses.extend(decided.map(|one| one.sentence()));
    let undecided = findings::undecided(block);
    clauses.extend(undecided.iter().map(|undecided| undecided.text(block)));
    let more = findings::more_rounds(block);
    clauses.extend(more.iter().map(|more| {
        format!(
            "{} are too few (minimum {}); repeat it {}",
            pluralize(block.rounds as usize, "round"),
            block.min_rounds,
            more.text
        )
    }));
    if wording::is_invalid(block) {
        clauses.push(format!("no result: {}", block.why_invalid().join("; ")));
    } else if judged.is_empty() && !block.arms.is_empty() {
        clauses.push(format!("nothing could be compared with {}", findings::baseline_name(block)));
    } else if block.arms.is_empty() {
        clauses.push("nothing was planned".to_owned());
    }
    let without: Vec<String> = findings::without_result(block).into_iter().map(wording::arm_name).collect();
    clauses.extend((!without.is_empty()).then(|| format!("without a result: {}", without.join(", "))));
    if !judged.is_empty() && !wording::is_invalid(block) {
        clauses.push(format!("control: {}", wording::control_text(block)));
    }
    let sentences: Vec<String> = clauses.iter().map(|clause| sentence(block, clause)).collect();
    let (command, command_label) = match nomination {
        Some(_) => (block.setup.head_to_head.clone(), "Head to head"),
        None => {
            let settles = undecided.and_then(|undecided| undecided.command);
            (settles.or(more.and_then(|more| more.command)), "With more rounds")
        }
    };
    BlockAnswer { block: title.clone(), is_conclusive, sentences, command, command_label }
}

/// A clause as a sentence. The name of a variant at its beginning stays as it is.
fn sentence(block: &BlockResult, clause: &str) -> String {
    let begins_with = |name: &str| clause.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '));
    match block.arms.iter().any(|arm| begins_with(&arm.variant)) {
        true => format!("{clause}."),
        false => wording::sentence(clause),
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::{EffectRatio, Nomination, Ratio};
    use expect_test::expect;

    use super::*;
    use crate::figure::fixture::{block, empty_block, everything, names, product, ratio};

    fn answer_text(block: &BlockResult) -> String {
        answer(block).text()
    }

    #[test]
    fn every_verdict_has_its_sentence() {
        let texts: Vec<String> = answers(&everything()).into_iter().map(|answer| answer.text()).collect();
        expect![[r#"
            hexyl 0.17.0: rebuild after an edit: linker=lld (linker=rust-lld) is faster than linker=bfd: 0.873× as long (0.866–0.880×; −12.7%), saves 0.53 s per build, 12 rounds. linker=mold is faster than linker=bfd: 0.921× as long (0.914–0.928×; −7.9%), saves 0.33 s per build, 12 rounds. codegen-units=3 is undecided against linker=bfd: 1.010× as long (0.606–1.414×; +1.0%), 12 rounds. Without a result: linker=gold, linker=wild. Control: two identical builds differed by −0.2% (−1.8 to +1.4%); a real difference of 2.1% or more would be found in 4 of 5 such runs.
            ripgrep 15.1.0: rebuild after an edit: No result: two identical builds, the baseline and its control, differ by more than chance explains.
            tokei 14.0.0: rebuild after an edit: Nothing could be compared with linker=bfd. Without a result: linker=lld."#]].assert_eq(&texts.join("\n"));
    }

    #[test]
    fn the_name_of_a_variant_stays_as_it_is() {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.arms[2].variant = "mold".to_owned();
        one.arms[2].ratio = Some(ratio(0.5, 0.1, Verdict::Faster));
        assert!(answer_text(&one).contains(": mold is faster than "), "{}", answer_text(&one));
    }

    #[test]
    fn what_a_fraction_nominates_comes_first_with_its_command() {
        let mut one = product(false);
        let Some(Ok(effects)) = &mut one.effects else { unreachable!() };
        let ratio = EffectRatio { ratio: 0.7, low: 0.6, high: 0.8, df: 9.0, p: 0.01, judged: None };
        let settings = vec![("debug".to_owned(), "none".to_owned())];
        let (arm, is_reference, lack_of_fit) = (None, false, None);
        effects.nomination = Some(Nomination { settings, arm, is_reference, of: 12, ratio, lack_of_fit });
        one.setup.head_to_head = Some("bench-runner run --axis debug=none".to_owned());
        let found = answer(&one);
        assert!(found.sentences[0].starts_with("Nominated: `debug=none`"), "{:?}", found.sentences);
        assert_eq!(
            (found.command.as_deref(), found.command_label),
            (Some("bench-runner run --axis debug=none"), "Head to head")
        );
    }

    #[test]
    fn fewer_rounds_than_planned_are_a_warning_next_to_the_result() {
        let mut one = block("hexyl", &names(2, false), 4, 4.2);
        one.arms[2].ratio = Some(Ratio { rounds: 4, ..ratio(2.0, 0.1, Verdict::Slower) });
        let text = answer_text(&one);
        assert!(text.contains("costs 4.2 s per build (4 rounds, minimum 6)."), "{text}");
    }

    #[test]
    fn a_block_without_a_difference_says_what_it_has() {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.arms[2].ratio = Some(ratio(1.0, 0.01, Verdict::Equivalent));
        expect!["hexyl: rebuild after an edit: linker=lld is equivalent to linker=bfd (within ±3%): 1.000× as long (0.990–1.010×; 0.0%), 12 rounds. Control: two identical builds differed by −0.2% (−1.8 to +1.4%); a real difference of 2.1% or more would be found in 4 of 5 such runs."].assert_eq(&answer_text(&one));
        one.arms[2].ratio = Some(ratio(1.0, 0.01, Verdict::Invalid));
        one.invalid = vec![bench_runner_core::compare::Invalid::TwinDiffers];
        expect!["hexyl: rebuild after an edit: No result: two identical builds, the baseline and its control, differ by more than chance explains."].assert_eq(&answer_text(&one));
        assert!(!answer(&one).is_conclusive);
        one.arms[2].ratio = None;
        one.twin = None;
        expect!["hexyl: rebuild after an edit: Nothing could be compared with linker=bfd. Without a result: linker=lld."].assert_eq(&answer_text(&one));
        assert_eq!(
            answer_text(&empty_block("nothing")),
            "nothing: rebuild after an edit: Nothing was planned."
        );
    }
}
