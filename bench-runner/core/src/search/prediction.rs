//! Prediction of the day with each combination, from everything that was measured so far.

use crate::stats::{
    Correlation, LevelModel, LevelValues, SequencedBuild, SequencedTable, estimate_correlation,
    without_outliers,
};

use super::costs::ArmTimes;
use super::refusal::SearchRefusal;
use super::request::{DailyWorkload, SearchRequest, WarmUp};
use super::stage::{StageBuild, StageResult};

/// Scatter of a single build that is assumed beside what was measured, as a standard deviation of ln seconds.
const ASSUMED_NOISE: f64 = 0.06;

/// Degrees of freedom with which the assumed scatter counts.
const ASSUMED_DF: f64 = 4.0;

/// Models of the searched workloads.
pub struct DailyPrediction {
    /// In the order of the request.
    workloads: Vec<PredictedWorkload>,
}

struct PredictedWorkload {
    per_day: f64,
    /// Expected seconds by the request, which hold for all combinations as long as none was measured.
    build_s: f64,
    model: Option<LevelModel>,
}

impl PredictedWorkload {
    fn build_seconds(&self, levels: &[usize]) -> f64 {
        self.model.as_ref().map_or(self.build_s, |model| model.value(levels).exp())
    }
}

/// Fits a model for each workload to the results of all stages but the confirmation. One that was not measured yet tells
/// no combinations apart. `None` if none was.
///
/// # Errors
///
/// If the space names interactions of axes that it does not have.
pub fn predict(
    request: &SearchRequest,
    results: &[StageResult],
) -> Result<Option<DailyPrediction>, SearchRefusal> {
    let named = request.space.named_interactions()?;
    let axes = request.space.axes.len();
    let tables = |workload: &DailyWorkload| -> Vec<SequencedTable> {
        results.iter().map(|result| table_of(result, &workload.name)).collect()
    };
    let tables: Vec<Vec<SequencedTable>> = request.workloads.iter().map(tables).collect();
    // One for all workloads and stages: those with a single round say little about it.
    let all: Vec<SequencedTable> = tables.iter().flatten().cloned().collect();
    let assumed = (ASSUMED_DF * ASSUMED_NOISE * ASSUMED_NOISE, ASSUMED_DF);
    let correlation = estimate_correlation(&all, assumed);
    let of = request.workloads.iter().zip(&tables).map(|(workload, tables)| PredictedWorkload {
        per_day: workload.per_day,
        build_s: workload.build_s,
        model: LevelModel::fit(axes, level_values(results, tables, correlation), &named),
    });
    let workloads: Vec<PredictedWorkload> = of.collect();
    Ok(workloads.iter().any(|one| one.model.is_some()).then_some(DailyPrediction { workloads }))
}

/// ln seconds of the builds of a workload, without outliers.
fn table_of(result: &StageResult, workload: &str) -> SequencedTable {
    let builds = result.rounds_of(workload);
    let logs =
        |round: &Vec<Option<StageBuild>>| round.iter().map(|build| Some((*build)?.seconds.ln())).collect();
    let logs: Vec<Vec<Option<f64>>> = builds.iter().map(logs).collect();
    let rounds = builds.iter().zip(without_outliers(&logs)).map(|(round, kept)| {
        let arms = round.iter().zip(kept).enumerate();
        arms.filter_map(|(arm, (build, value))| {
            Some(SequencedBuild { arm, number: (*build)?.number, value: value? })
        })
        .collect()
    });
    SequencedTable::new(rounds.collect())
}

/// Mean of each arm of each stage. Arms of a stage share the machine's speed during it.
fn level_values(
    results: &[StageResult],
    tables: &[SequencedTable],
    correlation: Correlation,
) -> Vec<LevelValues> {
    let of_stage = |(result, table): (&StageResult, &SequencedTable)| {
        let (values, covariance) = table.means(correlation)?;
        let levels = table.arms().iter().map(|arm| Some(result.stage.arms.get(*arm)?.levels.clone()));
        Some(LevelValues { levels: levels.collect::<Option<_>>()?, values, covariance })
    };
    results.iter().zip(tables).filter_map(of_stage).collect()
}

impl DailyPrediction {
    /// Expected seconds of one build of each workload.
    pub fn build_seconds(&self, levels: &[usize]) -> Vec<f64> {
        self.workloads.iter().map(|one| one.build_seconds(levels)).collect()
    }

    /// Expected seconds of a day's builds.
    pub fn daily_seconds(&self, levels: &[usize]) -> f64 {
        self.workloads.iter().map(|one| one.per_day * one.build_seconds(levels)).sum()
    }

    /// Standard deviation of the logarithm of the day of one combination against that of another: Σ share²·sd² over
    /// the workloads, with their shares in the day of the first.
    pub fn difference_sd(&self, levels: &[usize], against: &[usize]) -> f64 {
        let total = self.daily_seconds(levels);
        let variance = |one: &PredictedWorkload| {
            let share = one.per_day * one.build_seconds(levels) / total;
            one.model.as_ref().map_or(0.0, |model| (share * model.difference_sd(levels, against)).powi(2))
        };
        self.workloads.iter().map(variance).sum::<f64>().sqrt()
    }

    /// Expected times of a combination. A separate warm-up takes as long as the workload that is measured within it,
    /// or else what the request estimates.
    pub(super) fn times(&self, request: &SearchRequest, levels: &[usize]) -> ArmTimes {
        let builds = self.build_seconds(levels);
        let mut times = ArmTimes { warm_ups: ArmTimes::estimated(request).warm_ups, builds };
        for (at, within) in request.workloads.iter().enumerate() {
            let WarmUp::Within { workload } = &within.warm_up else { continue };
            let of = request.workloads.iter().position(|one| one.name == *workload);
            if let Some(of) = of {
                times.warm_ups[of] = times.builds[at];
            }
        }
        times
    }
}
