//! Answer of each block, in sentences.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Ratio, Verdict};

use crate::figure::wording::{self, pluralize, share};

/// Result of a block in a few sentences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockAnswer {
    /// Title of the block.
    pub block: String,
    /// True if the block has a conclusive verdict.
    pub is_conclusive: bool,
    pub text: String,
}

/// Answer of each block, in the order of the comparison.
pub fn answers(comparison: &Comparison) -> Vec<BlockAnswer> {
    comparison.blocks.iter().map(answer).collect()
}

fn answer(block: &BlockResult) -> BlockAnswer {
    let (is_conclusive, text) = if wording::is_invalid(block) {
        (false, format!("{} shows nothing: {}.", block.title, block.why_invalid().join("; ")))
    } else {
        ratio_sentences(block)
    };
    BlockAnswer { block: block.title.clone(), is_conclusive, text }
}

/// An arm of a block with its ratio.
type JudgedArm<'a> = (&'a ArmResult, &'a Ratio);

fn ratio_sentences(block: &BlockResult) -> (bool, String) {
    let arms = block.arms.iter().enumerate().filter(|(at, _)| block.is_compared(*at));
    let (mut judged, mut without): (Vec<JudgedArm<'_>>, Vec<&ArmResult>) = (Vec::new(), Vec::new());
    for (_, arm) in arms {
        match &arm.ratio {
            Some(ratio) => judged.push((arm, ratio)),
            None => without.push(arm),
        }
    }
    // Fastest first; ratios that are not numbers at the end.
    judged.sort_by(|(_, one), (_, other)| one.ratio.total_cmp(&other.ratio));
    let of =
        |verdict: Verdict| judged.iter().copied().filter(|(_, ratio)| ratio.verdict == verdict).collect();
    let (faster, mut slower): (Vec<_>, Vec<_>) = (of(Verdict::Faster), of(Verdict::Slower));
    slower.reverse();
    let (equivalent, undecided): (Vec<_>, Vec<_>) = (of(Verdict::Equivalent), of(Verdict::Undecided));
    let is_conclusive = !(faster.is_empty() && slower.is_empty() && equivalent.is_empty());
    let mut sentences = vec![headline(block, &faster, &slower, &judged)];
    sentences.extend(listing("Also faster", faster.get(1..).unwrap_or_default()));
    sentences.extend(listing("Slower", slower.get(usize::from(faster.is_empty())..).unwrap_or_default()));
    let (names, margin) = (names(&equivalent), share(block.margin));
    sentences.extend((!equivalent.is_empty()).then(|| format!("Within ±{margin} of it: {names}.")));
    sentences.extend(listing("Undecided", &undecided));
    let without: Vec<String> = without.into_iter().map(wording::arm_name).collect();
    sentences.extend((!without.is_empty()).then(|| format!("Without a result: {}.", without.join(", "))));
    if !judged.is_empty() {
        sentences.push(format!("Control: {}.", wording::control_text(block)));
    }
    (is_conclusive, sentences.join(" "))
}

fn headline(
    block: &BlockResult,
    faster: &[JudgedArm<'_>],
    slower: &[JudgedArm<'_>],
    judged: &[JudgedArm<'_>],
) -> String {
    let title = &block.title;
    let Some(baseline) = block.arms.get(block.baseline).map(wording::arm_name) else {
        return format!("On {title}, nothing was planned.");
    };
    match (faster.first().or(slower.first()), judged.is_empty()) {
        (Some((arm, ratio)), _) => {
            let name = wording::arm_name(arm);
            let rounds = ratio.few_rounds().unwrap_or_else(|| pluralize(ratio.rounds, "round"));
            let (shown, word) = speedup(ratio);
            format!(
                "{name} against {baseline} on {title}: {}× {word}, 95 % interval {}–{}, {rounds}.",
                shown.estimate, shown.low, shown.high
            )
        }
        (None, false) => format!("On {title}, nothing was shown to be faster or slower than {baseline}."),
        (None, true) => format!("On {title}, nothing could be compared with {baseline}."),
    }
}

/// Factor by which a variant is faster or slower, above one, with its interval.
fn speedup(ratio: &Ratio) -> (wording::FormattedEstimate, &'static str) {
    if ratio.ratio < 1.0 {
        (wording::interval(1.0 / ratio.ratio, (1.0 / ratio.high, 1.0 / ratio.low)), "faster")
    } else {
        (wording::ratio(ratio), "slower")
    }
}

/// Factor by which a variant is faster or slower, in words.
pub fn speed(ratio: &Ratio) -> String {
    let (shown, word) = speedup(ratio);
    format!("{}× {word}", shown.estimate)
}

fn listing(word: &str, arms: &[JudgedArm<'_>]) -> Option<String> {
    let one = |(arm, ratio): &JudgedArm<'_>| {
        let shown = wording::change(ratio);
        let few = ratio.few_rounds().map(|few| format!("; {few}")).unwrap_or_default();
        format!("{} ({} %, {} to {}{few})", wording::arm_name(arm), shown.estimate, shown.low, shown.high)
    };
    let all: Vec<String> = arms.iter().map(one).collect();
    (!all.is_empty()).then(|| format!("{word}: {}.", all.join(", ")))
}

fn names(arms: &[JudgedArm<'_>]) -> String {
    let name = |(arm, ratio): &JudgedArm<'_>| {
        let few = ratio.few_rounds().map(|few| format!(" ({few})")).unwrap_or_default();
        format!("{}{few}", wording::arm_name(arm))
    };
    arms.iter().map(name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::fixture::{self, block, empty_block, names, ratio};
    use expect_test::expect;

    fn answer_text(block: &BlockResult) -> String {
        answer(block).text
    }

    #[test]
    fn the_best_comes_first_and_everything_is_said() {
        let text = answers(&fixture::everything()).into_iter().map(|answer| answer.text + "\n");
        expect![[r#"
            linker=lld (linker=rust-lld) against linker=bfd on hexyl 0.17.0 · incremental: 1.1455× faster, 95 % interval 1.1364–1.1547, 12 rounds. Also faster: linker=mold (−7.90 %, −8.64 to −7.16). Undecided: codegen-units=3 (+1 %, −39 to +41). Without a result: linker=gold, linker=wild. A real difference of 2.1 % or more would be found in four of five such runs. The control: −0.2 ± 1.6 % against the planned baseline, no difference shown.
            ripgrep 15.1.0 · incremental shows nothing: the twin differs from the baseline.
            On tokei 14.0.0 · incremental, nothing could be compared with linker=bfd. Without a result: linker=lld.
        "#]].assert_eq(&text.collect::<String>());
    }

    #[test]
    fn fewer_rounds_than_the_plan_wants_are_told_next_to_the_result() {
        let mut one = block("hexyl", &names(2, false), 4, 4.2);
        one.arms[2].ratio = Some(Ratio { rounds: 4, ..ratio(2.0, 0.1, Verdict::Slower) });
        let text = answer_text(&one);
        assert!(text.contains("1.80–2.20, 4 of 6 rounds."), "{text}");
    }

    #[test]
    fn a_slower_one_is_told_where_nothing_is_faster() {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.arms[2].ratio = Some(ratio(2.0, 0.1, Verdict::Slower));
        expect!["linker=lld against linker=bfd on hexyl · incremental: 2.00× slower, 95 % interval 1.80–2.20, 12 rounds. A real difference of 2.1 % or more would be found in four of five such runs. The control: −0.2 ± 1.6 % against the planned baseline, no difference shown."].assert_eq(&answer_text(&one));
    }

    #[test]
    fn what_shows_nothing_says_so() {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.arms[2].ratio = Some(ratio(1.0, 0.01, Verdict::Equivalent));
        expect!["On hexyl · incremental, nothing was shown to be faster or slower than linker=bfd. Within ±3 % of it: linker=lld. A real difference of 2.1 % or more would be found in four of five such runs. The control: −0.2 ± 1.6 % against the planned baseline, no difference shown."].assert_eq(&answer_text(&one));
        one.arms[2].ratio = Some(ratio(1.0, 0.01, Verdict::Invalid));
        one.invalid = vec![bench_runner_core::compare::Invalid::TwinDiffers];
        assert_eq!(
            answer_text(&one),
            "hexyl · incremental shows nothing: the twin differs from the baseline."
        );
        assert!(!answer(&one).is_conclusive);
        one.arms[2].ratio = None;
        one.twin = None;
        expect![
            "On hexyl · incremental, nothing could be compared with linker=bfd. Without a result: linker=lld."
        ]
        .assert_eq(&answer_text(&one));
        assert_eq!(answer_text(&empty_block("nothing")), "On nothing · incremental, nothing was planned.");
    }
}
