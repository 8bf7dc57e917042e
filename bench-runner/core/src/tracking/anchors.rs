//! Joins series across a change of anchor.

use std::collections::BTreeMap;

use super::super::history::{HistoryPoint, Quantity, SeriesKey, TimeSeries};
use crate::stats::{UncertainValue, sum};

/// Fewest nights in which both anchors must have been built.
pub const MIN_OVERLAP: usize = 5;

/// A series that was joined.
#[derive(Debug, Clone, PartialEq)]
pub struct JoinedAnchor {
    /// The series, with the new anchor.
    pub key: SeriesKey,
    /// The old anchor.
    pub before: String,
    /// ln ratio of the new anchor to the old one.
    pub ratio: UncertainValue,
    /// Nights that it is the mean of.
    pub nights: usize,
    /// Index of the first run with the new anchor.
    pub from: usize,
}

/// Joins each series to the one with the anchor before, if both anchors were built together in at least
/// [`MIN_OVERLAP`] nights: a series of the old anchor then has the new anchor's name as its variant. Values against
/// the old anchor are divided by the mean ratio of the anchors, and its variance is added to theirs. Without enough
/// nights together the series stay apart; so do those of toolchains and linkers if the anchors differ in their commits,
/// since these build the anchor's commit.
pub fn join_anchors(series: Vec<TimeSeries>) -> (Vec<TimeSeries>, Vec<JoinedAnchor>) {
    let mut all: BTreeMap<SeriesKey, TimeSeries> =
        series.into_iter().map(|one| (one.key.clone(), one)).collect();
    let mut order: Vec<SeriesKey> = all.keys().cloned().collect();
    order.sort_by_key(|key| all[key].runs.first().copied());
    let mut joined = Vec::new();
    for key in order {
        let Some((before, ratio, nights)) = bridge(&all, &key) else { continue };
        let old = SeriesKey { baseline: before.clone(), ..key.clone() };
        let Some(first) = all[&key].runs.first().copied() else { continue };
        let Some(earlier) = all.get(&old).map(|old| shifted(old, first, &ratio)) else { continue };
        if earlier.is_empty() {
            continue;
        }
        if let Some(one) = all.get_mut(&key) {
            let (runs, points): (Vec<usize>, Vec<HistoryPoint>) = earlier.into_iter().unzip();
            one.runs.splice(0..0, runs);
            one.points.splice(0..0, points);
        }
        if all[&old].runs.iter().all(|run| *run < first) {
            all.remove(&old);
        }
        joined.push(JoinedAnchor { key, before, ratio, nights, from: first });
    }
    (all.into_values().collect(), joined)
}

/// The anchor before that of `key`, and the mean ln ratio of the two over the nights that have both.
fn bridge(all: &BTreeMap<SeriesKey, TimeSeries>, key: &SeriesKey) -> Option<(String, UncertainValue, usize)> {
    if key.quantity != Quantity::Ratio {
        return None;
    }
    let is_bridge = |other: &&SeriesKey| {
        let same =
            SeriesKey { variant: key.variant.clone(), baseline: key.baseline.clone(), ..(*other).clone() };
        same == *key && other.variant == key.baseline && other.baseline != key.baseline
    };
    let builds_same = |other: &&SeriesKey| {
        is_branch(&key.variant) || anchor_commit(&key.baseline) == anchor_commit(&other.baseline)
    };
    let found = all.keys().filter(is_bridge).filter(builds_same).max_by_key(|key| all[*key].points.len())?;
    let values: Vec<f64> =
        all[found].points.iter().filter(|point| !point.invalid).map(|point| point.value.value).collect();
    let n = values.len() as f64;
    if values.len() < MIN_OVERLAP {
        return None;
    }
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let ratio = UncertainValue { value: mean, se: (variance / n).sqrt(), df: n - 1.0 };
    (mean.is_finite() && variance.is_finite()).then(|| (found.baseline.clone(), ratio, values.len()))
}

/// True if a followed variant is a branch, so that its states are commits.
pub fn is_branch(variant: &str) -> bool {
    variant.starts_with("branch=")
}

/// True if a variant is an anchor.
pub fn is_anchor(variant: &str) -> bool {
    anchor_commit(variant).is_some()
}

/// The beginning of the commit in the name of an anchor, as in `anchor 0123456789 toolchain=1.95.0`.
fn anchor_commit(name: &str) -> Option<&str> {
    name.strip_prefix("anchor ")?.split(' ').next()
}

/// The points of a series before the run `first`, as ratios to the new anchor.
fn shifted(old: &TimeSeries, first: usize, ratio: &UncertainValue) -> Vec<(usize, HistoryPoint)> {
    let points = old.runs.iter().zip(&old.points).filter(|(run, _)| **run < first);
    let shift = |(run, point): (&usize, &HistoryPoint)| {
        let value = sum(&[point.value, ratio.scaled_by(-1.0)])?;
        Some((*run, HistoryPoint { value, ..point.clone() }))
    };
    points.filter_map(shift).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture::{self, key, point};

    fn series(variant: &str, baseline: &str, runs: std::ops::Range<usize>, value: f64) -> TimeSeries {
        let points = runs.clone().map(|_| point(value, 0.01)).collect();
        fixture::series(key(variant, baseline), runs.start, points)
    }

    #[test]
    fn series_go_on_over_anchors_that_were_built_together() {
        let all = vec![
            series("branch=main", "a", 0..20, 0.10),
            series("b", "a", 15..20, 0.04),
            series("branch=main", "b", 20..30, 0.06),
            series("c", "b", 24..30, -0.02),
            series("branch=main", "c", 30..33, 0.08),
        ];
        let (found, joined) = join_anchors(all);
        let main = found.iter().find(|one| one.key == key("branch=main", "c")).unwrap();
        assert_eq!(main.runs, (0..33).collect::<Vec<_>>());
        assert!(main.points.iter().all(|point| (point.value.value - 0.08).abs() < 1e-12), "{main:?}");
        assert_eq!(
            joined.iter().map(|one| (one.before.as_str(), one.nights)).collect::<Vec<_>>(),
            [("a", 5), ("b", 6)]
        );
        let names: Vec<&str> = found.iter().map(|one| one.key.variant.as_str()).collect();
        assert_eq!(names, ["b", "branch=main", "c"], "the old parts are in the new series");
    }

    #[test]
    fn the_error_of_the_ratio_is_added() {
        let mut bridge = series("b", "a", 15..20, 0.0);
        for (point, value) in bridge.points.iter_mut().zip([0.02, -0.02, 0.01, -0.01, 0.0]) {
            point.value.value = value;
        }
        let (found, joined) = join_anchors(vec![
            series("branch=main", "a", 0..20, 0.1),
            bridge,
            series("branch=main", "b", 20..22, 0.1),
        ]);
        let main = found.iter().find(|one| one.key == key("branch=main", "b")).unwrap();
        let expected = (0.0001 + 0.00025 / 5.0f64).sqrt();
        assert!((main.points[0].value.se - expected).abs() < 1e-12 && main.points[21].value.se == 0.01);
        assert!((joined[0].ratio.se - (0.00025 / 5.0f64).sqrt()).abs() < 1e-12);
    }

    /// Toolchains build the anchor's commit, so another commit makes other ratios.
    #[test]
    fn toolchains_go_on_over_anchors_of_one_commit_alone() {
        let joined = |old: &str, new: &str| {
            let all = vec![
                series("toolchain=nightly", old, 0..20, 0.1),
                series(new, old, 15..20, 0.04),
                series("toolchain=nightly", new, 20..30, 0.06),
            ];
            join_anchors(all).1.len()
        };
        assert_eq!(joined("anchor aaaa toolchain=1.95.0", "anchor aaaa toolchain=1.96.0"), 1);
        assert_eq!(joined("anchor aaaa toolchain=1.95.0", "anchor bbbb toolchain=1.95.0"), 0);
    }

    #[test]
    fn without_enough_nights_together_a_new_series_begins() {
        let all = vec![
            series("branch=main", "a", 0..20, 0.1),
            series("b", "a", 16..20, 0.0),
            series("branch=main", "b", 20..30, 0.1),
        ];
        let (found, joined) = join_anchors(all.clone());
        assert_eq!((found.len(), joined.len()), (3, 0));
        let (found, joined) = join_anchors(vec![all[0].clone(), all[2].clone()]);
        assert_eq!((found.len(), joined.len()), (2, 0));
    }
}
