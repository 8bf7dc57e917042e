//! The course of a run as its events show it: warm-ups, rounds, and the time that is left.

use std::time::{Duration, Instant};

use bench_runner_core::bundle::Manifest;
use bench_runner_core::record::{Block, Phase, Plan};
use bench_runner_measure::plan::{BlockEstimate, PlanEstimate, blocks_take_turns};
use bench_runner_measure::run::{Forecast, VisitStart};
use bench_runner_measure::sampling::VisitPurpose;

use super::super::{format_duration, pluralize};

/// The position of a run, and its expected course.
pub(super) struct RunCourse {
    started: Instant,
    deadline: Option<Instant>,
    /// True if blocks are visited several times.
    takes_turns: bool,
    /// True if the plan builds rounds until no other fits into the time budget.
    fills_budget: bool,
    blocks: Vec<BlockCourse>,
    /// Place of the running block, from 0.
    at: usize,
    /// Places of the blocks that have begun or ended, in this order.
    begun: Vec<usize>,
    /// Builds of this part of the run.
    builds: u64,
    /// Warm-up builds of the running session.
    warm_ups: u64,
    visit: Option<VisitStart>,
    forecast: Option<Forecast>,
    forecast_at: Instant,
}

/// Builds of one block in this part of the run.
struct BlockCourse {
    expected: u64,
    /// Estimated time of all of them.
    time: Option<Duration>,
    done: u64,
    /// Warm-up builds of a session.
    warm_ups: u64,
    /// Estimated time of a round.
    round_time: Option<Duration>,
    /// Time of the last rounds.
    measured_round_time: Option<Duration>,
    /// Estimated time of the warm-ups.
    warmup_time: Option<Duration>,
    /// Complete rounds; `None` before the warm-ups are done.
    rounds_done: Option<u32>,
    max_rounds: u32,
    has_ended: bool,
    has_precision: bool,
}

impl BlockCourse {
    /// True if it goes on after all the builds that were estimated.
    fn outlasts_estimate(&self) -> bool {
        !self.has_ended && self.done >= self.expected && self.rounds_done < Some(self.max_rounds)
    }

    /// True if it has not ended and was never estimated.
    fn lacks_estimate(&self) -> bool {
        !self.has_ended && self.time.is_none()
    }

    /// Time until the largest number of rounds; `None` if it is unknown.
    fn longest(&self) -> Option<Duration> {
        if self.has_ended {
            return Some(Duration::ZERO);
        }
        let warm_ups = if self.rounds_done.is_some() { Duration::ZERO } else { self.warmup_time? };
        let rounds = self.max_rounds.saturating_sub(self.rounds_done.unwrap_or(0));
        Some(warm_ups + self.measured_round_time.or(self.round_time)? * rounds)
    }

    fn total(&self) -> u64 {
        self.expected.max(self.done)
    }

    /// Estimated time of the builds that are left.
    fn time_left(&self) -> Option<Duration> {
        if self.done >= self.expected {
            return Some(Duration::ZERO);
        }
        let share = (self.total() - self.done) as f64 / self.total().max(1) as f64;
        Some(self.time?.mul_f64(share))
    }
}

/// The number of rounds that a block will come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoundGoal {
    Exactly(u32),
    /// This number for now; a later visit may add some.
    First(u32),
    /// As many as there is time for.
    About(u32),
    /// Fewer if the intervals are narrow enough before.
    AtMost(u32),
    /// It depends on the other blocks.
    Open,
}

/// The time that is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeLeft {
    Expected(Duration),
    /// The rest of the time budget.
    AtMost(Duration),
    /// The time budget is used up; what has begun is finished.
    UsedUp,
    Unknown,
}

impl RunCourse {
    /// The course of a run from here. `earlier` is the manifest of a run that is resumed.
    pub(super) fn new(plan: &Plan, estimate: &PlanEstimate, earlier: Option<&Manifest>) -> Self {
        let ended = |block: &Block| {
            earlier.is_some_and(|earlier| earlier.blocks.iter().any(|end| end.block == block.id))
        };
        let blocks = estimate.blocks.iter().zip(&plan.blocks).map(|(estimate, block)| BlockCourse {
            expected: if ended(block) { 0 } else { estimate.builds(block.arms.len()) },
            time: estimate.total(),
            done: 0,
            warm_ups: estimate.warmups / u64::from(plan.sessions.max(1)),
            round_time: estimate.round_time,
            measured_round_time: None,
            warmup_time: estimate.warmup_time,
            rounds_done: None,
            max_rounds: block.sampling.max_rounds,
            has_ended: ended(block),
            has_precision: block.sampling.precision.is_some(),
        });
        let spent = earlier.map_or(Duration::ZERO, |earlier| Duration::from_nanos(earlier.time.total_ns));
        let started = Instant::now();
        Self {
            started,
            deadline: plan.time_budget.map(|budget| started + budget.saturating_sub(spent)),
            takes_turns: blocks_take_turns(plan),
            fills_budget: blocks_take_turns(plan) && fills_budget(plan, estimate),
            begun: plan
                .blocks
                .iter()
                .enumerate()
                .filter(|(_, block)| ended(block))
                .map(|(at, _)| at)
                .collect(),
            blocks: blocks.collect(),
            at: 0,
            builds: 0,
            warm_ups: 0,
            visit: None,
            forecast: None,
            forecast_at: started,
        }
    }

    pub(super) fn takes_turns(&self) -> bool {
        self.takes_turns
    }

    pub(super) fn builds(&self) -> u64 {
        self.builds
    }

    /// `comparison 2 of 3`, in the order in which they are begun; `None` if there is only one.
    pub(super) fn comparison(&self) -> Option<String> {
        let of = self.blocks.len();
        let number = self.begun.iter().position(|at| *at == self.at).unwrap_or(self.begun.len()) + 1;
        (of > 1).then(|| format!("comparison {number} of {of}"))
    }

    /// A block, or a visit to it, begins.
    pub(super) fn begin(&mut self, at: usize, visit: Option<VisitStart>) {
        (self.at, self.visit, self.forecast, self.warm_ups) = (at, visit, None, 0);
        if !self.begun.contains(&at) {
            self.begun.push(at);
        }
    }

    /// A build has ended.
    pub(super) fn built(&mut self, phase: Phase) {
        self.builds += 1;
        self.warm_ups += u64::from(phase == Phase::Warmup);
        if let Some(block) = self.blocks.get_mut(self.at) {
            block.done += 1;
        }
    }

    /// After the warm-ups and after each round. Returns the forecast before.
    pub(super) fn forecast(&mut self, forecast: Forecast) -> Option<Forecast> {
        // Warm-ups that follow are those of another session.
        self.warm_ups = 0;
        if let Some(block) = self.blocks.get_mut(self.at) {
            block.measured_round_time = Some(forecast.round_time);
            block.rounds_done = Some(forecast.rounds_done);
            let left = forecast.rounds.saturating_sub(forecast.rounds_done);
            let builds = block.done + u64::from(left * forecast.builds_per_round);
            // A visit that ends is not the end of the block.
            block.expected = if self.takes_turns { block.expected.max(builds) } else { builds };
        }
        self.forecast_at = Instant::now();
        self.forecast.replace(forecast)
    }

    /// The running block has ended.
    pub(super) fn end(&mut self, at: usize) {
        if let Some(block) = self.blocks.get_mut(at) {
            block.expected = block.done;
            block.has_ended = true;
        }
    }

    /// The rounds that the running block will come to; `None` before its warm-ups are done.
    pub(super) fn goal(&self) -> Option<RoundGoal> {
        let (forecast, block) = (self.forecast?, self.blocks.get(self.at)?);
        Some(match self.visit.and_then(|visit| visit.purpose) {
            Some((VisitPurpose::FirstRounds, until)) if until < block.max_rounds => RoundGoal::First(until),
            Some((VisitPurpose::FirstRounds, _)) => RoundGoal::Exactly(block.max_rounds),
            Some((VisitPurpose::LearnTimes | VisitPurpose::WorthMost, _)) => RoundGoal::Open,
            None if forecast.rounds < block.max_rounds => RoundGoal::About(forecast.rounds),
            None if block.has_precision => RoundGoal::AtMost(block.max_rounds),
            None => RoundGoal::Exactly(block.max_rounds),
        })
    }

    /// `warm-up 2 of 6`, `round 3 of about 5`.
    pub(super) fn position(&self, phase: Phase, round: u32) -> String {
        match (phase, self.goal()) {
            (Phase::Warmup, _) => {
                let number = self.warm_ups + 1;
                let of = self.blocks.get(self.at).map_or(number, |block| block.warm_ups.max(number));
                format!("warm-up {number} of {of}")
            }
            (Phase::Measured, Some(RoundGoal::Exactly(of))) => format!("round {round} of {}", of.max(round)),
            // Rounds beyond those first ones are counted without an end.
            (Phase::Measured, Some(RoundGoal::First(of))) if round <= of && of > 1 => {
                format!("round {round} of the first {of}")
            }
            (Phase::Measured, Some(RoundGoal::About(of))) => {
                format!("round {round} of about {}", of.max(round))
            }
            (Phase::Measured, Some(RoundGoal::AtMost(of))) => {
                format!("round {round} of at most {}", of.max(round))
            }
            (Phase::Measured, Some(RoundGoal::First(_) | RoundGoal::Open) | None) => format!("round {round}"),
        }
    }

    /// The remaining rounds of this block at their current speed, before the first at the estimated one, and
    /// the other blocks as estimated; at most the rest of the time budget. Blocks that take turns use up this
    /// rest, unless there is an estimate which says that they end earlier and has been right so far.
    pub(super) fn left(&self) -> TimeLeft {
        let budget = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let goes_on = |block: &BlockCourse| block.outlasts_estimate() || block.lacks_estimate();
        let goes_on = self.takes_turns && self.blocks.iter().any(goes_on);
        let left = match self.fills_budget || goes_on {
            true => self.blocks.iter().map(BlockCourse::longest).sum(),
            false => self.expected_left(),
        };
        match (left, budget) {
            (_, Some(Duration::ZERO)) => TimeLeft::UsedUp,
            (Some(left), budget) => TimeLeft::Expected(budget.map_or(left, |budget| left.min(budget))),
            (None, Some(budget)) => TimeLeft::AtMost(budget),
            (None, None) => TimeLeft::Unknown,
        }
    }

    fn expected_left(&self) -> Option<Duration> {
        let estimated = self.blocks.get(self.at).and_then(BlockCourse::time_left);
        let rounds = self.forecast.map(|forecast| {
            let rounds = forecast.round_time * forecast.rounds.saturating_sub(forecast.rounds_done);
            rounds.saturating_sub(self.forecast_at.elapsed())
        });
        // Another visit may follow.
        let own = if self.takes_turns { estimated.max(rounds) } else { rounds.or(estimated) };
        let others = self.blocks.iter().enumerate();
        let others = others.filter(|&(at, _)| if self.takes_turns { at != self.at } else { at > self.at });
        let others: Option<Duration> = others.map(|(_, block)| block.time_left()).sum();
        Some(own? + others?)
    }

    /// `1 min 2 s elapsed, 2 min 46 s left`.
    pub(super) fn clock(&self) -> String {
        let elapsed = format!("{} elapsed", format_seconds(self.started.elapsed()));
        match self.left().describe() {
            Some(left) => format!("{elapsed}, {left}"),
            None => elapsed,
        }
    }

    /// `builds took 2.1× as long as estimated`, if they took much longer than that in block `at`.
    pub(super) fn delay(&self, at: usize) -> Option<String> {
        let block = self.blocks.get(at)?;
        let factor = block.measured_round_time?.as_secs_f64() / block.round_time?.as_secs_f64();
        (factor >= 1.25).then(|| format!("builds took {factor:.1}× as long as estimated"))
    }
}

/// True if another round of some block that is not at its largest number does not fit behind the estimated ones.
fn fills_budget(plan: &Plan, estimate: &PlanEstimate) -> bool {
    let total: Option<Duration> = estimate.blocks.iter().map(BlockEstimate::total).sum();
    let Some(rest) = plan.time_budget.zip(total).map(|(budget, total)| budget.saturating_sub(total)) else {
        return false;
    };
    let blocks = estimate.blocks.iter().zip(&plan.blocks);
    let mut unfinished = blocks.filter(|(estimate, block)| estimate.rounds < block.sampling.max_rounds);
    unfinished.any(|(estimate, _)| estimate.round_time.is_some_and(|round| round > rest))
}

impl TimeLeft {
    pub(super) fn describe(self) -> Option<String> {
        match self {
            Self::Expected(Duration::ZERO) => None,
            Self::Expected(left) => Some(format!("{} left", format_seconds(left))),
            Self::AtMost(left) => Some(format!("at most {} left", format_seconds(left))),
            Self::UsedUp => Some("time budget used up".to_owned()),
            Self::Unknown => None,
        }
    }
}

impl RoundGoal {
    /// The words behind the time of a round, after the warm-ups.
    pub(super) fn describe(self, round_time: Duration) -> String {
        let rounds = |rounds: u32| pluralize(rounds as usize, "round");
        match self {
            Self::Exactly(1) => ", 1 round".to_owned(),
            Self::Exactly(of) => format!(", {} in about {}", rounds(of), format_duration(round_time * of)),
            Self::First(1) => format!(", the first round in about {}", format_duration(round_time)),
            Self::First(of) => {
                format!(", the first {} in about {}", rounds(of), format_duration(round_time * of))
            }
            Self::About(0) => ", more than the time that is left".to_owned(),
            Self::About(of) => format!(", room for about {}", rounds(of)),
            Self::AtMost(of) => format!(", at most {}", rounds(of)),
            Self::Open => String::new(),
        }
    }
}

/// A duration whose fractions of a second say nothing.
fn format_seconds(duration: Duration) -> String {
    let seconds = (duration.as_secs_f64().round() as u64).max(1);
    if seconds < 60 { format!("{seconds} s") } else { format_duration(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests;
