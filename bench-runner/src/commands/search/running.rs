//! The course of a search: stage after stage, until there is a result.

use std::path::PathBuf;
use std::time::Duration;

use bench_runner_core::bundle::{self, Bundle, Manifest};
use bench_runner_core::compare::{Policy, pluralize};
use bench_runner_core::record::{AS_CONFIGURED, PlanOrigin, Role};
use bench_runner_core::search::{
    SearchOutcome, SearchRefusal, SearchRequest, SearchResult, SearchStage, SearchStep, StageResult,
    next_step,
};
use bench_runner_measure::plan::World as _;
use bench_runner_measure::scenario::{RequestError, RequestWord, Scenario};
use bench_runner_report::report::Advice;

use super::super::request::PlanRequest;
use super::super::session::Session;
use super::super::start::StartConditions;
use super::super::{EarlyEnd, format_duration, machine, open_projects};
use crate::flows::{self, MeasuredRun, MeasuredStage, PILOT, Places, SearchDirectory, StagePlan, StageRun};

/// A search under way.
pub(super) struct RunningSearch {
    pub(super) directory: SearchDirectory,
    pub(super) places: Places,
    pub(super) conditions: StartConditions,
}

/// A search with its result.
pub(super) struct FinishedSearch {
    pub(super) request: SearchRequest,
    /// Run of each stage, the pilot first.
    pub(super) runs: Vec<PathBuf>,
    pub(super) result: SearchResult,
    /// Bytes of the project's own executables and libraries, before and after.
    pub(super) sizes: Option<(u64, u64)>,
    /// The lines that make the nominee permanent, if it was shown to be faster.
    pub(super) advice: Vec<Advice>,
    pub(super) is_of_this_machine: bool,
}

impl FinishedSearch {
    pub(super) fn is_faster(&self) -> bool {
        matches!(self.result.outcome, SearchOutcome::Faster(_))
    }
}

impl RunningSearch {
    /// Measures the stages that are missing. `None` if it was interrupted.
    pub(super) fn run(&self) -> Result<Option<FinishedSearch>, EarlyEnd> {
        let saved = &self.directory.saved;
        let pilot = match self.directory.run_of(PILOT, None)? {
            Some(run) => self.complete(PILOT, run, None)?,
            None => self.measure(PILOT, None, None, flows::pilot_scenarios(saved)?)?,
        };
        let Some(pilot) = pilot else { return Ok(None) };
        let request = flows::search_request(saved, &pilot)?;
        let space = flows::space_of(&saved.space, &saved.required);
        let mut stages: Vec<MeasuredStage> = Vec::new();
        loop {
            // What has been built counts, and what was begun is completed, also if the rules of this program would choose others.
            if let Some((name, run)) = self.directory.run_after(&stages, &pilot.manifest)? {
                let Some(bundle) = self.complete(&name, run, Some(&pilot.manifest))? else { return Ok(None) };
                stages.push(MeasuredStage::read(saved, &request, &name, bundle)?);
                continue;
            }
            let results: Vec<StageResult> = stages.iter().map(|stage| stage.result.clone()).collect();
            let step = next_step(&request, &results).map_err(|refusal| self.refused(&refusal, &request))?;
            let stage = match step {
                SearchStep::Measure(stage) => stage,
                SearchStep::Done(result) => {
                    return Ok(Some(self.finished(request, *result, &pilot, &stages)?));
                }
            };
            let spent: Duration = results.iter().map(|result| result.spent).sum();
            let left = request.budget.saturating_sub(spent);
            errln!("{}: {}", stage.name, stage_line(&stage, left));
            let plan = StagePlan { space: &space, project: &saved.project, request: &request, stage: &stage };
            let (like, budget) = (Some(&pilot.manifest), Some(stage.time_budget));
            let Some(bundle) = self.measure(&stage.name, like, budget, plan.scenarios())? else {
                return Ok(None);
            };
            stages.push(MeasuredStage::read(saved, &request, &stage.name, bundle)?);
        }
    }

    fn finished(
        &self,
        request: SearchRequest,
        result: SearchResult,
        pilot: &Bundle,
        stages: &[MeasuredStage],
    ) -> Result<FinishedSearch, EarlyEnd> {
        let bundles = || std::iter::once(pilot).chain(stages.iter().map(|stage| &stage.bundle));
        Ok(FinishedSearch {
            request,
            runs: bundles().map(|bundle| bundle.dir.clone()).collect(),
            advice: bundles().next_back().map_or_else(Vec::new, |last| self.advice(&result, last)),
            sizes: stages.last().and_then(|stage| stage.sizes),
            result,
            is_of_this_machine: self.directory.saved.machine == machine()?.directory_name(),
        })
    }

    /// An error for a request that leads to no stage. Of the budget, the pilot has used a part already.
    fn refused(&self, refusal: &SearchRefusal, request: &SearchRequest) -> RequestError {
        let SearchRefusal::BudgetTooSmall { needed, .. } = refusal else {
            return refusal.refusal().into();
        };
        let budget = self.directory.saved.budget;
        let needed = *needed + budget.saturating_sub(request.budget);
        // Some more, since builds vary.
        let enough = Duration::from_secs((1.1 * needed.as_secs_f64() / 30.0).ceil() as u64 * 30);
        let message = format!(
            "a budget of {} is too small for one round of each stage, as the first builds show",
            humantime::format_duration(budget)
        );
        let help = format!(
            "`--budget '{}'` would do; with fewer axes or values, or without the slowest workload, less",
            humantime::format_duration(enough)
        );
        RequestError::usage(message, Some(help))
    }

    fn advice(&self, result: &SearchResult, confirmation: &Bundle) -> Vec<Advice> {
        let (SearchOutcome::Faster(_), Some(nominee)) = (&result.outcome, &result.nominee) else {
            return Vec::new();
        };
        let comparison = flows::judge(confirmation, &Policy::default());
        let name = flows::combination_name(&self.directory.saved, nominee);
        flows::advice_for(confirmation, &comparison, &name)
    }

    /// A run that has been begun, completed if it has to be. Its sources are those of the run `like`. `None` if it was interrupted.
    fn complete(
        &self,
        stage: &str,
        run: StageRun,
        like: Option<&Manifest>,
    ) -> Result<Option<Bundle>, EarlyEnd> {
        let dir = match run {
            StageRun::Complete(files) => return Ok(Some(files.open()?)),
            StageRun::Unfinished(dir) => dir,
        };
        self.check_unchanged(like, stage)?;
        errln!("{stage}: goes on");
        let measured = Session::resume(&dir, self.conditions, &self.places)?.measure()?;
        self.opened(&measured, stage, like)
    }

    /// A new run. Its sources are those of the run `like`. `None` if it was interrupted.
    fn measure(
        &self,
        stage: &str,
        like: Option<&Manifest>,
        budget: Option<Duration>,
        scenarios: Vec<Scenario>,
    ) -> Result<Option<Bundle>, EarlyEnd> {
        self.check_unchanged(like, stage)?;
        let origin =
            PlanOrigin { by: PlanOrigin::SEARCH.into(), request: self.directory.name(), stage: stage.into() };
        let request = PlanRequest::of_stage(scenarios, self.directory.saved.seed, budget, origin);
        let measured = Session::begin(request, true, self.conditions, &self.places)?.measure()?;
        self.opened(&measured, stage, like)
    }

    fn opened(
        &self,
        measured: &MeasuredRun,
        stage: &str,
        like: Option<&Manifest>,
    ) -> Result<Option<Bundle>, EarlyEnd> {
        if measured.interrupted {
            return Ok(None);
        }
        let bundle = bundle::open(&measured.bundle)?;
        match like.is_none_or(|like| flows::has_same_sources(like, &bundle.manifest)) {
            true => Ok(Some(bundle)),
            false => Err(changed(stage).into()),
        }
    }

    /// An error, before anything is built, on another machine, and if the sources or the user's own configuration are not those
    /// of the `first` stage.
    fn check_unchanged(&self, first: Option<&Manifest>, stage: &str) -> Result<(), EarlyEnd> {
        self.directory.check_machine(&machine()?.directory_name())?;
        let Some(first) = first else { return Ok(()) };
        let projects = open_projects(&self.places, self.conditions.offline, true)?;
        let view = projects.single_view(&RequestWord::from_command_line(&self.directory.saved.project))?;
        let own = projects.as_configured(&view)?;
        let plan = &first.plan;
        let pinned = plan.projects.iter().all(|project| project.pin == view.planned.pin);
        let before = plan.blocks.first().and_then(|block| block.arms[0].variant.settings.get(AS_CONFIGURED));
        if pinned && before.is_none_or(|before| *before == own) { Ok(()) } else { Err(changed(stage).into()) }
    }
}

/// A stage in progress lines.
fn stage_line(stage: &SearchStage, left: Duration) -> String {
    let count = stage.arms.iter().filter(|arm| arm.role == Role::Variant).count();
    let workloads: Vec<String> =
        stage.workloads.iter().map(|one| format!("{} × {}", one.name, one.rounds)).collect();
    // The budget goes to the stages to come; a resumed search can have used it up.
    let of_search = match left > stage.time_budget {
        true => format!(" of the {} that the search has left", format_duration(left)),
        false => String::new(),
    };
    format!(
        "{} and what you have; {}, in at most {}{of_search}",
        pluralize(count, "combination"),
        workloads.join(", "),
        format_duration(stage.time_budget)
    )
}

fn changed(stage: &str) -> RequestError {
    let message = format!(
        "the project or your cargo configuration has changed since the search was begun: `{stage}` does not count"
    );
    let help =
        "undo the change and resume, or start a new search; leave the project alone until it has ended";
    RequestError::usage(message, Some(help.to_owned()))
}
