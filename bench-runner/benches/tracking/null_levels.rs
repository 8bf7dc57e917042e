//! How often series without a change are flagged, by their length.

use bench_runner_core::stats::noise::Noise;
use bench_runner_core::stats::{UncertainValue, levels};
use rayon::prelude::*;

/// Kind of a series without a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Null {
    /// Normal noise of one size.
    Normal,
    /// Each value has an error of its own, from a third to three times the typical one, and it is known.
    KnownErrors,
    /// As in the comparison: 3% of the values are too large by 10 to 50%.
    Outliers,
    /// Neighbors are correlated by 0.3.
    Correlated,
}

/// p-values against "the level never changes", and ln evidence, of `count` series of this length.
pub(crate) fn p_values(null: Null, length: usize, count: u64, level: f64) -> Vec<(f64, f64)> {
    let seed = 1_000_003 * length as u64 + 17 * null as u64;
    let one = |number: u64| {
        let mut noise = Noise::new((seed << 24) + number);
        let found = levels(&series(null, length, &mut noise), level);
        found.map_or((1.0, f64::NEG_INFINITY), |found| (found.p, found.ln_evidence))
    };
    (0..count).into_par_iter().map(one).collect()
}

fn series(null: Null, length: usize, noise: &mut Noise) -> Vec<UncertainValue> {
    let mut last = noise.normal();
    let mut one = || {
        let fresh = noise.normal();
        let (value, se) = match null {
            Null::Normal => (0.01 * fresh, 0.0),
            Null::KnownErrors => {
                let se = 0.01 * 3f64.powf(2.0 * noise.uniform() - 1.0);
                (se * fresh, se)
            }
            Null::Outliers => {
                let is_far = noise.uniform() < 0.03;
                let far = if is_far { (1.1 + 0.4 * noise.uniform()).ln() } else { 0.0 };
                (0.01 * fresh + far, 0.0)
            }
            Null::Correlated => {
                last = 0.3 * last + (1.0f64 - 0.09).sqrt() * fresh;
                (0.01 * last, 0.0)
            }
        };
        UncertainValue { value, se, df: 20.0 }
    };
    (0..length).map(|_| one()).collect()
}
