//! Choice of the commits or toolchains to measure, and of the run of each: pure.

use std::collections::BTreeSet;

use bench_runner_core::stats::{UncertainValue, levels};

/// Places of those to measure, in order: of all that are not measured, or of `count`. `values` are the ln ratios of those that
/// are measured.
pub(super) fn choose(count: Option<u32>, is_where_unsure: bool, values: &[Option<f64>]) -> Vec<usize> {
    let Some(count) = count.map(|count| count as usize) else {
        return (0..values.len()).filter(|&at| values[at].is_none()).collect();
    };
    let places = if is_where_unsure { where_unsure(values, count) } else { evenly(values.len(), count) };
    places.into_iter().filter(|&at| values[at].is_none()).collect()
}

/// `count` of `of` places, the last one included.
fn evenly(of: usize, count: usize) -> Vec<usize> {
    let count = count.min(of);
    let places: BTreeSet<usize> =
        (1..=count).map(|number| (number * of).div_ceil(count.max(1)) - 1).collect();
    places.into_iter().collect()
}

/// Places that tell most about where the values change: the middles of the gaps between measured neighbors, those at
/// a change of level first, then the longest.
fn where_unsure(values: &[Option<f64>], count: usize) -> Vec<usize> {
    let known: Vec<usize> = (0..values.len()).filter(|&at| values[at].is_some()).collect();
    let series: Vec<_> = known
        .iter()
        .filter_map(|&at| Some(UncertainValue { value: values[at]?, se: 0.0, df: 9.0 }))
        .collect();
    let changed: BTreeSet<usize> = levels(&series, 0.05)
        .map(|found| found.changes.iter().map(|change| change.at).collect())
        .unwrap_or_default();
    // Each gap: whether a level changes across it, and the places at its ends, which are measured or the range's.
    let mut gaps: Vec<(bool, usize, usize)> = Vec::new();
    let ends = std::iter::once(0).chain(known.iter().map(|at| at + 1));
    let begins = known.iter().copied().chain([values.len()]);
    for (number, (begin, end)) in ends.zip(begins).enumerate() {
        gaps.push((changed.contains(&number), begin, end));
    }
    let mut chosen = BTreeSet::new();
    while chosen.len() < count {
        let best = gaps.iter().enumerate().filter(|(_, (_, begin, end))| begin < end);
        let Some((at, &(is_change, begin, end))) =
            best.max_by_key(|(_, (is_change, begin, end))| (*is_change, end - begin))
        else {
            break;
        };
        let middle = begin + (end - begin) / 2;
        chosen.insert(middle);
        gaps.remove(at);
        gaps.extend([(is_change, begin, middle), (is_change, middle + 1, end)]);
    }
    chosen.into_iter().collect()
}

/// Distributes things over runs, so that each run has some from the whole range.
pub(super) fn runs<T: Clone>(wanted: &[T], per_run: usize) -> Vec<Vec<T>> {
    let count = wanted.len().div_ceil(per_run.max(1));
    (0..count).map(|run| wanted.iter().skip(run).step_by(count).cloned().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_evenly_and_include_the_last() {
        assert_eq!(evenly(10, 5), [1, 3, 5, 7, 9]);
        assert_eq!(evenly(10, 3), [3, 6, 9]);
        assert_eq!(evenly(3, 9), [0, 1, 2]);
        assert_eq!(evenly(7, 1), [6]);
    }

    #[test]
    fn unsure_places_are_at_a_change_and_in_long_gaps() {
        let mut values = vec![None; 40];
        for (at, value) in
            [(0, 0.001), (5, 0.0), (10, 0.002), (15, 0.001), (25, 0.101), (30, 0.1), (35, 0.102), (39, 0.1)]
        {
            values[at] = Some(value);
        }
        assert_eq!(where_unsure(&values, 1), [20], "between the two levels");
        assert_eq!(where_unsure(&values, 3), [18, 20, 23]);
        assert_eq!(where_unsure(&[None, None, None], 1), [1]);
        assert_eq!(where_unsure(&[Some(0.0)], 3), Vec::<usize>::new());
    }

    #[test]
    fn every_run_spans_the_range() {
        let runs = runs(&[0, 1, 2, 3, 4, 5, 6], 3);
        assert_eq!(runs, [vec![0, 3, 6], vec![1, 4], vec![2, 5]]);
        assert!(super::runs::<usize>(&[], 3).is_empty());
    }
}
