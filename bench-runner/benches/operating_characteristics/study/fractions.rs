//! Questions to simulated fractions: the intervals of effects, and the combination that is nominated.

use std::collections::BTreeMap;

use bench_runner_core::compare::{AxisEffects, LevelResult, Nomination, level_name};
use bench_runner_core::record::{Design, DesignKind, Plan};
use bench_runner_core::stats::noise::Noise as TruthNoise;
use bench_runner_core::stats::truth::Truth;
use bench_runner_core::stats::{DesignSpace, choose_fraction};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::models::{Model, Noise};
use super::questions::Study;
use super::run::{Rounds, Setup, SimulatedRun};
use super::tally::{Mean, Share};

/// A nominated combination is near the best one if it takes at most this much longer.
const NEAR: f64 = 0.02;

/// Fractions of one space, each run with another truth.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FractionSetup {
    pub(crate) model: Model,
    /// Number of levels of each axis.
    pub(crate) axes: Vec<usize>,
    pub(crate) rows: usize,
    pub(crate) rounds: u32,
    /// Number of pairs of axes that interact, and the standard deviation of all interactions together.
    pub(crate) interactions: (usize, f64),
}

/// Quality of fractions.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct FractionFound {
    pub(crate) efficiency: f64,
    /// Effects whose interval contains the true one.
    pub(crate) covered: Share,
    /// Half-width of effects, as a fraction.
    pub(crate) half_width: Mean,
    /// Half-width of single combinations in the same runs, as a fraction.
    pub(crate) of_variants: Mean,
    /// Runs whose intervals come from the lack of fit.
    pub(crate) widened: Share,
    /// Runs whose nominated combination is nearly the best of all.
    pub(crate) near_best: Share,
}

/// Results of one run.
struct OfRun {
    covered: (usize, usize),
    half_width: f64,
    of_variants: f64,
    widened: bool,
    near_best: bool,
}

/// Fractions over the runs of a study.
pub(crate) fn fractions(study: &Study, setup: &FractionSetup) -> FractionFound {
    let space = DesignSpace::product(setup.axes.clone(), |_| true);
    let Ok(fraction) = choose_fraction(&space, &[0], setup.rows, 1) else { return FractionFound::default() };
    let rows: Vec<Vec<usize>> = fraction.rows.iter().map(|row| space.combination(*row)).collect();
    let what = format!("{setup:?}");
    let one = |run: u32| setup.run(study, &what, run, &rows);
    let mut found = FractionFound { efficiency: fraction.efficiency, ..FractionFound::default() };
    let runs: Vec<Option<OfRun>> = (0..study.runs).into_par_iter().map(one).collect();
    for run in runs.into_iter().flatten() {
        found.covered.add(run.covered.0, run.covered.1);
        found.half_width.add(run.half_width);
        found.of_variants.add(run.of_variants);
        found.widened.add(usize::from(run.widened), 1);
        found.near_best.add(usize::from(run.near_best), 1);
    }
    found
}

impl FractionSetup {
    fn run(&self, study: &Study, what: &str, run: u32, rows: &[Vec<usize>]) -> Option<OfRun> {
        let mut noise = Noise::for_run(study.seed, what, run);
        let (pairs, sd) = self.interactions;
        let truth = Truth::draw(&self.axes, sd, pairs, &mut TruthNoise::new(noise.seed()));
        let at_baseline = truth.at(&rows[0]);
        let ratios = rows[1..].iter().map(|row| (truth.at(row) - at_baseline).exp()).collect();
        let setup = Setup::with_one_block(self.model, ratios, Rounds::Fixed(self.rounds));
        let SimulatedRun { comparison, .. } = setup.run_labeled(&mut noise, &[], |plan| label(plan, rows));
        let block = &comparison.blocks[0];
        let effects = block.effects.as_ref()?.as_ref().ok()?;
        let nomination = effects.nomination.as_ref()?;
        let widths: Vec<f64> = effects.ratios().map(|one| one.high / one.ratio - 1.0).collect();
        let singly = block.arms.iter().filter_map(|arm| arm.ratio).map(|one| one.high / one.ratio - 1.0);
        let singly: Vec<f64> = singly.collect();
        Some(OfRun {
            covered: covered(effects, &truth),
            half_width: widths.iter().sum::<f64>() / widths.len() as f64,
            of_variants: singly.iter().sum::<f64>() / singly.len() as f64,
            widened: nomination.lack_of_fit.is_some_and(|misfit| misfit.widens),
            near_best: self.is_near_best(nomination, &truth),
        })
    }

    fn is_near_best(&self, nomination: &Nomination, truth: &Truth) -> bool {
        let space = DesignSpace::product(self.axes.clone(), |_| true);
        let all = (0..space.len()).map(|candidate| truth.at(&space.combination(candidate)));
        let best = all.fold(f64::INFINITY, f64::min);
        let levels: Vec<usize> = nomination.settings.iter().map(|(_, level)| number(level)).collect();
        truth.at(&levels) <= best + NEAR.ln_1p()
    }
}

/// Effects whose interval contains the true one, and all of them. Reference levels are the first ones.
fn covered(effects: &AxisEffects, truth: &Truth) -> (usize, usize) {
    let (mut covered, mut all) = (0, 0);
    for (axis, of_axis) in effects.axes.iter().enumerate() {
        for level in &of_axis.levels {
            let LevelResult::Averaged(average) = &level.result else { continue };
            let effect = truth.effects[axis][level.level.as_deref().map_or(0, number)];
            covered += usize::from((average.ratio.low.ln()..=average.ratio.high.ln()).contains(&effect));
            all += 1;
        }
    }
    (covered, all)
}

/// Names the arms of the plan by the levels of the rows, and marks the block as a fraction.
fn label(plan: &mut Plan, rows: &[Vec<usize>]) {
    for block in &mut plan.blocks {
        block.axes = (0..rows[0].len()).map(|axis| format!("env.{axis}")).collect();
        let reference = block.arms.len() - (rows.len() - 1);
        for (at, arm) in block.arms.iter_mut().enumerate() {
            let levels = rows[(at + 1).saturating_sub(reference)].iter().map(usize::to_string);
            let settings: BTreeMap<String, String> = block.axes.iter().cloned().zip(levels).collect();
            let names = settings.iter().map(|(axis, level)| level_name(axis, Some(level)));
            arm.variant.name = names.collect::<Vec<_>>().join(" ");
            arm.variant.settings = settings;
        }
        block.design = Some(Design {
            kind: DesignKind::Fraction,
            rows: rows.len() as u32,
            of: rows.len() as u64,
            seed: Some(1),
            efficiency: None,
            interactions: Vec::new(),
            aliasing: Vec::new(),
            left_out: Vec::new(),
        });
    }
}

fn number(level: &str) -> usize {
    level.parse().unwrap_or(0)
}
