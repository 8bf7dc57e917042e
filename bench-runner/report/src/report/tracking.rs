//! A night of a tracking file: as text for a terminal, as JSON, and its alarms as documents for a command.

use bench_runner_core::compare::workload_phrase;
use bench_runner_core::record::{CommitLine, short_commit};
use bench_runner_core::stats::{LEVEL, UncertainValue};
use bench_runner_core::tracking::{
    Alarm, AlarmState, Contribution, JoinedAnchor, Look, LookOutcome, NightOutcome, SeriesId, Suspicion,
    SuspicionKind,
};
use serde_json::{Value, json as object};

use super::table::TextStyle;
use crate::figure::wording;

/// Most commits or steps that an alarm lists for readers.
const MOST_LISTED: usize = 10;

/// Commits that can be responsible for a change, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponsibleStates {
    /// Commits between the two states, oldest first; empty for what is not a branch.
    pub commits: Vec<CommitLine>,
    /// Command that finds the commit in a clone of the repository.
    pub bisect: Option<String>,
}

/// The result of a night.
#[derive(Debug, Clone, Default)]
pub struct TrackReport<'t> {
    /// Name of the tracking file.
    pub name: &'t str,
    /// Name of the machine's directory.
    pub machine: &'t str,
    /// Name of the run, and whether it built the anchors alone; `None` if nothing was built.
    pub run: Option<(String, bool)>,
    /// New states tonight, as clauses.
    pub new: Vec<String>,
    /// Number of series that were judged, and of those that are too short.
    pub judged: (usize, usize),
    /// Looks of tonight, with their suspicions.
    pub looks: Vec<(&'t Suspicion, &'t Look)>,
    /// Suspicions that the next night looks at first.
    pub pending: &'t [Suspicion],
    /// Alarms that were raised tonight.
    pub raised: Vec<(&'t Alarm, &'t ResponsibleStates)>,
    /// All alarms that are not resolved.
    pub unresolved: Vec<&'t Alarm>,
    /// Alarms that were resolved tonight.
    pub resolved: Vec<&'t Alarm>,
    /// Sentences about what did not go as planned.
    pub remarks: Vec<String>,
    /// The outcome; `None` if only the record is shown.
    pub outcome: Option<NightOutcome>,
    /// Number of nights in the log.
    pub nights: usize,
    /// Time at which the last of them ended.
    pub last_night: Option<&'t str>,
}

/// Name of a series for readers, such as `semver: full build: branch=main`.
pub fn series_name(series: &SeriesId) -> String {
    let metric = if series.metric == "wall" { String::new() } else { format!(", {}", series.metric) };
    format!("{}: {}: {}{metric}", series.project, workload_phrase(&series.workload, None), series.variant)
}

/// A series that goes on over a change of anchor, as a sentence.
pub fn joined_text(joined: &JoinedAnchor) -> String {
    let key = &joined.key;
    let (low, high) = joined.ratio.interval(LEVEL);
    let ratio = wording::interval(joined.ratio.value.exp(), (low.exp(), high.exp()));
    format!(
        "{}: {}: {} goes on from {} to {}, which is {}× as long ({}–{}×) over {} nights with both",
        key.project,
        workload_phrase(&key.workload, None),
        key.variant,
        joined.before,
        key.baseline,
        ratio.estimate,
        ratio.low,
        ratio.high,
        joined.nights
    )
}

/// A change on the log scale for readers, such as `1.106× as long (1.083–1.129×; +10.6%)`.
fn change(change: &UncertainValue) -> String {
    let (low, high) = change.interval(LEVEL);
    wording::interval_phrase(change.value.exp(), (low.exp(), high.exp()))
}

fn outcome_word(outcome: LookOutcome) -> &'static str {
    match outcome {
        LookOutcome::Confirmed => "confirmed",
        LookOutcome::Dismissed => "not confirmed",
        LookOutcome::Unsure => "unsure",
        LookOutcome::NoAnswer => "no answer",
        LookOutcome::Superseded => "given up",
    }
}

/// A night for a terminal; lines end with a line feed.
pub fn track_text(report: &TrackReport<'_>, style: TextStyle) -> String {
    let mut lines = style.hanging("track:  ", &run_sentence(report));
    lines.extend(report.new.iter().flat_map(|new| style.hanging("new:    ", new)));
    if report.run.as_ref().is_some_and(|(_, null)| !null) {
        let (judged, short) = report.judged;
        let mut text = format!("{judged} series");
        if short > 0 {
            text.push_str(&format!("; {short} with too few nights"));
        }
        lines.extend(style.hanging("judged: ", &text));
    }
    for (suspicion, look) in &report.looks {
        lines.extend(style.hanging("looked: ", &look_sentence(suspicion, look)));
    }
    for suspicion in report.pending {
        let text = format!("{}: {}", series_name(&suspicion.series), suspicion_clause(suspicion));
        lines.extend(style.hanging("next night: ", &text));
    }
    for (alarm, responsible) in &report.raised {
        lines.extend(style.hanging(&format!("ALARM {}: ", alarm.number), &alarm_sentence(alarm)));
        lines.extend(responsible_lines(alarm, responsible).iter().flat_map(|line| style.paragraph("", line)));
    }
    for alarm in &report.resolved {
        let AlarmState::Resolved(reason) = &alarm.state else { continue };
        let text = format!("alarm {}: {}: {reason}", alarm.number, series_name(&alarm.suspicion.series));
        lines.extend(style.hanging("resolved: ", &text));
    }
    for alarm in &report.unresolved {
        if report.raised.iter().all(|(raised, _)| raised.number != alarm.number) {
            let since = alarm.at.get(..10).unwrap_or(&alarm.at);
            let text =
                format!("{} {} since {since}: {}", alarm.number, alarm.state.as_str(), alarm_sentence(alarm));
            lines.extend(style.hanging("alarm:  ", &text));
        }
    }
    lines.extend(report.remarks.iter().flat_map(|remark| style.hanging("note:   ", remark)));
    lines.extend(style.hanging("result: ", &result_sentence(report)));
    style.text(&lines)
}

/// Steps and commits that can be responsible for an alarm, as lines.
fn responsible_lines(alarm: &Alarm, responsible: &ResponsibleStates) -> Vec<String> {
    let step = |step: &Contribution| {
        let percent = 100.0 * step.change.value.exp_m1();
        format!("{percent:+.1}% from {} to {}", short_commit(&step.from), short_commit(&step.to))
    };
    let steps = &alarm.suspicion.contributions;
    // A single step says nothing more than the alarm.
    let steps = steps.iter().filter(|_| steps.len() > 1).take(MOST_LISTED).map(step);
    let commits = responsible.commits.iter().take(MOST_LISTED);
    let commits = commits.map(|commit| format!("{} {}", short_commit(&commit.id), commit.subject));
    let more = responsible.commits.len().saturating_sub(MOST_LISTED);
    let more = (more > 0).then(|| format!("and {}", wording::pluralize(more, "more commit")));
    let next = responsible.bisect.iter().map(|command| format!("to find it, in a clone: {command}"));
    steps.chain(commits).chain(more).chain(next).collect()
}

fn run_sentence(report: &TrackReport<'_>) -> String {
    if report.outcome.is_none() {
        let nights = wording::pluralize(report.nights, "night");
        let last = report.last_night.map(|at| format!(", the last one at {at}")).unwrap_or_default();
        return format!("{}: {nights} recorded{last}", report.name);
    }
    match &report.run {
        Some((run, true)) => {
            format!("{}: nothing is new, so the anchors were built alone: {run}", report.name)
        }
        Some((run, false)) => format!("{}: {run}", report.name),
        None => format!("{}: nothing was built", report.name),
    }
}

fn result_sentence(report: &TrackReport<'_>) -> String {
    let raised = wording::pluralize(report.raised.len(), "new alarm");
    match report.outcome {
        Some(NightOutcome::Regression) => format!("regression: {raised}"),
        Some(NightOutcome::Passed) => "no new alarm".to_owned(),
        Some(NightOutcome::Unsure) => "unsure: a suspicion is neither confirmed nor dismissed".to_owned(),
        Some(NightOutcome::Partial) => {
            "partial: not everything could be built, or a command failed".to_owned()
        }
        Some(NightOutcome::Interrupted) => "interrupted".to_owned(),
        None if report.unresolved.is_empty() => "no alarm is open".to_owned(),
        None => format!("{} not resolved", wording::pluralize(report.unresolved.len(), "alarm")),
    }
}

fn suspicion_clause(suspicion: &Suspicion) -> String {
    let what = match suspicion.kind {
        SuspicionKind::Step => "the newest night against the level before",
        SuspicionKind::Level => "the level against the accepted one",
    };
    format!("{what}: {}", change(&suspicion.change))
}

fn look_sentence(suspicion: &Suspicion, look: &Look) -> String {
    let fresh = match (&look.change, &look.reason) {
        (Some(fresh), None) => format!("fresh builds: {}", change(fresh)),
        (Some(fresh), Some(reason)) => format!("{reason}; fresh builds: {}", change(fresh)),
        (None, Some(reason)) => reason.clone(),
        (None, None) => "no fresh builds".to_owned(),
    };
    let series = series_name(&suspicion.series);
    format!("{series}: {}: {fresh}; history: {}", outcome_word(look.outcome), change(&suspicion.change))
}

fn alarm_sentence(alarm: &Alarm) -> String {
    format!("{}: {}", series_name(&alarm.suspicion.series), alarm_change(alarm))
}

/// The change that an alarm is about, such as `1.106× as long (1.083–1.129×; +10.6%) from 0123456789 to abcdef0123`.
pub(super) fn alarm_change(alarm: &Alarm) -> String {
    let suspicion = &alarm.suspicion;
    let fresh = alarm.look.change.as_ref().unwrap_or(&suspicion.change);
    format!("{} from {} to {}", change(fresh), short_commit(&suspicion.from), short_commit(&suspicion.to))
}

/// A night as one document.
pub fn track_json(report: &TrackReport<'_>) -> Value {
    let look = |(suspicion, look): &(&Suspicion, &Look)| {
        object!({
            "suspicion": suspicion.number, "series": suspicion.series, "kind": suspicion.kind, "outcome": look.outcome,
            "run": look.run, "reason": look.reason, "history": ratio(&suspicion.change), "fresh": look.change.as_ref().map(ratio),
        })
    };
    object!({
        "name": report.name, "machine": report.machine, "outcome": report.outcome.map_or("status", NightOutcome::as_str),
        "run": report.run.as_ref().map(|(run, _)| run), "null_night": report.run.as_ref().map(|(_, null)| null),
        "new": report.new, "judged": report.judged.0, "too_short": report.judged.1,
        "looks": report.looks.iter().map(look).collect::<Vec<_>>(),
        "pending": report.pending.iter().map(|one| object!({ "suspicion": one.number, "series": one.series })).collect::<Vec<_>>(),
        "raised": report.raised.iter().map(|(alarm, responsible)| alarm_json(alarm, report, responsible)).collect::<Vec<_>>(),
        "unresolved": report.unresolved.iter().map(|alarm| alarm_json(alarm, report, &ResponsibleStates::default())).collect::<Vec<_>>(),
        "resolved": report.resolved.iter().map(|alarm| alarm.number).collect::<Vec<_>>(),
        "nights": report.nights, "last_night": report.last_night, "remarks": report.remarks,
    })
}

/// An alarm as a document for a command.
pub fn alarm_json(alarm: &Alarm, report: &TrackReport<'_>, responsible: &ResponsibleStates) -> Value {
    let suspicion = &alarm.suspicion;
    let step = |step: &bench_runner_core::tracking::Contribution| object!({ "from": step.from, "to": step.to, "change": ratio(&step.change) });
    let commit = |commit: &CommitLine| object!({ "id": commit.id, "subject": commit.subject });
    object!({
        "alarm": alarm.number, "state": alarm.state.as_str(), "raised_at": alarm.at,
        "tracking": report.name, "machine": report.machine,
        "series": suspicion.series, "kind": suspicion.kind, "summary": alarm_sentence(alarm),
        "change": alarm.look.change.as_ref().map(ratio), "history": ratio(&suspicion.change),
        "from": suspicion.from, "to": suspicion.to, "commits": responsible.commits.iter().map(commit).collect::<Vec<_>>(), "bisect": responsible.bisect,
        "contributions": suspicion.contributions.iter().map(step).collect::<Vec<_>>(),
        "run": suspicion.run, "last_good_run": suspicion.before_run, "second_look": alarm.look.run,
    })
}

/// A change on the log scale as a ratio with its 95% interval.
pub(super) fn ratio(change: &UncertainValue) -> Value {
    let (low, high) = change.interval(LEVEL);
    object!({ "ratio": change.value.exp(), "low": low.exp(), "high": high.exp() })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn value(change: f64) -> UncertainValue {
        UncertainValue { value: change.ln_1p(), se: 0.008, df: 12.0 }
    }

    fn alarm() -> Alarm {
        let suspicion = Suspicion {
            number: 3,
            series: SeriesId {
                project: "semver".into(),
                workload: "clean".into(),
                variant: "branch=main".into(),
                metric: "wall".into(),
            },
            kind: SuspicionKind::Step,
            anchor: "anchor".into(),
            run: "20260303T020000Z-nightly-1a2b3c".into(),
            before_run: "20260302T020000Z-nightly-4d5e6f".into(),
            from: "a".repeat(40),
            to: "b".repeat(40),
            change: value(0.12),
            level: value(0.0),
            noise: 0.01,
            contributions: Vec::new(),
        };
        let look = Look {
            suspicion: 3,
            run: Some("20260303T024000Z-nightly-7a8b9c".into()),
            outcome: LookOutcome::Confirmed,
            change: Some(value(0.106)),
            reason: None,
            alarm: Some(1),
        };
        let at = "2026-03-03T02:50:00Z".into();
        Alarm { number: 1, at, suspicion, look, state: AlarmState::Open, delivered: false }
    }

    #[test]
    fn an_alarm_is_said_with_its_commits() {
        let alarm = alarm();
        let commits =
            ["b", "c"].map(|digit| CommitLine { id: digit.repeat(40), subject: "make it slower".into() });
        let bisect = Some("bench-runner bisect --good a --bad c".to_owned());
        let responsible = ResponsibleStates { commits: commits.to_vec(), bisect };
        let report = TrackReport {
            name: "nightly",
            machine: "machine-a",
            run: Some((alarm.suspicion.run.clone(), false)),
            new: vec!["semver: branch=main: aaaaaaaaaa → bbbbbbbbbb (1 commit)".into()],
            judged: (3, 1),
            looks: vec![(&alarm.suspicion, &alarm.look)],
            raised: vec![(&alarm, &responsible)],
            unresolved: vec![&alarm],
            outcome: Some(NightOutcome::Regression),
            ..TrackReport::default()
        };
        expect![[r#"
            track: nightly: 20260303T020000Z-nightly-1a2b3c
            new: semver: branch=main: aaaaaaaaaa → bbbbbbbbbb (1 commit)
            judged: 3 series; 1 with too few nights
            looked: semver: full build: branch=main: confirmed: fresh builds: 1.106× as long (1.087–1.125×;
              +10.6%); history: 1.120× as long (1.101–1.140×; +12.0%)
            ALARM 1: semver: full build: branch=main: 1.106× as long (1.087–1.125×; +10.6%) from aaaaaaaaaa to
              bbbbbbbbbb
              bbbbbbbbbb make it slower
              cccccccccc make it slower
              to find it, in a clone: bench-runner bisect --good a --bad c
            result: regression: 1 new alarm
        "#]]
        .assert_eq(&track_text(&report, TextStyle::default()));
        let document = track_json(&report);
        assert_eq!(document["raised"][0]["commits"][1]["subject"], "make it slower");
        assert_eq!(document["raised"][0]["series"]["variant"], "branch=main");
        assert!((document["raised"][0]["change"]["ratio"].as_f64().unwrap() - 1.106).abs() < 1e-12);
    }

    #[test]
    fn a_night_without_anything_new_says_so() {
        let report =
            TrackReport { name: "nightly", outcome: Some(NightOutcome::Passed), ..TrackReport::default() };
        expect![[r#"
            track: nightly: nothing was built
            result: no new alarm
        "#]]
        .assert_eq(&track_text(&report, TextStyle::default()));
    }
}
