//! One block: sessions, warm-ups with their proofs, and complete rounds until `sampling` says that it is
//! enough.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bench_runner_core::record::{Block, BlockEnd, NotTimed, Outcome, Role, Sample, StopReason, rounds};

use super::arm::LiveArm;
use super::block_dirs::BlockDirs;
use super::builder::Builder;
use super::clock::Purpose;
use super::notes::{NoteKind, Notes};
use super::{Inputs, RunError, RunEvent};

/// Outcome of a block.
pub(super) struct BlockOutcome {
    pub(super) interrupted: bool,
    pub(super) flawed: bool,
}

/// Reason why a session ended.
pub(super) enum SessionEnd {
    Stopped(StopReason),
    /// The session's share of the rounds is done.
    RoundsDone,
}

/// A block during measurement.
pub(super) struct BlockMeasurement<'b, 'r, 'i> {
    pub(super) inputs: &'i Inputs<'i>,
    pub(super) builder: &'b mut Builder<'r>,
    pub(super) block: &'i Block,
    pub(super) deadline: Option<Instant>,
    /// Complete rounds: wall seconds for each arm of the block.
    pub(super) rounds: Vec<Vec<Option<f64>>>,
    /// Attempt of the next round.
    pub(super) attempt: u32,
    /// Number of this visit to the block, from 1; an interrupted block is visited again.
    pub(super) visit: u32,
    /// Durations of the rounds in this part of the run, from the edit to the last build.
    pub(super) round_times: Vec<Duration>,
    /// Duration of one round in the last warm-up.
    pub(super) warmup_round: Duration,
    pub(super) edit: u64,
    /// Number of the replayed commit that is checked out.
    pub(super) commit: usize,
    pub(super) not_timed: Vec<NotTimed>,
    pub(super) flawed: bool,
}

/// Measures one block and records how it ended.
pub(super) fn measure(
    inputs: &Inputs<'_>,
    builder: &mut Builder<'_>,
    number: usize,
    block: &Block,
    deadline: Option<Instant>,
) -> Result<BlockOutcome, RunError> {
    builder.notes = Notes::default();
    builder.observer.event(&RunEvent::Block { block, number: (number + 1, inputs.plan.blocks.len()) });
    let earlier: Vec<&Sample> = inputs.earlier.iter().filter(|sample| sample.block == block.id).collect();
    let (rounds, attempt) = complete_rounds(block, &earlier);
    let visit = earlier.iter().filter_map(|sample| sample.visit).max().unwrap_or(0) + 1;
    let mut measuring = BlockMeasurement {
        inputs,
        builder,
        block,
        deadline,
        rounds,
        attempt,
        visit,
        round_times: Vec::new(),
        warmup_round: Duration::ZERO,
        edit: first_edit(),
        commit: 0,
        not_timed: Vec::new(),
        flawed: false,
    };
    let first_session = earlier.iter().map(|sample| sample.session).max().unwrap_or(0) + 1;
    let reason = match measuring.sessions(number, first_session) {
        Ok(reason) => reason,
        // If a project's own command fails, the other blocks are still measured.
        Err(RunError::Untimed { project, command, reason }) => {
            let reason = format!("the command `{command}` of project `{project}` failed: {reason}");
            measuring.builder.writer.write_log(&format!("block-{}", block.id.file_stem()), &reason)?;
            measuring.give_up(&reason);
            StopReason::CommandFailed
        }
        Err(error) => return Err(error),
    };
    measuring.end(reason)
}

/// Edits are numbered from the current time: they are unique over all runs, so that no cache can have the
/// result of one.
fn first_edit() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
    now.map_or(0, |since| since.as_millis() as u64)
}

/// Wall seconds of the rounds of an earlier part of the run, one row for each round number, and the number of
/// the next attempt at the next round.
fn complete_rounds(block: &Block, samples: &[&Sample]) -> (Vec<Vec<Option<f64>>>, u32) {
    let earlier = rounds(block, samples.iter().copied(), &[]);
    (earlier.by_number(block.arms.len()), earlier.next_attempt)
}

impl BlockMeasurement<'_, '_, '_> {
    fn sessions(&mut self, number: usize, first: u32) -> Result<StopReason, RunError> {
        let planned = self.inputs.plan.sessions;
        let mut session = first;
        loop {
            let last_round = self.last_round_of(session, planned);
            match self.session(number, session, last_round)? {
                SessionEnd::Stopped(reason) => return Ok(reason),
                SessionEnd::RoundsDone => session += 1,
            }
        }
    }

    /// The last round of a session; the last session continues to the end of the block. Sessions share the
    /// rounds before the first look, so that each of them contributes even if the block stops early.
    fn last_round_of(&self, session: u32, sessions: u32) -> u32 {
        let sampling = &self.block.sampling;
        let shared = if sampling.precision.is_some() { sampling.min_rounds } else { sampling.max_rounds };
        if session >= sessions { u32::MAX } else { (shared * session).div_ceil(sessions) }
    }

    /// True if a session is likely to have time for a round after its warm-ups.
    fn is_worth_a_session(&self, number: usize) -> bool {
        let Some(deadline) = self.deadline else { return true };
        let left = deadline.saturating_duration_since(Instant::now());
        let wanted = self.inputs.wanted.get(number);
        let need = wanted.and_then(|wanted| Some(wanted.warmup_time? + wanted.round_time?));
        // Estimates are rough, so a session is only skipped if it is far out of reach.
        left > need.unwrap_or_default() / 3
    }

    fn session(&mut self, number: usize, session: u32, last_round: u32) -> Result<SessionEnd, RunError> {
        if !self.is_worth_a_session(number) {
            return Ok(SessionEnd::Stopped(StopReason::Budget));
        }
        let dirs = {
            let start = Instant::now();
            let dirs = BlockDirs::create(self.inputs, number, session, self.block)?;
            self.builder.clock.since(Purpose::Layout, start);
            dirs
        };
        self.builder.begin();
        self.commit = 0;
        let mut arms = Vec::new();
        for (index, arm) in self.block.arms.iter().enumerate() {
            let dirs = dirs.build_dirs(index, &arm.variant.tree());
            let mut live = LiveArm::new(self.inputs.prepared_trees, self.inputs.jobs, arm, dirs)?;
            live.create_dirs(self.inputs.cargo_home)?;
            arms.push(live);
        }
        self.set_commit(&mut arms)?;
        let stop = match self.prepare(&dirs, &mut arms)? {
            Some(interrupted) => interrupted,
            None => match self.warm_up(&dirs, &mut arms, session)? {
                Some(interrupted) => interrupted,
                None => {
                    self.report_notes();
                    self.run_rounds(&dirs, &mut arms, session, last_round)?
                }
            },
        };
        self.builder.leave(&dirs)?;
        self.report_notes();
        if let Some(arm) = arms.first() {
            // A later run must not find the packages that builds have modified.
            self.builder.unpack_again(&dirs, arm)?;
        }
        let start = Instant::now();
        dirs.remove()?;
        self.builder.clock.since(Purpose::Layout, start);
        Ok(stop)
    }

    /// Reports findings about the builds that were not reported before.
    fn report_notes(&mut self) {
        for note in self.builder.notes.take_new(&variants(self.block)) {
            self.builder.observer.event(&RunEvent::Remark(&note));
        }
    }

    pub(super) fn drop_arm(&mut self, arm: &mut LiveArm<'_>, reason: String) {
        self.flawed = true;
        let name = match arm.arm.role {
            Role::Twin => format!("twin of {}", arm.arm.variant.name),
            _ => arm.arm.variant.name.clone(),
        };
        self.builder.observer.event(&RunEvent::NotTimed { variant: &name, reason: &reason });
        let variant = arm.arm.variant.name.clone();
        self.not_timed.push(NotTimed { role: arm.arm.role, variant, reason: reason.clone() });
        arm.dropped = Some(reason);
    }

    /// Gives up all arms.
    fn give_up(&mut self, reason: &str) {
        self.flawed = true;
        self.builder.observer.event(&RunEvent::NotTimed { variant: "the whole block", reason });
        if !self.rounds.is_empty() {
            // Earlier rounds remain valid.
            return;
        }
        for arm in &self.block.arms {
            let variant = arm.variant.name.clone();
            self.not_timed.push(NotTimed { role: arm.role, variant, reason: reason.to_owned() });
        }
    }

    fn end(self, reason: StopReason) -> Result<BlockOutcome, RunError> {
        self.builder.save_time()?;
        let rounds = self.rounds.len() as u32;
        let interrupted = reason == StopReason::Interrupted;
        if !interrupted {
            let notes = self.builder.notes.sentences(&variants(self.block));
            let filled = |variant: &&str| self.builder.notes.has(NoteKind::Cache, variant);
            let primed = variants(self.block).into_iter().filter(filled).map(str::to_owned).collect();
            let (block, not_timed) = (self.block.id.clone(), self.not_timed);
            let end = BlockEnd { block, stopped: reason, rounds, not_timed, primed, notes };
            self.builder.writer.update(|manifest| manifest.blocks.push(end))?;
        }
        self.builder.observer.event(&RunEvent::Stopped { block: self.block, reason, rounds });
        Ok(BlockOutcome { interrupted, flawed: self.flawed })
    }
}

fn variants(block: &Block) -> BTreeSet<&str> {
    block.arms.iter().map(|arm| arm.variant.name.as_str()).collect()
}

/// Reason why a build failed or, for a `flaw`, is not valid.
pub(super) fn failure_reason(sample: &Sample, flaw: Option<String>) -> Option<String> {
    match &sample.outcome {
        Outcome::Built(_) => None,
        // It is reported on one line.
        _ if flaw.is_some() => flaw.map(|flaw| flaw.lines().collect::<Vec<_>>().join("; ")),
        Outcome::Failed { exit_code: Some(code) } => Some(format!("the build failed with exit code {code}")),
        Outcome::Failed { exit_code: None } => Some("the build was ended by a signal".to_owned()),
        Outcome::TimedOut => Some("the build was ended after its time limit".to_owned()),
        Outcome::NotStarted => Some("the build could not be started".to_owned()),
    }
}
