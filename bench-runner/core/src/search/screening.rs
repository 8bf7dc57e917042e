//! The screening: a fraction of all combinations, from which the others are predicted.

use crate::record::Role;

use super::candidates::CandidateArms;
use super::costs::{ArmTimes, equal_rounds, fill, seconds, stage_seconds, stage_workloads};
use super::refusal::SearchRefusal;
use super::request::SearchRequest;
use super::stage::{SearchStage, StageArm};

/// Share of the budget.
pub(super) const SHARE: f64 = 0.50;

/// Name of the stage.
pub(super) const NAME: &str = "screening";

/// Rounds of each workload that a screening should have. More combinations with fewer rounds each tell more about
/// effects, but each new one costs a warm-up.
const ROUNDS: u32 = 3;

/// Largest number of arms, in units of the number of parameters: beyond it another round tells as much.
const MOST_PER_PARAMETER: usize = 4;

/// Largest number of rounds of a workload.
const MOST_ROUNDS: u32 = 8;

/// Budget that a screening needs at least: one round of the fewest arms that show all effects.
pub(super) fn least_budget(request: &SearchRequest, candidates: &CandidateArms<'_>) -> f64 {
    candidates.fewest_arms() as f64 * of_arm(request, candidates, 1) / SHARE
}

/// Seconds of the average arm with so many rounds.
fn of_arm(request: &SearchRequest, candidates: &CandidateArms<'_>, rounds: u32) -> f64 {
    stage_seconds(request, &[slow_arm(request, candidates.slowness())], &equal_rounds(request, rounds, 1))
}

/// Expected times of an arm that takes so many times as long as the current one.
fn slow_arm(request: &SearchRequest, slowness: f64) -> ArmTimes {
    let ArmTimes { mut builds, mut warm_ups } = ArmTimes::estimated(request);
    builds.iter_mut().chain(&mut warm_ups).for_each(|seconds| *seconds *= slowness);
    ArmTimes { builds, warm_ups }
}

/// Plans the screening: as many arms as fit with [`ROUNDS`] rounds, or with fewer rounds if the effects need more arms
/// than that. The time that is left goes into further rounds.
pub(super) fn plan_screening(
    request: &SearchRequest,
    candidates: &CandidateArms<'_>,
) -> Result<SearchStage, SearchRefusal> {
    let limit = SHARE * request.budget.as_secs_f64();
    let fewest = candidates.fewest_arms();
    let most = candidates.all_arms().min(MOST_PER_PARAMETER * candidates.parameters());
    let fitting = |rounds: u32| {
        let arms = ((limit / of_arm(request, candidates, rounds)) as usize).min(most);
        (arms >= fewest || rounds == 1).then_some((arms.max(fewest), rounds))
    };
    let (mut arms, least) = (1..=ROUNDS).rev().find_map(fitting).unwrap_or((fewest, 1));
    let mut rounds = equal_rounds(request, least, 1);
    let (chosen, efficiency, times) = loop {
        let (chosen, efficiency) = candidates.arms(arms, request.seed)?;
        let times: Vec<ArmTimes> =
            chosen.iter().map(|levels| slow_arm(request, request.slowness_of(levels))).collect();
        // Those that tell most about effects can be slower than the average.
        if arms == fewest || stage_seconds(request, &times, &rounds) <= limit {
            break (chosen, efficiency, times);
        }
        arms -= 1;
    };
    fill(request, &times, &mut rounds, limit, MOST_ROUNDS);
    let role = |at: usize| if at == 0 { Role::Baseline } else { Role::Variant };
    Ok(SearchStage {
        name: NAME.to_owned(),
        arms: chosen
            .into_iter()
            .enumerate()
            .map(|(at, levels)| StageArm { role: role(at), levels })
            .collect(),
        workloads: stage_workloads(request, &rounds),
        time_budget: seconds(limit),
        efficiency,
    })
}
