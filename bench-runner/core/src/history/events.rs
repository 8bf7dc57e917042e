//! What changed from one run of a series to the next.

use std::sync::Arc;

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
        if Arc::ptr_eq(before, after) {
            continue;
        }
        // A fact that only one of the two runs has, such as a linker that the other did not use, is not a change.
        for (name, old) in before.iter().filter(|(name, _)| !is_varied(series, at, name)) {
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

/// True if a fact is what the series is about: each of its points has another compiler.
fn is_varied(series: &TimeSeries, at: usize, fact: &str) -> bool {
    series.points[at].compiler.is_some() && matches!(fact, "rustc" | "cargo")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::fixture;

    #[test]
    fn a_new_compiler_is_an_event() {
        let run = |rustc: &str| HistoryRun {
            facts: Arc::new([("rustc".to_owned(), rustc.to_owned())].into()),
            ..fixture::run("r")
        };
        let runs = [run("1"), run("1"), run("2")];
        let series = fixture::series(fixture::key("v", "b"), 0, vec![fixture::point(0.0, 0.0); 3]);
        let expected = Event { at: 2, fact: "rustc".into(), before: "1".into(), after: "2".into() };
        assert_eq!(events(&series, &runs.iter().collect::<Vec<_>>()), [expected]);
        let mut varied = series;
        varied.points[2].compiler = crate::history::Compiler::parse("rustc 1.95.0").map(Arc::new);
        assert_eq!(events(&varied, &runs.iter().collect::<Vec<_>>()), [], "a series of compilers has others");
    }
}
