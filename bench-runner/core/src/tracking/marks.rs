//! Alarms and accepted levels of a machine's logs, each at a value of its series.

use std::collections::HashMap;

use super::event::SeriesId;
use super::log::{Alarm, TrackLog};
use crate::history::{HistoryRun, Quantity, SeriesKey, TimeSeries};

/// An alarm or an accepted level.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesMark {
    /// Directory name of the machine.
    pub machine: String,
    /// Name of the tracking file.
    pub tracking: String,
    /// The series, whatever its anchor is.
    pub series: SeriesId,
    /// Run with the value that it is about.
    pub run: String,
    /// Time at which the alarm was raised or the level accepted, in UTC.
    pub at: String,
    /// The kind, with what belongs to it.
    pub kind: MarkKind,
}

/// Kind of a mark.
#[derive(Debug, Clone, PartialEq)]
pub enum MarkKind {
    /// An alarm, whatever its state is.
    Alarm(Box<Alarm>),
    /// A level that a user accepted.
    Accepted {
        /// The user's words.
        reason: String,
    },
}

impl SeriesMark {
    /// The alarm, if it is one.
    pub fn alarm(&self) -> Option<&Alarm> {
        match &self.kind {
            MarkKind::Alarm(alarm) => Some(alarm),
            MarkKind::Accepted { .. } => None,
        }
    }

    /// The alarm, if it is one that is not resolved.
    pub fn unresolved(&self) -> Option<&Alarm> {
        self.alarm().filter(|alarm| alarm.is_unresolved())
    }
}

/// All marks of a log, oldest first.
pub fn marks_of(machine: &str, tracking: &str, log: &TrackLog) -> Vec<SeriesMark> {
    let mark = |series: &SeriesId, run: &str, at: &str, kind: MarkKind| SeriesMark {
        machine: machine.to_owned(),
        tracking: tracking.to_owned(),
        series: series.clone(),
        run: run.to_owned(),
        at: at.to_owned(),
        kind,
    };
    let alarms = log.alarms.iter().map(|alarm| {
        let suspicion = &alarm.suspicion;
        mark(&suspicion.series, &suspicion.run, &alarm.at, MarkKind::Alarm(Box::new(alarm.clone())))
    });
    let accepted = log.accepted.iter().map(|(at, blessing)| {
        let kind = MarkKind::Accepted { reason: blessing.reason.clone() };
        mark(&blessing.series, &blessing.run, at, kind)
    });
    let mut marks: Vec<SeriesMark> = alarms.chain(accepted).collect();
    // Times are UTC and have equal length, so they compare as texts.
    marks.sort_by(|one, other| one.at.cmp(&other.at));
    marks
}

/// A mark at the value with this index in its series.
pub type MarkAtPoint<'m> = (usize, &'m SeriesMark);

/// Marks by the series that they are shown in.
#[derive(Debug, Default)]
pub struct PlacedMarks<'m> {
    of_series: HashMap<&'m SeriesKey, Vec<MarkAtPoint<'m>>>,
    /// Marks of series that are not there, or that have no value so early.
    pub others: Vec<&'m SeriesMark>,
}

impl<'m> PlacedMarks<'m> {
    /// The marks of a series, in the order of its values.
    pub fn of(&self, key: &SeriesKey) -> &[MarkAtPoint<'m>] {
        self.of_series.get(key).map_or(&[], Vec::as_slice)
    }
}

/// Gives each mark its place: the value of its run, or the newest one before it if that run has none.
///
/// A mark belongs to the series of ratios with its project, workload, variant and metric. If several have these, such as with
/// two anchors, it belongs to the one with the value that is nearest.
pub fn place_marks<'m>(
    marks: &'m [SeriesMark],
    series: impl IntoIterator<Item = &'m TimeSeries>,
    runs: &[&HistoryRun],
) -> PlacedMarks<'m> {
    let mut placed = PlacedMarks::default();
    if marks.is_empty() {
        return placed;
    }
    let mut by_id: HashMap<(&str, SeriesId), Vec<&TimeSeries>> = HashMap::new();
    for one in series.into_iter().filter(|one| one.key.quantity == Quantity::Ratio) {
        by_id.entry((&one.key.machine, SeriesId::from(&one.key))).or_default().push(one);
    }
    for mark in marks {
        let fitting = by_id.get(&(mark.machine.as_str(), mark.series.clone()));
        // Of two series with a value of that run, the one that goes on.
        let places = fitting.into_iter().flatten().filter_map(|one| {
            let at = place_of(mark, one, runs)?;
            let start = runs[one.runs[at]].started_at.as_str();
            Some((runs[one.runs[at]].run == mark.run, start, one.points.len(), at, &one.key))
        });
        match places.max_by_key(|(is_its_run, start, length, ..)| (*is_its_run, *start, *length)) {
            Some((.., at, key)) => placed.of_series.entry(key).or_default().push((at, mark)),
            None => placed.others.push(mark),
        }
    }
    placed.of_series.values_mut().for_each(|marks| marks.sort_by_key(|(at, _)| *at));
    placed
}

/// Index of the value of the mark's run, or of the newest one before it, in whatever order the values are.
fn place_of(mark: &SeriesMark, series: &TimeSeries, runs: &[&HistoryRun]) -> Option<usize> {
    let run_of = |at: usize| runs[series.runs[at]];
    let points = || 0..series.points.len();
    if let Some(at) = points().rev().find(|&at| run_of(at).run == mark.run) {
        return Some(at);
    }
    // Of a run that is not there any more, only the time of the mark is known.
    let is_it = |run: &&&HistoryRun| run.run == mark.run && run.machine == mark.machine;
    let time = runs.iter().find(is_it).map_or(mark.at.as_str(), |run| run.started_at.as_str());
    points()
        .filter(|&at| run_of(at).started_at.as_str() <= time)
        .max_by(|&one, &other| run_of(one).started_at.cmp(&run_of(other).started_at))
}

#[cfg(test)]
mod tests {
    use super::super::event::{Blessing, Look, LookOutcome, SuspicionKind, TrackEvent};
    use super::super::fixture::suspicion;
    use super::*;
    use crate::history::fixture;

    fn id(variant: &str) -> SeriesId {
        SeriesId::from(&fixture::key(variant, ""))
    }

    fn raised(number: u32, variant: &str, run: &str) -> [TrackEvent; 2] {
        let suspicion = suspicion(number, id(variant), SuspicionKind::Step, run);
        let look = Look::without_builds(&suspicion, LookOutcome::Confirmed, String::new());
        [TrackEvent::Suspected(suspicion), TrackEvent::Looked(look)]
    }

    fn accepted(variant: &str, run: &str, reason: &str) -> TrackEvent {
        TrackEvent::Blessed(Blessing { series: id(variant), run: run.into(), reason: reason.into() })
    }

    /// Each event is an hour later than the one before.
    fn marks(events: impl IntoIterator<Item = TrackEvent>) -> Vec<SeriesMark> {
        let mut log = TrackLog::default();
        for (hour, event) in events.into_iter().enumerate() {
            log.add(&format!("2026-03-09T{hour:02}:00:00Z"), event);
        }
        marks_of("m", "nightly", &log)
    }

    /// Nights at 02:00, the first one on the day `first`.
    fn nights(first: usize, count: usize) -> Vec<HistoryRun> {
        let night = |day: usize| HistoryRun {
            started_at: format!("2026-03-{day:02}T02:00:00Z"),
            ..fixture::run(&format!("run-{day}"))
        };
        (first..first + count).map(night).collect()
    }

    fn series(variant: &str, anchor: &str, runs: &[usize]) -> TimeSeries {
        let points = vec![fixture::point(0.0, 0.01); runs.len()];
        TimeSeries { runs: runs.to_vec(), ..fixture::series(fixture::key(variant, anchor), 0, points) }
    }

    #[test]
    fn all_alarms_and_all_accepted_levels_are_marks() {
        let mut events = vec![accepted("v", "run-1", "first")];
        events.extend(raised(1, "v", "run-2"));
        events.push(TrackEvent::Acknowledged { alarm: 1, reason: "known".into() });
        events.push(accepted("v", "run-3", "worth it"));
        events.push(TrackEvent::Resolved { alarm: 1, reason: "accepted: worth it".into() });
        let marks = marks(events);
        let kinds: Vec<String> = marks
            .iter()
            .map(|mark| match &mark.kind {
                MarkKind::Alarm(alarm) => format!("{}: {} {}", mark.run, alarm.number, alarm.state.as_str()),
                MarkKind::Accepted { reason } => format!("{}: {reason}", mark.run),
            })
            .collect();
        assert_eq!(kinds, ["run-1: first", "run-2: 1 resolved", "run-3: worth it"]);
        assert!(marks.iter().all(|mark| mark.unresolved().is_none()));
    }

    #[test]
    fn a_mark_is_at_its_run_or_the_value_before() {
        let runs = nights(1, 8);
        let runs: Vec<&HistoryRun> = runs.iter().collect();
        let mut events: Vec<TrackEvent> = raised(1, "v", "run-5").into();
        // The sixth night has no value, and the last run is not there any more.
        events.extend([
            accepted("v", "run-6", ""),
            accepted("v", "run-20", ""),
            accepted("other", "run-5", ""),
        ]);
        let marks = marks(events);
        let mut one = series("v", "anchor", &[0, 2, 4, 6]);
        let found = |one: &TimeSeries| -> (Vec<(usize, String)>, Vec<String>) {
            let placed = place_marks(&marks, [one], &runs);
            let at = placed.of(&one.key).iter().map(|(at, mark)| (*at, mark.run.clone())).collect();
            (at, placed.others.iter().map(|mark| mark.series.variant.clone()).collect())
        };
        let expected = [(2, "run-5".to_owned()), (2, "run-6".to_owned()), (3, "run-20".to_owned())];
        assert_eq!(found(&one), (expected.to_vec(), vec!["other".to_owned()]));
        // In another order, too.
        one.runs.reverse();
        let expected = [(0, "run-20".to_owned()), (1, "run-5".to_owned()), (1, "run-6".to_owned())];
        assert_eq!(found(&one).0, expected);
        let late = series("v", "anchor", &[7]);
        assert_eq!(
            found(&late),
            (vec![(0, "run-20".to_owned())], vec!["v".into(), "v".into(), "other".into()])
        );
    }

    #[test]
    fn of_two_anchors_the_one_of_that_night_has_the_mark() {
        let runs = nights(1, 8);
        let runs: Vec<&HistoryRun> = runs.iter().collect();
        let marks = marks(raised(1, "v", "run-3"));
        let (old, new) = (series("v", "old", &[0, 1, 2]), series("v", "new", &[3, 4, 5, 6]));
        let mut seconds = series("v", "seconds", &[0, 1, 2]);
        seconds.key.quantity = Quantity::Seconds;
        let placed = place_marks(&marks, [&seconds, &new, &old], &runs);
        let counts = [&old, &new, &seconds].map(|one| placed.of(&one.key).len());
        assert_eq!((counts, placed.others.len()), ([1, 0, 0], 0));
        // A series on another machine has none.
        let mut elsewhere = old;
        elsewhere.key.machine = "n".into();
        assert_eq!(place_marks(&marks, [&elsewhere], &runs).others.len(), 1);
    }
}
