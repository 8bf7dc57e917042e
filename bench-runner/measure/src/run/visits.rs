//! Several blocks with a time budget: they take turns, and `sampling` decides whose turn it is. Work trees and
//! target directories stay from one visit to the next, as long as there is room for them.

use std::time::{Duration, Instant};

use bench_runner_core::record::{Block, Phase, Sample, StopReason, rounds};

use super::block::{BlockMeasurement, BlockState, OpenSession, SessionEnd};
use super::builder::Builder;
use super::notes::NoteKind;
use super::{Inputs, PlanOutcome, RunError, RunEvent, VisitStart};
use crate::host;
use crate::plan::{self, BlockEstimate};
use crate::sampling::{BlockTimes, BlockTurn, NextVisit, VisitPurpose, next_visit};

/// Space that is left free when a block is begun beside others.
const RESERVED_BYTES: u64 = 1_000_000_000;

/// A block of the run, between its visits.
struct VisitedBlock<'i> {
    /// Place in the plan, from 0.
    number: usize,
    block: &'i Block,
    /// Rounds that it has when its first visits end.
    until: &'i [u32],
    /// True if its directories stay from one visit to the next.
    keeps: bool,
    estimated: Option<BlockTimes>,
    state: BlockState,
    open: Option<OpenSession<'i>>,
    /// True if an earlier part of the run has built anything.
    run_has_begun: bool,
    /// Space that it took when it was opened.
    taken_bytes: u64,
    has_ended: bool,
}

/// A run in which blocks take turns.
struct TurnTaking<'t, 'r, 'i> {
    inputs: &'i Inputs<'i>,
    builder: &'t mut Builder<'r>,
    deadline: Instant,
    blocks: Vec<VisitedBlock<'i>>,
    /// Place of the block visited last, among `blocks`.
    current: Option<usize>,
}

/// Measures the blocks of `todo`, each with its place in the plan, until `deadline`.
pub(super) fn measure<'i>(
    inputs: &'i Inputs<'i>,
    builder: &mut Builder<'_>,
    todo: &[(usize, &'i Block)],
    deadline: Instant,
) -> Result<PlanOutcome, RunError> {
    let blocks = todo.iter().map(|&(number, block)| VisitedBlock::new(inputs, number, block)).collect();
    let mut run = TurnTaking { inputs, builder, deadline, blocks, current: None };
    let interrupted = run.take_turns()? == TurnsEnd::Interrupted;
    if interrupted {
        for at in 0..run.blocks.len() {
            run.measuring(at, 0, deadline, |measuring, _| measuring.write_outliers())?;
        }
    }
    let flawed = run.blocks.iter().any(|block| block.state.flawed);
    Ok(PlanOutcome { interrupted, flawed })
}

/// Reason why the visits ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TurnsEnd {
    Done,
    Interrupted,
}

impl<'i> VisitedBlock<'i> {
    fn new(inputs: &Inputs<'_>, number: usize, block: &'i Block) -> Self {
        let estimated = inputs.wanted.get(number).and_then(BlockEstimate::times);
        let visits = block.visits.as_ref();
        Self {
            number,
            block,
            until: visits.map(|visits| visits.until.as_slice()).unwrap_or_default(),
            keeps: visits.is_none_or(|visits| visits.keep),
            // What this machine took before says more than an estimate.
            estimated: recorded_times(block, inputs.earlier).or(estimated),
            state: BlockState::new(inputs, block),
            open: None,
            run_has_begun: !inputs.earlier.is_empty(),
            taken_bytes: 0,
            has_ended: false,
        }
    }

    fn rounds(&self) -> u32 {
        self.state.rounds.len() as u32
    }

    fn turn(&self) -> BlockTurn<'_> {
        BlockTurn {
            until: self.until,
            max_rounds: self.block.sampling.max_rounds,
            rounds: self.rounds(),
            estimated: self.estimated,
            warm_up: self.state.warm_up,
            warm_up_is_whole: self.state.warm_up_was_whole,
            run_has_begun: self.run_has_begun,
            round_time: self.state.warm_up.map(|_| self.state.round_time()),
            is_open: self.open.is_some(),
            stays_open: self.keeps,
            has_ended: self.has_ended,
        }
    }

    /// Estimate of the rest of the block with unlimited time.
    fn wanted(&self, inputs: &Inputs<'_>) -> Option<BlockEstimate> {
        let wanted = inputs.wanted.get(self.number)?.clone();
        // A block that has not ended may always get one more.
        let most = wanted.rounds.max(self.rounds() + 1).min(self.block.sampling.max_rounds);
        let rounds = most.saturating_sub(self.rounds());
        let measured = self.state.warm_up.map(|_| self.state.round_time());
        let warmup_time = if self.open.is_some() { Some(Duration::ZERO) } else { wanted.warmup_time };
        Some(BlockEstimate { rounds, warmup_time, round_time: measured.or(wanted.round_time), ..wanted })
    }
}

/// Times of a block by an earlier part of the run: those of the session of its last complete round.
fn recorded_times(block: &Block, earlier: &[Sample]) -> Option<BlockTimes> {
    let samples = || earlier.iter().filter(|sample| sample.block == block.id);
    let rounds = rounds(block, samples(), &[]);
    let last = rounds.complete.last()?;
    let session = last.session()?;
    let wall = |sample: &Sample| sample.outcome.cost().map(|cost| cost.wall);
    let warm_ups = samples().filter(|sample| sample.session == session && sample.phase == Phase::Warmup);
    Some(BlockTimes {
        warm_up: warm_ups.filter_map(wall).sum(),
        round: last.builds.iter().flatten().filter_map(|sample| wall(sample)).sum(),
    })
}

impl<'i> TurnTaking<'_, '_, 'i> {
    fn take_turns(&mut self) -> Result<TurnsEnd, RunError> {
        while let NextVisit::Visit { block: at, until, purpose } = self.next() {
            if self.current != Some(at) {
                let last = self.current;
                self.leave_current()?;
                if let Some(reason) = self.shared_packages().or_else(|| self.lacks_room(at)) {
                    return self.finish_one_after_another(last, &reason);
                }
                self.begin_visit(at, Some((purpose, until)));
            }
            if self.visit(at, until, self.deadline)? == TurnsEnd::Interrupted {
                return Ok(TurnsEnd::Interrupted);
            }
        }
        for at in 0..self.blocks.len() {
            let block = &self.blocks[at];
            let has_all_rounds = block.rounds() >= block.block.sampling.max_rounds;
            if !block.has_ended {
                self.end(at, if has_all_rounds { StopReason::MaxRounds } else { StopReason::Budget })?;
            }
        }
        Ok(TurnsEnd::Done)
    }

    fn next(&self) -> NextVisit {
        let turns: Vec<BlockTurn<'_>> = self.blocks.iter().map(VisitedBlock::turn).collect();
        next_visit(&turns, self.current, self.left())
    }

    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now())
    }

    fn begin_visit(&mut self, at: usize, purpose: Option<(VisitPurpose, u32)>) {
        self.current = Some(at);
        // No edit comes twice, not even if the clock is set back.
        let last_edit = self.blocks.iter().map(|block| block.state.edit).max().unwrap_or(0);
        let block = &mut self.blocks[at];
        block.state.begin_visit();
        block.state.edit = block.state.edit.max(last_edit);
        let (number, rounds) = (block.state.visit, block.rounds());
        let visit = VisitStart { number, rounds, warms_up: block.open.is_none(), purpose };
        let number = (block.number + 1, self.inputs.plan.blocks.len());
        let event = RunEvent::Block { block: block.block, number, visit: Some(visit) };
        self.builder.observer.event(&event);
        // What was built before belongs to another block.
        self.builder.begin();
    }

    /// Records the time of the visit that ends, and removes the directories of its block if they do not stay.
    fn leave_current(&mut self) -> Result<(), RunError> {
        let Some(at) = self.current.take() else { return Ok(()) };
        self.builder.save_time()?;
        if !self.blocks[at].keeps {
            self.close(at)?;
        }
        Ok(())
    }

    /// Builds rounds of a block until it has `until`, or ends.
    fn visit(&mut self, at: usize, until: u32, deadline: Instant) -> Result<TurnsEnd, RunError> {
        let is_open = self.blocks[at].open.is_some();
        let before = if is_open { None } else { host::free_disk(self.inputs.scratch) };
        let end = self.measuring(at, until, deadline, |measuring, open| match measuring.visit(open) {
            Err(error) => Ok(SessionEnd::Stopped(measuring.command_failed(error)?)),
            end => end,
        })?;
        if let Some((before, after)) = before.zip(host::free_disk(self.inputs.scratch)) {
            self.blocks[at].taken_bytes = before.saturating_sub(after);
        }
        match end {
            SessionEnd::RoundsDone => Ok(TurnsEnd::Done),
            SessionEnd::Stopped(reason) => {
                self.end(at, reason)?;
                let interrupted = reason == StopReason::Interrupted;
                Ok(if interrupted { TurnsEnd::Interrupted } else { TurnsEnd::Done })
            }
        }
    }

    fn close(&mut self, at: usize) -> Result<(), RunError> {
        let deadline = self.deadline;
        self.measuring(at, 0, deadline, |measuring, open| match open.take() {
            Some(open) => measuring.close(open),
            None => Ok(()),
        })
    }

    /// Removes the directories of a block and records how it ended.
    fn end(&mut self, at: usize, reason: StopReason) -> Result<(), RunError> {
        self.close(at)?;
        self.blocks[at].has_ended = true;
        let deadline = self.deadline;
        self.measuring(at, 0, deadline, |measuring, _| measuring.end(reason))
    }

    /// Lends the builder to a block, with the notes of that block.
    fn measuring<T>(
        &mut self,
        at: usize,
        until: u32,
        deadline: Instant,
        act: impl FnOnce(&mut BlockMeasurement<'_, '_, 'i>, &mut Option<OpenSession<'i>>) -> Result<T, RunError>,
    ) -> Result<T, RunError> {
        let VisitedBlock { number, block, state, open, .. } = &mut self.blocks[at];
        self.builder.notes = std::mem::take(&mut state.notes);
        let mut measuring = BlockMeasurement {
            inputs: self.inputs,
            builder: self.builder,
            number: *number,
            block,
            deadline: Some(deadline),
            until,
            state,
        };
        let result = act(&mut measuring, open);
        measuring.state.notes = std::mem::take(&mut measuring.builder.notes);
        result
    }

    /// Reason why no other block can be visited while the last one stays open, if its builds have modified
    /// packages that all blocks share: another block would have to unpack them under its target directories.
    fn shared_packages(&self) -> Option<String> {
        let mut open = self.blocks.iter().filter(|block| block.open.is_some()).peekable();
        let is_open = open.peek().is_some();
        // An arm that builds from nothing has them unpacked again, and the next round modifies them again.
        let has_modified = open.any(|block| block.state.notes.has_kind(NoteKind::Dependencies));
        let modified = is_open && (has_modified || !self.builder.modified_packages.is_empty());
        modified
            .then(|| "builds write among the sources of dependencies that all comparisons share".to_owned())
    }

    /// Reason why block `at` cannot be visited while the others stay open, if it cannot.
    fn lacks_room(&self, at: usize) -> Option<String> {
        let mut others = self.blocks.iter().enumerate().filter(|(other, _)| *other != at);
        if others.all(|(_, block)| block.open.is_none()) {
            return None;
        }
        let block = &self.blocks[at];
        let wanted = self.inputs.wanted.get(block.number);
        let largest = self.blocks.iter().map(|block| block.taken_bytes).max().unwrap_or(0);
        let passing = |block: &VisitedBlock<'_>| {
            self.inputs.wanted.get(block.number).map_or(0, |wanted| wanted.passing_bytes)
        };
        let kept = match (&block.open, wanted.and_then(|wanted| wanted.disk_bytes)) {
            (Some(_), _) => 0,
            (None, Some(estimated)) => estimated - passing(block),
            (None, None) => largest,
        };
        // Builds from nothing of every open block need their space again in each round.
        let open = self.blocks.iter().filter(|block| block.open.is_some()).chain([block]);
        let needed = kept + open.map(passing).max().unwrap_or(0);
        let free = host::free_disk(self.inputs.scratch)?;
        let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
        (free < needed + RESERVED_BYTES).then(|| {
            format!(
                "{} MB are free, and the next rounds need {} MB and a reserve of {} MB",
                megabytes(free),
                megabytes(needed),
                megabytes(RESERVED_BYTES)
            )
        })
    }

    /// Measures every block to its end before the next one, those first whose directories are in the way.
    /// `last` is the block visited last, whose visit goes on.
    fn finish_one_after_another(&mut self, last: Option<usize>, reason: &str) -> Result<TurnsEnd, RunError> {
        let remark = format!("From here on comparisons were measured one after another: {reason}.");
        self.builder.observer.event(&RunEvent::Remark(&remark));
        let mut rest: Vec<usize> = (0..self.blocks.len()).filter(|&at| !self.blocks[at].has_ended).collect();
        rest.sort_by_key(|&at| (self.blocks[at].open.is_none(), Some(at) != last));
        for (nth, &at) in rest.iter().enumerate() {
            let wanted: Vec<BlockEstimate> =
                rest[nth..].iter().filter_map(|&at| self.blocks[at].wanted(self.inputs)).collect();
            let deadline = Instant::now() + plan::share(self.left(), &wanted);
            self.blocks[at].state.remarks.push(remark.clone());
            let is_open = self.blocks[at].open.is_some();
            if !is_open || Some(at) != last {
                self.begin_visit(at, None);
            }
            let worth_it = is_open
                || self.measuring(at, 0, deadline, |measuring, _| Ok(measuring.is_worth_a_session()))?;
            let end = if worth_it {
                self.visit(at, u32::MAX, deadline)?
            } else {
                self.end(at, StopReason::Budget)?;
                TurnsEnd::Done
            };
            if end == TurnsEnd::Interrupted {
                return Ok(end);
            }
        }
        Ok(TurnsEnd::Done)
    }
}
