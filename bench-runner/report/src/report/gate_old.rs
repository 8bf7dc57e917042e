//! The answer of a gate against an old run or the level of the history.

use bench_runner_core::compare::{GateOutcome, workload_phrase};
use bench_runner_core::history::AgainstOld;
use bench_runner_core::stats::LEVEL;
use serde_json::{Value, json as object};

use super::markdown::{escape_markdown, table};
use super::table::TextStyle;
use crate::figure::wording;

/// Comparisons of a run with older values.
#[derive(Debug, Clone)]
pub struct OldGateReport {
    /// The new run.
    pub run: String,
    /// The old run, or `the level of the history`.
    pub old: String,
    /// Each comparison with its tolerance and its outcome.
    pub compared: Vec<(AgainstOld, f64, GateOutcome)>,
}

impl OldGateReport {
    /// The worst outcome; unsure if nothing was compared.
    pub fn outcome(&self) -> GateOutcome {
        self.compared.iter().map(|(.., outcome)| *outcome).max().unwrap_or(GateOutcome::Unsure)
    }

    fn sentence(&self) -> String {
        let count = |wanted| self.compared.iter().filter(|(.., outcome)| *outcome == wanted).count();
        let of = wording::pluralize(self.compared.len(), "comparison");
        match self.outcome() {
            _ if self.compared.is_empty() => "unsure: nothing could be compared".to_owned(),
            GateOutcome::Passed => "passed: no comparison is slower by more than its tolerance".to_owned(),
            GateOutcome::Regressed => {
                format!(
                    "regression: {} of {of} slower by more than its tolerance",
                    count(GateOutcome::Regressed)
                )
            }
            GateOutcome::Unsure => format!(
                "unsure: for {} of {of}, the runs do not show whether it is slower by more than its tolerance",
                count(GateOutcome::Unsure)
            ),
        }
    }
}

fn name(one: &AgainstOld) -> String {
    format!("{}: {}: {}", one.key.project, workload_phrase(&one.key.workload, None), one.key.variant)
}

fn evidence(one: &AgainstOld) -> String {
    match &one.change {
        Ok(change) => {
            let (low, high) = change.interval(LEVEL);
            let phrase = wording::interval_phrase(change.value.exp(), (low.exp(), high.exp()));
            format!("{phrase}, with the scatter of {} earlier runs", one.sessions)
        }
        Err(reason) => reason.clone(),
    }
}

/// The result for a terminal; lines end with a line feed.
pub fn old_gate_text(report: &OldGateReport, style: TextStyle) -> String {
    let mut lines = style.hanging("gate: ", &format!("{} against {}", report.run, report.old));
    for (one, tolerance, outcome) in &report.compared {
        let share = wording::share(*tolerance);
        let text = format!("{}: {}: {}, tolerance {share}", name(one), outcome.as_str(), evidence(one));
        lines.extend(style.paragraph("", &text));
    }
    lines.extend(style.hanging("result: ", &report.sentence()));
    style.text(&lines)
}

/// The result as a comment for a pull request.
pub fn old_gate_markdown(report: &OldGateReport) -> String {
    let headings = [("comparison", false), ("result", false), ("change", false), ("tolerance", true)];
    let row = |(one, tolerance, outcome): &(AgainstOld, f64, GateOutcome)| {
        vec![name(one), outcome.as_str().to_owned(), evidence(one), wording::share(*tolerance)]
    };
    let rows: Vec<Vec<String>> = report.compared.iter().map(row).collect();
    format!(
        "### Build time: {}\n\n{} against {}.\n\n{}\n",
        escape_markdown(&report.sentence()),
        escape_markdown(&report.run),
        escape_markdown(&report.old),
        table(&headings, &rows)
    )
}

/// The result as a document.
pub fn old_gate_json(report: &OldGateReport) -> Value {
    let one = |(one, tolerance, outcome): &(AgainstOld, f64, GateOutcome)| {
        let change = one.change.as_ref().ok();
        let ends = change.map(|change| change.interval(LEVEL));
        object!({
            "project": one.key.project, "workload": one.key.workload, "variant": one.key.variant,
            "baseline": one.key.baseline, "outcome": outcome.as_str(), "tolerance": tolerance,
            "sessions": one.sessions, "ratio": change.map(|change| change.value.exp()),
            "ratio_low": ends.map(|ends| ends.0.exp()), "ratio_high": ends.map(|ends| ends.1.exp()),
            "evidence": evidence(one),
        })
    };
    object!({
        "candidate": report.run, "base": report.old, "outcome": report.outcome().as_str(),
        "sentence": report.sentence(), "comparisons": report.compared.iter().map(one).collect::<Vec<_>>(),
    })
}
