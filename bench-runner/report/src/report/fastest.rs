//! The fastest variant of a block as a sentence.

use bench_runner_core::compare::{BlockResult, Fastest, Verdict};

use crate::figure::wording;

/// Beginning of the clause if no variant is named.
pub(super) const NOT_DECIDED: &str = "the fastest is not decided";

/// More variants than this are counted.
const NAMED: usize = 4;

/// The fastest variant, and those that were not told apart from it, as a clause. `None` if the block has a single
/// verdict, which says the same, or no valid one.
pub(super) fn clause(block: &BlockResult) -> Option<String> {
    let fastest = block.fastest.as_ref()?;
    let open: Vec<usize> = fastest.not_told_apart().map(|(arm, _)| arm).collect();
    let all_are_open = open.len() == fastest.others.len();
    if nothing_differs(block, fastest) {
        return Some(format!(
            "{NOT_DECIDED}; no variant was told apart from the baseline {}",
            name(block, block.baseline)
        ));
    }
    if !is_known(block, fastest) {
        return Some(format!(
            "{NOT_DECIDED}; no variant was shown to be faster than the baseline {}",
            name(block, block.baseline)
        ));
    }
    let told_apart = match open.len() {
        0 if fastest.others.len() == 2 => "both others are slower than it".to_owned(),
        0 => "all others are slower than it".to_owned(),
        _ if all_are_open => "no other variant was told apart from it".to_owned(),
        1 => format!("{} was not told apart from it", name(block, open[0])),
        2..=NAMED => format!("{} were not told apart from it", list(block, &open)),
        many => format!("{many} others were not told apart from it"),
    };
    Some(format!("the fastest is {}; {told_apart}", name(block, fastest.arm)))
}

/// True unless no variant was shown to be faster than the baseline, and the baseline not to be the fastest.
pub(super) fn is_known(block: &BlockResult, fastest: &Fastest) -> bool {
    has_verdict(block, Verdict::Faster) || fastest.not_told_apart().next().is_none()
}

/// True if no variant was told apart from the fastest or from the baseline.
fn nothing_differs(block: &BlockResult, fastest: &Fastest) -> bool {
    fastest.not_told_apart().count() == fastest.others.len()
        && !has_verdict(block, Verdict::Faster)
        && !has_verdict(block, Verdict::Slower)
}

/// True if the comparison of a variant with the baseline has this verdict.
fn has_verdict(block: &BlockResult, verdict: Verdict) -> bool {
    let ratios = block.arms.iter().enumerate().filter(|(at, _)| block.is_compared(*at));
    ratios.filter_map(|(_, arm)| arm.ratio).any(|ratio| ratio.verdict == verdict)
}

/// Name of an arm without its aliases, which the table has.
fn name(block: &BlockResult, arm: usize) -> String {
    let arm = &block.arms[arm];
    if arm.aliases.is_empty() { wording::arm_subject(arm) } else { arm.variant.clone() }
}

fn list(block: &BlockResult, arms: &[usize]) -> String {
    let names: Vec<String> = arms.iter().map(|arm| name(block, *arm)).collect();
    wording::join_and(&names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::fixture::{block, names, ratio};

    /// A block of `linker=bfd`, its control, `linker=lld`, `linker=mold` and `codegen-units=3`, whose fastest arm is
    /// given.
    fn clause_of(arm: usize, others: &[(usize, Verdict)], verdicts: [Verdict; 3]) -> String {
        let mut one = block("hexyl", &names(4, false), 12, 4.2);
        for (arm, verdict) in one.arms.iter_mut().skip(2).zip(verdicts) {
            arm.ratio = Some(ratio(0.9, 0.1, verdict));
        }
        one.fastest = Some(Fastest { arm, others: others.to_vec() });
        clause(&one).unwrap()
    }

    #[test]
    fn the_fastest_is_named_with_those_that_could_be_as_fast() {
        use Verdict::{Equivalent, Faster, Slower, Undecided};
        let decided = [Faster, Faster, Slower];
        let others = |lld: Verdict, baseline: Verdict| [(2, lld), (0, baseline), (4, Slower)];
        assert_eq!(
            clause_of(3, &others(Slower, Slower), decided),
            "the fastest is linker=mold; all others are slower than it"
        );
        assert_eq!(
            clause_of(3, &others(Equivalent, Slower), decided),
            "the fastest is linker=mold; linker=lld was not told apart from it"
        );
        assert_eq!(
            clause_of(3, &others(Undecided, Undecided), [Undecided, Undecided, Slower]),
            "the fastest is not decided; no variant was shown to be faster than the baseline linker=bfd"
        );
        assert_eq!(
            clause_of(3, &others(Undecided, Undecided), [Faster, Undecided, Slower]),
            "the fastest is linker=mold; linker=lld and linker=bfd were not told apart from it"
        );
        assert_eq!(
            clause_of(0, &[(2, Slower), (3, Slower), (4, Slower)], [Slower; 3]),
            "the fastest is linker=bfd; all others are slower than it"
        );
        let open = [(2, Undecided), (0, Undecided), (4, Undecided)];
        assert_eq!(
            clause_of(3, &open, [Undecided, Equivalent, Undecided]),
            "the fastest is not decided; no variant was told apart from the baseline linker=bfd"
        );
        assert_eq!(
            clause_of(3, &open, [Undecided, Undecided, Slower]),
            "the fastest is not decided; no variant was shown to be faster than the baseline linker=bfd"
        );
        assert_eq!(
            clause_of(3, &open, [Faster, Undecided, Slower]),
            "the fastest is linker=mold; no other variant was told apart from it"
        );
        assert_eq!(clause(&block("hexyl", &names(2, false), 12, 4.2)), None);
    }
}
