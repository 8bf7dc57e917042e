//! The true times of all combinations.

use bench_runner_core::search::SearchRequest;
use bench_runner_core::search::fixture::working_day;

use super::super::study::Noise;

/// Workloads by their place in the request of a working day, whose times are those with first levels.
const INCREMENTAL: usize = 0;
const CHECK: usize = 1;
const CLEAN: usize = 2;

/// Axes with effects of their own.
const LINKER: usize = 0;
const DEBUG: usize = 1;

/// Standard deviation of the effect of a level of another axis, if the axis has effects.
const OTHER: f64 = 0.025;

/// Standard deviations of interactions: of linker and debug information on incremental builds, and of any pair.
const OF_LINKER_AND_DEBUG: f64 = 0.04;
const OF_ANY_PAIR: f64 = 0.015;

/// Size of the effects of the axes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effects {
    /// About what they do on real projects.
    Usual,
    /// Nothing at all.
    None,
}

/// The truth of one search.
pub(crate) struct SearchTruth {
    levels: Vec<usize>,
    /// The request of somebody who knows nothing of the truth but the times with first levels.
    request: SearchRequest,
    /// For each workload, axis and level the effect on ln seconds.
    effects: [Vec<Vec<f64>>; 3],
    interactions: Vec<TrueInteraction>,
    shortest_day: f64,
}

/// Interaction of pairs of levels of two axes. Pairs with a first level do nothing.
struct TrueInteraction {
    axes: [usize; 2],
    /// Effect on ln seconds by workload and pair of levels, row by row.
    cells: [Vec<f64>; 3],
}

impl SearchTruth {
    /// Draws a truth for axes with these numbers of levels, and a search of so many minutes.
    pub(crate) fn draw(levels: &[usize], minutes: u64, effects: Effects, noise: &mut Noise) -> Self {
        let nothing = || levels.iter().map(|levels| vec![0.0; *levels]).collect::<Vec<_>>();
        let mut new = Self {
            levels: levels.to_vec(),
            request: working_day(levels, minutes),
            effects: [nothing(), nothing(), nothing()],
            interactions: Vec::new(),
            shortest_day: 0.0,
        };
        if effects == Effects::Usual {
            new.draw_effects(noise);
            new.draw_interactions(noise);
        }
        let space = &mut new.request.space;
        space.as_configured = levels.iter().map(|levels| noise.below(*levels)).collect();
        space.interactions = vec![[LINKER, DEBUG].map(|axis| space.axes[axis].key.clone())];
        new.request.seed = noise.seed();
        let all = new.request.space.allowed().expect("combinations");
        new.shortest_day = all.iter().map(|levels| new.day(levels)).fold(f64::INFINITY, f64::min);
        new
    }

    fn draw_effects(&mut self, noise: &mut Noise) {
        for level in 1..self.levels[LINKER] {
            let saved = (1.0 - 0.5 * noise.uniform()).ln();
            self.effects[INCREMENTAL][LINKER][level] = saved;
            self.effects[CLEAN][LINKER][level] = 0.2 * saved;
        }
        for level in 1..self.levels[DEBUG] {
            let saved = (0.95 - 0.1 * noise.uniform()).ln();
            self.effects[INCREMENTAL][DEBUG][level] = saved;
            self.effects[CHECK][DEBUG][level] = 0.2 * noise.uniform() * saved;
            self.effects[CLEAN][DEBUG][level] = 0.8 * saved;
        }
        for axis in DEBUG + 1..self.levels.len() {
            if noise.uniform() < 0.5 {
                continue;
            }
            for level in 1..self.levels[axis] {
                let effect = OTHER * noise.normal();
                self.effects.iter_mut().for_each(|workload| workload[axis][level] = effect);
            }
        }
    }

    fn draw_interactions(&mut self, noise: &mut Noise) {
        let of_linker = [OF_LINKER_AND_DEBUG, 0.0, 0.2 * OF_LINKER_AND_DEBUG];
        self.interactions.push(TrueInteraction::draw(&self.levels, [LINKER, DEBUG], of_linker, noise));
        for _ in 0..2 {
            let one = noise.below(self.levels.len());
            let other = (one + 1 + noise.below(self.levels.len() - 1)) % self.levels.len();
            self.interactions.push(TrueInteraction::draw(
                &self.levels,
                [one, other],
                [OF_ANY_PAIR; 3],
                noise,
            ));
        }
    }

    /// True seconds of a build.
    pub(crate) fn seconds(&self, workload: usize, levels: &[usize]) -> f64 {
        let effects = self.effects[workload].iter().zip(levels);
        let of_axes: f64 = effects.map(|(effects, level)| effects[*level]).sum();
        let of_pairs: f64 = self.interactions.iter().map(|one| one.at(workload, &self.levels, levels)).sum();
        self.request.workloads[workload].build_s * (of_axes + of_pairs).exp()
    }

    /// True seconds of a day's builds.
    pub(crate) fn day(&self, levels: &[usize]) -> f64 {
        let workloads = self.request.workloads.iter().enumerate();
        workloads.map(|(at, one)| one.per_day * self.seconds(at, levels)).sum()
    }

    /// The shortest day of all combinations.
    pub(crate) fn shortest_day(&self) -> f64 {
        self.shortest_day
    }

    pub(crate) fn request(&self) -> &SearchRequest {
        &self.request
    }
}

impl TrueInteraction {
    /// Draws the cells, with these standard deviations by workload.
    fn draw(levels: &[usize], axes: [usize; 2], sd: [f64; 3], noise: &mut Noise) -> Self {
        let [height, width] = axes.map(|axis| levels[axis]);
        let mut cell = |at: usize| if at < width || at.is_multiple_of(width) { 0.0 } else { noise.normal() };
        let drawn: Vec<f64> = (0..height * width).map(&mut cell).collect();
        Self { axes, cells: sd.map(|sd| drawn.iter().map(|cell| sd * cell).collect()) }
    }

    fn at(&self, workload: usize, of: &[usize], levels: &[usize]) -> f64 {
        let [one, other] = self.axes;
        self.cells[workload][levels[one] * of[other] + levels[other]]
    }
}
