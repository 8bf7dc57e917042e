//! The answer first: one sentence for each block.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Ratio, TwinResult, Verdict};
use bench_runner_core::record::Role;

use crate::figure::wording::{self, pluralize, share};

/// What a block says, in one sentence or two.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Title of the block.
    pub block: String,
    /// Whether it says anything at all.
    pub says: bool,
    /// The sentence.
    pub text: String,
}

/// The answer of each block, in the order of the comparison.
pub fn answers(comparison: &Comparison) -> Vec<Answer> {
    comparison.blocks.iter().map(answer).collect()
}

fn answer(block: &BlockResult) -> Answer {
    let (says, text) = if wording::is_invalid(block) {
        (false, format!("{} shows nothing: {}.", block.title, block.why_invalid().join("; ")))
    } else {
        of_ratios(block)
    };
    Answer { block: block.title.clone(), says, text }
}

/// A judged arm of a block.
type Judged<'a> = (&'a ArmResult, &'a Ratio);

fn of_ratios(block: &BlockResult) -> (bool, String) {
    let arms = block.arms.iter().enumerate().filter(|(at, _)| block.is_compared(*at));
    let (mut judged, mut without): (Vec<Judged<'_>>, Vec<&ArmResult>) = (Vec::new(), Vec::new());
    for (_, arm) in arms {
        match &arm.ratio {
            Some(ratio) => judged.push((arm, ratio)),
            None => without.push(arm),
        }
    }
    // The best first; what is no number at the end.
    judged.sort_by(|(_, one), (_, other)| one.ratio.total_cmp(&other.ratio));
    let of =
        |verdict: Verdict| judged.iter().copied().filter(|(_, ratio)| ratio.verdict == verdict).collect();
    let (faster, mut slower): (Vec<_>, Vec<_>) = (of(Verdict::Faster), of(Verdict::Slower));
    slower.reverse();
    let (equivalent, undecided): (Vec<_>, Vec<_>) = (of(Verdict::Equivalent), of(Verdict::Undecided));
    let says = !(faster.is_empty() && slower.is_empty() && equivalent.is_empty());
    let mut sentences = vec![first(block, &faster, &slower, &judged)];
    sentences.extend(listed("Also faster", faster.get(1..).unwrap_or_default()));
    sentences.extend(listed("Slower", slower.get(usize::from(faster.is_empty())..).unwrap_or_default()));
    let (names, margin) = (names(&equivalent), share(block.margin));
    sentences.extend((!equivalent.is_empty()).then(|| format!("Within ±{margin} of it: {names}.")));
    sentences.extend(listed("Undecided", &undecided));
    let without: Vec<String> = without.into_iter().map(wording::arm_name).collect();
    sentences.extend((!without.is_empty()).then(|| format!("Without a result: {}.", without.join(", "))));
    if !judged.is_empty() {
        sentences.push(block.twin.map_or_else(
            || "There is no twin, so nothing says what could not have been seen.".to_owned(),
            |twin| floor(block, twin, &[faster, slower].concat()),
        ));
    }
    (says, sentences.join(" "))
}

/// What the twin could not have shown; and where something less was shown, why that is no contradiction.
fn floor(block: &BlockResult, twin: TwinResult, shown: &[Judged<'_>]) -> String {
    let least = twin.half_width.ln_1p();
    let is_below = |(_, ratio): &Judged<'_>| ratio.ratio.ln().abs() < least;
    let of_two = block.arms.get(block.baseline).is_some_and(|arm| arm.role == Role::Baseline);
    let why = if of_two && shown.iter().any(is_below) {
        "; less shows in the variants, which are compared with the baseline and its twin together"
    } else {
        ""
    };
    format!("Less than ±{} would not have shown in the twin{why}.", share(twin.half_width))
}

fn first(block: &BlockResult, faster: &[Judged<'_>], slower: &[Judged<'_>], judged: &[Judged<'_>]) -> String {
    let title = &block.title;
    let Some(baseline) = block.arms.get(block.baseline).map(wording::arm_name) else {
        return format!("On {title}, nothing was planned.");
    };
    match (faster.first().or(slower.first()), judged.is_empty()) {
        (Some((arm, ratio)), _) => {
            let (name, rounds) = (wording::arm_name(arm), pluralize(ratio.rounds, "round"));
            let (shown, word) = factor(ratio);
            format!(
                "{name} against {baseline} on {title}: {}× {word}, 95 % interval {}–{}, {rounds}.",
                shown.estimate, shown.low, shown.high
            )
        }
        (None, false) => format!("On {title}, nothing was shown to be faster or slower than {baseline}."),
        (None, true) => format!("On {title}, nothing could be compared with {baseline}."),
    }
}

/// How many times as fast or as slow, whichever is more than one, with its interval.
fn factor(ratio: &Ratio) -> (wording::Shown, &'static str) {
    if ratio.ratio < 1.0 {
        (wording::interval(1.0 / ratio.ratio, (1.0 / ratio.high, 1.0 / ratio.low)), "faster")
    } else {
        (wording::ratio(ratio), "slower")
    }
}

/// How many times as fast or as slow, in words.
pub fn speed(ratio: &Ratio) -> String {
    let (shown, word) = factor(ratio);
    format!("{}× {word}", shown.estimate)
}

fn listed(word: &str, arms: &[Judged<'_>]) -> Option<String> {
    let one = |(arm, ratio): &Judged<'_>| {
        let shown = wording::change(ratio);
        format!("{} ({} %, {} to {})", wording::arm_name(arm), shown.estimate, shown.low, shown.high)
    };
    let all: Vec<String> = arms.iter().map(one).collect();
    (!all.is_empty()).then(|| format!("{word}: {}.", all.join(", ")))
}

fn names(arms: &[Judged<'_>]) -> String {
    arms.iter().map(|(arm, _)| wording::arm_name(arm)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::fixture::{self, block, empty_block, names, ratio};
    use expect_test::expect;

    fn says(block: &BlockResult) -> String {
        answer(block).text
    }

    #[test]
    fn the_best_comes_first_and_everything_is_said() {
        let told = answers(&fixture::everything()).into_iter().map(|answer| answer.text + "\n");
        expect![[r#"
            linker=lld (linker=rust-lld) against linker=bfd on hexyl 0.17.0 · incremental: 1.1455× faster, 95 % interval 1.1364–1.1547, 12 rounds. Also faster: linker=mold (−7.90 %, −8.64 to −7.16). Undecided: codegen-units=3 (+1 %, −39 to +41). Without a result: linker=gold, linker=wild. Less than ±1.6 % would not have shown in the twin.
            ripgrep 15.1.0 · incremental shows nothing: the twin differs from the baseline.
            On tokei 14.0.0 · incremental, nothing could be compared with linker=bfd. Without a result: linker=lld.
        "#]].assert_eq(&told.collect::<String>());
    }

    #[test]
    fn what_is_smaller_than_the_twin_shows_is_explained() {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.arms[2].ratio = Some(ratio(0.99, 0.005, Verdict::Faster));
        let told = says(&one);
        let why = "in the twin; less shows in the variants, which are compared with the baseline and its twin together.";
        assert!(told.ends_with(why), "{told}");
        // Against a baseline that was chosen afterwards, variants stand against one arm too.
        (one.baseline, one.arms[0].ratio) = (2, Some(ratio(1.01, 0.005, Verdict::Slower)));
        assert!(says(&one).ends_with("would not have shown in the twin."));
    }

    #[test]
    fn a_slower_one_is_told_where_nothing_is_faster() {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.arms[2].ratio = Some(ratio(2.0, 0.1, Verdict::Slower));
        expect!["linker=lld against linker=bfd on hexyl · incremental: 2.00× slower, 95 % interval 1.80–2.20, 12 rounds. Less than ±1.6 % would not have shown in the twin."].assert_eq(&says(&one));
    }

    #[test]
    fn what_shows_nothing_says_so() {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.arms[2].ratio = Some(ratio(1.0, 0.01, Verdict::Equivalent));
        expect!["On hexyl · incremental, nothing was shown to be faster or slower than linker=bfd. Within ±3 % of it: linker=lld. Less than ±1.6 % would not have shown in the twin."].assert_eq(&says(&one));
        one.arms[2].ratio = Some(ratio(1.0, 0.01, Verdict::Invalid));
        one.invalid = vec![bench_runner_core::compare::Invalid::TwinDiffers];
        assert_eq!(says(&one), "hexyl · incremental shows nothing: the twin differs from the baseline.");
        assert!(!answer(&one).says);
        one.arms[2].ratio = None;
        one.twin = None;
        expect![
            "On hexyl · incremental, nothing could be compared with linker=bfd. Without a result: linker=lld."
        ]
        .assert_eq(&says(&one));
        assert_eq!(says(&empty_block("nothing")), "On nothing · incremental, nothing was planned.");
    }
}
