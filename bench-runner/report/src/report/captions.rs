//! Captions of tables: what the columns and words mean. The same sentences in the terminal, in Markdown and on the page.

use bench_runner_core::compare::{BlockResult, Comparison, Offsets, RoundsNeeded};
use bench_runner_core::stats::{ASSUMED_OFFSET, MIN_TWINS};

use super::proofs;
use crate::figure::wording;

/// A word or column, and what it means.
pub(super) type Caption = (&'static str, String);

/// All captions of the tables of a comparison.
pub(super) fn captions(comparison: &Comparison) -> Vec<Caption> {
    let with_ratio: Vec<&BlockResult> =
        comparison.blocks.iter().filter(|block| block.arms.iter().any(|arm| arm.ratio.is_some())).collect();
    let mut all = Vec::new();
    if let Some(first) = with_ratio.first() {
        all.push(("ratio", format!("{}; below 1× takes less time.", ratio_captions(&with_ratio))));
        let margin = wording::share(first.margin);
        all.push((
            "verdicts",
            format!(
                "faster, slower: by more than chance explains, and not equivalent; equivalent: any difference was shown to \
                 be within ±{margin}, the smallest that matters (--margin); undecided: neither was shown. {}",
                wording::family_sentence(comparison)
            ),
        ));
    }
    let of_words = [
        minimum(comparison),
        fastest(comparison),
        per_build(comparison),
        control(comparison),
        more_comparisons(comparison),
        proof(comparison),
        values(&comparison.blocks),
        builds(&comparison.blocks),
    ];
    all.extend(of_words.into_iter().flatten());
    all
}

/// Captions of the ratios, without the word `ratio`. If they differ, the longer one explains both.
fn ratio_captions(blocks: &[&BlockResult]) -> String {
    let captions = blocks.iter().map(|block| wording::ratio_caption(block));
    let caption = captions.max_by_key(|caption| caption.len()).unwrap_or_default();
    caption.strip_prefix("ratio: ").unwrap_or(caption).to_owned()
}

/// Trust in results from fewer rounds than the minimum.
pub(super) fn minimum(comparison: &Comparison) -> Option<Caption> {
    let mut arms = comparison.blocks.iter().flat_map(|block| &block.arms);
    arms.any(|arm| arm.ratio.is_some_and(|ratio| ratio.few_rounds().is_some())).then(|| {
        let text = "the number of rounds that was planned at least. With fewer, an interval contains the true ratio as \
                    often as with more, and a false verdict is as rare; but the intervals are wider, so that only large \
                    differences are found.";
        ("minimum", text.to_owned())
    })
}

/// Condition under which a variant is called the fastest.
pub(super) fn fastest(comparison: &Comparison) -> Option<Caption> {
    let clauses: Vec<String> = comparison.blocks.iter().filter_map(super::fastest::clause).collect();
    let of_words = match clauses.iter().any(|clause| clause.contains("told apart")) {
        true => " Not told apart: undecided or equivalent.",
        false => "",
    };
    (!clauses.is_empty()).then(|| {
        let text = "decided if a variant was shown to be faster than the baseline, or the baseline to be faster than all \
                    variants. Pairs of variants are corrected for their number.";
        ("fastest", format!("{text}{of_words}"))
    })
}

/// The meaning of a time per build.
pub(super) fn per_build(comparison: &Comparison) -> Option<Caption> {
    let saves = |block: &BlockResult| {
        block
            .arms
            .iter()
            .any(|arm| wording::result_phrase(block, arm).is_some_and(|result| result.contains(" per build")))
    };
    comparison
        .blocks
        .iter()
        .any(saves)
        .then(|| ("per build", "the ratio, applied to the median of the baseline.".to_owned()))
}

/// Meaning of the differences that are named beside a control.
pub(super) fn control(comparison: &Comparison) -> Option<Caption> {
    let has_floor = |block: &BlockResult| block.twin.is_some() && wording::noise_floor(block).is_some();
    comparison.blocks.iter().any(has_floor).then(|| {
        let text =
            "the difference with its 95% interval. Smaller real differences than the one named after it can be found \
             too, but are missed more often.";
        ("control", text.to_owned())
    })
}

/// Reason to run more comparisons on the machine, if a result waits for them.
fn more_comparisons(comparison: &Comparison) -> Option<Caption> {
    let mut arms = comparison.blocks.iter().flat_map(|block| &block.arms);
    let is_asked = arms.any(|arm| matches!(arm.needed, Some(RoundsNeeded::AssumedOffset(_))));
    let known = comparison.calibration.iter().filter_map(|answer| match answer.offsets {
        Offsets::Assumed { twins } => Some(twins),
        Offsets::Calibrated { .. } => None,
    });
    let known = known.max().filter(|_| is_asked)?;
    let text = format!(
        "each comparison that is run on this machine adds one; they show how much two target directories differ in \
         speed. {MIN_TWINS} are enough, {known} so far, with this run. Until then {} is assumed, which more rounds do not \
         reduce.",
        wording::share(ASSUMED_OFFSET)
    );
    Some(("controls", text))
}

/// The meaning of the words in the column of proofs, and why a table lacks it.
fn proof(comparison: &Comparison) -> Option<Caption> {
    let blocks = || comparison.blocks.iter().filter(|block| !block.arms.is_empty());
    blocks().any(proofs::has_words).then(|| {
        let mut text =
            "proven: the warm-up build shows that the settings were in force or, without settings, that the \
                        workload did what its name says."
                .to_owned();
        if blocks().any(|block| !proofs::has_words(block)) {
            text.push_str(" A table without the column has no proof at all.");
        }
        ("proof", text)
    })
}

/// The meaning of values that their names do not give.
pub(super) fn values(blocks: &[BlockResult]) -> Option<Caption> {
    let all = distinct(blocks.iter().flat_map(|block| &block.setup.values));
    (!all.is_empty()).then(|| ("values", format!("{}.", all.join("; "))))
}

/// Profiles and edits of the builds.
fn builds(blocks: &[BlockResult]) -> Option<Caption> {
    let edits = distinct(blocks.iter().flat_map(|block| &block.setup.edits));
    let profiles = wording::profiles(blocks);
    let profiles = (!profiles.is_empty()).then(|| format!("{profiles}."));
    let edits = (!edits.is_empty()).then(|| {
        let edits = edits.join("; ");
        format!("Before each round of a rebuild, every variant gets the same new edit: {edits}.")
    });
    let text = profiles.into_iter().chain(edits).collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(("builds", text))
}

/// The texts without repetitions, in their order.
pub(super) fn distinct<'t>(texts: impl Iterator<Item = &'t String>) -> Vec<&'t str> {
    let mut all: Vec<&str> = Vec::new();
    for text in texts {
        if !all.contains(&text.as_str()) {
            all.push(text);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::{Fastest, Ratio, Verdict};

    use super::*;
    use crate::figure::fixture::{block as block_of, comparison, names};

    #[test]
    fn captions_explain_the_words_that_occur() {
        let words = |one: BlockResult| {
            captions(&comparison(vec![one])).into_iter().map(|(word, _)| word).collect::<Vec<_>>()
        };
        let usual = || block_of("hexyl", &names(3, false), 12, 4.2);
        assert_eq!(words(usual()), ["ratio", "verdicts", "per build", "control"]);
        let mut one = usual();
        one.fastest = Some(Fastest { arm: 2, others: Vec::new() });
        one.arms[2].ratio =
            one.arms[2].ratio.map(|ratio| Ratio { rounds: 4, verdict: Verdict::Undecided, ..ratio });
        one.arms[3].ratio = one.arms[2].ratio;
        one.noise_floor = None;
        one.setup.values = vec!["linker=default is LLD 22.1.2 here".to_owned()];
        assert_eq!(words(one), ["ratio", "verdicts", "minimum", "fastest", "values"]);
    }
}
