//! One block: sessions, warm-ups with their proofs, and complete rounds until `sampling` says that it is
//! enough. A session may be measured in several visits.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bench_runner_core::record::{Block, BlockEnd, NotTimed, Outcome, Role, Sample, StopReason, rounds};

use super::arm::LiveArm;
use super::block_dirs::BlockDirs;
use super::builder::Builder;
use super::clock::Purpose;
use super::kept_outputs::KeptOutputs;
use super::notes::{NoteKind, Notes};
use super::{Inputs, RunError, RunEvent};
use crate::sampling;

/// Outcome of a block.
pub(super) struct BlockOutcome {
    pub(super) interrupted: bool,
    pub(super) flawed: bool,
}

/// Reason why a session, or a visit to it, ended.
pub(super) enum SessionEnd {
    Stopped(StopReason),
    /// The session's share of the rounds, or the visit's, is done.
    RoundsDone,
}

/// State of a block that outlives a visit.
pub(super) struct BlockState {
    /// Complete rounds: wall seconds for each arm of the block.
    pub(super) rounds: Vec<Vec<Option<f64>>>,
    /// Attempt of the next round.
    pub(super) attempt: u32,
    /// Number of the visit to the block, from 1; 0 before the first. An interrupted block is visited again.
    pub(super) visit: u32,
    /// Number of the next session.
    pub(super) next_session: u32,
    /// Duration of the last layout and warm-up in this part of the run.
    pub(super) warm_up: Option<Duration>,
    /// True if that warm-up went through with every arm. It stays as it is when arms are given up later and
    /// when the block ends.
    pub(super) warm_up_was_whole: bool,
    /// Duration of one round in the last warm-up.
    pub(super) warmup_round: Duration,
    /// Durations of the rounds in this part of the run, from the edit to the last build.
    pub(super) round_times: Vec<Duration>,
    pub(super) edit: u64,
    /// Number of the replayed commit that is checked out.
    pub(super) commit: usize,
    /// Output of the measured builds that ended well.
    pub(super) outputs: KeptOutputs,
    /// Findings about the builds; the builder has them during a visit.
    pub(super) notes: Notes,
    /// Sentences for the block's entry about the course of the run.
    pub(super) remarks: Vec<String>,
    pub(super) not_timed: Vec<NotTimed>,
    pub(super) flawed: bool,
}

/// A block during a visit.
pub(super) struct BlockMeasurement<'b, 'r, 'i> {
    pub(super) inputs: &'i Inputs<'i>,
    pub(super) builder: &'b mut Builder<'r>,
    /// Place of the block in the plan, from 0.
    pub(super) number: usize,
    pub(super) block: &'i Block,
    pub(super) deadline: Option<Instant>,
    /// Rounds that the block has when the visit ends.
    pub(super) until: u32,
    pub(super) state: &'b mut BlockState,
}

/// The work trees and target directories of a session, and its arms.
pub(super) struct OpenSession<'i> {
    number: u32,
    dirs: BlockDirs,
    arms: Vec<LiveArm<'i>>,
}

/// Measures one block in one visit and records how it ended.
pub(super) fn measure<'i>(
    inputs: &'i Inputs<'i>,
    builder: &mut Builder<'_>,
    number: usize,
    block: &'i Block,
    deadline: Option<Instant>,
) -> Result<BlockOutcome, RunError> {
    builder.notes = Notes::default();
    let of = (number + 1, inputs.plan.blocks.len());
    builder.observer.event(&RunEvent::Block { block, number: of, visit: None });
    let mut state = BlockState::new(inputs, block);
    state.begin_visit();
    let until = u32::MAX;
    let mut measuring =
        BlockMeasurement { inputs, builder, number, block, deadline, until, state: &mut state };
    let reason = match measuring.sessions() {
        Ok(reason) => reason,
        Err(error) => measuring.command_failed(error)?,
    };
    measuring.end(reason)?;
    Ok(BlockOutcome { interrupted: reason == StopReason::Interrupted, flawed: state.flawed })
}

impl BlockState {
    /// The state of `block` before its first visit in this part of the run.
    pub(super) fn new(inputs: &Inputs<'_>, block: &Block) -> Self {
        let earlier: Vec<&Sample> = inputs.earlier.iter().filter(|sample| sample.block == block.id).collect();
        let (rounds, attempt) = complete_rounds(block, &earlier);
        Self {
            rounds,
            attempt,
            visit: earlier.iter().filter_map(|sample| sample.visit).max().unwrap_or(0),
            next_session: earlier.iter().map(|sample| sample.session).max().unwrap_or(0) + 1,
            warm_up: None,
            warm_up_was_whole: false,
            warmup_round: Duration::ZERO,
            round_times: Vec::new(),
            edit: 0,
            commit: 0,
            outputs: KeptOutputs::default(),
            notes: Notes::default(),
            remarks: Vec::new(),
            not_timed: Vec::new(),
            flawed: false,
        }
    }

    /// Counts the next visit. Edits are numbered from its begin: they are unique over all blocks and runs, so
    /// that no cache can have the result of one.
    pub(super) fn begin_visit(&mut self) {
        self.visit += 1;
        let now = std::time::SystemTime::now().duration_since(std::time::SystemTime::UNIX_EPOCH);
        self.edit = now.map_or(self.edit, |since| self.edit.max(since.as_millis() as u64));
    }

    /// Expected duration of a round: the mean of the last ones, or that of the warm-up before the first.
    pub(super) fn round_time(&self) -> Duration {
        sampling::recent_mean(&self.round_times).unwrap_or(self.warmup_round)
    }
}

/// Wall seconds of the rounds of an earlier part of the run, one row for each round number, and the number of
/// the next attempt at the next round.
fn complete_rounds(block: &Block, samples: &[&Sample]) -> (Vec<Vec<Option<f64>>>, u32) {
    let earlier = rounds(block, samples.iter().copied(), &[]);
    (earlier.by_number(block.arms.len()), earlier.next_attempt)
}

impl<'i> BlockMeasurement<'_, '_, 'i> {
    fn sessions(&mut self) -> Result<StopReason, RunError> {
        let planned = self.inputs.plan.sessions;
        loop {
            let last_round = self.last_round_of(self.state.next_session, planned);
            match self.session(last_round)? {
                SessionEnd::Stopped(reason) => return Ok(reason),
                SessionEnd::RoundsDone => {}
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
    pub(super) fn is_worth_a_session(&self) -> bool {
        let Some(deadline) = self.deadline else { return true };
        let left = deadline.saturating_duration_since(Instant::now());
        let wanted = self.inputs.wanted.get(self.number);
        let need = wanted.and_then(|wanted| Some(wanted.warmup_time? + wanted.round_time?));
        // Estimates are rough, so a session is only skipped if it is far out of reach.
        left > need.unwrap_or_default() / 3
    }

    fn session(&mut self, last_round: u32) -> Result<SessionEnd, RunError> {
        if !self.is_worth_a_session() {
            return Ok(SessionEnd::Stopped(StopReason::Budget));
        }
        let (mut session, stopped) = self.open()?;
        let end = match stopped {
            Some(stopped) => stopped,
            None => self.run_rounds(&session.dirs, &mut session.arms, session.number, last_round)?,
        };
        self.close(session)?;
        Ok(end)
    }

    /// Lays out the next session and warms up its arms. It was interrupted if it returns an end.
    fn open(&mut self) -> Result<(OpenSession<'i>, Option<SessionEnd>), RunError> {
        let start = Instant::now();
        let number = self.state.next_session;
        self.state.next_session += 1;
        let dirs = BlockDirs::create(self.inputs, self.number, number, self.block)?;
        self.builder.clock.since(Purpose::Layout, start);
        let opened = self.prepare_arms(&dirs, number);
        self.state.warm_up = Some(start.elapsed());
        self.state.warm_up_was_whole =
            matches!(&opened, Ok((arms, None)) if arms.iter().all(|arm| arm.dropped.is_none()));
        self.report_notes();
        match opened {
            Ok((arms, stopped)) => Ok((OpenSession { number, dirs, arms }, stopped)),
            Err(error) => {
                self.builder.leave(&dirs)?;
                dirs.remove()?;
                Err(error)
            }
        }
    }

    /// The arms of a session, warmed up in its directories.
    fn prepare_arms(
        &mut self,
        dirs: &BlockDirs,
        session: u32,
    ) -> Result<(Vec<LiveArm<'i>>, Option<SessionEnd>), RunError> {
        self.builder.begin();
        self.state.commit = 0;
        let mut arms = Vec::new();
        for (index, arm) in self.block.arms.iter().enumerate() {
            let dirs = dirs.build_dirs(index, &arm.variant.tree());
            let mut live = LiveArm::new(self.inputs.prepared_trees, self.inputs.jobs, arm, dirs)?;
            live.create_dirs(self.inputs.cargo_home)?;
            arms.push(live);
        }
        self.set_commit(&mut arms)?;
        let stopped = match self.prepare(dirs, &mut arms)? {
            Some(interrupted) => Some(interrupted),
            None => self.warm_up(dirs, &mut arms, session)?,
        };
        Ok((arms, stopped))
    }

    /// Removes the directories of a session.
    pub(super) fn close(&mut self, session: OpenSession<'_>) -> Result<(), RunError> {
        let OpenSession { dirs, arms, .. } = session;
        self.builder.leave(&dirs)?;
        self.report_notes();
        if let Some(arm) = arms.first() {
            // A later run must not find the packages that builds have modified.
            self.builder.unpack_again(&dirs, arm)?;
        }
        let start = Instant::now();
        dirs.remove()?;
        self.builder.clock.since(Purpose::Layout, start);
        Ok(())
    }

    /// Visits the block: builds rounds in `session`, which is opened if there is none, until the visit or the
    /// block ends. The session stays open.
    pub(super) fn visit(&mut self, session: &mut Option<OpenSession<'i>>) -> Result<SessionEnd, RunError> {
        let open = match session {
            Some(open) => open,
            None => {
                let (open, stopped) = self.open()?;
                let open = session.insert(open);
                if let Some(stopped) = stopped {
                    return Ok(stopped);
                }
                open
            }
        };
        let end = self.run_rounds(&open.dirs, &mut open.arms, open.number, self.until)?;
        self.builder.leave(&open.dirs)?;
        self.report_notes();
        Ok(end)
    }

    /// Gives up all arms if a project's own command has failed, so that the other blocks are still measured.
    pub(super) fn command_failed(&mut self, error: RunError) -> Result<StopReason, RunError> {
        let RunError::Untimed { project, command, reason } = error else { return Err(error) };
        let reason = format!("the command `{command}` of project `{project}` failed: {reason}");
        self.builder.writer.write_log(&format!("block-{}", self.block.id.file_stem()), &reason)?;
        self.give_up(&reason);
        Ok(StopReason::CommandFailed)
    }

    /// Reports findings about the builds that were not reported before.
    fn report_notes(&mut self) {
        for note in self.builder.notes.take_new(&variants(self.block)) {
            self.builder.observer.event(&RunEvent::Remark(&note));
        }
    }

    pub(super) fn drop_arm(&mut self, arm: &mut LiveArm<'_>, reason: String) {
        self.state.flawed = true;
        let name = match arm.arm.role {
            Role::Twin => format!("{} (control)", arm.arm.variant.name),
            _ => arm.arm.variant.name.clone(),
        };
        self.builder.observer.event(&RunEvent::NotTimed { variant: &name, reason: &reason });
        let variant = arm.arm.variant.name.clone();
        let entry = NotTimed { role: arm.arm.role, variant, reason: reason.clone() };
        if !self.state.not_timed.contains(&entry) {
            self.state.not_timed.push(entry);
        }
        arm.dropped = Some(reason);
    }

    /// Gives up all arms.
    fn give_up(&mut self, reason: &str) {
        self.state.flawed = true;
        self.builder.observer.event(&RunEvent::NotTimed { variant: "the whole comparison", reason });
        if !self.state.rounds.is_empty() {
            // Earlier rounds remain valid.
            return;
        }
        for arm in &self.block.arms {
            let variant = arm.variant.name.clone();
            self.state.not_timed.push(NotTimed { role: arm.role, variant, reason: reason.to_owned() });
        }
    }

    /// Records the output of the outliers so far.
    pub(super) fn write_outliers(&mut self) -> Result<(), RunError> {
        for log in std::mem::take(&mut self.state.outputs).into_outliers(&self.state.rounds) {
            self.builder.writer.write_log(&log.name, &log.text)?;
        }
        Ok(())
    }

    /// Records the end of the block, unless it was interrupted, and the output of its outliers in any case.
    pub(super) fn end(&mut self, reason: StopReason) -> Result<(), RunError> {
        self.builder.save_time()?;
        self.write_outliers()?;
        let rounds = self.state.rounds.len() as u32;
        if reason != StopReason::Interrupted {
            let mut notes = self.builder.notes.sentences(&variants(self.block));
            notes.append(&mut self.state.remarks);
            let filled = |variant: &&str| self.builder.notes.has(NoteKind::Cache, variant);
            let primed = variants(self.block).into_iter().filter(filled).map(str::to_owned).collect();
            let (block, not_timed) = (self.block.id.clone(), std::mem::take(&mut self.state.not_timed));
            let end = BlockEnd { block, stopped: reason, rounds, not_timed, primed, notes };
            self.builder.writer.update(|manifest| manifest.blocks.push(end))?;
        }
        self.builder.observer.event(&RunEvent::Stopped { block: self.block, reason, rounds });
        Ok(())
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
