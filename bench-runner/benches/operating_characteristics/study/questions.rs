//! Questions to simulated runs: coverage of intervals, correctness of verdicts, power.

use bench_runner_core::compare::{BlockResult, Policy, Ratio, Verdict};
use bench_runner_core::record::EarlierTwin;
use bench_runner_core::stats::serial_correlation;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::models::{Model, Noise};
use super::run::{History, Rounds, Setup, SimulatedRun};
use super::tally::{Mean, Share};

/// Fewest earlier runs that are simulated. Few ones would by chance all have small or all have large offsets.
const LEAST_EARLIER: u32 = 200;

/// Size and seed of the study.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Study {
    /// Seed of all random numbers.
    pub(crate) seed: u64,
    /// Number of runs for each figure.
    pub(crate) runs: u32,
}

impl Study {
    /// Results of `of` for each run, in order.
    fn each<T: Send>(&self, setup: &Setup, of: impl Fn(&SimulatedRun) -> T + Sync) -> Vec<T> {
        let (what, earlier) = (format!("{setup:?}"), self.earlier_twins(setup));
        let one = |run: u32| of(&setup.run(&mut Noise::for_run(self.seed, &what, run), &earlier));
        (0..self.runs).into_par_iter().map(one).collect()
    }

    /// Twins of simulated earlier runs, from which each run draws those it knows.
    pub(super) fn earlier_twins(&self, setup: &Setup) -> Vec<EarlierTwin> {
        if setup.history != History::Known {
            return Vec::new();
        }
        let what = format!("earlier twins of {setup:?}");
        let one = |run: u32| setup.earlier_twin(&mut Noise::for_run(self.seed, &what, run));
        (0..self.runs.max(LEAST_EARLIER)).into_par_iter().filter_map(one).collect()
    }
}

/// Quality of the plain 95% intervals.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Coverage {
    /// Variants whose interval contains the true ratio.
    pub(crate) covered: Share,
    /// Twins whose interval contains 1.
    pub(crate) twins: Share,
    /// Blocks in which correlation of neighboring rounds is found.
    pub(crate) alarms: Share,
    /// ln ratio − ln truth of the variants.
    pub(crate) bias: Mean,
    /// Rounds per block.
    pub(crate) rounds: Mean,
}

/// Intervals of the variants and of the twin, rounds used, and alarms for serial correlation.
pub(crate) fn coverage(study: &Study, setup: &Setup) -> Coverage {
    let runs = study.each(setup, |run| {
        let blocks = || setup.blocks.iter().zip(&run.comparison.blocks);
        let variants = || blocks().flat_map(|(truth, block)| truth.iter().copied().zip(ratios(block)));
        let twins = || blocks().filter_map(|(_, block)| block.twin);
        let errors = variants().map(|(truth, ratio)| (ratio.ratio / truth).ln());
        let found = (
            (variants().filter(|&(truth, ratio)| contains(ratio, truth)).count(), variants().count()),
            (
                twins().filter(|twin| twin.ratio.ln().abs() <= twin.half_width.ln_1p()).count(),
                twins().count(),
            ),
            (run.tables.iter().filter(|table| serial_correlation(table).is_some()).count(), run.tables.len()),
        );
        (found, errors.sum::<f64>() / variants().count().max(1) as f64, rounds(run))
    });
    let mut found = Coverage::default();
    for ((covered, twins, alarms), bias, rounds) in runs {
        found.bias.add(bias);
        found.covered.add(covered.0, covered.1);
        found.twins.add(twins.0, twins.1);
        found.alarms.add(alarms.0, alarms.1);
        found.rounds.add(rounds);
    }
    found
}

/// Correlation of the rounds of each arm, over 30 fixed rounds: how often it is found, and the coverage of
/// the intervals that are widened for it.
pub(crate) fn detection(study: &Study) -> Coverage {
    coverage(study, &Setup { rounds: Rounds::Fixed(30), ..Setup::with_four_arms(Model::Serial) })
}

/// Coverage if directories have their own factors.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Offsets {
    /// One block per run: no twins for calibration.
    pub(crate) alone: Coverage,
    /// Twenty blocks per run, whose twins calibrate.
    pub(crate) calibrated: Coverage,
}

/// Directories with their own factors. Each run of twenty blocks replaces twenty runs of one block.
pub(crate) fn offsets(study: &Study) -> Offsets {
    let one = Setup { offset: 0.005, history: History::New, ..Setup::with_four_arms(Model::Normal) };
    let twenty = Setup { blocks: vec![one.blocks[0].clone(); 20], ..one.clone() };
    let fewer = Study { runs: study.runs.div_ceil(20), ..*study };
    Offsets { alone: coverage(study, &one), calibrated: coverage(&fewer, &twenty) }
}

/// Results about the order within the rounds.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Order {
    /// Blocks whose bound is at least the effect of carry-over on the ratio of the last variant, `bias` on
    /// the log scale.
    pub(crate) bounded: Share,
    /// Blocks in which predecessors matter significantly, at the 1% from which the text names one.
    pub(crate) found: Share,
}

/// The bound, and how often predecessors are named.
pub(crate) fn order(study: &Study, model: Model, bias: f64) -> Order {
    let runs = study.each(&Setup::with_four_arms(model), |run| {
        let told = run.comparison.blocks[0].order.as_ref().ok()?;
        let named = told.predecessors.is_some_and(|found| found.p < 0.01);
        Some((told.bound()? >= bias.exp_m1(), named))
    });
    let mut order = Order::default();
    for (bounded, named) in runs.into_iter().flatten() {
        order.bounded.add(usize::from(bounded), 1);
        order.found.add(usize::from(named), 1);
    }
    order
}

/// For each variant of a block the mean of ln ratio − ln truth, and its coverage, if builds after the last
/// variant take longer.
pub(crate) fn carry_over(study: &Study) -> Vec<(Mean, Share)> {
    let setup = Setup::with_four_arms(Model::CarryOver);
    let truth = &setup.blocks[0];
    let runs = study.each(&setup, |run| {
        let ratios = truth.iter().zip(ratios(&run.comparison.blocks[0]));
        ratios.map(|(truth, ratio)| ((ratio.ratio / truth).ln(), contains(ratio, *truth))).collect::<Vec<_>>()
    });
    let mut found = vec![(Mean::default(), Share::default()); truth.len()];
    for run in runs {
        for ((bias, covered), (error, hit)) in found.iter_mut().zip(run) {
            bias.add(error);
            covered.add(usize::from(hit), 1);
        }
    }
    found
}

/// Whole runs that contain at least one of each kind.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Families {
    /// A verdict `faster` or `slower`.
    pub(crate) different: Share,
    /// A corrected p-value against "no difference" below the level, whatever the verdict: `equivalent` takes
    /// precedence over `faster` and `slower` and so hides most of them if there is no difference.
    pub(crate) significant: Share,
    /// A verdict `equivalent`.
    pub(crate) equivalent: Share,
    /// An `invalid` block.
    pub(crate) invalid: Share,
    /// Single comparisons that are `equivalent`.
    pub(crate) shown_equivalent: Share,
    /// Rounds per block.
    pub(crate) rounds: Mean,
}

/// Contents of whole runs.
pub(crate) fn families(study: &Study, setup: &Setup) -> Families {
    let runs = study.each(setup, |run| {
        let count = |verdict: Verdict| verdicts(run).filter(|&found| found == verdict).count();
        let different = count(Verdict::Faster) + count(Verdict::Slower);
        let level = Policy::default().level(run.comparison.planned);
        let significant = all(run).any(|ratio| ratio.p_adjusted < level);
        let counts = (different, count(Verdict::Equivalent), count(Verdict::Invalid));
        (counts, significant, all(run).count(), rounds(run))
    });
    let mut found = Families::default();
    for ((different, equivalent, invalid), significant, all, rounds) in runs {
        found.different.add(different.min(1), 1);
        found.significant.add(usize::from(significant), 1);
        found.equivalent.add(equivalent.min(1), 1);
        found.invalid.add(invalid.min(1), 1);
        found.shown_equivalent.add(equivalent, all);
        found.rounds.add(rounds);
    }
    found
}

/// Results for variants that truly differ.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Power {
    /// The corrected p-value against "no difference" is below the level, and the ratio on the right side of 1.
    pub(crate) shown: Share,
    /// The verdict is `slower` or `faster`, whichever is right.
    pub(crate) judged: Share,
    /// The verdict is `equivalent`.
    pub(crate) equivalent: Share,
    /// The verdict is `invalid`.
    pub(crate) invalid: Share,
}

/// Results for variants that truly differ.
pub(crate) fn power(study: &Study, setup: &Setup) -> Power {
    let truth = || setup.blocks.iter().flatten().copied();
    let runs = study.each(setup, |run| {
        let level = Policy::default().level(run.comparison.planned);
        let differing = || truth().zip(all(run)).filter(|&(truth, _)| truth != 1.0);
        let right = |truth: f64| if truth > 1.0 { Verdict::Slower } else { Verdict::Faster };
        let is_shown =
            |truth: f64, ratio: Ratio| ratio.p_adjusted < level && (ratio.ratio > 1.0) == (truth > 1.0);
        let count = |verdict| differing().filter(|(_, ratio)| ratio.verdict == verdict).count();
        (
            differing().filter(|&(truth, ratio)| is_shown(truth, ratio)).count(),
            differing().filter(|&(truth, ratio)| ratio.verdict == right(truth)).count(),
            count(Verdict::Equivalent),
            count(Verdict::Invalid),
        )
    });
    let trials = truth().filter(|&ratio| ratio != 1.0).count();
    let mut found = Power::default();
    for (shown, judged, equivalent, invalid) in runs {
        found.shown.add(shown, trials);
        found.judged.add(judged, trials);
        found.equivalent.add(equivalent, trials);
        found.invalid.add(invalid, trials);
    }
    found
}

/// Whole runs of few rounds, in which nothing differs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FewRounds {
    /// Comparisons whose plain interval contains 1.
    pub(crate) covered: Share,
    /// Those of the last variant of each block.
    pub(crate) last_covered: Share,
    /// Mean half-width e^h − 1 of the plain intervals.
    pub(crate) half_width: Mean,
    /// ln² of the ratios. Nothing differs, so the mean is their variance.
    pub(crate) squares: Mean,
    /// Runs with any verdict `faster` or `slower`.
    pub(crate) different: Share,
    /// Runs with any `invalid` block.
    pub(crate) invalid: Share,
}

/// Intervals and verdicts of whole runs in which nothing differs.
pub(crate) fn few_rounds(study: &Study, setup: &Setup) -> FewRounds {
    let runs = study.each(setup, |run| {
        let last = || run.comparison.blocks.iter().filter_map(|block| ratios(block).last());
        let count =
            |ratios: &mut dyn Iterator<Item = Ratio>| ratios.filter(|ratio| contains(*ratio, 1.0)).count();
        let widths = all(run).map(|ratio| (0.5 * (ratio.high / ratio.low).ln()).exp_m1()).sum::<f64>();
        let squares = all(run).map(|ratio| ratio.ratio.ln().powi(2)).sum::<f64>();
        let any = |wanted: &[Verdict]| verdicts(run).any(|verdict| wanted.contains(&verdict));
        (
            (count(&mut all(run)), all(run).count()),
            (count(&mut last()), last().count()),
            [widths, squares].map(|sum| sum / all(run).count().max(1) as f64),
            (any(&[Verdict::Faster, Verdict::Slower]), any(&[Verdict::Invalid])),
        )
    });
    let mut found = FewRounds::default();
    for (covered, last, [half_width, squares], (different, invalid)) in runs {
        found.covered.add(covered.0, covered.1);
        found.last_covered.add(last.0, last.1);
        found.half_width.add(half_width);
        found.squares.add(squares);
        found.different.add(usize::from(different), 1);
        found.invalid.add(usize::from(invalid), 1);
    }
    found
}

/// Power for a difference as large as the noise floor.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Floor {
    /// The mean noise floor, as a fraction.
    pub(crate) mean: Mean,
    /// Runs that would have found a difference of the noise floor that they state.
    pub(crate) found: Share,
    /// Other runs that find a difference of the noise floor that a run has stated.
    pub(crate) found_by_another: Share,
}

/// A run in which nothing differs states a noise floor for its first block. The same run, with the same noise, is
/// judged once more with a variant that takes longer by as much: that with the median interval. So is another run.
pub(crate) fn floor(study: &Study, setup: &Setup) -> Floor {
    let (what, earlier) = (format!("floor of {setup:?}"), study.earlier_twins(setup));
    let one = |number: u32| {
        let run = |differing: &Setup, what: &str| {
            differing.run(&mut Noise::for_run(study.seed, what, number), &earlier)
        };
        let block = run(setup, &what).comparison.blocks.remove(0);
        let floor = block.noise_floor?;
        let mut widths: Vec<(f64, usize)> =
            ratios(&block).enumerate().map(|(variant, ratio)| (ratio.high / ratio.low, variant)).collect();
        widths.sort_by(|one, other| one.0.total_cmp(&other.0));
        // Of an even number the two middle ones, in turns.
        let (_, variant) = widths[(widths.len() - number as usize % 2) / 2];
        let mut differing = setup.clone();
        differing.blocks[0][variant] = 1.0 + floor;
        let alpha = Policy::default().level(all(&run(setup, &what)).count());
        let finds = |run: SimulatedRun| {
            let ratio = ratios(&run.comparison.blocks[0]).nth(variant)?;
            Some(ratio.p_adjusted < alpha && ratio.ratio > 1.0)
        };
        Some((floor, finds(run(&differing, &what))?, finds(run(&differing, "another run"))?))
    };
    let mut found = Floor::default();
    for (floor, by_itself, by_another) in
        (0..study.runs).into_par_iter().map(one).collect::<Vec<_>>().into_iter().flatten()
    {
        found.mean.add(floor);
        found.found.add(usize::from(by_itself), 1);
        found.found_by_another.add(usize::from(by_another), 1);
    }
    found
}

/// The comparisons of a block in the order of its variants. Every simulated build succeeds, so each variant
/// has one.
fn ratios(block: &BlockResult) -> impl Iterator<Item = Ratio> + '_ {
    block.arms.iter().filter_map(|arm| arm.ratio)
}

/// The comparisons of a run, in the order of its blocks.
fn all(run: &SimulatedRun) -> impl Iterator<Item = Ratio> + '_ {
    run.comparison.blocks.iter().flat_map(ratios)
}

fn verdicts(run: &SimulatedRun) -> impl Iterator<Item = Verdict> + '_ {
    all(run).map(|ratio| ratio.verdict)
}

fn contains(ratio: Ratio, truth: f64) -> bool {
    ratio.low <= truth && truth <= ratio.high
}

/// Mean number of rounds of the blocks of a run.
fn rounds(run: &SimulatedRun) -> f64 {
    let blocks = &run.comparison.blocks;
    blocks.iter().map(|block| f64::from(block.rounds)).sum::<f64>() / blocks.len().max(1) as f64
}
