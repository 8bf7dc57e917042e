//! Cost of a block's design, and the limits of a fraction.

use bench_runner_core::compare::with_separators;
use bench_runner_core::record::{Block, Design};
use bench_runner_measure::plan::DesignCost;

/// Number of mixed effects that are named.
const NAMED: usize = 3;

/// Largest product of which a fraction says what all combinations would take. A fraction of so few leaves few degrees of
/// freedom to notice interactions.
const SMALL: u64 = 16;

/// Statements on the combinations of a block that varies several axes; none for other blocks.
pub(super) fn design_lines(block: &Block) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(design) = block.design.as_ref().filter(|_| block.is_fraction()) {
        lines.push(rows(design));
        lines.push(mixed(design));
        lines.push(
            "a fraction gives no verdicts: it nominates a combination, to be measured head to head"
                .to_owned(),
        );
        lines.extend(whole_product(design));
    }
    lines.extend(cost(block));
    lines
}

fn rows(design: &Design) -> String {
    let chosen = with_separators(&design.rows.to_string());
    let all = with_separators(&design.of.to_string());
    let efficiency = match design.efficiency {
        Some(efficiency) => format!(" (D-efficiency {efficiency:.2} of at most 1)"),
        None => String::new(),
    };
    format!("a fraction: {chosen} of {all} combinations, which show the effect of every value{efficiency}")
}

/// The better choice where all combinations are few.
fn whole_product(design: &Design) -> Option<String> {
    let is_small = design.of <= SMALL && u64::from(design.rows) < design.of;
    is_small.then(|| {
        format!(
            "all {} combinations (`--design product`) take {:.1} times the builds, and have verdicts",
            design.of,
            design.of as f64 / f64::from(design.rows)
        )
    })
}

/// The aliasing in words.
fn mixed(design: &Design) -> String {
    let named = design.aliasing.iter().take(NAMED).map(|one| {
        let [a, b] = &one.interaction;
        format!("{} with {a} × {b} ({:.2})", one.axis, one.share)
    });
    let named: Vec<String> = named.collect();
    if named.is_empty() {
        return "no effect is mixed with more than a fifth of how two axes act together".to_owned();
    }
    let more = match design.aliasing.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    format!("where two axes act together, other effects change with them: {}{more}", named.join(", "))
}

/// Cost of changing one axis at a time, for effects of the same precision.
fn cost(block: &Block) -> Option<String> {
    let cost = DesignCost::of(block)?;
    let averaged =
        format!("{} builds a round show each effect as an average over the other axes", cost.builds);
    let singly = format!(
        "one axis at a time ({} a round) needs {:.1} times the builds for the same precision",
        cost.one_at_a_time,
        cost.factor()
    );
    Some(format!("{averaged}; {singly}"))
}

/// The expected precision of the effects of a fraction, if that of a single combination is `half_width`; `None` for other
/// blocks.
pub(super) fn effect_half_width(block: &Block, half_width: f64) -> Option<f64> {
    let cost = DesignCost::of(block).filter(|_| block.is_fraction())?;
    Some((half_width.ln_1p() / cost.narrower()).exp_m1())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use bench_runner_core::record::{Arm, BlockId, DesignAliasing, DesignKind, Role, Sampling, Variant};

    use super::*;

    /// A block with these combinations of `a` and `b`, the first of them also as the control.
    fn block(combinations: &[[&str; 2]]) -> Block {
        let arm = |role, [a, b]: [&str; 2]| Arm {
            role,
            variant: Variant {
                name: format!("a={a} b={b}"),
                project: "p".into(),
                workload: "clean".into(),
                rev: None,
                settings: BTreeMap::from([("a".to_owned(), a.to_owned()), ("b".to_owned(), b.to_owned())]),
            },
            aliases: Vec::new(),
            co_changes: Vec::new(),
            primed: false,
        };
        let variants = combinations[1..].iter().map(|one| arm(Role::Variant, *one));
        let first = [arm(Role::Baseline, combinations[0]), arm(Role::Twin, combinations[0])];
        Block {
            id: BlockId::new("m", "p", "clean"),
            axes: vec!["a".into(), "b".into()],
            arms: first.into_iter().chain(variants).collect(),
            sampling: Sampling {
                warmup: 1,
                min_rounds: 3,
                max_rounds: 3,
                precision: None,
                margin: 0.03,
                timeout: Duration::ZERO,
            },
            commits: BTreeMap::new(),
            fidelity: Vec::new(),
            design: None,
            visits: None,
        }
    }

    /// By hand: with the control, the four cells of 2×2 have the weights 2, 1, 1, 1. The variance of an effect in
    /// units of a build is then 6/7 (from the inverse of [[5, 2, 2], [2, 2, 1], [2, 1, 2]]), that of one at a time
    /// 3/2. So 4 builds in place of 5, but 1.75 times the rounds: 1.4 times the builds.
    #[test]
    fn a_product_is_cheaper_than_one_axis_at_a_time() {
        let lines = design_lines(&block(&[["1", "1"], ["1", "2"], ["2", "1"], ["2", "2"]]));
        let expected = "5 builds a round show each effect as an average over the other axes; one axis at a time (4 a round) needs 1.4 times the builds for the same precision";
        assert_eq!(lines, [expected]);
        assert!(design_lines(&block(&[["1", "1"], ["1", "2"], ["1", "3"]])).is_empty());
    }

    #[test]
    fn one_axis_at_a_time_is_itself() {
        let lines = design_lines(&block(&[["1", "1"], ["1", "2"], ["2", "1"]]));
        assert!(
            lines[0].ends_with(
                "one axis at a time (4 a round) needs 1.0 times the builds for the same precision"
            ),
            "{lines:?}"
        );
    }

    #[test]
    fn a_fraction_says_what_it_is() {
        let mut block = block(&[["1", "1"], ["1", "2"], ["2", "1"]]);
        let aliasing = |axis: &str, share| DesignAliasing {
            axis: axis.into(),
            interaction: ["x".into(), "y".into()],
            share,
        };
        block.design = Some(Design {
            kind: DesignKind::Fraction,
            rows: 24,
            of: 1728,
            seed: Some(1),
            efficiency: Some(0.974),
            interactions: Vec::new(),
            aliasing: vec![aliasing("a", 0.5), aliasing("b", 0.33), aliasing("c", 0.3), aliasing("d", 0.25)],
            left_out: Vec::new(),
        });
        let lines = design_lines(&block);
        assert_eq!(
            lines[0],
            "a fraction: 24 of 1,728 combinations, which show the effect of every value (D-efficiency 0.97 of at most 1)"
        );
        assert!(
            lines[1].ends_with("a with x × y (0.50), b with x × y (0.33), c with x × y (0.30), and 1 more")
        );
        block.design.as_mut().unwrap().aliasing.clear();
        assert!(design_lines(&block)[1].starts_with("no effect is mixed"));
        assert!(lines[2].starts_with("a fraction gives no verdicts"));
        assert!(!lines[3].contains("--design product"), "{lines:?}");
        let design = block.design.as_mut().unwrap();
        (design.rows, design.of) = (6, 8);
        let expected = "all 8 combinations (`--design product`) take 1.3 times the builds, and have verdicts";
        assert_eq!(design_lines(&block)[3], expected);
    }
}
