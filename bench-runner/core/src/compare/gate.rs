//! Is a variant slower than its baseline by more than a tolerance?

use super::policy::Policy;
use super::result::{ArmResult, BlockResult, Comparison, Verdict};
use crate::stats::{LEVEL, UncertainValue, holm};

/// Answer for one comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GateOutcome {
    /// Shown to be slower by less than the tolerance, if at all.
    Passed,
    /// Neither was shown.
    Unsure,
    /// Shown to be slower by more than the tolerance.
    Regressed,
}

impl GateOutcome {
    /// The outcome as written in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Unsure => "unsure",
            Self::Regressed => "regression",
        }
    }
}

/// One variant at a gate.
#[derive(Debug, Clone, Copy)]
pub struct GatedVariant<'c> {
    /// The block.
    pub block: &'c BlockResult,
    /// The variant.
    pub arm: &'c ArmResult,
    /// Allowed slowdown, as a fraction.
    pub tolerance: f64,
    /// The answer.
    pub outcome: GateOutcome,
    /// The p-value against "slower by the tolerance or less", one-sided, after Holm's correction; `None` without a
    /// ratio.
    pub p: Option<f64>,
}

/// Answers for all variants of a comparison, in its order.
///
/// `tolerance` gives that of each variant, as a fraction. With limit ln(1 + tolerance), a variant has regressed if its log-ratio is above the limit by a one-sided test at half
/// of the policy's level, with Holm's correction over all planned comparisons; for a single comparison this means that
/// all of the 95% interval is above the limit. It has passed if all of its plain 95% interval is below the limit: every
/// variant must pass for a gate to pass, so this needs no correction. Nothing is shown in an invalid block, or without
/// a ratio. Builds that failed or timed out have no time, so a variant with one cannot pass, and one of the baseline's
/// keeps the others from regressing.
pub fn gate<'c>(
    comparison: &'c Comparison,
    tolerance: impl Fn(&BlockResult, &ArmResult) -> f64,
    policy: &Policy,
) -> Vec<GatedVariant<'c>> {
    let compared: Vec<(&BlockResult, &ArmResult, f64)> = comparison
        .blocks
        .iter()
        .flat_map(|block| {
            let arms = block.arms.iter().enumerate().filter(|(at, _)| block.is_compared(*at));
            let tolerance = &tolerance;
            arms.map(move |(_, arm)| (block, arm, tolerance(block, arm)))
        })
        .collect();
    let usable = |arm: &ArmResult| {
        arm.ratio.filter(|ratio| !matches!(ratio.verdict, Verdict::Invalid | Verdict::NotJudged))
    };
    let p_values: Vec<Option<f64>> = compared
        .iter()
        .map(|(_, arm, tolerance)| usable(arm).map(|ratio| p_above(ratio.log_ratio(), tolerance.ln_1p())))
        .collect();
    let level = 0.5 * policy.level(comparison.family());
    let outcome = |block: &BlockResult, arm: &ArmResult, tolerance: f64, p: Option<f64>| {
        let baseline_failed = block.arms.get(block.baseline).is_some_and(|baseline| baseline.failures > 0);
        match usable(arm) {
            Some(_) if p.is_some_and(|p| p <= level) && !baseline_failed => GateOutcome::Regressed,
            Some(ratio) if ratio.high.ln() < tolerance.ln_1p() && arm.failures == 0 => GateOutcome::Passed,
            _ => GateOutcome::Unsure,
        }
    };
    let corrected = holm(&p_values, comparison.family());
    let gated = compared.into_iter().zip(corrected).map(|((block, arm, tolerance), p)| GatedVariant {
        block,
        arm,
        tolerance,
        outcome: outcome(block, arm, tolerance, p),
        p,
    });
    gated.collect()
}

/// Answers for changes that no single run has measured, such as those from an old run to a new one: log-ratios, each with
/// its tolerance as a fraction; `None` leaves the question open. The rules are those of [`gate`].
pub fn gate_changes(changes: &[(Option<UncertainValue>, f64)], policy: &Policy) -> Vec<GateOutcome> {
    let p_values: Vec<Option<f64>> = changes
        .iter()
        .map(|(change, tolerance)| change.map(|change| p_above(change, tolerance.ln_1p())))
        .collect();
    let level = 0.5 * policy.level(changes.len());
    let outcome = |((change, tolerance), p): (&(Option<UncertainValue>, f64), Option<f64>)| match change {
        Some(_) if p.is_some_and(|p| p <= level) => GateOutcome::Regressed,
        Some(change) if change.interval(LEVEL).1 < tolerance.ln_1p() => GateOutcome::Passed,
        _ => GateOutcome::Unsure,
    };
    changes.iter().zip(holm(&p_values, changes.len())).map(outcome).collect()
}

/// The p-value against "the log-ratio is at most `limit`", one-sided.
fn p_above(log_ratio: UncertainValue, limit: f64) -> f64 {
    let distance = UncertainValue { value: log_ratio.value - limit, ..log_ratio };
    let tail = 0.5 * distance.p_zero();
    if distance.value > 0.0 { tail } else { 1.0 - tail }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::*;
    use super::*;
    use crate::record::Outcome;

    fn outcomes(comparison: &Comparison, tolerance: f64) -> Vec<GateOutcome> {
        gate(comparison, |_, _| tolerance, &Policy::default()).iter().map(|one| one.outcome).collect()
    }

    #[test]
    fn a_variant_passes_regresses_or_leaves_the_question_open() {
        let plan = plan(vec![block("linkers", true, &["faster", "same", "near", "slower"])]);
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 16, 1, |arm| [1.0, 1.0, 0.9, 1.0, 1.03, 1.1][arm]);
        let found = compare_samples(&plan, &samples.all);
        let (pass, unsure, regress) = (GateOutcome::Passed, GateOutcome::Unsure, GateOutcome::Regressed);
        assert_eq!(outcomes(&found, 0.03), [pass, pass, unsure, regress]);
        assert_eq!(outcomes(&found, 0.2), [pass; 4], "all within such a tolerance");
        assert_eq!(outcomes(&found, 0.0)[3], regress);
        let gated = gate(&found, |_, _| 0.03, &Policy::default());
        assert!(gated[3].p.unwrap() < 0.015 && gated[1].p.unwrap() > 0.9, "{:?}", gated[3].p);
    }

    /// For a single comparison, a regression is an interval above the limit.
    #[test]
    fn the_interval_says_the_same() {
        let plan = plan(vec![block("linkers", true, &["v"])]);
        for seed in 0..60 {
            let mut samples = Samples::of(&plan);
            samples.noisy(0, 6, seed, |arm| if arm == 2 { 1.04 } else { 1.0 });
            let found = compare_samples(&plan, &samples.all);
            let ratio = found.blocks[0].arms[2].ratio.unwrap();
            let expected = match () {
                () if matches!(ratio.verdict, Verdict::Invalid | Verdict::NotJudged) => GateOutcome::Unsure,
                () if ratio.low > 1.03 => GateOutcome::Regressed,
                () if ratio.high < 1.03 => GateOutcome::Passed,
                () => GateOutcome::Unsure,
            };
            assert_eq!(outcomes(&found, 0.03), [expected], "{seed}: {ratio:?}");
        }
    }

    #[test]
    fn each_comparison_has_its_own_tolerance() {
        let plan = plan(vec![block("linkers", true, &["one", "other"])]);
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 16, 1, |arm| if arm > 1 { 1.1 } else { 1.0 });
        let found = compare_samples(&plan, &samples.all);
        let gated = gate(&found, |_, arm| if arm.variant == "one" { 0.03 } else { 0.2 }, &Policy::default());
        let outcomes: Vec<GateOutcome> = gated.iter().map(|one| one.outcome).collect();
        assert_eq!(outcomes, [GateOutcome::Regressed, GateOutcome::Passed]);
    }

    #[test]
    fn changes_are_answered_by_the_same_rules() {
        let known = |value: f64, se: f64| Some(UncertainValue { value, se, df: 10.0 });
        let changes =
            [(known(0.1, 0.01), 0.03), (known(0.0, 0.005), 0.03), (known(0.03, 0.01), 0.03), (None, 0.03)];
        let (pass, unsure, regress) = (GateOutcome::Passed, GateOutcome::Unsure, GateOutcome::Regressed);
        assert_eq!(gate_changes(&changes, &Policy::default()), [regress, pass, unsure, unsure]);
        assert_eq!(gate_changes(&[], &Policy::default()), []);
    }

    #[test]
    fn without_evidence_nothing_passes() {
        let plan = plan(vec![block("linkers", true, &["timed-out", "never-built", "fine"])]);
        let mut samples = Samples::of(&plan);
        for round in 1..=12 {
            samples.round(0, round, |arm| match arm {
                2 if round == 5 => Outcome::TimedOut,
                3 => Outcome::TimedOut,
                _ => built(10.0 + 0.01 * f64::from(round)),
            });
        }
        let found = compare_samples(&plan, &samples.all);
        let (pass, unsure) = (GateOutcome::Passed, GateOutcome::Unsure);
        assert_eq!(outcomes(&found, 0.03), [unsure, unsure, pass]);
    }

    #[test]
    fn a_baseline_that_failed_accuses_nobody() {
        let plan = plan(vec![block("linkers", true, &["v"])]);
        let mut samples = Samples::of(&plan);
        for round in 1..=12 {
            samples.round(0, round, |arm| match arm {
                BASELINE if round == 5 => Outcome::TimedOut,
                2 => built(20.0),
                _ => built(10.0 + 0.01 * f64::from(round)),
            });
        }
        assert_eq!(outcomes(&compare_samples(&plan, &samples.all), 0.03), [GateOutcome::Unsure]);
    }
}
