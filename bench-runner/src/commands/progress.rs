//! Progress on standard error: a line that is redrawn on a terminal, a line for each round elsewhere.

use std::time::{Duration, Instant};

use bench_runner_core::record::{Phase, Plan};
use bench_runner_measure::plan::{PlanEstimate, blocks_take_turns};
use bench_runner_measure::run::{Forecast, Observer, RunEvent, VisitStart};
use bench_runner_measure::sampling::VisitPurpose;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{format_duration, pluralize};

/// Displays the progress of a run.
pub(super) struct ProgressDisplay {
    bar: ProgressBar,
    terminal: bool,
    started: Instant,
    deadline: Option<Instant>,
    /// True if blocks are visited several times.
    takes_turns: bool,
    /// The blocks in the order of the plan.
    blocks: Vec<BlockBuilds>,
    /// Number of the running block, from 0.
    block: usize,
    /// Builds of this run so far.
    builds: u64,
    forecast: Option<Forecast>,
    /// True until the warm-ups of the running block have ended.
    warms_up: bool,
    block_name: String,
}

/// Builds of a block in this run.
struct BlockBuilds {
    expected: u64,
    /// Estimated time of all of them.
    time: Option<Duration>,
    done: u64,
}

impl BlockBuilds {
    fn total(&self) -> u64 {
        self.expected.max(self.done)
    }

    /// Estimated time of the builds that are left.
    fn time_left(&self) -> Option<Duration> {
        let share = (self.total() - self.done) as f64 / self.total().max(1) as f64;
        Some(self.time?.mul_f64(share))
    }
}

impl ProgressDisplay {
    pub(super) fn new(plan: &Plan, estimate: &PlanEstimate) -> Self {
        let bar = ProgressBar::with_draw_target(Some(estimate.builds), ProgressDrawTarget::stderr());
        bar.set_style(
            ProgressStyle::with_template("{bar:16} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        let blocks = estimate.blocks.iter().zip(&plan.blocks).map(|(estimate, block)| BlockBuilds {
            expected: estimate.builds(block.arms.len()),
            time: estimate.total(),
            done: 0,
        });
        Self {
            terminal: !bar.is_hidden(),
            bar,
            started: Instant::now(),
            deadline: plan.time_budget.map(|budget| Instant::now() + budget),
            takes_turns: blocks_take_turns(plan),
            blocks: blocks.collect(),
            block: 0,
            builds: 0,
            forecast: None,
            warms_up: false,
            block_name: String::new(),
        }
    }

    /// Clears the progress bar before the results.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    fn say(&self, text: &str) {
        if self.terminal { self.bar.suspend(|| eprintln!("{text}")) } else { eprintln!("{text}") }
    }

    fn total(&self) -> u64 {
        let is_over = |at: usize| at < self.block && !self.takes_turns;
        let builds =
            |(at, block): (usize, &BlockBuilds)| if is_over(at) { block.done } else { block.total() };
        self.blocks.iter().enumerate().map(builds).sum()
    }

    /// Time left: the remaining rounds of this block at their current speed, and the other blocks as
    /// estimated; at most the budget.
    fn left(&self) -> Option<Duration> {
        let forecast = self.forecast.as_ref()?;
        let rounds = forecast.rounds.saturating_sub(forecast.rounds_done);
        let others = self
            .blocks
            .iter()
            .enumerate()
            .filter(|&(at, _)| if self.takes_turns { at != self.block } else { at > self.block });
        let others: Option<Duration> = others.map(|(_, block)| block.time_left()).sum();
        let left = forecast.round_time * rounds + others?;
        let budget = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        Some(budget.map_or(left, |budget| left.min(budget)))
    }

    /// After the warm-ups and after each round.
    fn forecast(&mut self, forecast: Forecast) {
        let before = self.forecast.replace(forecast);
        if let Some(block) = self.blocks.get_mut(self.block) {
            let left = forecast.rounds.saturating_sub(forecast.rounds_done);
            let builds = block.done + u64::from(left * forecast.builds_per_round);
            // A visit that ends is not the end of the block.
            block.expected = if self.takes_turns { block.expected.max(builds) } else { builds };
        }
        if self.warms_up && forecast.builds_per_round > 0 {
            self.warms_up = false;
            let fit = pluralize(forecast.rounds as usize, "round");
            let fit = if self.takes_turns { String::new() } else { format!(", {fit} fit at most") };
            let round = format_duration(forecast.round_time);
            self.say(&format!("  warmed up; a round takes {round}{fit}"));
        } else if !self.terminal && before.is_some_and(|before| before.rounds_done < forecast.rounds_done) {
            let total = self.total();
            self.say(&format!(
                "  round {} done, build {} of about {total}; {}",
                forecast.rounds_done,
                self.builds,
                self.clock()
            ));
        }
    }

    fn clock(&self) -> String {
        let elapsed = format_duration(Duration::from_secs(self.started.elapsed().as_secs()));
        match self.left() {
            Some(left) => {
                format!(
                    "{elapsed} elapsed, about {} left",
                    format_duration(Duration::from_secs(left.as_secs()))
                )
            }
            None => format!("{elapsed} elapsed"),
        }
    }
}

/// Number of a visit, and why the block is visited.
fn describe_visit(visit: VisitStart) -> (String, String) {
    let so_far = match visit.rounds {
        0 => String::new(),
        rounds => format!(", {} so far", pluralize(rounds as usize, "round")),
    };
    let why = match visit.purpose {
        None => String::new(),
        Some((VisitPurpose::FirstRounds, until)) => {
            format!("; every block gets {} first", pluralize(until as usize, "round"))
        }
        Some((VisitPurpose::WorthMost, _)) => "; a round is worth most here".to_owned(),
    };
    (format!(", visit {}", visit.number), so_far + &why)
}

impl Observer for ProgressDisplay {
    fn event(&mut self, event: &RunEvent<'_>) {
        match event {
            RunEvent::Remark(remark) => self.say(&format!("note: {remark}")),
            RunEvent::Block { block, number: (number, of), visit } => {
                (self.block, self.forecast) = (number - 1, None);
                self.warms_up = visit.is_none_or(|visit| visit.warms_up);
                self.block_name = block.id.to_string();
                let (visit, why) = visit.map_or_else(Default::default, describe_visit);
                self.say(&format!("block {number} of {of}{visit}: {}{why}", block.id));
            }
            RunEvent::Building { variant, phase, round, .. } => {
                let (sample, total) = (self.builds + 1, self.total().max(self.builds + 1));
                let what = match phase {
                    Phase::Warmup => "warm-up".to_owned(),
                    Phase::Measured => format!("round {round}"),
                };
                self.bar.set_length(total);
                self.bar.set_position(self.builds);
                self.bar.set_message(format!(
                    "build {sample} of about {total}, {}; {} {what}, {variant}",
                    self.clock(),
                    self.block_name
                ));
            }
            RunEvent::Built { sample, output } => {
                self.builds += 1;
                if let Some(block) = self.blocks.get_mut(self.block) {
                    block.done += 1;
                }
                if let Some(output) = output {
                    let output: String = output.lines().map(|line| format!("\n    {line}")).collect();
                    let (variant, outcome) = (&sample.variant, sample.outcome.as_str());
                    self.say(&format!("  build {}, {variant}: {outcome}{output}", sample.number));
                }
            }
            RunEvent::NotTimed { variant, reason } => self.say(&format!("  not timed: {variant}: {reason}")),
            RunEvent::Forecast(forecast) => self.forecast(*forecast),
            RunEvent::Stopped { block, reason, rounds } => {
                let rounds = pluralize(*rounds as usize, "round");
                let name = if self.takes_turns { format!("{}: ", block.id) } else { String::new() };
                self.say(&format!("  {name}stopped after {rounds}: {}", reason.describe()));
            }
        }
    }
}
