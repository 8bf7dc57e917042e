//! Second looks at suspicions, and the alarms that they raise.

use std::time::Duration;

use bench_runner_core::bundle;
use bench_runner_core::record::PlanOrigin;
use bench_runner_core::tracking::{Alarm, Look, LookOutcome, Suspicion, TrackEvent};
use bench_runner_measure::process;
use bench_runner_measure::tracking::look_scenario;
use bench_runner_report::report::{self, ResponsibleStates};

use super::super::super::{EarlyEnd, open_projects};
use super::{TrackNight, one_line, unusable};
use crate::flows::{self, FlowError, LookGroup, NotLooked};

/// Half-width of a second look, as a share of the tolerance.
const LOOK_PRECISION: f64 = 0.5;
/// Limits of that half-width.
const LEAST_PRECISION: f64 = 0.005;
const MOST_PRECISION: f64 = 0.05;

impl TrackNight<'_> {
    /// Measures suspicions again, within the time that is kept for this.
    pub(super) fn look_at(&mut self, suspicions: &[Suspicion]) -> Result<(), EarlyEnd> {
        let tolerances = &self.request.file.tolerances;
        let (groups, others) = flows::look_groups(suspicions, &self.followed, tolerances);
        for (suspicion, why) in others {
            match why {
                NotLooked::Superseded(reason) => {
                    let look = Look::without_builds(&suspicion, LookOutcome::Superseded, reason.to_owned());
                    self.record(suspicion, look)?;
                }
                // Another night may have it.
                NotLooked::Unavailable => {
                    self.is_partial = true;
                    let name = report::series_name(&suspicion.series);
                    self.remarks.push(format!(
                        "{name}: suspected, and not available tonight; `bless` ends the suspicion"
                    ));
                }
            }
        }
        let Some(share) = self.request.file.night.reserve().checked_div(groups.len() as u32) else {
            return Ok(());
        };
        for group in groups {
            if process::interrupted() || self.is_interrupted {
                self.is_interrupted = true;
                return Ok(());
            }
            for (suspicion, look) in self.look(&group, share)? {
                self.record(suspicion, look)?;
            }
        }
        Ok(())
    }

    fn look(&mut self, group: &LookGroup, budget: Duration) -> Result<Vec<(Suspicion, Look)>, EarlyEnd> {
        let file = self.request.file;
        let precision = (LOOK_PRECISION * group.tolerance).clamp(LEAST_PRECISION, MOST_PRECISION);
        let scenario = look_scenario(file, self.request.scenario, &group.variants, precision)
            .map_err(|message| unusable(file, message))?;
        let numbers: Vec<String> = group.suspicions.iter().map(|one| one.number.to_string()).collect();
        let stage = format!("suspicion {}", numbers.join(", "));
        let looks = match self.measure(scenario, PlanOrigin::SECOND_LOOK, &stage, budget) {
            Ok(None) => return Ok(Vec::new()),
            Ok(Some(measured)) => {
                self.is_partial |= measured.flawed;
                let bundle = bundle::open(&measured.bundle)?;
                flows::judge_look(group, &bundle, &file.tolerances)
            }
            // A commit that git no longer has, for example: the night goes on.
            Err(EarlyEnd::Error(error)) if error.is_request() => {
                let reason = one_line(&error.refusal());
                group
                    .suspicions
                    .iter()
                    .map(|one| Look::without_builds(one, LookOutcome::NoAnswer, reason.clone()))
                    .collect()
            }
            Err(error) => return Err(error),
        };
        Ok(group.suspicions.iter().cloned().zip(looks).collect())
    }

    /// Records the answer to a suspicion, and raises an alarm if it was confirmed.
    fn record(&mut self, suspicion: Suspicion, look: Look) -> Result<(), EarlyEnd> {
        let is_confirmed = look.outcome == LookOutcome::Confirmed;
        let look = Look { alarm: is_confirmed.then(|| self.log.log.next_alarm()), ..look };
        self.log.add(TrackEvent::Looked(look.clone()))?;
        if let Some(number) = look.alarm {
            // An alarm without its commits is better than none.
            let responsible = self.responsible(&suspicion).unwrap_or_default();
            self.raised.push((number, responsible));
        }
        self.looks.push((suspicion, look));
        Ok(())
    }

    fn responsible(&self, suspicion: &Suspicion) -> Result<ResponsibleStates, FlowError> {
        let projects = open_projects(self.places, self.request.conditions.offline, true)?;
        Ok(flows::responsible(suspicion, &self.followed, &projects))
    }

    /// Hands alarms to the command; those of earlier nights that it did not accept as well.
    pub(super) fn deliver(&mut self) -> Result<(), EarlyEnd> {
        if self.request.file.alarm.argv.is_empty() {
            return Ok(());
        }
        let waiting: Vec<Alarm> = self
            .log
            .log
            .alarms
            .iter()
            .filter(|alarm| alarm.is_unresolved() && !alarm.delivered)
            .cloned()
            .collect();
        for alarm in waiting {
            let tonight = self.raised.iter().find(|(number, _)| *number == alarm.number);
            let responsible = match tonight {
                Some((_, responsible)) => responsible.clone(),
                None => self.responsible(&alarm.suspicion).unwrap_or_default(),
            };
            let document = report::alarm_json(&alarm, &self.report(), &responsible);
            match flows::deliver(&self.request.file.alarm, &document) {
                Ok(()) => self.log.add(TrackEvent::Delivered { alarm: alarm.number })?,
                Err(reason) => {
                    self.is_partial = true;
                    self.remarks.push(format!(
                        "the command for alarms did not accept alarm {}: {reason}; the next night tries again",
                        alarm.number
                    ));
                }
            }
        }
        Ok(())
    }
}
