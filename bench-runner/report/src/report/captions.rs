//! Captions of tables: what the columns and words mean. The same sentences in the terminal, in Markdown and on the page.

use bench_runner_core::compare::{BlockResult, Comparison, Offsets, RoundsNeeded};
use bench_runner_core::stats::{ASSUMED_OFFSET, MIN_TWINS};

use super::{effects, fastest, proofs};
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
                "faster, slower: by more than chance explains; equivalent: shown to be within ±{margin}, the smallest \
                 difference that matters (--margin), whether chance explains it or not; undecided: none of these was shown. {}",
                wording::family_sentence(comparison)
            ),
        ));
    }
    let of_words = [
        effects::caption(comparison),
        minimum(comparison),
        settle(comparison),
        fastest_words(comparison),
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
        let text = "the smallest number of rounds that was planned. In simulations with fewer, intervals contained the true \
                    ratio as often as with more, and false verdicts were as rare; but the intervals are wider, so that only \
                    large differences are found.";
        ("minimum", text.to_owned())
    })
}

/// Meaning of the rounds that would settle an undecided variant.
pub(super) fn settle(comparison: &Comparison) -> Option<Caption> {
    let mut arms = comparison.blocks.iter().flat_map(|block| &block.arms);
    let is_asked = arms
        .any(|arm| matches!(arm.needed, Some(RoundsNeeded::Rounds(_) | RoundsNeeded::AssumedOffset { .. })));
    is_asked.then(|| {
        let text = "with the number of rounds that the answer names, and the variation of this run, the interval is narrow \
                    enough for one of faster, slower and equivalent, whatever the true difference is. A large difference needs \
                    fewer rounds. After few rounds the number is rough.";
        ("settle", text.to_owned())
    })
}

/// Condition under which a variant is called the fastest.
pub(super) fn fastest_words(comparison: &Comparison) -> Option<Caption> {
    let clauses: Vec<String> = comparison.blocks.iter().filter_map(fastest::clause).collect();
    let is_any_named = clauses.iter().any(|clause| !clause.starts_with(fastest::NOT_DECIDED));
    (!clauses.is_empty()).then(|| {
        let mut text = "a variant that was shown to be faster than the baseline, or the baseline if it was shown to be faster than \
                        all variants. Those that were not told apart from it (undecided or equivalent) are named with it."
            .to_owned();
        if is_any_named {
            text.push_str(" Verdicts between two variants are corrected for the number of pairs.");
        }
        ("fastest", text)
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
        .then(|| ("per build", "the median of the baseline times the change.".to_owned()))
}

/// Meaning of the differences that are named beside a control.
pub(super) fn control(comparison: &Comparison) -> Option<Caption> {
    let has_floor = |block: &BlockResult| block.twin.is_some() && wording::noise_floor(block).is_some();
    comparison.blocks.iter().any(has_floor).then(|| {
        let text = "the difference of two identical builds, with its 95% interval. The percentage after it, the noise floor, \
                    comes from the intervals of the variants. It is larger than the ± of a typical variant, because verdicts are \
                    corrected and because 4 of 5 runs have to find the difference; smaller ones can be found too, but are \
                    missed more often.";
        ("control", text.to_owned())
    })
}

/// Reason to run more comparisons on the machine, if a result waits for them.
pub(super) fn more_comparisons(comparison: &Comparison) -> Option<Caption> {
    let mut arms = comparison.blocks.iter().flat_map(|block| &block.arms);
    let is_asked = arms.any(|arm| matches!(arm.needed, Some(RoundsNeeded::AssumedOffset { .. })));
    let known = comparison.calibration.iter().filter_map(|answer| match answer.offsets {
        Offsets::Assumed { twins } => Some(twins),
        Offsets::Calibrated { .. } => None,
    });
    let known = known.max().filter(|_| is_asked)?;
    let text = format!(
        "identical builds in two target directories can differ in speed, and controls show by how much. Each comparison adds \
         one (`bench-runner run`, without a scenario, has 3), if its run is in the same `results` directory: {known} so far, \
         with this run; a new run adds its own. From {MIN_TWINS} on the difference is estimated from them. Until then one of \
         {} (standard deviation) is assumed, and with it an interval stays too wide to show equivalence within ±{}, however \
         many rounds there are: a variant that hardly differs stays undecided.",
        wording::share(ASSUMED_OFFSET),
        wording::share(comparison.blocks.first()?.margin)
    );
    Some(("controls", text))
}

/// The meaning of the words in the column of proofs, and why a table lacks it.
fn proof(comparison: &Comparison) -> Option<Caption> {
    let blocks = || comparison.blocks.iter().filter(|block| !block.arms.is_empty());
    blocks().any(proofs::has_words).then(|| {
        let mut text =
            "proven: the warm-up build shows that the settings of the variant were in force, or that the workload did what \
             its name says if the variant sets nothing."
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
