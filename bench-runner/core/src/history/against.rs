//! A new run against an old one, or against the level of the history: with the scatter between runs.

use super::series::{Quantity, RunSeries, SeriesKey, TimeSeries};
use crate::stats::{UncertainValue, levels, sum};

/// Fewest earlier runs from which the scatter between runs is known.
pub const MIN_SESSIONS: usize = 5;

/// Level of the search for levels.
const SEARCH: f64 = 0.01;

/// The older value that a new run is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldValue<'r> {
    /// The values of one earlier run, by its name.
    Run(&'r str),
    /// The present level of the earlier runs.
    Level,
}

/// A comparison of a new run with an older value of the same series.
#[derive(Debug, Clone, PartialEq)]
pub struct AgainstOld {
    /// The series.
    pub key: SeriesKey,
    /// Number of earlier runs with a valid value.
    pub sessions: usize,
    /// Change on the log scale, or why there is none, as a clause.
    pub change: Result<UncertainValue, String>,
}

/// Compares each ratio of the metric in a new run with an older value of its series; `earlier` are the series of the
/// runs before it.
///
/// Both are ratios to the same baseline, measured at different times, so each has, besides its own error, the scatter of runs about
/// their level: the larger one of the two counts as its standard error. A level has its own error, in
/// which the scatter is averaged. Without [`MIN_SESSIONS`] earlier runs the scatter is not known, and there is no
/// answer.
pub fn against_old(
    new: &RunSeries,
    earlier: &[TimeSeries],
    old: OldValue<'_>,
    names: &[&str],
    metric: &str,
) -> Vec<AgainstOld> {
    let points = new.points.iter().filter(|(key, _)| key.quantity == Quantity::Ratio && key.metric == metric);
    points
        .map(|(key, point)| {
            let series = earlier.iter().find(|series| series.key == **key);
            let valid: Vec<(usize, UncertainValue)> = series
                .into_iter()
                .flat_map(|series| series.runs.iter().zip(&series.points))
                .filter(|(_, point)| !point.invalid)
                .map(|(run, point)| (*run, point.value))
                .collect();
            let change = if point.invalid {
                Err("the new comparison is invalid".to_owned())
            } else {
                change(point.value, &valid, old, names)
            };
            AgainstOld { key: SeriesKey::clone(key), sessions: valid.len(), change }
        })
        .collect()
}

fn change(
    new: UncertainValue,
    valid: &[(usize, UncertainValue)],
    old: OldValue<'_>,
    names: &[&str],
) -> Result<UncertainValue, String> {
    if valid.len() < MIN_SESSIONS {
        return Err(format!(
            "{} of the {MIN_SESSIONS} earlier runs that show how much runs differ",
            valid.len()
        ));
    }
    let values: Vec<UncertainValue> = valid.iter().map(|(_, value)| *value).collect();
    let (level, scatter) = level_and_scatter(&values);
    let scattered = |one: UncertainValue| {
        if one.se >= scatter.se { one } else { UncertainValue { value: one.value, ..scatter } }
    };
    let old = match old {
        OldValue::Level => level,
        OldValue::Run(name) => {
            let found = valid.iter().find(|(run, _)| names.get(*run) == Some(&name));
            scattered(found.ok_or("the old run has no valid value of it")?.1)
        }
    };
    sum(&[scattered(new), old.scaled_by(-1.0)]).ok_or_else(|| "its values are not finite".to_owned())
}

/// The present level with its error, and the scatter of a value about it as the error of 0.
fn level_and_scatter(values: &[UncertainValue]) -> (UncertainValue, UncertainValue) {
    if let Some(found) = levels(values, SEARCH)
        && let Some(last) = found.levels.last()
    {
        return (*last, UncertainValue { value: 0.0, se: found.noise, df: last.df });
    }
    let n = values.len() as f64;
    let mean = values.iter().map(|one| one.value).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|one| (one.value - mean).powi(2)).sum();
    let (sd, df) = ((squares / (n - 1.0)).sqrt(), n - 1.0);
    (UncertainValue { value: mean, se: sd / n.sqrt(), df }, UncertainValue { value: 0.0, se: sd, df })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::history::HistoryPoint;
    use crate::history::fixture::{key, point, run, series};

    fn new(value: f64) -> RunSeries {
        RunSeries { run: run("new"), points: vec![(Arc::new(key("v", "b")), point(value, 0.004))] }
    }

    const NAMES: [&str; 8] = ["0", "1", "2", "3", "4", "5", "6", "7"];

    fn compared(value: f64, earlier: &[f64], old: OldValue<'_>) -> AgainstOld {
        let points: Vec<HistoryPoint> = earlier.iter().map(|value| point(*value, 0.004)).collect();
        against_old(&new(value), &[series(key("v", "b"), 0, points)], old, &NAMES, "wall").remove(0)
    }

    /// Runs scatter by 1%, although each says that it is known to 0.4%.
    const SCATTERED: [f64; 5] = [0.01, -0.01, 0.012, -0.012, 0.0];

    #[test]
    fn the_scatter_of_runs_counts() {
        let sd = (SCATTERED.iter().map(|value| value * value).sum::<f64>() / 4.0).sqrt();
        let change = compared(0.05, &SCATTERED, OldValue::Run("4")).change.unwrap();
        assert!(
            (change.value - 0.05).abs() < 1e-12 && (change.se - sd * 2f64.sqrt()).abs() < 1e-12,
            "{change:?}"
        );
        let change = compared(0.05, &SCATTERED, OldValue::Level).change.unwrap();
        assert!((change.se - sd * 1.2f64.sqrt()).abs() < 1e-12, "{change:?}");
    }

    #[test]
    fn too_few_runs_give_no_answer() {
        let few = compared(0.05, &SCATTERED[..4], OldValue::Level);
        assert_eq!(
            (few.sessions, few.change.unwrap_err().as_str()),
            (4, "4 of the 5 earlier runs that show how much runs differ")
        );
        let other = compared(0.05, &SCATTERED, OldValue::Run("7")).change.unwrap_err();
        assert_eq!(other, "the old run has no valid value of it");
        assert_eq!(against_old(&new(0.0), &[], OldValue::Level, &NAMES, "wall")[0].sessions, 0);
    }
}
