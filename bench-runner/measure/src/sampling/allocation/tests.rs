//! The allocation of a budget: what all tests of it share, a simulated machine.

mod budgets;
mod properties;
mod recorded;
mod rules;

use super::*;

/// A block of a simulated run, in seconds.
#[derive(Debug, Clone, PartialEq)]
struct Truth {
    estimated: Option<(f64, f64)>,
    warm_up: f64,
    round: f64,
    max_rounds: u32,
    rounds: u32,
}

impl Truth {
    /// A block whose warm-ups and rounds take `factor` times as long as estimated.
    fn new(warm_up: f64, round: f64, factor: f64) -> Self {
        let estimated = Some((warm_up, round));
        Self { estimated, warm_up: warm_up * factor, round: round * factor, max_rounds: 30, rounds: 0 }
    }

    fn unknown(warm_up: f64, round: f64) -> Self {
        Self { estimated: None, ..Self::new(warm_up, round, 1.0) }
    }

    fn turn(&self) -> BlockTurn<'static> {
        let estimated = self.estimated;
        BlockTurn {
            until: &FIRST_VISITS,
            max_rounds: self.max_rounds,
            rounds: self.rounds,
            estimated: estimated.map(|(warm_up, round)| times(warm_up, round)),
            warm_up: None,
            round_time: None,
            warm_up_is_whole: true,
            run_has_begun: false,
            is_open: false,
            stays_open: true,
            has_ended: false,
        }
    }
}

fn times(warm_up: f64, round: f64) -> BlockTimes {
    BlockTimes { warm_up: seconds(warm_up), round: seconds(round) }
}

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// One step of a simulated run: block, true for a warm-up, begin and duration.
type StepTaken = (usize, bool, Duration, Duration);

/// Plays a run with known times, on a machine that has another speed from `change` on.
struct Machine<'a> {
    blocks: &'a [Truth],
    change: (Duration, f64),
    enough: u32,
    steps: Vec<StepTaken>,
}

impl<'a> Machine<'a> {
    fn new(blocks: &'a [Truth]) -> Self {
        Self { blocks, change: (Duration::MAX, 1.0), enough: u32::MAX, steps: Vec::new() }
    }

    fn take(&mut self, block: usize, is_warm_up: bool, elapsed: Duration, time: f64) -> Duration {
        let (from, factor) = self.change;
        let time = seconds(if elapsed >= from { time * factor } else { time });
        self.steps.push((block, is_warm_up, elapsed, time));
        time
    }

    fn run(&mut self, budget: f64) -> Vec<RehearsedBlock> {
        let turns: Vec<_> = self.blocks.iter().map(Truth::turn).collect();
        rehearse(&turns, seconds(budget), self)
    }
}

impl Rehearsal for Machine<'_> {
    fn warm_up(&mut self, block: usize, elapsed: Duration) -> BlockTimes {
        let truth = &self.blocks[block];
        let warm_up = self.take(block, true, elapsed, truth.warm_up);
        BlockTimes { warm_up, round: seconds(truth.round) }
    }

    fn round(&mut self, block: usize, elapsed: Duration) -> Duration {
        self.take(block, false, elapsed, self.blocks[block].round)
    }

    fn is_enough(&mut self, _: usize, rounds: u32) -> bool {
        rounds >= self.enough
    }
}

fn rounds(blocks: &[Truth], budget: f64) -> Vec<u32> {
    Machine::new(blocks).run(budget).iter().map(|block| block.rounds).collect()
}

/// An open block with these rounds and this duration of a round.
fn open(rounds: u32, round: f64) -> BlockTurn<'static> {
    let truth = Truth { rounds, ..Truth::new(10.0, round, 1.0) };
    BlockTurn {
        warm_up: Some(seconds(10.0)),
        round_time: Some(seconds(round)),
        is_open: true,
        ..truth.turn()
    }
}

fn first_rounds(block: usize, until: u32) -> NextVisit {
    NextVisit::Visit { block, until, purpose: VisitPurpose::FirstRounds }
}

fn worth_most(block: usize, until: u32) -> NextVisit {
    NextVisit::Visit { block, until, purpose: VisitPurpose::WorthMost }
}

const PLENTY: Duration = Duration::from_secs(1 << 20);

trait MapRounds {
    fn map_rounds(&self) -> Vec<u32>;
}

impl MapRounds for Vec<RehearsedBlock> {
    fn map_rounds(&self) -> Vec<u32> {
        self.iter().map(|block| block.rounds).collect()
    }
}
