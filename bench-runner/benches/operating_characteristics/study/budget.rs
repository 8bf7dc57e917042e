//! Runs with a time budget and several blocks: taking turns against a share for each block.
//!
//! The program decides in both: `sampling::rehearse` takes turns, and `plan::share` gives each block its share
//! before it is measured. Both see the same durations. No block reaches its precision here, as is usual for a
//! run of an hour.

use std::time::Duration;

use bench_runner_core::stats::{BlockShape, Control, EXPECTED_NOISE, Expectation, LEVEL, t_quantile};
use bench_runner_measure::plan::{self, BlockEstimate};
use bench_runner_measure::sampling::{BlockTimes, BlockTurn, FIRST_VISITS, Rehearsal, recent_mean, rehearse};
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::models::Noise;
use super::questions::Study;
use super::tally::Share;

/// Largest number of rounds of a block.
const MAX_ROUNDS: u32 = 30;

/// Fewest rounds with an interval.
const INTERVAL: u32 = 3;

/// Results of one way of dividing budgets.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Allocation {
    /// Blocks with an interval.
    pub(crate) with_interval: Share,
    /// Blocks with at least five rounds.
    pub(crate) with_five: Share,
    /// Median of the half-widths, relative to those of the same blocks with shares. A block with an interval
    /// under one of both alone counts as infinitely wide under the other.
    pub(crate) half_width: f64,
    /// The same for the pooled intervals that the program reports.
    pub(crate) pooled_half_width: f64,
}

/// Ways of dividing a budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Division {
    /// Each block gets a share before it is measured, so that all come to the same number of rounds.
    Shares,
    /// Blocks take turns.
    Turns,
    /// Blocks take turns, and the estimates are right.
    TurnsByTruth,
}

/// Divides the budgets of simulated runs.
pub(crate) fn divide_budgets(study: &Study, division: Division) -> Allocation {
    let one = |run: u32| {
        let run = SimulatedBudget::draw(&mut Noise::for_run(study.seed, "budget", run));
        (run.rounds(Division::Shares), run.rounds(division))
    };
    let runs: Vec<(Vec<u32>, Vec<u32>)> = (0..study.runs).into_par_iter().map(one).collect();
    let mut found = Allocation::default();
    for (_, rounds) in &runs {
        let with = |least: u32| rounds.iter().filter(|&&rounds| rounds >= least).count();
        found.with_interval.add(with(INTERVAL), rounds.len());
        found.with_five.add(with(5), rounds.len());
    }
    let pairs: Vec<(u32, u32)> =
        runs.into_iter().flat_map(|(shares, rounds)| shares.into_iter().zip(rounds)).collect();
    found.half_width = median_ratio(&pairs, half_width);
    found.pooled_half_width = median_ratio(&pairs, pooled_half_width);
    found
}

/// Median over blocks of the half-width after the second number of rounds relative to that after the first.
fn median_ratio(pairs: &[(u32, u32)], half_width: impl Fn(u32) -> Option<f64>) -> f64 {
    let ratio = |&(first, second): &(u32, u32)| match (half_width(first), half_width(second)) {
        (Some(first), Some(second)) => Some(second / first),
        (None, Some(_)) => Some(0.0),
        (Some(_), None) => Some(f64::INFINITY),
        (None, None) => None,
    };
    let mut ratios: Vec<f64> = pairs.iter().filter_map(ratio).collect();
    ratios.sort_by(f64::total_cmp);
    ratios.get(ratios.len() / 2).copied().unwrap_or(f64::NAN)
}

/// h(n), by which the allocation decides.
fn half_width(rounds: u32) -> Option<f64> {
    let n = f64::from(rounds);
    let t = || t_quantile(f64::midpoint(1.0, LEVEL), n - 1.0);
    (rounds >= INTERVAL).then(|| t() * (1.0 + 0.5 / n) / n.sqrt())
}

/// Expectation for a block with a twin and two variants.
const EXPECTED: Expectation = Expectation {
    noise: EXPECTED_NOISE,
    offset: 0.0,
    shape: BlockShape { control: Control::Twin, comparisons: 3 },
};

fn pooled_half_width(rounds: u32) -> Option<f64> {
    Some(EXPECTED.half_width(rounds as usize)?.ln_1p())
}

/// A run of several blocks, with the durations of everything that might be built.
struct SimulatedBudget {
    budget: Duration,
    blocks: Vec<SimulatedBlock>,
}

struct SimulatedBlock {
    estimated: BlockTimes,
    true_times: BlockTimes,
    warm_up: BlockTimes,
    rounds: Vec<Duration>,
}

impl SimulatedBudget {
    /// Draws 2 to 8 blocks. A round from nothing takes 10 to 300 s, and two blocks in five are incremental:
    /// their rounds take a hundredth to a third of that. The machine is slower than estimated by a factor
    /// with standard deviation 0.5 on the log scale, and each block by its own with 0.25; rounds scatter by
    /// 5%. The budget is 0.4 to 1.2 times what six rounds of every block take.
    fn draw(noise: &mut Noise) -> Self {
        let count = 2 + (noise.uniform() * 7.0) as usize;
        let machine = (0.5 * noise.normal()).exp();
        let blocks: Vec<SimulatedBlock> = (0..count).map(|_| SimulatedBlock::draw(machine, noise)).collect();
        let six_rounds: f64 = blocks
            .iter()
            .map(|block| block.true_times.warm_up.as_secs_f64() + 6.0 * block.true_times.round.as_secs_f64())
            .sum();
        let budget = seconds(six_rounds * log_uniform(0.4, 1.2, noise));
        Self { budget, blocks }
    }

    /// Rounds of each block.
    fn rounds(&self, division: Division) -> Vec<u32> {
        match division {
            Division::Shares => self.by_shares(),
            Division::Turns => self.by_turns(|block| block.estimated),
            Division::TurnsByTruth => self.by_turns(|block| block.true_times),
        }
    }

    fn by_turns(&self, estimated: impl Fn(&SimulatedBlock) -> BlockTimes) -> Vec<u32> {
        let turn = |block: &SimulatedBlock| BlockTurn {
            until: &FIRST_VISITS,
            max_rounds: MAX_ROUNDS,
            rounds: 0,
            estimated: Some(estimated(block)),
            warm_up: None,
            round_time: None,
            warm_up_is_whole: true,
            run_has_begun: false,
            is_open: false,
            stays_open: true,
            has_ended: false,
        };
        let turns: Vec<BlockTurn<'_>> = self.blocks.iter().map(turn).collect();
        let mut durations = Durations { run: self, done: vec![0; self.blocks.len()] };
        rehearse(&turns, self.budget, &mut durations).iter().map(|block| block.rounds).collect()
    }

    /// Blocks one after another, as `run` measures those of a plan without visits.
    fn by_shares(&self) -> Vec<u32> {
        let wanted: Vec<BlockEstimate> = self.blocks.iter().map(SimulatedBlock::wanted).collect();
        let mut left = self.budget;
        let one = |(at, block): (usize, &SimulatedBlock)| {
            let share = plan::share(left, &wanted[at..]);
            if share <= (block.estimated.warm_up + block.estimated.round) / 3 {
                return 0;
            }
            let mut spent = block.warm_up.warm_up;
            let mut done = 0;
            while done < block.rounds.len() {
                let next = recent_mean(&block.rounds[..done]).unwrap_or(block.warm_up.round);
                if next > share.saturating_sub(spent) {
                    break;
                }
                spent += block.rounds[done];
                done += 1;
            }
            left = left.saturating_sub(spent);
            done as u32
        };
        self.blocks.iter().enumerate().map(one).collect()
    }
}

impl SimulatedBlock {
    fn draw(machine: f64, noise: &mut Noise) -> Self {
        let from_nothing = log_uniform(10.0, 300.0, noise);
        let is_incremental = noise.uniform() < 0.4;
        let round = if is_incremental { from_nothing * log_uniform(0.01, 0.33, noise) } else { from_nothing };
        let warm_up = if is_incremental { from_nothing + round } else { from_nothing };
        let error = machine * (0.25 * noise.normal()).exp();
        let mut scattered = |time: f64| seconds(time * (0.05 * noise.normal()).exp());
        Self {
            estimated: BlockTimes { warm_up: seconds(warm_up / error), round: seconds(round / error) },
            true_times: BlockTimes { warm_up: seconds(warm_up), round: seconds(round) },
            warm_up: BlockTimes { warm_up: scattered(warm_up), round: scattered(round) },
            rounds: (0..MAX_ROUNDS).map(|_| scattered(round)).collect(),
        }
    }

    /// Estimate of the block with unlimited time.
    fn wanted(&self) -> BlockEstimate {
        BlockEstimate {
            warmups: 0,
            warmup_time: Some(self.estimated.warm_up),
            round_time: Some(self.estimated.round),
            rounds: MAX_ROUNDS,
            noise: plan::Noise { expected: EXPECTED, is_measured: false },
            half_width: None,
            disk_bytes: None,
            passing_bytes: 0,
        }
    }
}

/// The durations of a run, in the order of building.
struct Durations<'a> {
    run: &'a SimulatedBudget,
    /// Rounds of each block so far.
    done: Vec<usize>,
}

impl Rehearsal for Durations<'_> {
    fn warm_up(&mut self, block: usize, _: Duration) -> BlockTimes {
        self.run.blocks[block].warm_up
    }

    fn round(&mut self, block: usize, _: Duration) -> Duration {
        self.done[block] += 1;
        self.run.blocks[block].rounds[self.done[block] - 1]
    }

    fn is_enough(&mut self, _: usize, _: u32) -> bool {
        false
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// Between `low` and `high`, uniform on the log scale.
fn log_uniform(low: f64, high: f64, noise: &mut Noise) -> f64 {
    low * (high / low).powf(noise.uniform())
}
