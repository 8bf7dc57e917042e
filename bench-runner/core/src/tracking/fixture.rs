//! Values for tests of tracking.

use super::event::{SeriesId, Suspicion, SuspicionKind};
use crate::stats::UncertainValue;

/// A suspicion that the run `run` raised.
pub(crate) fn suspicion(number: u32, series: SeriesId, kind: SuspicionKind, run: &str) -> Suspicion {
    let change = UncertainValue { value: 0.05, se: 0.01, df: 9.0 };
    Suspicion {
        number,
        series,
        kind,
        anchor: "anchor".into(),
        run: run.into(),
        before_run: "run-0".into(),
        from: "a".into(),
        to: "b".into(),
        change,
        level: change,
        noise: 0.01,
        contributions: Vec::new(),
    }
}
