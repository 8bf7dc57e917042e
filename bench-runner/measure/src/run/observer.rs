//! What a run tells while it works.

use std::time::Duration;

use bench_runner_core::record::{Block, Phase, Sample, StopReason};

/// Is told what a run does. Drawing it is somebody else's business.
pub trait Observer {
    /// Something happened. Called between builds only, never while a clock runs.
    fn event(&mut self, event: &RunEvent<'_>);
}

/// Something that happened.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// Something that does not stand in the way and that somebody may want to know, as a sentence.
    Remark(&'a str),
    /// A block begins.
    Block {
        block: &'a Block,
        /// Its number from 1, and how many there are.
        number: (usize, usize),
    },
    /// A build is about to start.
    Building {
        /// Number of the sample.
        number: u32,
        /// Name of the variant.
        variant: &'a str,
        /// Whether it counts.
        phase: Phase,
        /// The round, from 1; 0 in a warm-up.
        round: u32,
    },
    /// A build has ended.
    Built {
        /// What became of it.
        sample: &'a Sample,
        /// Last lines of what a build said that did not end well.
        output: Option<String>,
    },
    /// A variant is not timed, or not any more.
    NotTimed {
        /// Name of the variant.
        variant: &'a str,
        reason: &'a str,
    },
    /// After the warm-ups and after each round: what the block will probably come to.
    Forecast(Forecast),
    /// A block has ended.
    Stopped {
        block: &'a Block,
        reason: StopReason,
        /// Complete rounds.
        rounds: u32,
    },
}

/// What a block will probably come to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Complete rounds so far.
    pub rounds_done: u32,
    /// Rounds in all, as far as the budget and the largest number of rounds allow.
    pub rounds: u32,
    pub builds_per_round: u32,
    /// What a round takes.
    pub round_time: Duration,
}
