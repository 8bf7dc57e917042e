//! Which changes a program finds, against the truth.

use bench_runner_core::stats::{UncertainValue, levels};
use rayon::prelude::*;

use super::series::{Cell, Change, Series};

/// A change that is reported at most this many values beside its place is found.
const NEAR: usize = 5;

/// Change points of our own program at a level.
pub(crate) fn our_changes(series: &[Series], level: f64) -> Vec<Vec<usize>> {
    let of = |one: &Series| {
        let values: Vec<UncertainValue> =
            one.values.iter().map(|value| UncertainValue { value: *value, se: 0.0, df: 10.0 }).collect();
        let found = levels(&values, level);
        found.map(|found| found.changes.iter().map(|change| change.at).collect()).unwrap_or_default()
    };
    series.par_iter().map(of).collect()
}

/// Share of series with a reported change.
pub(crate) fn flagged(found: &[Vec<usize>]) -> f64 {
    found.iter().filter(|changes| !changes.is_empty()).count() as f64 / found.len().max(1) as f64
}

/// The level at which our program flags this share of series, by bisection on its logarithm.
pub(crate) fn level_for(series: &[Series], share: f64) -> f64 {
    let (mut low, mut high) = (1e-9f64.ln(), 0.5f64.ln());
    for _ in 0..18 {
        let middle = 0.5 * (low + high);
        if flagged(&our_changes(series, middle.exp())) > share {
            high = middle;
        } else {
            low = middle;
        }
    }
    low.exp()
}

/// Of one series: whether its change was found, and its reports, right ones and all.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Score {
    found: f64,
    right: f64,
    reported: f64,
}

fn score(cell: &Cell, series: &Series, changes: &[usize]) -> Score {
    let is_right = |change: &&usize| match (cell.change, series.at) {
        (Change::Step(_), Some(at)) => change.abs_diff(at) <= NEAR,
        // A drift has no place of its own: any report from its begin on is right.
        (Change::Drift(_), Some(at)) => **change + NEAR >= at,
        _ => false,
    };
    let right = changes.iter().filter(is_right).count();
    // Of several reports of one step, one is right.
    let right = if matches!(cell.change, Change::Step(_)) { right.min(1) } else { right };
    Score { found: f64::from(right > 0), right: right as f64, reported: changes.len() as f64 }
}

/// A paired difference with the half-width of its 95% interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Difference {
    pub(crate) value: f64,
    pub(crate) half_width: f64,
}

/// Recall and precision of two programs on the same series, and their differences.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Compared {
    pub(crate) recall: [f64; 2],
    pub(crate) precision: [f64; 2],
    pub(crate) recall_difference: Difference,
    pub(crate) precision_difference: Difference,
}

/// Compares ours (first) with another program's.
pub(crate) fn compare(
    cell: &Cell,
    series: &[Series],
    ours: &[Vec<usize>],
    theirs: &[Vec<usize>],
) -> Compared {
    let scores = |found: &[Vec<usize>]| -> Vec<Score> {
        series.iter().zip(found).map(|(one, changes)| score(cell, one, changes)).collect()
    };
    let [ours, theirs] = [scores(ours), scores(theirs)];
    let total = |of: &[Score], value: fn(&Score) -> f64| of.iter().map(value).sum::<f64>();
    let n = series.len() as f64;
    let recall = |of: &[Score]| total(of, |one| one.found) / n;
    let precision = |of: &[Score]| total(of, |one| one.right) / total(of, |one| one.reported).max(1.0);
    let pairs = || ours.iter().zip(&theirs);
    let by_recall: Vec<f64> = pairs().map(|(one, other)| one.found - other.found).collect();
    let [of_ours, of_theirs] = [&ours, &theirs].map(|of| influences(of));
    let by_precision: Vec<f64> = of_ours.iter().zip(&of_theirs).map(|(one, other)| one - other).collect();
    let recalls = [recall(&ours), recall(&theirs)];
    let precisions = [precision(&ours), precision(&theirs)];
    Compared {
        recall: recalls,
        precision: precisions,
        recall_difference: difference(recalls, &by_recall),
        precision_difference: difference(precisions, &by_precision),
    }
}

/// Influence of each series on the precision, which is a quotient of two sums.
fn influences(of: &[Score]) -> Vec<f64> {
    let total = |value: fn(&Score) -> f64| of.iter().map(value).sum::<f64>();
    let (right, reported) = (total(|one| one.right), total(|one| one.reported).max(1.0));
    let (precision, mean) = (right / reported, reported / of.len() as f64);
    of.iter().map(|one| (one.right - precision * one.reported) / mean).collect()
}

fn difference([ours, theirs]: [f64; 2], each: &[f64]) -> Difference {
    let n = each.len().max(2) as f64;
    let mean = each.iter().sum::<f64>() / n;
    let variance = each.iter().map(|one| (one - mean).powi(2)).sum::<f64>() / (n - 1.0);
    Difference { value: ours - theirs, half_width: 1.96 * (variance / n).sqrt() }
}
