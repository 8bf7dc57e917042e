//! Series for the tests of this module and of `tracking`.

use super::series::{HistoryPoint, HistoryRun, Quantity, SeriesKey, TimeSeries};
use crate::stats::UncertainValue;

/// Key of a series of ratios of wall times.
pub(crate) fn key(variant: &str, baseline: &str) -> SeriesKey {
    SeriesKey {
        machine: "m".into(),
        project: "p".into(),
        workload: "clean".into(),
        variant: variant.into(),
        baseline: baseline.into(),
        fixed: String::new(),
        metric: "wall".into(),
        quantity: Quantity::Ratio,
    }
}

/// A valid value on the log scale.
pub(crate) fn point(value: f64, se: f64) -> HistoryPoint {
    HistoryPoint {
        commit: None,
        compiler: None,
        value: UncertainValue { value, se, df: 8.0 },
        median: None,
        rounds: 9,
        invalid: false,
    }
}

/// A series with these values, one for each run from the first on.
pub(crate) fn series(key: SeriesKey, first: usize, points: Vec<HistoryPoint>) -> TimeSeries {
    TimeSeries { key, runs: (first..first + points.len()).collect(), points }
}

/// A run without facts.
pub(crate) fn run(name: &str) -> HistoryRun {
    HistoryRun {
        run: name.into(),
        machine: "m".into(),
        started_at: String::new(),
        origin: None,
        facts: Default::default(),
    }
}
