//! What changed from one run of a series to the next.

use super::series::{HistoryRun, TimeSeries};

/// A change of a fact between two neighboring runs of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Index of the point, in its series, that is the first with the new value.
    pub at: usize,
    /// Name of the fact, such as `rustc`.
    pub fact: String,
    /// Value before.
    pub before: String,
    /// Value from then on.
    pub after: String,
}

/// Changes of facts along a series, in its order.
pub fn events(series: &TimeSeries, runs: &[&HistoryRun]) -> Vec<Event> {
    let facts = |at: usize| series.runs.get(at).and_then(|run| runs.get(*run)).map(|run| &run.facts);
    let mut found = Vec::new();
    for at in 1..series.points.len() {
        let (Some(before), Some(after)) = (facts(at - 1), facts(at)) else { continue };
        // A fact that only one of the two runs has, such as a linker that the other did not use, is not a change.
        for (name, old) in before {
            match after.get(name) {
                Some(new) if new != old => {
                    found.push(Event { at, fact: name.clone(), before: old.clone(), after: new.clone() });
                }
                _ => {}
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{HistoryPoint, Quantity, SeriesKey};
    use crate::stats::UncertainValue;

    #[test]
    fn a_new_compiler_is_an_event() {
        let run = |rustc: &str| HistoryRun {
            run: "r".into(),
            machine: "m".into(),
            started_at: String::new(),
            origin: None,
            facts: [("rustc".to_owned(), rustc.to_owned())].into(),
        };
        let runs = [run("1"), run("1"), run("2")];
        let point = |_| HistoryPoint {
            commit: None,
            value: UncertainValue { value: 0.0, se: 0.0, df: 1.0 },
            median: None,
            rounds: 1,
            invalid: false,
        };
        let key = SeriesKey {
            machine: "m".into(),
            project: "p".into(),
            workload: "clean".into(),
            variant: "v".into(),
            baseline: "b".into(),
            fixed: String::new(),
            metric: "wall".into(),
            quantity: Quantity::Ratio,
        };
        let series = TimeSeries { key, runs: vec![0, 1, 2], points: (0..3).map(point).collect() };
        let expected = Event { at: 2, fact: "rustc".into(), before: "1".into(), after: "2".into() };
        assert_eq!(events(&series, &runs.iter().collect::<Vec<_>>()), [expected]);
    }
}
