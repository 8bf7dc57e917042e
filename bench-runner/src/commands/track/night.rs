//! A night from its begin to its end: follow, look at what is pending, build, judge, look again, raise, deliver.

mod judging;
mod looking;
mod publishing;

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bench_runner_core::bundle::{self, Bundle};
use bench_runner_core::compare::Policy;
use bench_runner_core::history::{Quantity, RunSeries};
use bench_runner_core::record::{PlanOrigin, Refusal, Skipped};
use bench_runner_core::tracking::{Look, LookOutcome, Night, NightOutcome, Suspicion, Tip, TrackEvent};
use bench_runner_measure::scenario::{RequestError, Scenario};
use bench_runner_measure::tracking::{TrackingFile, night_scenario};
use bench_runner_report::report::{ResponsibleStates, TrackReport};

use super::super::request::PlanRequest;
use super::super::session::Session;
use super::super::start::StartConditions;
use super::super::{EarlyEnd, Exit, open_projects};
use crate::flows::{self, FollowedProject, LogFile, MeasuredRun, Places};

/// Request for a night.
#[derive(Debug, Clone, Copy)]
pub(super) struct NightRequest<'n> {
    pub(super) file: &'n TrackingFile,
    pub(super) scenario: Option<&'n Scenario>,
    pub(super) seed: Option<u64>,
    /// True if everything is built even if nothing is new.
    pub(super) anyway: bool,
    pub(super) conditions: StartConditions,
}

/// A night.
pub(super) struct TrackNight<'n> {
    request: NightRequest<'n>,
    places: &'n Places,
    machine: String,
    log: LogFile,
    followed: Vec<FollowedProject>,
    /// The run of tonight, and whether it built the anchors alone.
    run: Option<(String, bool)>,
    /// The line about tonight, with its time, until it is written.
    night: Option<(String, Night)>,
    new: Vec<String>,
    judged: (usize, usize),
    /// Looks of tonight, with their suspicions.
    looks: Vec<(Suspicion, Look)>,
    /// Alarms of tonight.
    raised: Vec<(u32, ResponsibleStates)>,
    resolved: Vec<u32>,
    remarks: Vec<String>,
    pages: Vec<PathBuf>,
    /// True if something could not be built, updated or delivered.
    is_partial: bool,
    is_interrupted: bool,
}

impl<'n> TrackNight<'n> {
    pub(super) fn begin(
        request: NightRequest<'n>,
        log: LogFile,
        machine: String,
        places: &'n Places,
    ) -> Result<Self, EarlyEnd> {
        // A scenario that cannot be used is found before anything is asked for.
        night_scenario(request.file, request.scenario, &[])
            .map_err(|message| unusable(request.file, message))?;
        let remarks = log.remarks.clone();
        Ok(Self {
            request,
            places,
            machine,
            log,
            followed: Vec::new(),
            run: None,
            night: None,
            new: Vec::new(),
            judged: (0, 0),
            looks: Vec::new(),
            raised: Vec::new(),
            resolved: Vec::new(),
            remarks,
            pages: Vec::new(),
            is_partial: false,
            is_interrupted: false,
        })
    }

    pub(super) fn run(&mut self) -> Result<Exit, EarlyEnd> {
        let ended = self.follow().and_then(|()| self.build_and_judge());
        match ended {
            Ok(()) => {}
            // An alarm that was raised before is still handed over.
            Err(EarlyEnd::Error(error)) if !self.raised.is_empty() => {
                self.remarks.push(format!("the night ended early: {}", one_line(&error.refusal())));
            }
            Err(EarlyEnd::Early(_)) if !self.raised.is_empty() => {
                self.remarks.push("the night ended early".to_owned());
            }
            Err(error) => return Err(error),
        }
        self.publish();
        self.deliver()?;
        Ok(match self.outcome() {
            NightOutcome::Regression => Exit::Regression,
            NightOutcome::Interrupted => Exit::Interrupted,
            NightOutcome::Partial => Exit::PartialFailure,
            NightOutcome::Unsure => Exit::Undecided,
            NightOutcome::Passed => Exit::Done,
        })
    }

    fn build_and_judge(&mut self) -> Result<(), EarlyEnd> {
        // First thing: what the last night had no time for.
        let pending = self.log.log.pending.clone();
        self.look_at(&pending)?;
        if !self.is_interrupted {
            self.build()?;
        }
        if let Some((at, night)) = self.night.take() {
            let suspicions = self.judge()?;
            // Not before: a night that was not judged is built again.
            self.log.write(&at, &TrackEvent::Night(night))?;
            self.look_at(&suspicions)?;
        }
        Ok(())
    }

    /// Asks for the present states of all that is followed.
    fn follow(&mut self) -> Result<(), EarlyEnd> {
        let projects = open_projects(self.places, self.request.conditions.offline, true)?;
        for tracked in &self.request.file.projects {
            match FollowedProject::find(tracked, &projects) {
                Ok(found) => {
                    let name = found.project.name.clone();
                    if self.followed.iter().any(|other| other.project.name == name) {
                        let help = "track all of it in one [[project]]".to_owned();
                        let message = format!("two projects of the tracking file are called `{name}`");
                        return Err(RequestError::usage(message, Some(help)).into());
                    }
                    self.is_partial |= !found.remarks.is_empty();
                    let remarks = found.remarks.iter().map(|remark| format!("{name}: {remark}"));
                    self.remarks.extend(remarks);
                    let news = flows::news(&found, &self.log.log, &projects);
                    self.new.extend(news.new);
                    self.remarks.extend(news.remarks);
                    self.followed.push(found);
                }
                // The others are built all the same.
                Err(error) if self.request.file.projects.len() > 1 => {
                    self.is_partial = true;
                    self.remarks.push(format!("a project is left out: {}", one_line(&error.refusal())));
                }
                Err(error) => return Err(error.into()),
            }
        }
        if self.followed.is_empty() {
            let help = "correct the tracking file, or try again when the addresses can be reached".to_owned();
            return Err(RequestError::usage("no project can be built tonight", Some(help)).into());
        }
        Ok(())
    }

    /// Builds what is new, or the anchors alone if it is time for that.
    fn build(&mut self) -> Result<(), EarlyEnd> {
        let is_null = self.new.is_empty() && !self.request.anyway;
        if is_null && !self.is_time_for_null() {
            return Ok(());
        }
        let variants: Vec<_> = self.followed.iter().map(|one| one.night(is_null)).collect();
        let file = self.request.file;
        let scenario = night_scenario(file, self.request.scenario, &variants)
            .map_err(|message| unusable(file, message))?;
        let stage = if is_null { "null night" } else { "night" };
        let measured = match self.measure(scenario, PlanOrigin::NIGHT, stage, file.night.first_part()) {
            Ok(Some(measured)) => measured,
            Ok(None) => return Ok(()),
            Err(error) => return Err(error),
        };
        let bundle = bundle::open(&measured.bundle)?;
        let run = bundle.manifest.run.clone();
        let skipped = &bundle.manifest.plan.skipped;
        let left_out =
            |one: &Skipped| format!("{} in {} is left out: {}", one.variant, one.block, one.reason);
        self.remarks.extend(skipped.iter().map(left_out));
        self.is_partial |= measured.flawed || !skipped.is_empty();
        let tips = |names: &HashSet<(String, String)>| -> Vec<Tip> {
            let tips = self.followed.iter().flat_map(FollowedProject::tips);
            tips.filter(|tip| names.contains(&(tip.project.clone(), tip.variant.clone()))).collect()
        };
        let BuiltVariants { built, without_value } = BuiltVariants::of(&bundle);
        let (tips, again) = (tips(&built), tips(&without_value));
        for tip in &again {
            self.is_partial = true;
            self.remarks.push(format!(
                "{}: {} has no valid value tonight, so the next night builds it again",
                tip.project, tip.variant
            ));
        }
        let by_project = |of: fn(&FollowedProject) -> String| -> BTreeMap<String, String> {
            self.followed.iter().map(|one| (one.project.name.clone(), of(one))).collect()
        };
        let night = Night {
            run: run.clone(),
            null: is_null,
            tips,
            anchors: by_project(|one| one.compiler.clone()),
            commits: by_project(|one| one.anchor_commit.clone()),
            again,
        };
        let at = self.log.remember(TrackEvent::Night(night.clone()));
        self.night = Some((at, night));
        self.run = Some((run, is_null));
        Ok(())
    }

    /// True if the anchors have not been built for long enough.
    fn is_time_for_null(&self) -> bool {
        let Some((at, _)) = self.log.log.nights.last() else { return true };
        // A clock that was wrong must not stop all nights.
        let since =
            humantime::parse_rfc3339(at).ok().and_then(|at| SystemTime::now().duration_since(at).ok());
        // A timer does not fire at the same second each time.
        let due = self.request.file.night.null_every.mul_f64(0.95);
        since.is_none_or(|since| since >= due)
    }

    /// Builds a scenario; `None` if it was interrupted.
    fn measure(
        &mut self,
        mut scenario: Scenario,
        by: &str,
        stage: &str,
        budget: Duration,
    ) -> Result<Option<MeasuredRun>, EarlyEnd> {
        scenario.sampling.time_budget = Some(budget);
        let origin =
            PlanOrigin { by: by.into(), request: self.request.file.name.clone(), stage: stage.into() };
        let request = PlanRequest::of_verb(scenario, self.request.seed, origin);
        let measured = Session::begin(request, true, self.request.conditions, self.places)?.measure()?;
        if measured.interrupted {
            self.is_interrupted = true;
            self.remarks.push(format!("interrupted: {} is not judged", measured.bundle.display()));
            return Ok(None);
        }
        Ok(Some(measured))
    }

    fn outcome(&self) -> NightOutcome {
        let is_open = |outcome| matches!(outcome, LookOutcome::Unsure | LookOutcome::NoAnswer);
        let is_unsure =
            !self.log.log.pending.is_empty() || self.looks.iter().any(|(_, look)| is_open(look.outcome));
        match () {
            () if !self.raised.is_empty() => NightOutcome::Regression,
            () if self.is_interrupted => NightOutcome::Interrupted,
            () if self.is_partial => NightOutcome::Partial,
            () if is_unsure => NightOutcome::Unsure,
            () => NightOutcome::Passed,
        }
    }

    pub(super) fn pages(&self) -> &[PathBuf] {
        &self.pages
    }

    pub(super) fn report(&self) -> TrackReport<'_> {
        let log = &self.log.log;
        let resolved: HashSet<u32> = self.resolved.iter().copied().collect();
        let raised = self.raised.iter().filter_map(|(number, responsible)| {
            let alarm = log.alarms.iter().find(|alarm| alarm.number == *number)?;
            Some((alarm, responsible))
        });
        TrackReport {
            name: &self.request.file.name,
            machine: &self.machine,
            run: self.run.clone(),
            new: self.new.clone(),
            judged: self.judged,
            looks: self.looks.iter().map(|(suspicion, look)| (suspicion, look)).collect(),
            pending: &log.pending,
            raised: raised.collect(),
            unresolved: log.alarms.iter().filter(|alarm| alarm.is_unresolved()).collect(),
            resolved: log.alarms.iter().filter(|alarm| resolved.contains(&alarm.number)).collect(),
            remarks: self.remarks.clone(),
            outcome: Some(self.outcome()),
            nights: log.nights.len(),
            last_night: log.nights.last().map(|(at, _)| at.as_str()),
        }
    }
}

/// Variants by project and name, with those that are the same as another one.
#[derive(Default)]
struct BuiltVariants {
    /// Those of which at least one build succeeded.
    built: HashSet<(String, String)>,
    /// Those of these that lack a valid value under some workload.
    without_value: HashSet<(String, String)>,
}

impl BuiltVariants {
    fn of(bundle: &Bundle) -> Self {
        let comparison = flows::judge(bundle, &Policy::default());
        let points = RunSeries::of(&bundle.manifest, &comparison).points;
        let has_value = |project: &str, workload: &str, name: &str| {
            points.iter().any(|(key, point)| {
                let is_it = key.project == project && key.workload == workload && key.variant == name;
                is_it && key.quantity == Quantity::Ratio && key.metric == "wall" && !point.invalid
            })
        };
        let mut found = Self::default();
        for block in &bundle.manifest.plan.blocks {
            let Some(result) = comparison.blocks.iter().find(|one| one.id == block.id) else { continue };
            let arms = block.arms.iter().zip(&result.arms).filter(|(_, judged)| !judged.points.is_empty());
            for (arm, judged) in arms {
                let project = &arm.variant.project;
                for name in std::iter::once(&judged.variant).chain(&arm.aliases) {
                    let variant = (project.clone(), name.clone());
                    if !has_value(project, &block.workload(), name) {
                        found.without_value.insert(variant.clone());
                    }
                    found.built.insert(variant);
                }
            }
        }
        found
    }
}

fn one_line(refusal: &Refusal) -> String {
    let help = refusal.help.as_ref().map(|help| format!("; help: {help}")).unwrap_or_default();
    format!("{}{help}", refusal.what).lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// The error for a scenario that a tracking file cannot use.
fn unusable(file: &TrackingFile, message: String) -> RequestError {
    let refusal = Refusal::new(message);
    match &file.scenario {
        Some(word) => word.refuse(refusal),
        None => refusal.into(),
    }
}
