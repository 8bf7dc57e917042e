//! Questions to simulated products of axes: effects of levels, and interactions.

use bench_runner_core::compare::{
    AveragedEffect, AxisEffects, EffectRatio, LevelResult, SeparateEffect, Verdict, level_name,
};
use bench_runner_core::record::{EarlierTwin, Plan};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::models::{Model, Noise};
use super::questions::Study;
use super::run::{Rounds, Setup, SimulatedRun};
use super::tally::{Mean, Share};

/// One block that crosses axes.
#[derive(Debug, Clone)]
pub(crate) struct ProductSetup {
    pub(crate) setup: Setup,
    /// Number of levels of each axis.
    pub(crate) axes: Vec<usize>,
}

impl ProductSetup {
    /// A block with a twin in which nothing differs.
    pub(crate) fn of(model: Model, axes: &[usize], rounds: Rounds) -> Self {
        let cells: usize = axes.iter().product();
        let setup = Setup::with_one_block(model, vec![1.0; cells - 1], rounds);
        Self { setup, axes: axes.to_vec() }
    }

    /// The true ratio of the last cell to all others.
    pub(crate) fn with_last_cell(mut self, ratio: f64) -> Self {
        if let Some(last) = self.setup.blocks[0].last_mut() {
            *last = ratio;
        }
        self
    }

    /// The last level of the last axis has this true ratio to the others.
    pub(crate) fn with_last_level(mut self, ratio: f64) -> Self {
        let levels = self.axes.last().copied().unwrap_or(1);
        let truth = self.setup.blocks[0].iter_mut().enumerate();
        truth.filter(|(at, _)| (at + 2) % levels == 0).for_each(|(_, truth)| *truth = ratio);
        self
    }

    /// Level of each axis of a cell. The last axis varies fastest, and the first cell is the baseline.
    fn levels(&self, cell: usize) -> Vec<usize> {
        let mut rest = cell;
        let mut levels: Vec<usize> = Vec::new();
        for count in self.axes.iter().rev() {
            levels.insert(0, rest % count);
            rest /= count;
        }
        levels
    }

    /// True ln ratio of a cell to the baseline.
    fn truth(&self, levels: &[usize]) -> f64 {
        let cell = levels.iter().zip(&self.axes).fold(0, |cell, (level, count)| cell * count + level);
        cell.checked_sub(1).map_or(0.0, |variant| self.setup.blocks[0][variant].ln())
    }

    /// Names the arms of the plan by the levels of their axes.
    fn label(&self, plan: &mut Plan) {
        for block in &mut plan.blocks {
            block.axes = (0..self.axes.len()).map(axis).collect();
            let reference = block.arms.len() - (self.setup.blocks[0].len());
            for (at, arm) in block.arms.iter_mut().enumerate() {
                let levels = self.levels((at + 1).saturating_sub(reference));
                let settings = levels.iter().enumerate().map(|(at, level)| (axis(at), level.to_string()));
                arm.variant.settings = settings.collect();
                let names = arm.variant.settings.iter().map(|(axis, level)| level_name(axis, Some(level)));
                arm.variant.name = names.collect::<Vec<_>>().join(" ");
            }
        }
    }

    fn run(&self, noise: &mut Noise, earlier: &[EarlierTwin]) -> SimulatedRun {
        self.setup.run_labeled(noise, earlier, |plan| self.label(plan))
    }

    /// True ln ratio of a level to the first one of its axis at each combination of the other axes that has the
    /// levels `at`.
    fn true_effects(&self, axis: usize, level: usize, at: &[(usize, usize)]) -> Vec<f64> {
        let cells = (0..self.axes.iter().product()).map(|cell| self.levels(cell));
        let fits =
            |levels: &Vec<usize>| levels[axis] == 0 && at.iter().all(|(axis, level)| levels[*axis] == *level);
        let effect = |levels: Vec<usize>| {
            let mut with = levels.clone();
            with[axis] = level;
            self.truth(&with) - self.truth(&levels)
        };
        cells.filter(fits).map(effect).collect()
    }
}

/// Key of an axis.
fn axis(at: usize) -> String {
    format!("env.{}", char::from(b'A' + at as u8))
}

/// Quality of effects.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct EffectsFound {
    /// Effects whose interval contains the true one.
    pub(crate) covered: Share,
    /// Half-width of averages, as a fraction.
    pub(crate) half_width: Mean,
    /// Half-width of the variants of the same blocks, as a fraction.
    pub(crate) of_variants: Mean,
    /// Runs with any effect that is `faster` or `slower`.
    pub(crate) judged_different: Share,
    /// Averages of the last level of the last axis that are `faster` or `slower`.
    pub(crate) last_level: Share,
    /// Runs in which any interaction is found.
    pub(crate) interaction: Share,
    /// Averages whose D is at least the largest true deviation at a single level.
    pub(crate) bounded: Share,
    /// D, as a fraction.
    pub(crate) may_differ: Mean,
    /// Averages that are marked as averages only.
    pub(crate) average_only: Share,
}

/// Results of one run, in the order of [`EffectsFound`].
#[derive(Default)]
struct OfRun {
    covered: (usize, usize),
    bounded: (usize, usize),
    average_only: (usize, usize),
    last_level: (usize, usize),
    widths: Vec<f64>,
    may_differ: Vec<f64>,
    any_different: bool,
}

/// Effects of a product, over the runs of a study; runs without effects do not count.
pub(crate) fn effects(study: &Study, product: &ProductSetup) -> EffectsFound {
    let (what, earlier) = (format!("{product:?}"), study.earlier_twins(&product.setup));
    let one = |run: u32| {
        let run = product.run(&mut Noise::for_run(study.seed, &what, run), &earlier);
        let block = &run.comparison.blocks[0];
        let effects = block.effects.as_ref()?.as_ref().ok()?;
        let widths = block.arms.iter().filter_map(|arm| arm.ratio).map(|one| (one.high / one.ratio) - 1.0);
        Some((
            of_run(product, effects),
            widths.collect::<Vec<f64>>(),
            effects.found_interactions().next().is_some(),
        ))
    };
    let mut found = EffectsFound::default();
    let runs: Vec<_> = (0..study.runs).into_par_iter().map(one).collect();
    for (run, variants, interaction) in runs.into_iter().flatten() {
        found.covered.add(run.covered.0, run.covered.1);
        found.bounded.add(run.bounded.0, run.bounded.1);
        found.average_only.add(run.average_only.0, run.average_only.1);
        found.last_level.add(run.last_level.0, run.last_level.1);
        found.judged_different.add(usize::from(run.any_different), 1);
        found.interaction.add(usize::from(interaction), 1);
        mean_of(&run.widths).into_iter().for_each(|width| found.half_width.add(width));
        mean_of(&variants).into_iter().for_each(|width| found.of_variants.add(width));
        mean_of(&run.may_differ).into_iter().for_each(|differ| found.may_differ.add(differ));
    }
    found
}

fn mean_of(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

fn of_run(product: &ProductSetup, effects: &AxisEffects) -> OfRun {
    let mut found = OfRun::default();
    for (axis, of_axis) in effects.axes.iter().enumerate() {
        for level in &of_axis.levels {
            let number = level_number(level.level.as_deref());
            match &level.result {
                LevelResult::Averaged(average) => {
                    let truth = product.true_effects(axis, number, &[]);
                    found.ratio(&average.ratio, mean_of(&truth).unwrap_or_default());
                    found.average(product, average, (axis, number));
                    if axis + 1 == product.axes.len() && number + 1 == product.axes[axis] {
                        found.last_level.0 += usize::from(is_different(&average.ratio));
                        found.last_level.1 += 1;
                    }
                }
                LevelResult::Separate(parts) => {
                    for SeparateEffect { at, ratio } in parts {
                        let at: Vec<(usize, usize)> = at
                            .iter()
                            .map(|(key, level)| (position(key), level_number(level.as_deref())))
                            .collect();
                        let truth = product.true_effects(axis, number, &at);
                        found.ratio(ratio, mean_of(&truth).unwrap_or_default());
                    }
                }
                LevelResult::Missing(_) => {}
            }
        }
    }
    found
}

impl OfRun {
    fn ratio(&mut self, ratio: &EffectRatio, truth: f64) {
        self.covered.0 += usize::from((ratio.low.ln()..=ratio.high.ln()).contains(&truth));
        self.covered.1 += 1;
        self.any_different |= is_different(ratio);
    }

    fn average(&mut self, product: &ProductSetup, average: &AveragedEffect, (axis, level): (usize, usize)) {
        self.widths.push(average.ratio.high / average.ratio.ratio - 1.0);
        self.average_only.0 += usize::from(average.is_average_only());
        self.average_only.1 += 1;
        let Some(differ) = average.may_differ else { return };
        let all = mean_of(&product.true_effects(axis, level, &[])).unwrap_or_default();
        let others = (0..product.axes.len()).filter(|other| *other != axis);
        let single = others.flat_map(|other| (0..product.axes[other]).map(move |at| (other, at)));
        let deviation =
            |at| (mean_of(&product.true_effects(axis, level, &[at])).unwrap_or_default() - all).abs();
        let largest = single.map(deviation).fold(0.0, f64::max);
        self.bounded.0 += usize::from(differ.ln_1p() >= largest);
        self.bounded.1 += 1;
        self.may_differ.push(differ);
    }
}

fn is_different(ratio: &EffectRatio) -> bool {
    ratio.judged.is_some_and(|judged| matches!(judged.verdict, Verdict::Faster | Verdict::Slower))
}

/// The number of an axis in [`axis`].
fn position(key: &str) -> usize {
    usize::from(key.as_bytes().last().copied().unwrap_or(b'A') - b'A')
}

fn level_number(level: Option<&str>) -> usize {
    level.and_then(|level| level.parse().ok()).unwrap_or(0)
}
