//! Progress events of a run.

use std::time::Duration;

use bench_runner_core::record::{Block, Phase, Role, Sample, StopReason};

use crate::sampling::VisitPurpose;

/// Receives progress events; how they are displayed is up to the implementation.
pub trait Observer {
    /// Called for each event. [`RunEvent::Units`] comes during warm-up builds; all others come between
    /// builds. Nothing is called while the time of a measured build is taken.
    fn event(&mut self, event: &RunEvent<'_>);

    /// True if it displays the units of a running build; otherwise nobody looks at warm-up builds.
    fn displays_units(&self) -> bool {
        false
    }
}

/// A progress event.
#[derive(Debug)]
pub enum RunEvent<'a> {
    /// A sentence for the user about something that does not stop the run.
    Remark(&'a str),
    /// A block, or a visit to it, begins.
    Block {
        block: &'a Block,
        /// Its number from 1, and the number of blocks.
        number: (usize, usize),
        /// The visit; `None` if the block is measured in one.
        visit: Option<VisitStart>,
    },
    /// A build is about to start.
    Building {
        /// Number of the sample.
        number: u32,
        role: Role,
        /// Name of the variant.
        variant: &'a str,
        /// Warm-up or measured.
        phase: Phase,
        /// The round, from 1; 0 in a warm-up.
        round: u32,
        expected: ExpectedBuild,
    },
    /// A warm-up build has compiled this many units so far. At most once a second, and only for an observer
    /// that [displays them](Observer::displays_units).
    Units(u32),
    /// A build has ended.
    Built {
        sample: &'a Sample,
        /// Last lines of the output of a failed build.
        output: Option<String>,
    },
    /// A variant is not timed, or no longer.
    NotTimed {
        /// Name of the variant.
        variant: &'a str,
        reason: &'a str,
    },
    /// After the warm-ups and after each round: the expected course of the block.
    Forecast(Forecast),
    /// A block has ended.
    Stopped {
        block: &'a Block,
        reason: StopReason,
        /// Complete rounds.
        rounds: u32,
    },
}

/// The expected size of a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExpectedBuild {
    /// Units that it will compile, if known.
    pub units: Option<u32>,
    /// Its time, if known.
    pub time: Option<Duration>,
}

/// The begin of a visit to a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VisitStart {
    /// Number of the visit to the block, from 1.
    pub number: u32,
    /// Complete rounds of the block so far.
    pub rounds: u32,
    /// True if the visit begins with warm-ups.
    pub warms_up: bool,
    /// Reason for the visit, and the rounds that the block is to have when it ends; `None` if the block is
    /// measured to its end.
    pub purpose: Option<(VisitPurpose, u32)>,
}

/// The expected course of a block.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecast {
    /// Complete rounds so far.
    pub rounds_done: u32,
    /// Total number of rounds that fit into the budget, at most the largest number allowed or the rounds until
    /// which the block is visited.
    pub rounds: u32,
    pub builds_per_round: u32,
    /// Duration of one round.
    pub round_time: Duration,
}
