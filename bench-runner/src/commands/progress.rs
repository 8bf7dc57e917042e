//! Progress on standard error: a line that is redrawn on a terminal, a line for each round elsewhere.

use std::time::{Duration, Instant};

use bench_runner_core::record::{Phase, Plan};
use bench_runner_measure::plan::PlanEstimate;
use bench_runner_measure::run::{Forecast, Observer, RunEvent};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::format_duration;

/// Displays the progress of a run.
pub(super) struct ProgressDisplay {
    bar: ProgressBar,
    terminal: bool,
    started: Instant,
    deadline: Option<Instant>,
    /// Estimated number of builds and time of each block.
    expected: Vec<(u64, Option<Duration>)>,
    /// Number of the running block, from 0.
    block: usize,
    /// Builds of this run so far, and those of them in the running block.
    builds: u64,
    in_block: u64,
    forecast: Option<Forecast>,
    block_name: String,
}

impl ProgressDisplay {
    pub(super) fn new(plan: &Plan, estimate: &PlanEstimate) -> Self {
        let bar = ProgressBar::with_draw_target(Some(estimate.builds), ProgressDrawTarget::stderr());
        bar.set_style(
            ProgressStyle::with_template("{bar:16} {wide_msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        let expected = estimate.blocks.iter().zip(&plan.blocks);
        Self {
            terminal: !bar.is_hidden(),
            bar,
            started: Instant::now(),
            deadline: plan.time_budget.map(|budget| Instant::now() + budget),
            expected: expected.map(|(e, block)| (e.builds(block.arms.len()), e.total())).collect(),
            block: 0,
            builds: 0,
            in_block: 0,
            forecast: None,
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
        let done_before = self.builds - self.in_block;
        let later: u64 = self.expected.iter().skip(self.block + 1).map(|(builds, _)| builds).sum();
        let current = self.expected.get(self.block).map_or(0, |(builds, _)| *builds);
        done_before + current.max(self.in_block) + later
    }

    /// Time left: the remaining rounds of this block at their current speed, and the other blocks as
    /// estimated; at most the budget.
    fn left(&self) -> Option<Duration> {
        let forecast = self.forecast.as_ref()?;
        let rounds = forecast.rounds.saturating_sub(forecast.rounds_done);
        let later: Option<Duration> = self.expected.iter().skip(self.block + 1).map(|(_, time)| *time).sum();
        let left = forecast.round_time * rounds + later?;
        let budget = self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        Some(budget.map_or(left, |budget| left.min(budget)))
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

impl Observer for ProgressDisplay {
    fn event(&mut self, event: &RunEvent<'_>) {
        match event {
            RunEvent::Remark(remark) => self.say(&format!("note: {remark}")),
            RunEvent::Block { block, number: (number, of) } => {
                (self.block, self.in_block, self.forecast) = (number - 1, 0, None);
                self.block_name = block.id.to_string();
                self.say(&format!("block {number} of {of}: {}", block.id));
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
                self.in_block += 1;
                if let Some(output) = output {
                    let output: String = output.lines().map(|line| format!("\n    {line}")).collect();
                    let (variant, outcome) = (&sample.variant, sample.outcome.as_str());
                    self.say(&format!("  build {}, {variant}: {outcome}{output}", sample.number));
                }
            }
            RunEvent::NotTimed { variant, reason } => self.say(&format!("  not timed: {variant}: {reason}")),
            RunEvent::Forecast(forecast) => {
                if let Some((builds, _)) = self.expected.get_mut(self.block) {
                    let left = forecast.rounds.saturating_sub(forecast.rounds_done);
                    *builds = self.in_block + u64::from(left * forecast.builds_per_round);
                }
                let first = self.forecast.replace(*forecast).is_none();
                if first && forecast.builds_per_round > 0 {
                    self.say(&format!(
                        "  warmed up; a round takes {}, {} fit at most",
                        format_duration(forecast.round_time),
                        super::pluralize(forecast.rounds as usize, "round")
                    ));
                } else if !self.terminal && forecast.rounds_done > 0 {
                    let total = self.total();
                    self.say(&format!(
                        "  round {} done, build {} of about {total}; {}",
                        forecast.rounds_done,
                        self.builds,
                        self.clock()
                    ));
                }
            }
            RunEvent::Stopped { reason, rounds, .. } => {
                let rounds = super::pluralize(*rounds as usize, "round");
                self.say(&format!("  stopped after {rounds}: {}", reason.describe()));
            }
        }
    }
}
