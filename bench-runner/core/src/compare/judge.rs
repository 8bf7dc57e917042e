//! From log-ratios to verdicts.

use std::borrow::Cow;

use rayon::prelude::*;

use super::cells::{Cells, Table};
use super::later_builds::changed_arms;
use super::policy::Policy;
use super::result::{Invalid, Offsets, Ratio, TwinResult, Verdict};
use crate::stats::{
    Contrast, Estimate, LEVEL, SerialCorrelation, estimate_block, estimate_with, holm, median,
    serial_correlation,
};

/// Estimates and verdicts of a block.
pub(super) struct JudgedBlock {
    /// Equivalence margin, as a fraction.
    pub(super) margin: f64,
    /// Estimate for each arm; `None` if it is not compared, was not timed, or has too few rounds.
    pub(super) estimates: Vec<Option<Estimate>>,
    /// Estimate of the twin before any offset, used to calibrate later runs.
    pub(super) twin: Option<Estimate>,
    /// Reasons why the block is invalid; empty if it is valid.
    pub(super) invalid: Vec<Invalid>,
    /// Serial correlation, if found; the standard errors are stretched for it.
    pub(super) serial: Option<SerialCorrelation>,
    /// Offsets between directories, which were added to the variances.
    pub(super) offsets: Option<Offsets>,
    /// τ² estimated from twins of other blocks; assumed if there are too few.
    offset_from_others: f64,
    /// Ratio for each arm that has an estimate.
    pub(super) ratios: Vec<Option<Ratio>>,
}

/// Estimates of a block's comparisons from some of its rounds, before any offset.
pub(super) struct BlockEstimates {
    /// For each arm its comparison with the baseline; `None` for the twin.
    pub(super) arms: Vec<Option<Estimate>>,
    /// The comparison of the planned twin with the planned baseline.
    pub(super) twin: Option<Estimate>,
}

impl BlockEstimates {
    /// `rounds` has the wall seconds of all arms; standard errors are stretched and then pooled with those of
    /// the planned comparisons, whichever baseline is chosen.
    pub(super) fn of<R: AsRef<[Option<f64>]>>(cells: &Cells<'_>, rounds: &[R], stretch: f64) -> Self {
        let (indices, contrasts): (Vec<usize>, Vec<Contrast>) = cells.planned_contrasts().into_iter().unzip();
        let (planned, variance) = estimate_block(rounds, &contrasts, cells.control(), stretch);
        let mut arms = vec![None; cells.block.arms.len()];
        indices.into_iter().zip(planned).for_each(|(arm, estimate)| arms[arm] = estimate);
        let twin = cells.reference.twin.and_then(|twin| arms[twin].take());
        if cells.is_post_hoc() {
            let (indices, contrasts): (Vec<usize>, Vec<Contrast>) =
                cells.chosen_contrasts().into_iter().unzip();
            let chosen = estimate_with(rounds, &contrasts, cells.control(), stretch, variance);
            arms.fill(None);
            indices.into_iter().zip(chosen).for_each(|(arm, estimate)| arms[arm] = estimate);
        }
        Self { arms, twin }
    }
}

/// Offsets between directories for judging one block.
#[derive(Debug, Clone, Copy)]
pub(super) struct BlockOffsets {
    /// Offsets for the comparisons of the block.
    pub(super) offsets: Offsets,
    /// τ² for the verdict on the block's own twin, from the other twins alone: a broken twin must not excuse
    /// itself. Assumed if there are too few.
    pub(super) variance_from_others: f64,
}

impl JudgedBlock {
    /// `format` is that of the plan.
    pub(super) fn of(cells: &Cells<'_>, policy: &Policy, format: u32) -> Self {
        let serial = serial_correlation(&judged_arms_table(cells));
        let stretch = stretch(serial);
        let BlockEstimates { arms: estimates, twin } = BlockEstimates::of(cells, &cells.table, stretch);
        Self {
            margin: policy.margin.unwrap_or(cells.block.sampling.margin),
            ratios: vec![None; estimates.len()],
            estimates,
            twin,
            invalid: changed_arms(cells, format).into_iter().map(Invalid::LaterBuildsDiffer).collect(),
            serial,
            offsets: None,
            offset_from_others: 0.0,
        }
    }

    /// The factor on standard errors for serial correlation; 1 if none was found.
    pub(super) fn stretch(&self) -> f64 {
        stretch(self.serial)
    }

    /// τ² of the offsets between directories, estimated or assumed.
    pub(super) fn offset_variance(&self) -> f64 {
        self.offsets.map_or(0.0, Offsets::variance)
    }

    /// The part of τ² in a comparison of two single arms: each session recreates the directories, so with
    /// rounds spread over several sessions the offsets average out by Σ (rounds of the session / all
    /// rounds)².
    pub(super) fn remaining_offset_variance(&self, cells: &Cells<'_>) -> f64 {
        self.offset_variance() * cells.session_share()
    }

    /// The twin's estimate for judging the block: an ordinary offset of its directory, as seen in other
    /// twins, does not make the block invalid.
    fn twin_with_offset(&self, cells: &Cells<'_>) -> Option<Estimate> {
        self.twin.map(|twin| twin.with_variance(self.offset_from_others * cells.session_share()))
    }

    /// The twin's result for the report.
    pub(super) fn twin_result(&self, cells: &Cells<'_>) -> Option<TwinResult> {
        let (twin, judged) = (self.twin?, self.twin_with_offset(cells)?);
        Some(TwinResult {
            rounds: twin.rounds,
            ratio: twin.ratio(),
            theta: twin.theta,
            se: twin.se,
            df: twin.df,
            half_width: judged.half_width_share(LEVEL),
            p: judged.p_difference(),
        })
    }

    /// The true difference, as a fraction, that four of five such runs would find in the variant with the
    /// median standard error, if all `family` comparisons of the run are corrected for. `None` without any
    /// estimate, and in an invalid block, which finds nothing.
    pub(super) fn noise_floor(&self, family: usize, policy: &Policy) -> Option<f64> {
        let alpha = policy.level(family) / family.max(1) as f64;
        let floors: Vec<f64> =
            self.estimates.iter().flatten().map(|estimate| estimate.detectable(alpha)).collect();
        median(&floors).filter(|_| self.invalid.is_empty())
    }

    /// Adds the offsets between directories to the standard errors.
    pub(super) fn add_offsets(&mut self, cells: &Cells<'_>, known: BlockOffsets) {
        self.offsets = Some(known.offsets);
        self.offset_from_others = known.variance_from_others;
        let widened = |(arm, estimate): (usize, &Option<Estimate>)| {
            estimate.map(|estimate| self.with_offset(cells, arm, estimate))
        };
        self.estimates = self.estimates.iter().enumerate().map(widened).collect();
    }

    /// Gives the pairs that were planned the results of `planned`, the same block judged against the planned baseline:
    /// a pair has one result, also where its standard error would now be pooled with those of other pairs.
    pub(super) fn keep_planned_verdicts(&mut self, cells: &Cells<'_>, planned: &Self) {
        for (arm, ratio) in self.ratios.iter_mut().enumerate() {
            let known = cells.planned_pair(arm).and_then(|pair| planned.ratios[pair]);
            let (Some(ratio), Some(known)) = (ratio, known) else { continue };
            *ratio = if cells.is_post_hoc() { known.reversed() } else { known };
        }
    }

    /// An estimate of the arm with the offsets between directories in its standard error.
    pub(super) fn with_offset(&self, cells: &Cells<'_>, arm: usize, estimate: Estimate) -> Estimate {
        let share = cells.contrast(arm).map_or(0.0, Contrast::offset_share);
        estimate.with_variance(share * self.remaining_offset_variance(cells))
    }
}

fn stretch(serial: Option<SerialCorrelation>) -> f64 {
    serial.map_or(1.0, |serial| serial.stretch())
}

/// The table without the times of a twin that is not judged: interim looks did not use them either.
fn judged_arms_table<'t>(cells: &'t Cells<'_>) -> Cow<'t, Table> {
    match cells.block.twin().filter(|_| cells.reference.twin.is_none()) {
        None => Cow::Borrowed(&cells.table),
        Some(twin) => {
            let mut table = cells.table.clone();
            table.iter_mut().for_each(|row| row[twin] = None);
            Cow::Owned(table)
        }
    }
}

/// Applies the correction over the whole family, all comparisons that count (`family` of them), and fills in
/// ratios and verdicts. Comparisons of an invalid block keep their place in the family as if they had the
/// largest p-values.
pub(super) fn assign_verdicts(
    judged: &mut [JudgedBlock],
    cells: &[Cells<'_>],
    family: usize,
    policy: &Policy,
) {
    let alpha_twin = policy.alpha_twin / judged.len().max(1) as f64;
    let test = |(block, cells): (&mut JudgedBlock, &Cells<'_>)| {
        if block.twin_with_offset(cells).is_some_and(|twin| twin.p_difference() < alpha_twin) {
            block.invalid.insert(0, Invalid::TwinDiffers);
        }
        block.tests()
    };
    let mut tests: Vec<Vec<ComparisonTests>> = judged.par_iter_mut().zip(cells).map(test).collect();
    let corrected = |p: fn(&ComparisonTests) -> f64| {
        let all: Vec<Option<f64>> =
            tests.iter().flatten().map(|test| Some(p(test)).filter(|_| test.counts)).collect();
        holm(&all, family)
    };
    let (difference, equivalence) =
        rayon::join(|| corrected(|test| test.difference), || corrected(|test| test.equivalence));
    for (test, (difference, equivalence)) in
        tests.iter_mut().flatten().zip(difference.into_iter().zip(equivalence))
    {
        test.holm = (difference.unwrap_or(1.0), equivalence.unwrap_or(1.0));
    }
    let alpha = policy.level(family);
    judged.par_iter_mut().zip(cells).zip(&tests).for_each(|((block, cells), tests)| {
        for test in tests {
            block.ratios[test.arm] = ratio(block, cells, test, alpha);
        }
    });
}

/// The p-values of one comparison.
struct ComparisonTests {
    arm: usize,
    estimate: Estimate,
    /// Against "no difference".
    difference: f64,
    /// Against "a difference by the margin or more".
    equivalence: f64,
    /// False in an invalid block: its tiny p-values must not come first and weaken the correction for all
    /// others.
    counts: bool,
    /// Corrected p-values for `difference` and `equivalence`.
    holm: (f64, f64),
}

impl JudgedBlock {
    fn tests(&self) -> Vec<ComparisonTests> {
        let of_arm = |(arm, estimate): (usize, &Option<Estimate>)| {
            let estimate = (*estimate)?;
            let (difference, equivalence) = (estimate.p_difference(), estimate.p_equivalence(self.margin));
            Some(ComparisonTests {
                arm,
                estimate,
                difference,
                equivalence,
                counts: self.invalid.is_empty(),
                holm: (1.0, 1.0),
            })
        };
        self.estimates.iter().enumerate().filter_map(of_arm).collect()
    }
}

fn ratio(block: &JudgedBlock, cells: &Cells<'_>, test: &ComparisonTests, alpha: f64) -> Option<Ratio> {
    let contrast = cells.contrast(test.arm)?;
    let (estimate, (p_adjusted, p_equivalence_adjusted)) = (test.estimate, test.holm);
    let evidence = ComparisonEvidence {
        invalid: !block.invalid.is_empty(),
        equivalent: p_equivalence_adjusted < alpha,
        different: p_adjusted < alpha,
        below: estimate.theta < 0.0,
        variant_censored: cells.side_has_timed_out(contrast.of),
        reference_censored: cells.side_has_timed_out(contrast.against),
    };
    let (low, high) = estimate.interval(LEVEL);
    Some(Ratio {
        rounds: estimate.rounds,
        wanted_rounds: cells.block.sampling.min_rounds as usize,
        df: estimate.df,
        ratio: estimate.ratio(),
        low,
        high,
        p: test.difference,
        p_adjusted,
        p_equivalence: test.equivalence,
        p_equivalence_adjusted,
        ratio_of_means: ratio_of_means(cells, contrast).unwrap_or(estimate.ratio()),
        verdict: verdict(evidence),
    })
}

/// Test results of one comparison, from which its verdict follows.
#[derive(Debug, Clone, Copy)]
pub(super) struct ComparisonEvidence {
    pub(super) invalid: bool,
    pub(super) equivalent: bool,
    pub(super) different: bool,
    pub(super) below: bool,
    pub(super) variant_censored: bool,
    pub(super) reference_censored: bool,
}

/// The rule in the module documentation. A time-out hides how long the build would have taken, so the side
/// with a time-out is slower than its ratio suggests.
pub(super) fn verdict(evidence: ComparisonEvidence) -> Verdict {
    let censored = evidence.variant_censored || evidence.reference_censored;
    if evidence.invalid {
        Verdict::Invalid
    } else if evidence.equivalent && !censored {
        Verdict::Equivalent
    } else if evidence.different && evidence.below && !evidence.variant_censored {
        Verdict::Faster
    } else if evidence.different && !evidence.below && !evidence.reference_censored {
        Verdict::Slower
    } else {
        Verdict::Undecided
    }
}

/// Mean of one side over the mean of the other, over the rounds that count for both.
fn ratio_of_means(cells: &Cells<'_>, contrast: Contrast) -> Option<f64> {
    let (mut of, mut against) = (0.0, 0.0);
    for row in &cells.table {
        let seconds = |arm: usize| row[arm].filter(|seconds| *seconds > 0.0);
        let (Some(one), Some(other)) = (contrast.of.mean(seconds), contrast.against.mean(seconds)) else {
            continue;
        };
        of += one;
        against += other;
    }
    (against > 0.0).then(|| of / against).filter(|ratio| ratio.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: ComparisonEvidence = ComparisonEvidence {
        invalid: false,
        equivalent: false,
        different: false,
        below: true,
        variant_censored: false,
        reference_censored: false,
    };

    #[test]
    fn verdicts_in_their_order_of_precedence() {
        let different = ComparisonEvidence { different: true, ..NOTHING };
        let both = ComparisonEvidence { equivalent: true, ..different };
        assert_eq!(verdict(NOTHING), Verdict::Undecided);
        assert_eq!(verdict(different), Verdict::Faster);
        assert_eq!(verdict(ComparisonEvidence { below: false, ..different }), Verdict::Slower);
        assert_eq!(verdict(both), Verdict::Equivalent);
        assert_eq!(verdict(ComparisonEvidence { invalid: true, ..both }), Verdict::Invalid);
    }

    #[test]
    fn a_time_out_never_makes_its_side_look_fast() {
        let faster = ComparisonEvidence { different: true, variant_censored: true, ..NOTHING };
        assert_eq!(verdict(faster), Verdict::Undecided);
        assert_eq!(verdict(ComparisonEvidence { below: false, ..faster }), Verdict::Slower);
        assert_eq!(
            verdict(ComparisonEvidence { equivalent: true, different: false, ..faster }),
            Verdict::Undecided
        );
        let reference = ComparisonEvidence { variant_censored: false, reference_censored: true, ..faster };
        assert_eq!(verdict(reference), Verdict::Faster);
        assert_eq!(verdict(ComparisonEvidence { below: false, ..reference }), Verdict::Undecided);
        assert_eq!(
            verdict(ComparisonEvidence { equivalent: true, different: false, ..reference }),
            Verdict::Undecided
        );
    }
}
