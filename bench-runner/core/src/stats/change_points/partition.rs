//! The best partition of a series into levels, at a penalty for each.

use super::MIN_SEGMENT;
use super::weights::Weighted;

/// Begins of the segments of the best partition, and the end of the last.
///
/// Minimizes Σ SS/σ² + 2·ln n for each segment, with SS the weighted sum of squares of a segment, by dynamic
/// programming over the end of the last segment (Jackson et al. 2005): O(n²). The penalty is low on purpose: what
/// it lets pass is tested afterwards.
pub(super) fn best_partition(series: &Weighted) -> Vec<usize> {
    let n = series.len();
    let variance = series.scale() * series.scale();
    if variance <= 0.0 || n < 2 * MIN_SEGMENT {
        return vec![0, n];
    }
    let penalty = 2.0 * (n as f64).ln() * variance;
    // Cost of the best partition of what is before an index, and where its last segment begins.
    let mut cost = vec![f64::INFINITY; n + 1];
    let mut begin = vec![0; n + 1];
    cost[0] = -penalty;
    for end in MIN_SEGMENT..=n {
        let (mut least, mut best) = (f64::INFINITY, 0);
        for (from, before) in cost[..=end - MIN_SEGMENT].iter().enumerate() {
            // Infinite for ends of segments that are too short.
            let of = before + series.sum_of_squares(from, end);
            if of < least {
                (least, best) = (of, from);
            }
        }
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
