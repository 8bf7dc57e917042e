//! Two runs of one plan → whether the second run confirms the verdicts of the first.

use bench_runner_core::compare::Ratio;
use bench_runner_core::record::{Role, Variant};
use bench_runner_core::stats::{holm, sum};

use super::grouping::{self, RunBlock};
use super::run::{ComparedRun, same_run};
use super::setup_differences::{self, SetupDifference};
use super::table::{NoRatio, variant_ratio};
use super::values::{as_ratio, is_conclusive};

/// Significance level of a difference between two ratios, after correction.
const LEVEL_OF_DIFFERENCE: f64 = 0.05;

/// Comparison of a second run with a first one.
#[derive(Debug, Clone, PartialEq)]
pub struct Reproduction {
    /// Verdicts of the first run, one row each.
    pub rows: Vec<ReproducedVerdict>,
    /// Differences in setup between the two runs; the first run has index 0, the second index 1.
    pub differences: Vec<SetupDifference>,
    /// Reason why no block of the first run is the same comparison in the second one; `None` if one is, or if
    /// the first run has no block.
    pub why_not_comparable: Option<String>,
    /// True if both are the same run, so that nothing was reproduced.
    pub same_run: bool,
    /// True if both were made on the same machine.
    pub same_machine: bool,
}

/// A comparison of the first run, with its result in the second one.
#[derive(Debug, Clone, PartialEq)]
pub struct ReproducedVerdict {
    /// Title of the block.
    pub block: String,
    pub variant: String,
    /// Name of the baseline.
    pub baseline: String,
    /// Ratio in the first run; `None` if it has no ratio.
    pub original: Option<Ratio>,
    /// Ratio in the second run, or the reason why it has none.
    pub again: Result<Ratio, String>,
    /// Comparison of the two ratios; `None` unless both exist.
    pub ratios: Option<TwoRatios>,
    pub outcome: ReproductionOutcome,
}

/// Relation of two ratios of one comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwoRatios {
    /// True if the 95% intervals overlap.
    pub overlap: bool,
    /// True if the first estimate is in the second interval.
    pub within: bool,
    /// Second ratio divided by the first, with its 95% interval.
    pub factor: (f64, (f64, f64)),
    /// p-value of the test that the two ratios are equal.
    pub p: f64,
    /// The p-value, corrected over all comparisons that both runs have (Holm).
    pub p_adjusted: f64,
}

impl TwoRatios {
    /// True if the ratios differ by more than chance.
    pub fn differ(&self) -> bool {
        self.p_adjusted < LEVEL_OF_DIFFERENCE
    }
}

/// Outcome of repeating a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ReproductionOutcome {
    /// The first run had no conclusive verdict (`undecided`, `invalid`, no ratio), so there was nothing to
    /// confirm.
    NothingClaimed,
    /// The second run has the same verdict.
    Confirmed,
    /// The second run is inconclusive, or has no ratio.
    NotConfirmed,
    /// The second run has another conclusive verdict, or is inconclusive with a ratio that differs by more
    /// than chance.
    Contradicted,
}

impl ReproductionOutcome {
    /// Word for files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingClaimed => "nothing claimed",
            Self::Confirmed => "confirmed",
            Self::NotConfirmed => "not confirmed",
            Self::Contradicted => "contradicted",
        }
    }
}

impl Reproduction {
    /// Number of comparisons with this outcome.
    pub fn count(&self, outcome: ReproductionOutcome) -> usize {
        self.rows.iter().filter(|row| row.outcome == outcome).count()
    }

    /// Worst outcome of all comparisons; `None` if the first run had no conclusive verdict.
    pub fn worst(&self) -> Option<ReproductionOutcome> {
        self.rows
            .iter()
            .map(|row| row.outcome)
            .max()
            .filter(|worst| *worst != ReproductionOutcome::NothingClaimed)
    }
}

/// Compares the verdicts of two runs of a plan, comparison by comparison.
pub fn compare_reproduction(original: ComparedRun<'_>, again: ComparedRun<'_>) -> Reproduction {
    let second: Vec<RunBlock<'_>> = RunBlock::all(1, again).collect();
    let first: Vec<RunBlock<'_>> = RunBlock::all(0, original).collect();
    let others: Vec<Result<&RunBlock<'_>, String>> =
        first.iter().map(|one| matching_block(one, &second)).collect();
    let mut rows: Vec<ReproducedVerdict> =
        first.iter().zip(&others).flat_map(|(one, other)| block_rows(one, other)).collect();
    let p: Vec<Option<f64>> = rows.iter().filter_map(|row| Some(Some(row.ratios?.p))).collect();
    let tested = p.len();
    let mut corrected = holm(&p, tested).into_iter().flatten();
    for row in &mut rows {
        if let Some(ratios) = &mut row.ratios {
            ratios.p_adjusted = corrected.next().unwrap_or(1.0);
        }
        row.outcome = outcome(row);
    }
    Reproduction {
        rows,
        differences: setup_differences::find(&[original, again], &[0, 1], 2),
        why_not_comparable: match others.iter().find(|other| other.is_ok()) {
            Some(_) => None,
            None => others.first().and_then(|other| other.clone().err()),
        },
        same_run: same_run(&original, &again),
        same_machine: original.manifest.machine.instance == again.manifest.machine.instance,
    }
}

/// The same block in the second run.
///
/// # Errors
/// If there is none; the error is the reason.
fn matching_block<'s, 'a>(
    first: &RunBlock<'_>,
    second: &'s [RunBlock<'a>],
) -> Result<&'s RunBlock<'a>, String> {
    match second.iter().find(|other| other.result.id == first.result.id) {
        None => Err("the second run does not have this comparison".to_owned()),
        Some(other) => match grouping::comparison_differences(first, other).as_slice() {
            [] => Ok(other),
            differences => Err(differences.join("; ")),
        },
    }
}

fn block_rows(first: &RunBlock<'_>, other: &Result<&RunBlock<'_>, String>) -> Vec<ReproducedVerdict> {
    let arms = first.planned.arms.iter().enumerate();
    let arms = arms.filter(|(at, arm)| *at != first.result.baseline && arm.role != Role::Twin);
    arms.map(|(_, arm)| variant_row(first, other.as_ref().map_err(|reason| reason.as_str()), &arm.variant))
        .collect()
}

fn variant_row(
    first: &RunBlock<'_>,
    other: Result<&&RunBlock<'_>, &str>,
    variant: &Variant,
) -> ReproducedVerdict {
    let ratio_or_reason = |block: &RunBlock<'_>| {
        variant_ratio(block, variant).map_err(|missing| match missing {
            NoRatio::SameAsBaseline => "it is identical to the baseline there".to_owned(),
            NoRatio::Because(reason) => reason,
        })
    };
    let original = ratio_or_reason(first).ok();
    let again = other.map_err(str::to_owned).and_then(|other| ratio_or_reason(other));
    let ratios = original.as_ref().zip(again.as_ref().ok()).and_then(|(one, two)| two_ratios(one, two));
    ReproducedVerdict {
        block: first.result.title.clone(),
        variant: variant.name.clone(),
        baseline: first.baseline().map(|baseline| baseline.name.clone()).unwrap_or_default(),
        original,
        again,
        ratios,
        outcome: ReproductionOutcome::NothingClaimed,
    }
}

fn two_ratios(one: &Ratio, two: &Ratio) -> Option<TwoRatios> {
    let difference = sum(&[two.log_ratio(), one.log_ratio().scaled_by(-1.0)])?;
    let p = difference.p_zero();
    Some(TwoRatios {
        overlap: one.low <= two.high && two.low <= one.high,
        within: (two.low..=two.high).contains(&one.ratio),
        factor: as_ratio(&difference),
        p,
        p_adjusted: p,
    })
}

fn outcome(row: &ReproducedVerdict) -> ReproductionOutcome {
    let Some(claim) = row.original.map(|ratio| ratio.verdict).filter(|verdict| is_conclusive(*verdict))
    else {
        return ReproductionOutcome::NothingClaimed;
    };
    let differ = row.ratios.is_some_and(|ratios| ratios.differ());
    match row.again.as_ref().map(|ratio| ratio.verdict) {
        Ok(verdict) if verdict == claim => ReproductionOutcome::Confirmed,
        Ok(verdict) if !verdict.is_conclusive() && !differ => ReproductionOutcome::NotConfirmed,
        Ok(_) => ReproductionOutcome::Contradicted,
        Err(_) => ReproductionOutcome::NotConfirmed,
    }
}
