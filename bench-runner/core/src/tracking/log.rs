//! The log of a tracking file on one machine, and the alarms and suspicions that follow from it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::stats::{UncertainValue, sum};

use super::event::{
    Blessing, Look, LookOutcome, Night, SeriesId, Suspicion, SuspicionKind, Tip, TrackEvent, VERSION,
};

/// Most looks at a suspicion, if they give no answer.
const MOST_LOOKS: usize = 3;

/// A line of the log.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    version: u32,
    at: String,
    #[serde(flatten)]
    event: TrackEvent,
}

/// State of an alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmState {
    /// Nobody has seen it yet.
    Open,
    /// A user has seen it.
    Acknowledged(String),
    /// Its level has returned, or was accepted.
    Resolved(String),
}

impl AlarmState {
    /// The state as written in tables and documents.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged(_) => "acknowledged",
            Self::Resolved(_) => "resolved",
        }
    }
}

/// An alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Number in the log, from 1.
    pub number: u32,
    /// Time at which it was raised, in UTC.
    pub at: String,
    /// Its suspicion.
    pub suspicion: Suspicion,
    /// The builds that confirmed it.
    pub look: Look,
    /// Its state.
    pub state: AlarmState,
    /// True if the command for alarms has accepted it.
    pub delivered: bool,
}

impl Alarm {
    /// The level after it, as a ln ratio to this anchor: the level before it and the change that fresh builds showed. `None` if
    /// these are ratios to another anchor.
    pub fn level_after(&self, anchor: &str) -> Option<UncertainValue> {
        let change = self.look.change.filter(|_| self.suspicion.anchor == anchor)?;
        sum(&[self.suspicion.level, change])
    }

    /// True if it is not resolved.
    pub fn is_unresolved(&self) -> bool {
        !matches!(self.state, AlarmState::Resolved(_))
    }
}

/// Everything that a log says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TrackLog {
    /// The nights, oldest first, with the time at which each ended.
    pub nights: Vec<(String, Night)>,
    /// Suspicions without a final look.
    pub pending: Vec<Suspicion>,
    /// All alarms, oldest first.
    pub alarms: Vec<Alarm>,
    /// All accepted levels, oldest first, with the time at which each was accepted.
    pub accepted: Vec<(String, Blessing)>,
    /// The newest accepted level of each series.
    pub blessed: BTreeMap<SeriesId, Blessing>,
    /// The newest run at which a look dismissed the suspicion of a level of each series.
    pub dismissed: BTreeMap<SeriesId, String>,
    suspicions: BTreeMap<u32, Suspicion>,
    looks: BTreeMap<u32, Vec<Look>>,
}

/// A log that was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParsedLog {
    /// Its contents.
    pub log: TrackLog,
    /// Lines that could not be read, as clauses.
    pub remarks: Vec<String>,
    /// True if the last line has no end: a full disk or a crash cut it.
    pub is_cut: bool,
}

impl TrackLog {
    /// Reads a log. A line that cannot be read is named and hides no other.
    pub fn parse(text: &str) -> ParsedLog {
        let mut parsed =
            ParsedLog { is_cut: !text.is_empty() && !text.ends_with('\n'), ..ParsedLog::default() };
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let read: Result<Line, _> = serde_json::from_str(line);
            let reason = match read {
                Ok(line) if line.version <= VERSION => {
                    parsed.log.add(&line.at, line.event);
                    continue;
                }
                Ok(line) => format!("it has version {}, and this program reads {VERSION}", line.version),
                Err(error) => error.to_string(),
            };
            parsed.remarks.push(format!("line {} is left out: {reason}", number + 1));
        }
        parsed
    }

    /// An event as a line, with its line feed. `at` is the time in UTC, RFC 3339.
    ///
    /// # Errors
    /// If a number of it is not finite.
    pub fn line(at: &str, event: &TrackEvent) -> Result<String, serde_json::Error> {
        let line = Line { version: VERSION, at: at.to_owned(), event: event.clone() };
        Ok(format!("{}\n", serde_json::to_string(&line)?))
    }

    /// Adds an event.
    pub fn add(&mut self, at: &str, event: TrackEvent) {
        match event {
            TrackEvent::Night(night) => self.nights.push((at.to_owned(), night)),
            TrackEvent::Suspected(suspicion) => {
                self.suspicions.insert(suspicion.number, suspicion.clone());
                self.pending.push(suspicion);
            }
            TrackEvent::Looked(look) => self.look(at, look),
            TrackEvent::Delivered { alarm } => self.change(alarm, |alarm| alarm.delivered = true),
            TrackEvent::Acknowledged { alarm, reason } => {
                self.change(alarm, |alarm| alarm.state = AlarmState::Acknowledged(reason));
            }
            TrackEvent::Resolved { alarm, reason } => {
                self.change(alarm, |alarm| alarm.state = AlarmState::Resolved(reason));
            }
            TrackEvent::Blessed(blessing) => {
                // What was suspected of the level is accepted with it.
                self.pending.retain(|one| one.series != blessing.series);
                self.accepted.push((at.to_owned(), blessing.clone()));
                self.blessed.insert(blessing.series.clone(), blessing);
            }
        }
    }

    fn look(&mut self, at: &str, look: Look) {
        let looks = self.looks.entry(look.suspicion).or_default();
        looks.push(look.clone());
        let is_final = look.outcome != LookOutcome::NoAnswer || looks.len() >= MOST_LOOKS;
        if is_final {
            self.pending.retain(|one| one.number != look.suspicion);
        }
        let Some(suspicion) = self.suspicions.get(&look.suspicion).cloned() else { return };
        match look.outcome {
            // A dismissed step says nothing about the accepted level.
            LookOutcome::Dismissed if suspicion.kind == SuspicionKind::Level => {
                self.dismissed.insert(suspicion.series, suspicion.run);
            }
            LookOutcome::Confirmed => {
                self.pending.retain(|one| one.series != suspicion.series);
                let (number, at) = (look.alarm.unwrap_or(self.alarms.len() as u32 + 1), at.to_owned());
                let state = AlarmState::Open;
                self.alarms.push(Alarm { number, at, suspicion, look, state, delivered: false });
            }
            LookOutcome::Dismissed
            | LookOutcome::Unsure
            | LookOutcome::NoAnswer
            | LookOutcome::Superseded => {}
        }
    }

    fn change(&mut self, number: u32, change: impl FnOnce(&mut Alarm)) {
        if let Some(alarm) = self.alarms.iter_mut().find(|alarm| alarm.number == number) {
            change(alarm);
        }
    }

    /// Number of the next suspicion.
    pub fn next_suspicion(&self) -> u32 {
        let known = self.suspicions.keys().chain(self.looks.keys());
        known.max().map_or(1, |last| last + 1)
    }

    /// Number of the next alarm.
    pub fn next_alarm(&self) -> u32 {
        let looks = self.looks.values().flatten().filter_map(|look| look.alarm);
        looks.chain(self.alarms.iter().map(|alarm| alarm.number)).max().map_or(1, |last| last + 1)
    }

    /// The newest unresolved alarm of a series.
    pub fn unresolved(&self, series: &SeriesId) -> Option<&Alarm> {
        self.alarms.iter().rev().find(|alarm| alarm.is_unresolved() && alarm.suspicion.series == *series)
    }

    /// The last known state of something tracked.
    pub fn last_state(&self, project: &str, variant: &str) -> Option<&Tip> {
        let is_it = |tip: &&Tip| tip.project == project && tip.variant == variant;
        self.nights.iter().rev().find_map(|(_, night)| night.tips.iter().find(is_it))
    }

    /// True if the last night that built something tracked has no valid value of it.
    pub fn lacks_value(&self, project: &str, variant: &str) -> bool {
        let is_it = |tip: &Tip| tip.project == project && tip.variant == variant;
        let last = self.nights.iter().rev().find(|(_, night)| night.tips.iter().any(is_it));
        last.is_some_and(|(_, night)| night.again.iter().any(is_it))
    }

    /// State of something tracked in a run.
    pub fn state_at(&self, run: &str, project: &str, variant: &str) -> Option<&Tip> {
        let is_it = |tip: &&Tip| tip.project == project && tip.variant == variant;
        self.nights
            .iter()
            .rev()
            .filter(|(_, night)| night.run == run)
            .find_map(|(_, night)| night.tips.iter().find(is_it))
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    fn series() -> SeriesId {
        SeriesId {
            project: "p".into(),
            workload: "clean".into(),
            variant: "branch=main".into(),
            metric: "wall".into(),
        }
    }

    fn suspicion(number: u32) -> TrackEvent {
        let run = format!("run-{number}");
        TrackEvent::Suspected(fixture::suspicion(number, series(), SuspicionKind::Level, &run))
    }

    fn look(suspicion: u32, outcome: LookOutcome) -> TrackEvent {
        TrackEvent::Looked(Look {
            suspicion,
            run: Some("look".into()),
            outcome,
            change: None,
            reason: None,
            alarm: None,
        })
    }

    fn text(events: &[TrackEvent]) -> String {
        events.iter().map(|event| TrackLog::line("2026-03-01T02:00:00Z", event).unwrap()).collect()
    }

    #[test]
    fn an_alarm_has_a_life() {
        let mut events = vec![suspicion(1)];
        let read = |events: &[TrackEvent]| {
            let parsed = TrackLog::parse(&text(events));
            assert_eq!(parsed.remarks, Vec::<String>::new());
            parsed.log
        };
        assert_eq!((read(&events).pending.len(), read(&events).next_suspicion()), (1, 2));
        events.push(look(1, LookOutcome::Confirmed));
        let log = read(&events);
        assert_eq!((log.pending.len(), log.alarms[0].number, log.alarms[0].state.as_str()), (0, 1, "open"));
        assert!(log.unresolved(&series()).is_some_and(|alarm| !alarm.delivered));
        events.push(TrackEvent::Delivered { alarm: 1 });
        events.push(TrackEvent::Acknowledged { alarm: 1, reason: "known".into() });
        let log = read(&events);
        assert!(log.alarms[0].delivered && log.alarms[0].state == AlarmState::Acknowledged("known".into()));
        events.push(TrackEvent::Resolved { alarm: 1, reason: "it is back".into() });
        assert_eq!(read(&events).unresolved(&series()), None);
    }

    #[test]
    fn an_accepted_level_ends_what_is_suspected_of_it() {
        let blessing = Blessing { series: series(), run: "run-1".into(), reason: "worth it".into() };
        let log = TrackLog::parse(&text(&[suspicion(1), TrackEvent::Blessed(blessing)])).log;
        assert_eq!((log.pending.len(), log.blessed.len()), (0, 1));
    }

    #[test]
    fn what_had_no_valid_value_is_known_until_another_night_has_one() {
        let tip = Tip { project: "p".into(), variant: "branch=main".into(), state: "a".into() };
        let night = |run: &str, again: &[Tip]| {
            let (tips, again) = (vec![tip.clone()], again.to_vec());
            TrackEvent::Night(Night { run: run.into(), tips, again, ..Night::default() })
        };
        let lacks = |events: &[TrackEvent]| {
            let log = TrackLog::parse(&text(events)).log;
            assert!(log.last_state("p", "branch=main").is_some());
            log.lacks_value("p", "branch=main")
        };
        let first = night("run-1", std::slice::from_ref(&tip));
        assert!(lacks(std::slice::from_ref(&first)));
        assert!(!lacks(&[first.clone(), night("run-2", &[])]));
        let null = TrackEvent::Night(Night { run: "run-2".into(), null: true, ..Night::default() });
        assert!(lacks(&[first, null]), "a null night has built nothing of it");
        assert!(!TrackLog::default().lacks_value("p", "branch=main"));
    }

    #[test]
    fn a_superseded_suspicion_is_given_up_at_once() {
        let log = TrackLog::parse(&text(&[suspicion(1), look(1, LookOutcome::Superseded)])).log;
        assert_eq!((log.pending.len(), log.alarms.len(), log.dismissed.len()), (0, 0, 0));
    }

    #[test]
    fn a_look_without_an_answer_is_made_again() {
        let mut events = vec![suspicion(1), look(1, LookOutcome::NoAnswer)];
        assert_eq!(TrackLog::parse(&text(&events)).log.pending.len(), 1);
        events.push(look(1, LookOutcome::NoAnswer));
        assert_eq!(TrackLog::parse(&text(&events)).log.pending.len(), 1);
        events.push(look(1, LookOutcome::NoAnswer));
        assert_eq!(TrackLog::parse(&text(&events)).log.pending.len(), 0, "three are enough");
        events.extend([suspicion(2), look(2, LookOutcome::Dismissed)]);
        let log = TrackLog::parse(&text(&events)).log;
        assert_eq!(log.dismissed[&series()], "run-2");
    }

    #[test]
    fn a_damaged_line_hides_no_other() {
        let tip =
            |state: &str| Tip { project: "p".into(), variant: "branch=main".into(), state: state.into() };
        let night = |run: &str, state: &str| {
            TrackEvent::Night(Night {
                run: run.into(),
                null: false,
                tips: vec![tip(state)],
                ..Night::default()
            })
        };
        let whole = text(&[night("run-1", "a"), night("run-2", "b")]);
        let broken = format!("{}{{\n{}", text(&[night("run-0", "z")]), whole);
        let parsed = TrackLog::parse(&broken);
        assert_eq!((parsed.log.nights.len(), parsed.remarks.len(), parsed.is_cut), (3, 1, false));
        assert!(parsed.remarks[0].starts_with("line 2 is left out: "), "{:?}", parsed.remarks);
        assert_eq!(parsed.log.last_state("p", "branch=main").unwrap().state, "b");
        assert_eq!(parsed.log.state_at("run-1", "p", "branch=main").unwrap().state, "a");
        let cut = TrackLog::parse(&whole[..whole.len() - 5]);
        assert!(cut.is_cut && cut.log.nights.len() == 1 && cut.remarks.len() == 1);
        let newer = whole.replace("\"version\":1", "\"version\":9");
        assert!(TrackLog::parse(&newer).remarks[0].contains("version 9"));
        assert_eq!(TrackLog::parse(""), ParsedLog::default());
    }
}
