//! Simulated bisections, through the program's own search.

use bench_runner_core::stats::noise::Noise;
use bench_runner_core::stats::{BisectionRound, bisect, median};
use rayon::prelude::*;

/// A search to simulate.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Search {
    pub(crate) commits: usize,
    /// Relative change at the commit that is looked for.
    pub(crate) step: f64,
    /// Noise of one build.
    pub(crate) noise: f64,
    /// Noise that the builds of a step share.
    pub(crate) shared: f64,
}

/// Results of many searches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Searched {
    pub(crate) right: f64,
    /// Medians.
    pub(crate) steps: f64,
    pub(crate) commits: f64,
    /// Largest number of steps.
    pub(crate) most_steps: f64,
}

/// A search gives up after this many steps.
const LIMIT: usize = 300;

/// `count` searches of 95% confidence, each with the changed commit drawn at random.
pub(crate) fn simulate(search: &Search, seed: u64, count: u64) -> Searched {
    let results: Vec<(bool, f64, f64)> = (0..count)
        .into_par_iter()
        .map(|number| one(search, &mut Noise::new(seed * 1_000_000 + number)))
        .collect();
    let column = |of: fn(&(bool, f64, f64)) -> f64| results.iter().map(of).collect::<Vec<f64>>();
    let steps = column(|one| one.1);
    Searched {
        right: results.iter().filter(|one| one.0).count() as f64 / count as f64,
        steps: median(&steps).unwrap_or(0.0),
        commits: median(&column(|one| one.2)).unwrap_or(0.0),
        most_steps: steps.iter().copied().fold(0.0, f64::max),
    }
}

fn one(search: &Search, noise: &mut Noise) -> (bool, f64, f64) {
    let truth = 1 + ((noise.uniform() * search.commits as f64) as usize).min(search.commits - 1);
    let (mut rounds, mut built): (Vec<BisectionRound>, Vec<usize>) = (Vec::new(), Vec::new());
    loop {
        let state = bisect(search.commits, &rounds);
        let best = state.best().unwrap_or((1, 0.0));
        let differ = state.p_equal.is_some_and(|p| p < 0.05);
        if (best.1 >= 0.95 && differ) || rounds.len() >= LIMIT {
            return (best.0 == truth, rounds.len() as f64, built.len() as f64);
        }
        let Some(commit) = state.next(&built, &[]) else {
            return (best.0 == truth, rounds.len() as f64, 0.0);
        };
        if !built.contains(&commit) {
            built.push(commit);
        }
        let shared = search.shared * noise.normal();
        let mut build = |changed: bool| {
            let level = if changed { search.step.ln_1p() } else { 0.0 };
            shared + level + search.noise * noise.normal()
        };
        rounds.push(BisectionRound {
            commit,
            good: build(false),
            at: build(commit >= truth),
            bad: build(true),
        });
    }
}
