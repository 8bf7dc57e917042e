//! The usual way, for comparison: all builds of A, then all of B, and the ratio of the means ± σ as printed
//! by hyperfine.

use bench_runner_core::record::Role;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::models::{Machine, Model, Noise};
use super::questions::Study;
use super::tally::Share;

/// Number of builds of A, and then of B.
pub(crate) const BUILDS: usize = 10;

/// Correctness of the interval ratio ± σ.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SideBySide {
    /// It excludes 1 although A and B are the same.
    pub(crate) excludes_one: Share,
    /// It contains the true ratio of 1.05.
    pub(crate) covers: Share,
}

/// Ten builds of A, ten of B, under a model. A drift reaches its full size over these twenty builds.
pub(crate) fn side_by_side(study: &Study, model: Model) -> SideBySide {
    let what = format!("side by side {model:?}");
    let one = |run: u32| {
        let mut noise = Noise::for_run(study.seed, &what, run);
        let mut contains = |truth: f64| contains(&builds(model, truth, &mut noise), truth);
        (!contains(1.0), contains(1.05))
    };
    let runs: Vec<(bool, bool)> = (0..study.runs).into_par_iter().map(one).collect();
    let mut found = SideBySide::default();
    for (excludes, covers) in runs {
        found.excludes_one.add(usize::from(excludes), 1);
        found.covers.add(usize::from(covers), 1);
    }
    found
}

/// Seconds of A, and of B, whose true time is `truth` times as long.
fn builds(model: Model, truth: f64, noise: &mut Noise) -> [Vec<f64>; 2] {
    let roles = [Role::Baseline, Role::Variant];
    let mut machine = Machine::new(model, &roles, 2 * BUILDS, noise);
    [(0, 1.0), (1, truth)]
        .map(|(arm, truth)| (0..BUILDS).map(|_| truth * machine.build(arm, None).exp()).collect())
}

/// True if ratio ± σ contains the true ratio of B to A. hyperfine divides the slower by the faster, and its σ
/// is ratio·√((sd/mean)² + (sd/mean)²) of the two (`src/benchmark/relative_speed.rs`).
fn contains([a, b]: &[Vec<f64>; 2], truth: f64) -> bool {
    let ratio = mean(b) / mean(a);
    let (ratio, truth) = if ratio < 1.0 { (ratio.recip(), truth.recip()) } else { (ratio, truth) };
    let sigma = ratio * (sd(a) / mean(a)).hypot(sd(b) / mean(b));
    (ratio - truth).abs() <= sigma
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn sd(values: &[f64]) -> f64 {
    let mean = mean(values);
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)).sqrt()
}
