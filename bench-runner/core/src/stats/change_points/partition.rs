//! The best partition of a series into levels, at a penalty for each.

use super::MIN_SEGMENT;
use super::weights::Weighted;

/// Begins of the segments of the best partition, and the end of the last.
///
/// Minimizes Σ SS/σ² + 2·ln n for each segment, with SS the weighted sum of squares of a segment, by dynamic
/// programming over the end of the last segment (Jackson et al. 2005). The penalty is low on purpose: what it lets
/// pass is tested afterwards.
///
/// Of the n²/2 pairs of begin and end, most are skipped: a longer segment never has a smaller sum of squares, so begins
/// whose costs were above the least one are tried again only when the least cost has passed them. The result is that of
/// trying all pairs.
pub(super) fn best_partition(series: &Weighted) -> Vec<usize> {
    let n = series.len();
    let variance = series.scale() * series.scale();
    if variance <= 0.0 || n < 2 * MIN_SEGMENT {
        return vec![0, n];
    }
    let penalty = 2.0 * (n as f64).ln() * variance;
    let slack = rounding_errors(series, penalty);
    let mut begins = Begins::default();
    // Where the last segment of the best partition of what is before an index begins.
    let mut begin = vec![0; n + 1];
    // Cost of the best partition of what is before an index; infinite for segments that are too short.
    let mut cost = vec![f64::INFINITY; n + 1];
    cost[0] = -penalty;
    for end in MIN_SEGMENT..=n {
        begins.add(cost[end - MIN_SEGMENT]);
        let of = |from: usize| cost[from] + series.sum_of_squares(from, end);
        let (least, best) = begins.least(begin[end - 1], slack, of);
        (cost[end], begin[end]) = (least + penalty, best);
    }
    let mut bounds = vec![n];
    let mut end = n;
    while end > 0 {
        end = begin[end];
        bounds.push(end);
    }
    bounds.reverse();
    bounds
}

/// Bound of the rounding errors of two costs: sums of n terms of at most w·R², for weights with a mean of 1 and R the largest
/// value, each with a relative error of at most n·ε.
fn rounding_errors(series: &Weighted, penalty: f64) -> f64 {
    let n = series.len() as f64;
    let reach = series.reach();
    32.0 * f64::EPSILON * n * (n * reach * reach + penalty)
}

/// Number of begins that are tried or skipped together: trying a few more is faster than deciding on each.
const TOGETHER: usize = 8;

/// Begins of a last segment, in groups.
#[derive(Default)]
struct Begins {
    count: usize,
    /// Lower bound of the costs of each group.
    bounds: Vec<f64>,
}

impl Begins {
    /// Adds the next begin, with the cost of what is before it.
    fn add(&mut self, cost: f64) {
        match self.bounds.last_mut() {
            Some(last) if !self.count.is_multiple_of(TOGETHER) => *last = last.min(cost),
            _ => self.bounds.push(cost),
        }
        self.count += 1;
    }

    /// The least cost and the first begin that has it. `probable` is the begin that is likely to be that one.
    fn least(&mut self, probable: usize, slack: f64, of: impl Fn(usize) -> f64) -> (f64, usize) {
        let (mut least, mut best) = (f64::INFINITY, 0);
        let mut limit = of(probable) + slack;
        for (group, bound) in self.bounds.iter_mut().enumerate() {
            if *bound > limit {
                continue;
            }
            *bound = f64::INFINITY;
            for from in group * TOGETHER..self.count.min((group + 1) * TOGETHER) {
                let cost = of(from);
                *bound = bound.min(cost);
                if cost < least {
                    (least, best) = (cost, from);
                }
            }
            limit = limit.min(least + slack);
        }
        (least, best)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::uncertain::UncertainValue;
    use super::*;
    use crate::stats::noise::Noise;

    /// The same by trying all pairs.
    fn from_all_pairs(series: &Weighted) -> Vec<usize> {
        let n = series.len();
        let variance = series.scale() * series.scale();
        if variance <= 0.0 || n < 2 * MIN_SEGMENT {
            return vec![0, n];
        }
        let penalty = 2.0 * (n as f64).ln() * variance;
        let (mut cost, mut begin) = (vec![f64::INFINITY; n + 1], vec![0; n + 1]);
        cost[0] = -penalty;
        for end in MIN_SEGMENT..=n {
            let (mut least, mut best) = (f64::INFINITY, 0);
            for (from, before) in cost[..=end - MIN_SEGMENT].iter().enumerate() {
                let of = before + series.sum_of_squares(from, end);
                if of < least {
                    (least, best) = (of, from);
                }
            }
            (cost[end], begin[end]) = (least + penalty, best);
        }
        let mut bounds = vec![n];
        while let Some(end) = bounds.last().copied().filter(|end| *end > 0) {
            bounds.push(begin[end]);
        }
        bounds.reverse();
        bounds
    }

    fn check(series: &[UncertainValue]) {
        let Some(weighted) = Weighted::of(series) else { return };
        assert_eq!(best_partition(&weighted), from_all_pairs(&weighted), "{series:?}");
    }

    /// Random levels with noise, some values many times as uncertain as others.
    fn levels(seed: u64, count: usize, step: f64, outliers: f64) -> Vec<UncertainValue> {
        let mut noise = Noise::new(seed);
        let mut level = 0.0;
        let value = |at: usize| {
            if noise.normal() > 2.0 {
                level += step * noise.normal();
            }
            let se = if at.is_multiple_of(7) { 0.1 } else { 0.001 };
            UncertainValue { value: level + noise.build(0.01, outliers), se, df: 9.0 }
        };
        (0..count).map(value).collect()
    }

    #[test]
    fn nothing_that_is_skipped_would_have_been_better() {
        for (seed, count) in (0..).zip([6, 7, 15, 16, 17, 31, 40, 100, 257, 700]) {
            for step in [0.0, 0.02, 0.1, 100.0] {
                for outliers in [0.0, 0.05] {
                    check(&levels(seed, count, step, outliers));
                }
            }
        }
        let many = Weighted::of(&levels(3, 400, 0.1, 0.0)).unwrap();
        assert!(best_partition(&many).len() > 4);
    }

    proptest! {
        // Few different values, so that many partitions are equally good: the first of them counts.
        #[test]
        fn ties_are_those_of_all_pairs(values in prop::collection::vec((0..3i32, 0..2i32), 6..80), size in -200..200i32) {
            let unit = 10f64.powi(size);
            let of = |(value, se): &(i32, i32)| {
                UncertainValue { value: unit * f64::from(*value), se: 0.3 * unit * f64::from(*se), df: 5.0 }
            };
            check(&values.iter().map(of).collect::<Vec<_>>());
        }

        #[test]
        fn values_of_all_sizes_are_no_exception(
            values in prop::collection::vec((-1.0..1.0f64, 0..12i32, -12..3i32), 6..60),
        ) {
            let of = |(value, size, se): &(f64, i32, i32)| {
                UncertainValue { value: value * 10f64.powi(*size), se: 10f64.powi(*se), df: 5.0 }
            };
            check(&values.iter().map(of).collect::<Vec<_>>());
        }
    }
}
