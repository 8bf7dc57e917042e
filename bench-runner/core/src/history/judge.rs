//! Levels of all series, with the share of false discoveries controlled over all of them.

use rayon::prelude::*;

use super::series::TimeSeries;
use crate::stats::{Levels, SearchableSeries, UncertainValue, levels};

/// Largest expected share of series without a change among those that are said to have one.
pub const FALSE_DISCOVERIES: f64 = 0.05;

/// Level of the first search, whose p-values decide which series have changed.
const SEARCH: f64 = 0.01;

/// A series with its levels.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedSeries {
    /// The series.
    pub series: TimeSeries,
    /// Its levels and significant changes; `None` if it is too short. Indices count the points that are judged.
    pub levels: Option<Levels>,
    /// Indices of the points that are judged: all but invalid ones.
    pub judged: Vec<usize>,
}

impl JudgedSeries {
    /// Index of the point that is the first at the new level of a change.
    pub fn point_of(&self, at: usize) -> usize {
        self.judged.get(at).copied().unwrap_or(at)
    }
}

/// All series.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// The series, in the order of their keys.
    pub series: Vec<JudgedSeries>,
    /// Number of series that were judged.
    pub judged: usize,
    /// Number of series that are too short to be judged.
    pub too_short: usize,
    /// Level of each series's changes, from all p-values; `None` if no series has changed.
    pub level: Option<f64>,
}

/// Judges all series together.
///
/// Each series has a p-value against "its level never changes". The procedure of Benjamini and Hochberg (1995) over all series
/// that are long enough gives the largest p-value at which at most [`FALSE_DISCOVERIES`] of the discoveries are
/// expected to be false; changes count at that level.
pub fn judge(series: Vec<TimeSeries>) -> History {
    let first: Vec<Option<FirstSearch>> = series.par_iter().map(FirstSearch::of).collect();
    let p_values: Vec<f64> = first.iter().flatten().map(|found| found.p).collect();
    let level = discovery_level(&p_values, FALSE_DISCOVERIES);
    let series: Vec<JudgedSeries> = series
        .into_par_iter()
        .zip(first)
        .map(|(series, first)| {
            let found = first.and_then(|first| match level {
                Some(level) if first.p <= level => levels(&values(&series), level),
                _ => Some(first.unchanged),
            });
            JudgedSeries { levels: found, judged: judged(&series), series }
        })
        .collect();
    let too_short = series.iter().filter(|one| one.levels.is_none()).count();
    History { judged: series.len() - too_short, too_short, level, series }
}

/// Result of the first search in a series.
struct FirstSearch {
    /// The p-value that decides whether the series has changed.
    p: f64,
    /// Its levels if it has not: at level 0, no change is significant.
    unchanged: Levels,
}

impl FirstSearch {
    /// `None` if the series is too short.
    fn of(series: &TimeSeries) -> Option<Self> {
        let searchable = SearchableSeries::of(&values(series))?;
        Some(Self { p: searchable.levels(SEARCH).p, unchanged: searchable.levels(0.0) })
    }
}

/// Indices of the points that are judged.
fn judged(series: &TimeSeries) -> Vec<usize> {
    (0..series.points.len()).filter(|&at| !series.points[at].invalid).collect()
}

/// Values of the points that are judged.
fn values(series: &TimeSeries) -> Vec<UncertainValue> {
    series.points.iter().filter(|point| !point.invalid).map(|point| point.value).collect()
}

/// The level k·q/m of the largest k with p(k) ≤ k·q/m; `None` if there is none. The p-values up to it are p(1) to p(k).
///
/// It is not p(k) itself: a series with several changes has a larger p-value for each of them than for having changed at all.
fn discovery_level(p_values: &[f64], q: f64) -> Option<f64> {
    let mut sorted = p_values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let m = sorted.len() as f64;
    let level = |index: usize| (index as f64 + 1.0) * q / m;
    let passing = sorted.iter().enumerate().rfind(|(index, p)| **p <= level(*index));
    passing.map(|(index, _)| level(index))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{SeriesKey, fixture};
    use crate::stats::noise::Noise;

    fn series(number: usize, noise: &mut Noise, nights: usize, step: f64) -> TimeSeries {
        let key = SeriesKey { project: format!("p{number:03}"), ..fixture::key("main", "anchor") };
        let mut point = |run: usize| {
            let level = if run >= nights / 2 { step } else { 0.0 };
            fixture::point(level + 0.01 * noise.normal(), 0.005)
        };
        let points = (0..nights).map(&mut point).collect();
        fixture::series(key, 0, points)
    }

    #[test]
    fn the_procedure_is_that_of_benjamini_and_hochberg() {
        // From their paper of 1995, section 3.2: 15 p-values, of which 4 are discoveries at 5%.
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719,
            0.6528, 0.7590, 1.0,
        ];
        let level = discovery_level(&p, 0.05).unwrap();
        assert!((level - 4.0 * 0.05 / 15.0).abs() < 1e-15, "{level}");
        assert_eq!(p.iter().filter(|p| **p <= level).count(), 4);
        assert_eq!(discovery_level(&[0.5, 0.9], 0.05), None);
        assert_eq!(discovery_level(&[], 0.05), None);
    }

    #[test]
    fn changes_are_found_among_many_series_and_few_of_them_are_false() {
        let mut noise = Noise::new(21);
        let mut all: Vec<TimeSeries> = (0..200)
            .map(|number| series(number, &mut noise, 40, if number < 10 { 0.04 } else { 0.0 }))
            .collect();
        all.push(series(200, &mut noise, 4, 0.0));
        let history = judge(all);
        assert_eq!((history.judged, history.too_short), (200, 1));
        let changed: Vec<usize> = (0..200)
            .filter(|&at| history.series[at].levels.as_ref().is_some_and(|levels| !levels.changes.is_empty()))
            .collect();
        assert!((0..10).all(|at| changed.contains(&at)), "{changed:?}");
        assert!(changed.len() <= 12, "{changed:?}");
        let at = history.series[0].levels.as_ref().unwrap().changes[0].at;
        assert!((18..=22).contains(&at), "{at}");
    }

    #[test]
    fn a_series_with_several_changes_is_not_judged_at_its_own_p_value() {
        let changes_at = |seed: u64| -> Vec<usize> {
            let mut noise = Noise::new(seed);
            let mut several = series(0, &mut noise, 40, 0.0);
            for (at, point) in several.points.iter_mut().enumerate() {
                point.value.value += match at {
                    0..12 => 0.0,
                    12..20 => 0.10,
                    20..32 => 0.22,
                    _ => 0.08,
                };
            }
            let others = (1..4).map(|number| series(number, &mut noise, 40, 0.0));
            let history = judge(std::iter::once(several).chain(others).collect());
            let levels = history.series[0].levels.as_ref().unwrap();
            levels.changes.iter().map(|change| change.at).collect()
        };
        for seed in 33..43 {
            assert_eq!(changes_at(seed), [12, 20, 32], "{seed}");
        }
    }

    #[test]
    fn invalid_points_are_shown_and_not_judged() {
        let mut one = series(0, &mut Noise::new(22), 30, 0.0);
        for at in [10, 11, 12] {
            one.points[at].value.value = 1.0;
            one.points[at].invalid = true;
        }
        let history = judge(vec![one]);
        let judged = &history.series[0];
        assert!(judged.levels.as_ref().unwrap().changes.is_empty());
        assert_eq!((judged.point_of(9), judged.point_of(10), judged.series.points.len()), (9, 13, 30));
    }
}
