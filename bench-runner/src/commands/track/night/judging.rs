//! Judges the newest values of the followed series.

use bench_runner_core::stats::MIN_SERIES;
use bench_runner_core::tracking::{
    Alarm, Contribution, Finding, Suspicion, TrackEvent, find, has_returned, level_at,
};
use bench_runner_report::report;

use super::super::super::EarlyEnd;
use super::TrackNight;
use crate::flows::{self, FlowError, NightSeries};

impl TrackNight<'_> {
    /// Judges the newest values. Returns the new suspicions.
    pub(super) fn judge(&mut self) -> Result<Vec<Suspicion>, EarlyEnd> {
        let Some((run, is_null)) = self.run.clone() else { return Ok(Vec::new()) };
        let metrics = &self.request.file.metrics;
        let loaded = flows::load_runs(&self.places.results, Some(&self.machine), metrics)?;
        self.remarks.extend(loaded.remarks);
        let (series, joined) = flows::night_series(&loaded.runs, &self.log.log, metrics);
        self.remarks.extend(joined.iter().map(report::joined_text));
        let mut found = Vec::new();
        for one in series {
            let tolerance = self.tolerance(&one);
            self.resolve_returned(&one, tolerance)?;
            // A null night has no value of what is followed.
            if is_null || one.runs.last() != Some(&run) {
                continue;
            }
            if one.values.len() <= MIN_SERIES {
                self.judged.1 += 1;
                continue;
            }
            self.judged.0 += 1;
            // It is measured again already.
            if self.log.log.pending.iter().any(|pending| pending.series == one.id) {
                continue;
            }
            if let Some(finding) = find(&one.values, &one.life, tolerance)
                && let Some(suspicion) = self.suspicion(&one, finding)
            {
                self.log.add(TrackEvent::Suspected(suspicion.clone()))?;
                found.push(suspicion);
            }
        }
        Ok(found)
    }

    fn tolerance(&self, series: &NightSeries) -> f64 {
        let id = &series.id;
        self.request.file.tolerances.of(&id.project, &id.workload, &id.variant, &id.metric)
    }

    fn resolve_returned(&mut self, series: &NightSeries, tolerance: f64) -> Result<(), FlowError> {
        let alarms: Vec<Alarm> =
            self.log.log.alarms.iter().filter(|alarm| alarm.is_unresolved()).cloned().collect();
        for alarm in alarms.iter().filter(|alarm| alarm.suspicion.series == series.id) {
            let place = |run: &str| series.runs.iter().rposition(|known| known == run);
            let before = if alarm.suspicion.anchor == series.anchor {
                Some(alarm.suspicion.level.value)
            } else {
                place(&alarm.suspicion.before_run).and_then(|at| level_at(&series.values, at))
            };
            let (Some(alarmed), Some(before)) = (place(&alarm.suspicion.run), before) else { continue };
            if has_returned(&series.values, alarmed, before, tolerance) {
                let reason = "the level before has returned".to_owned();
                self.log.add(TrackEvent::Resolved { alarm: alarm.number, reason })?;
                self.resolved.push(alarm.number);
            }
        }
        Ok(())
    }

    /// A finding with the states before and after it; `None` if the state is the same, so that nothing of it can have
    /// changed.
    fn suspicion(&self, series: &NightSeries, finding: Finding) -> Option<Suspicion> {
        let log = &self.log.log;
        let state = |at: usize| {
            let run = series.runs.get(at)?;
            log.state_at(run, &series.id.project, &series.id.variant).map(|tip| tip.state.clone())
        };
        let last = series.runs.len() - 1;
        let (from, to) = (state(finding.before)?, state(last)?);
        if from == to {
            return None;
        }
        let known = |mut step: Contribution| {
            step.from = state(step.places.0)?;
            step.to = state(step.places.1)?;
            Some(step)
        };
        Some(Suspicion {
            number: log.next_suspicion(),
            series: series.id.clone(),
            kind: finding.kind,
            anchor: series.anchor.clone(),
            run: series.runs[last].clone(),
            before_run: series.runs[finding.before].clone(),
            from,
            to,
            change: finding.change,
            level: finding.level,
            noise: finding.noise,
            contributions: finding.contributions.into_iter().filter_map(known).collect(),
        })
    }
}
