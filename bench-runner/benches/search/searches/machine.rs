//! A machine that builds the stages of a search.

use std::time::Duration;

use bench_runner_core::record::Role;
use bench_runner_core::search::{SearchStage, StageBuild, StageResult, StageRounds, WarmUp};

use super::super::study::{Machine, Model, Noise};
use super::truth::SearchTruth;

/// The builds of one search, one after another, with the noise of the committed runs.
pub(super) struct BuildMachine<'t> {
    truth: &'t SearchTruth,
    machine: Machine<'t>,
    order: Noise,
    /// Seconds since the search began.
    clock: f64,
    /// Builds since the search began.
    built: u32,
}

impl<'t> BuildMachine<'t> {
    pub(super) fn new(truth: &'t SearchTruth, noise: &'t mut Noise) -> Self {
        let order = Noise::for_run(noise.seed(), "order", 0);
        let machine = Machine::new(Model::Real, &[Role::Variant], 1, noise);
        Self { truth, machine, order, clock: 0.0, built: 0 }
    }

    /// Builds a stage: first the warm-ups, then rounds of the workloads in turn until all are done or none fits.
    pub(super) fn measure(&mut self, stage: SearchStage) -> StageResult {
        self.measure_after(stage, false)
    }

    /// Builds a stage whose arms may be warm from an earlier one.
    pub(super) fn measure_after(&mut self, stage: SearchStage, is_warm: bool) -> StageResult {
        let (begin, request) = (self.clock, self.truth.request());
        let end = begin + stage.time_budget.as_secs_f64();
        let planned: Vec<usize> =
            request.workloads.iter().map(|one| planned_rounds(&stage, &one.name)).collect();
        let mut done: Vec<Vec<Vec<Option<StageBuild>>>> = vec![Vec::new(); planned.len()];
        for (at, one) in request.workloads.iter().enumerate() {
            let WarmUp::Within { workload } = &one.warm_up else { continue };
            if !is_warm && planned_rounds(&stage, workload) > 0 {
                done[at].push(self.round(&stage, at));
            }
        }
        let mut longest = vec![0.0f64; planned.len()];
        loop {
            let fits = |at: &usize| done[*at].len() < planned[*at] && self.clock + longest[*at] <= end;
            let progress = |at: &usize| done[*at].len() as f64 / planned[*at] as f64;
            let open = (0..planned.len()).filter(fits);
            let Some(next) = open.min_by(|a, b| progress(a).total_cmp(&progress(b))) else { break };
            let before = self.clock;
            let round = self.round(&stage, next);
            done[next].push(round);
            longest[next] = longest[next].max(self.clock - before);
        }
        let named = request.workloads.iter().zip(done);
        StageResult {
            workloads: named.map(|(one, rounds)| StageRounds { name: one.name.clone(), rounds }).collect(),
            spent: Duration::from_secs_f64(self.clock - begin),
            dropped: Vec::new(),
            stage,
        }
    }

    /// Builds every arm once, in random order.
    fn round(&mut self, stage: &SearchStage, workload: usize) -> Vec<Option<StageBuild>> {
        let mut order: Vec<usize> = (0..stage.arms.len()).collect();
        for last in (1..order.len()).rev() {
            order.swap(last, self.order.below(last + 1));
        }
        let mut builds = vec![None; order.len()];
        for arm in order {
            let true_seconds = self.truth.seconds(workload, &stage.arms[arm].levels);
            let seconds = true_seconds * self.machine.build(0, None).exp();
            self.clock += seconds + self.truth.request().overhead_s;
            builds[arm] = Some(StageBuild { seconds, number: self.built });
            self.built += 1;
        }
        builds
    }
}

fn planned_rounds(stage: &SearchStage, workload: &str) -> usize {
    stage
        .workloads
        .iter()
        .find(|planned| planned.name == workload)
        .map_or(0, |planned| planned.rounds as usize)
}
