//! Estimates of a plan's duration, of the rounds that fit, and of the width of the intervals.

use std::time::Duration;

use bench_runner_core::record::{Block, Plan};
use bench_runner_core::stats::{ASSUMED_OFFSET, BlockShape, Control, EXPECTED_NOISE, Expectation};

use super::history::{EstimatesByProject, ExpectedTimes, MachineHistory};
use super::turns::{self, PlannedTurn, blocks_take_turns};
use crate::build::Goal;
use crate::sampling::{BlockTimes, LOOKS, RehearsedBlock};
use crate::workloads::{self, StartState};

/// Approximate time for settling and inspection around each build.
const AROUND_A_BUILD: Duration = Duration::from_millis(250);

/// Estimated size and duration of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct PlanEstimate {
    /// Block by block, in the order of the plan.
    pub blocks: Vec<BlockEstimate>,
    pub builds: u64,
    /// Total time; `None` if the time of some block is unknown.
    pub total: Option<Duration>,
    /// Largest total size of the target directories that are there at the same time; `None` if unknown for
    /// some project.
    pub disk_bytes: Option<u64>,
    /// True if builds of this machine's earlier runs tell how long builds take.
    pub times_are_measured: bool,
}

/// Estimated size and duration of one block.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockEstimate {
    /// Warm-up builds.
    pub warmups: u64,
    /// Time of all warm-ups; `None` if there are no estimates for builds of this kind.
    pub warmup_time: Option<Duration>,
    /// Time of one round; `None` if there are no estimates for builds of this kind.
    pub round_time: Option<Duration>,
    /// Rounds that fit into the budget and that the precision probably needs, at most `max_rounds`.
    pub rounds: u32,
    /// Expected noise.
    pub noise: Noise,
    /// Half-width of the intervals after these rounds, with this noise.
    pub half_width: Option<f64>,
    /// Size of its target directories; `None` if unknown for some project.
    pub disk_bytes: Option<u64>,
    /// The part of it that each round needs anew, because builds from nothing remove theirs; 0 if unknown.
    pub passing_bytes: u64,
}

/// Noise that is expected of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Noise {
    /// Scatter of single builds, offsets between directories, and what the block compares.
    pub expected: Expectation,
    /// True if earlier runs of this machine have shown the scatter; otherwise it is [`EXPECTED_NOISE`].
    pub is_measured: bool,
}

impl Noise {
    /// With several sessions, offsets between directories average out.
    fn of(block: &Block, sessions: u32, history: &MachineHistory) -> Self {
        let known = history.noise.get(&block.workload());
        let offset = known.and_then(|known| known.offset).unwrap_or(ASSUMED_OFFSET.powi(2));
        let expected = Expectation {
            noise: known.map_or(EXPECTED_NOISE, |known| known.sd),
            offset: offset / f64::from(sessions.max(1)),
            shape: BlockShape {
                control: Control::of(block.twin()),
                comparisons: block.arms.len().saturating_sub(1),
            },
        };
        Self { expected, is_measured: known.is_some() }
    }
}

impl BlockEstimate {
    /// Time of all warm-ups and of one round, if known.
    pub fn times(&self) -> Option<BlockTimes> {
        Some(BlockTimes { warm_up: self.warmup_time?, round: self.round_time? })
    }

    /// Total time of the block, if known.
    pub fn total(&self) -> Option<Duration> {
        Some(self.warmup_time? + self.round_time? * self.rounds)
    }

    /// Total number of builds of the block.
    pub fn builds(&self, arms: usize) -> u64 {
        self.warmups + u64::from(self.rounds) * arms as u64
    }
}

/// Estimates `plan`.
pub fn estimate(plan: &Plan, estimates: &EstimatesByProject, history: &MachineHistory) -> PlanEstimate {
    let times = ExpectedTimes::new(estimates, &history.builds);
    let block_estimate = |block: &Block, budget: Option<Duration>| {
        let size = disk(block, estimates);
        block_estimate(block, plan.sessions, budget, &times, size, Noise::of(block, plan.sessions, history))
    };
    // Every block as if time were unlimited.
    let wanted: Vec<BlockEstimate> = plan.blocks.iter().map(|block| block_estimate(block, None)).collect();
    let blocks: Vec<BlockEstimate> = match plan.time_budget {
        Some(budget) if blocks_take_turns(plan) => {
            let planned: Vec<PlannedTurn> = wanted
                .iter()
                .map(|block| PlannedTurn { rounds: block.rounds, times: block.times() })
                .collect();
            let rehearsed = turns::rehearse_plan(plan, &planned, budget);
            wanted.iter().zip(rehearsed).map(with_rehearsed_rounds).collect()
        }
        budget => one_after_another(plan, &wanted, budget, block_estimate),
    };
    let builds =
        blocks.iter().zip(&plan.blocks).map(|(estimate, block)| estimate.builds(block.arms.len())).sum();
    let total = blocks.iter().map(BlockEstimate::total).sum();
    let sizes = || blocks.iter().map(|block| block.disk_bytes);
    let disk_bytes: Option<u64> = if blocks_take_turns(plan) {
        sizes().sum()
    } else {
        sizes().try_fold(0, |most, size| Some(size?.max(most)))
    };
    PlanEstimate { blocks, builds, total, disk_bytes, times_are_measured: !history.builds.is_empty() }
}

/// Estimates blocks that share a budget and are measured one after another.
fn one_after_another(
    plan: &Plan,
    wanted: &[BlockEstimate],
    budget: Option<Duration>,
    block_estimate: impl Fn(&Block, Option<Duration>) -> BlockEstimate,
) -> Vec<BlockEstimate> {
    let mut left = budget;
    let mut blocks = Vec::with_capacity(plan.blocks.len());
    for (at, block) in plan.blocks.iter().enumerate() {
        let share = left.map(|left| share(left, &wanted[at..]));
        let estimate = block_estimate(block, share);
        left = left.zip(estimate.total()).map(|(left, spent)| left.saturating_sub(spent)).or(left);
        blocks.push(estimate);
    }
    blocks
}

/// The estimate of a block that takes turns, with the rounds that it comes to in a rehearsal; `None` if its
/// times are unknown.
fn with_rehearsed_rounds((wanted, rehearsed): (&BlockEstimate, Option<RehearsedBlock>)) -> BlockEstimate {
    let Some(RehearsedBlock { rounds, visits, .. }) = rehearsed else { return wanted.clone() };
    let half_width = wanted.noise.expected.half_width(rounds as usize);
    let estimate = BlockEstimate { rounds, half_width, ..wanted.clone() };
    if visits > 0 {
        return estimate;
    }
    // It is not begun.
    BlockEstimate { warmups: 0, warmup_time: Some(Duration::ZERO), ..estimate }
}

/// Bytes that stay and bytes that pass: arms that continue from their last build keep their target directories
/// at the same time; the others use theirs one after another.
fn disk(block: &Block, estimates: &EstimatesByProject) -> Option<(u64, u64)> {
    let (mut kept, mut passing) = (0, 0);
    for arm in &block.arms {
        let size = estimates.get(&arm.variant.project)?.target_bytes?;
        match workloads::find(&arm.variant.workload).map(|workload| workload.start) {
            Ok(StartState::Warm | StartState::AfterRelease) => kept += size,
            _ => passing = passing.max(size),
        }
    }
    Some((kept, passing))
}

/// The build from nothing that comes before the first one of a workload that continues from its last build.
fn first_build(workload: &str) -> &'static str {
    match workloads::find(workload).map(|workload| workload.goal) {
        Ok(Goal::Check) => "check",
        _ => "clean",
    }
}

fn block_estimate(
    block: &Block,
    sessions: u32,
    budget: Option<Duration>,
    times: &ExpectedTimes<'_>,
    disk: Option<(u64, u64)>,
    noise: Noise,
) -> BlockEstimate {
    let sampling = &block.sampling;
    let round_time = block
        .arms
        .iter()
        .map(|arm| Some(times.build(&arm.variant, &arm.variant.workload)? + AROUND_A_BUILD))
        .sum::<Option<Duration>>();
    let mut warmups = 0;
    let mut warmup_time = Some(Duration::ZERO);
    for arm in &block.arms {
        let warm =
            workloads::find(&arm.variant.workload).is_ok_and(|workload| workload.start != StartState::Empty);
        let own = times.build(&arm.variant, &arm.variant.workload);
        let first = if warm { times.build(&arm.variant, first_build(&arm.variant.workload)) } else { None };
        warmups += u64::from(sampling.warmup) + u64::from(warm) + u64::from(arm.primed);
        // Caches are filled by a build from nothing.
        let from_nothing = if warm { first } else { own };
        let filling = if arm.primed { from_nothing } else { Some(Duration::ZERO) };
        let time = own.zip(if warm { first } else { Some(Duration::ZERO) }).zip(filling);
        warmup_time = warmup_time.zip(time).map(|(sum, ((own, first), filling))| {
            sum + filling + first + (own + AROUND_A_BUILD) * sampling.warmup
        });
    }
    let warmup_time = warmup_time.map(|time| time * sessions);
    let fit = budget.zip(round_time.zip(warmup_time)).map(|(budget, (round, warmup))| {
        (budget.saturating_sub(warmup).as_secs_f64() / round.as_secs_f64().max(1e-9)) as u32
    });
    let rounds = sampling.max_rounds.min(fit.unwrap_or(u32::MAX)).min(rounds_for_precision(block, noise));
    let half_width = noise.expected.half_width(rounds as usize);
    BlockEstimate {
        warmups: warmups * u64::from(sessions),
        warmup_time,
        round_time,
        rounds,
        noise,
        half_width,
        disk_bytes: disk.map(|(kept, passing)| kept + passing),
        passing_bytes: disk.map_or(0, |(_, passing)| passing),
    }
}

/// Share of the remaining time for the first of `blocks`, such that all blocks get the same number of rounds,
/// but none more than it wants. If the times of some block are unknown, all blocks get the same time.
pub fn share(left: Duration, blocks: &[BlockEstimate]) -> Duration {
    let known: Option<Vec<(f64, f64, f64)>> = blocks
        .iter()
        .map(|block| {
            let (warmup, round) = (block.warmup_time?.as_secs_f64(), block.round_time?.as_secs_f64());
            Some((warmup, round, f64::from(block.rounds)))
        })
        .collect();
    let Some(blocks) = known.filter(|blocks| !blocks.is_empty()) else {
        return left / blocks.len().max(1) as u32;
    };
    let need = |rounds: f64| -> Vec<f64> {
        blocks.iter().map(|(warmup, round, wanted)| warmup + round * rounds.min(*wanted)).collect()
    };
    let budget = left.as_secs_f64();
    let most = blocks.iter().map(|(.., wanted)| *wanted).fold(0.0, f64::max);
    // The need grows with the number of rounds, so bisection finds the number that fits.
    let (mut few, mut many) = (0.0, most);
    for _ in 0..40 {
        let middle = f64::midpoint(few, many);
        if need(middle).iter().sum::<f64>() <= budget { few = middle } else { many = middle }
    }
    let need = need(few);
    let total: f64 = need.iter().sum();
    left.mul_f64(if total > 0.0 { (need[0] / total).clamp(0.0, 1.0) } else { 1.0 })
}

/// The look at which builds with this noise will have reached the precision. Looks leave offsets out.
fn rounds_for_precision(block: &Block, noise: Noise) -> u32 {
    let Some(precision) = block.sampling.precision else { return block.sampling.max_rounds };
    let reached = |rounds: &u32| {
        let half_width = noise.expected.without_offset().half_width(*rounds as usize);
        half_width.is_some_and(|half_width| half_width <= precision)
    };
    LOOKS
        .iter()
        .map(|look| *look as u32)
        .filter(|rounds| (block.sampling.min_rounds..=block.sampling.max_rounds).contains(rounds))
        .find(reached)
        .unwrap_or(block.sampling.max_rounds)
}
