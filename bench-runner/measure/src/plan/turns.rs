//! Runs in which blocks take turns: what a plan says of it, and how many rounds each block comes to by the
//! estimates.

use std::time::Duration;

use bench_runner_core::record::{Plan, Sampling, Visits};

use crate::sampling::{BlockTimes, BlockTurn, FIRST_VISITS, Rehearsal, RehearsedBlock, rehearse};

/// True if the blocks of `plan` take turns: it has a time budget, several blocks and one session, and says so
/// of every block. Blocks of other plans are measured one after another.
pub fn blocks_take_turns(plan: &Plan) -> bool {
    can_take_turns(plan) && plan.blocks.iter().all(|block| block.visits.is_some())
}

fn can_take_turns(plan: &Plan) -> bool {
    plan.time_budget.is_some() && plan.blocks.len() > 1 && plan.sessions <= 1
}

/// Plans the visits to the blocks, if they can take turns.
pub(super) fn add_visits(plan: &mut Plan) {
    if can_take_turns(plan) {
        for block in &mut plan.blocks {
            block.visits = Some(Visits { until: first_visits(&block.sampling), keep: true });
        }
    }
}

/// Rounds of a block after each of its first visits. If fewer than usual are enough, every block gets these before any gets
/// more.
fn first_visits(sampling: &Sampling) -> Vec<u32> {
    let least =
        Some(sampling.min_rounds).filter(|least| *least < FIRST_VISITS[0] && *least < sampling.max_rounds);
    least.into_iter().chain(FIRST_VISITS).collect()
}

/// A block of a plan, as a rehearsal needs it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PlannedTurn {
    /// Rounds that it probably needs.
    pub(super) rounds: u32,
    /// Its times by estimate; `None` if they are unknown.
    pub(super) times: Option<BlockTimes>,
}

/// Goes through the run by its estimates; blocks of unknown times are left out.
pub(super) fn rehearse_plan(
    plan: &Plan,
    planned: &[PlannedTurn],
    budget: Duration,
) -> Vec<Option<RehearsedBlock>> {
    let known: Vec<(usize, BlockTimes)> =
        planned.iter().enumerate().filter_map(|(at, planned)| Some((at, planned.times?))).collect();
    let turn = |&(at, times): &(usize, BlockTimes)| BlockTurn {
        until: plan.blocks[at].visits.as_ref().map(|visits| visits.until.as_slice()).unwrap_or_default(),
        stays_open: plan.blocks[at].visits.as_ref().is_none_or(|visits| visits.keep),
        max_rounds: planned[at].rounds,
        rounds: 0,
        estimated: Some(times),
        warm_up: None,
        round_time: None,
        warm_up_is_whole: true,
        run_has_begun: false,
        is_open: false,
        has_ended: false,
    };
    let turns: Vec<BlockTurn<'_>> = known.iter().map(turn).collect();
    let mut by_estimate = ByEstimate(known.iter().map(|(_, times)| *times).collect());
    let mut outcomes = vec![None; planned.len()];
    for ((at, _), outcome) in known.iter().zip(rehearse(&turns, budget, &mut by_estimate)) {
        outcomes[*at] = Some(outcome);
    }
    outcomes
}

/// Warm-ups and rounds that take as long as estimated.
struct ByEstimate(Vec<BlockTimes>);

impl Rehearsal for ByEstimate {
    fn warm_up(&mut self, block: usize, _: Duration) -> BlockTimes {
        self.0[block]
    }

    fn round(&mut self, block: usize, _: Duration) -> Duration {
        self.0[block].round
    }

    fn is_enough(&mut self, _: usize, _: u32) -> bool {
        false
    }
}
