//! Captions of tables: what the columns and words mean. The same sentences in the terminal, in Markdown and on the page.

use bench_runner_core::compare::{BlockResult, Comparison};

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
                "faster, slower: by more than chance explains; equivalent: any difference was shown to be within \
                 ±{margin}, the smallest difference that matters (--margin), even if it is more than chance explains; \
                 undecided: neither was shown. {}",
                wording::family_sentence(comparison)
            ),
        ));
    }
    let of_words = [
        not_told_apart(comparison),
        per_build(comparison),
        control(comparison),
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

/// The meaning of `not told apart`.
pub(super) fn not_told_apart(comparison: &Comparison) -> Option<Caption> {
    let clauses = || comparison.blocks.iter().filter_map(super::fastest::clause);
    clauses().any(|clause| clause.contains("told apart")).then(|| {
        let text = "the two, compared with each other, are undecided or equivalent (corrected for all pairs, unless the \
                    pair was planned).";
        ("not told apart", text.to_owned())
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

/// What the difference beside a control does not say.
pub(super) fn control(comparison: &Comparison) -> Option<Caption> {
    let has_floor = |block: &BlockResult| block.twin.is_some() && wording::noise_floor(block).is_some();
    comparison.blocks.iter().any(has_floor).then(|| {
        let text =
            "differences smaller than the one named there can be found too, but are missed more often.";
        ("control", text.to_owned())
    })
}

/// The meaning of the words in the column of proofs, and why a table lacks it.
fn proof(comparison: &Comparison) -> Option<Caption> {
    let blocks = || comparison.blocks.iter().filter(|block| !block.arms.is_empty());
    blocks().any(proofs::has_words).then(|| {
        let mut text = "proven: the builds show that the settings of the variant were in force, or its workload if it has \
                        no settings."
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

fn distinct<'t>(texts: impl Iterator<Item = &'t String>) -> Vec<&'t str> {
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
        assert_eq!(words(one), ["ratio", "verdicts", "not told apart", "values"]);
    }
}
