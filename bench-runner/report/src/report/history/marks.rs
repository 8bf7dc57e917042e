//! Alarms and accepted levels as sentences, as JSON and for figures.

use bench_runner_core::tracking::{Alarm, AlarmState, MarkAtPoint, MarkKind, SeriesMark};
use serde_json::{Value, json as object};

use super::super::tracking::{alarm_change, ratio, series_name};
use crate::figure::{HistoryMark, HistoryMarkKind, wording};

/// Most characters of a reason that are shown; JSON has all of it.
const MOST_OF_REASON: usize = 300;

/// A mark without its series, as a clause.
pub(super) fn mark_text(mark: &SeriesMark) -> String {
    match &mark.kind {
        MarkKind::Alarm(alarm) => format!("{}: {}", alarm_name(mark, alarm), alarm_change(alarm)),
        MarkKind::Accepted { reason } => {
            format!("level accepted on {} in {}: {}", day(&mark.at), mark.tracking, shortened(reason))
        }
    }
}

/// An alarm with its series, as a clause.
pub(super) fn alarm_text(mark: &SeriesMark, alarm: &Alarm) -> String {
    format!("{}: {}: {}", alarm_name(mark, alarm), series_name(&mark.series), alarm_change(alarm))
}

/// Number, tracking file and state of an alarm, such as `alarm 3 of nightly, open since 2026-03-14`.
fn alarm_name(mark: &SeriesMark, alarm: &Alarm) -> String {
    let raised = day(&alarm.at);
    let state = match &alarm.state {
        AlarmState::Open => format!("open since {raised}"),
        AlarmState::Acknowledged(reason) => {
            format!("raised on {raised} and acknowledged ({})", shortened(reason))
        }
        AlarmState::Resolved(reason) => format!("raised on {raised} and resolved ({})", shortened(reason)),
    };
    format!("alarm {} of {}, {state}", alarm.number, mark.tracking)
}

/// Unresolved alarms among these marks as clauses, each with its series.
pub(super) fn unresolved<'m>(marks: impl IntoIterator<Item = &'m SeriesMark>) -> Vec<String> {
    marks.into_iter().filter_map(|mark| Some(alarm_text(mark, mark.unresolved()?))).collect()
}

/// Unresolved alarms of series that are not shown, as a sentence; `None` if there is none.
pub(super) fn alarms_elsewhere<'m>(others: impl IntoIterator<Item = &'m SeriesMark>) -> Option<String> {
    let mut files: Vec<&str> = Vec::new();
    let mut count = 0;
    for mark in others.into_iter().filter(|mark| mark.unresolved().is_some()) {
        count += 1;
        if !files.contains(&mark.tracking.as_str()) {
            files.push(&mark.tracking);
        }
    }
    let (is, series) = if count == 1 { ("is", "belongs to a series") } else { ("are", "belong to series") };
    let alarms = wording::pluralize(count, "alarm");
    let files = files.join(", ");
    (count > 0).then(|| format!("{alarms} of {files} that {is} not resolved {series} not shown here"))
}

/// Marks for the figure of their series.
pub(super) fn figure_marks(marks: &[MarkAtPoint<'_>]) -> Vec<HistoryMark> {
    let mark = |(at, mark): &MarkAtPoint<'_>| {
        let kind = match &mark.kind {
            MarkKind::Alarm(alarm) => {
                HistoryMarkKind::Alarm { number: alarm.number, is_resolved: !alarm.is_unresolved() }
            }
            MarkKind::Accepted { .. } => HistoryMarkKind::AcceptedLevel,
        };
        HistoryMark { at: *at, kind, text: mark_text(mark) }
    };
    marks.iter().map(mark).collect()
}

/// A mark; `shown_at` is the run of the value that it is shown at.
pub(super) fn mark_json(mark: &SeriesMark, shown_at: Option<&str>) -> Value {
    let mut document = object!({
        "tracking": mark.tracking, "run": mark.run, "shown_at": shown_at, "at": mark.at,
    });
    match &mark.kind {
        MarkKind::Accepted { reason } => {
            document["kind"] = "accepted".into();
            document["reason"] = reason.as_str().into();
        }
        MarkKind::Alarm(alarm) => {
            let suspicion = &alarm.suspicion;
            let reason = match &alarm.state {
                AlarmState::Open => None,
                AlarmState::Acknowledged(reason) | AlarmState::Resolved(reason) => Some(reason.as_str()),
            };
            document["kind"] = "alarm".into();
            document["alarm"] = alarm.number.into();
            document["state"] = alarm.state.as_str().into();
            document["reason"] = reason.into();
            document["change"] = alarm.look.change.as_ref().map(ratio).into();
            document["history"] = ratio(&suspicion.change);
            document["from"] = suspicion.from.as_str().into();
            document["to"] = suspicion.to.as_str().into();
        }
    }
    document
}

fn day(time: &str) -> &str {
    time.get(..10).unwrap_or(time)
}

fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(MOST_OF_REASON) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason.to_owned(),
    }
}
