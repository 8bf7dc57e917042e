//! The rounds of a session: one build of every live arm in random order, until `sampling` says that it is
//! enough.

use std::time::Instant;

use bench_runner_core::record::{FAILURES_IN_A_ROW, Phase, Role, StopReason};

use super::arm::LiveArm;
use super::block::{BlockMeasurement, SessionEnd, failure_reason};
use super::block_dirs::BlockDirs;
use super::build_sizes::BuildStage;
use super::builder::{BuildOutcome, BuildSlot};
use super::clock::Purpose;
use super::{Forecast, RunError, RunEvent};
use crate::build::Detail;
use crate::host;
use crate::sampling::{self, BlockProgress, Next, round_order};
use crate::workloads::SourceChange;

impl BlockMeasurement<'_, '_, '_> {
    pub(super) fn run_rounds(
        &mut self,
        dirs: &BlockDirs,
        arms: &mut [LiveArm<'_>],
        session: u32,
        last_round: u32,
    ) -> Result<SessionEnd, RunError> {
        loop {
            let live: Vec<usize> = (0..arms.len()).filter(|&at| arms[at].dropped.is_none()).collect();
            let planned = self.block.arms.iter().any(|arm| arm.role == Role::Variant);
            if planned && live.iter().all(|&at| arms[at].arm.role != Role::Variant) {
                return Ok(SessionEnd::Stopped(StopReason::NothingToCompare));
            }
            self.forecast(live.len());
            if let Next::Stop(reason) = self.next(arms, &live) {
                return Ok(SessionEnd::Stopped(reason));
            }
            if self.state.rounds.len() as u32 >= last_round {
                return Ok(SessionEnd::RoundsDone);
            }
            let start = Instant::now();
            match self.round(dirs, arms, &live, session)? {
                Some(walls) => self.state.rounds.push(walls),
                None => return Ok(SessionEnd::Stopped(StopReason::Interrupted)),
            }
            self.state.attempt = 1;
            self.state.round_times.push(start.elapsed());
        }
    }

    fn next(&self, arms: &[LiveArm<'_>], live: &[usize]) -> Next {
        let roles: Vec<Role> = live.iter().map(|&at| arms[at].arm.role).collect();
        let rounds: Vec<Vec<Option<f64>>> =
            self.state.rounds.iter().map(|walls| live.iter().map(|&at| walls[at]).collect()).collect();
        sampling::next(&BlockProgress {
            sampling: &self.block.sampling,
            roles: &roles,
            rounds: &rounds,
            remaining: self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now())),
            round_time: Some(self.state.round_time()),
        })
    }

    fn forecast(&mut self, builds: usize) {
        let (done, round_time) = (self.state.rounds.len() as u32, self.state.round_time());
        let most = self.block.sampling.max_rounds.min(self.until);
        let fit = self.deadline.map(|deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            sampling::rounds_that_fit(left, round_time, most)
        });
        let rounds = fit.map_or(most, |fit| (done + fit).min(most));
        let builds_per_round = builds as u32;
        let forecast = Forecast { rounds_done: done, rounds, builds_per_round, round_time };
        self.builder.observer.event(&RunEvent::Forecast(forecast));
    }

    /// One build of each live arm. `None` if the run was interrupted.
    fn round(
        &mut self,
        dirs: &BlockDirs,
        arms: &mut [LiveArm<'_>],
        live: &[usize],
        session: u32,
    ) -> Result<Option<Vec<Option<f64>>>, RunError> {
        let round = self.state.rounds.len() as u32 + 1;
        if !self.edit_sources(dirs, arms, session)? {
            return Ok(None);
        }
        let mut bad = Vec::new();
        let mut walls = vec![None; arms.len()];
        for (position, at) in self.order(round, live.len()).into_iter().enumerate() {
            let arm = &mut arms[live[at]];
            let slot = BuildSlot {
                session,
                phase: Phase::Measured,
                round,
                position: position as u32 + 1,
                attempt: self.state.attempt,
                visit: self.state.visit,
                stage: BuildStage::Workload,
            };
            let outcome = self.builder.build(self.block, dirs, arm, slot, Detail::Quiet)?;
            let BuildOutcome::Recorded { sample, flaw, output, .. } = outcome else { return Ok(None) };
            self.builder.clear(dirs, arm)?;
            match failure_reason(&sample, flaw) {
                None => {
                    arm.failures = 0;
                    self.state.outputs.keep(live[at], &sample, &output);
                }
                Some(reason) => bad.push((live[at], reason)),
            }
            walls[live[at]] = sample.outcome.cost().map(|cost| cost.wall.as_secs_f64());
        }
        self.state.flawed |= !bad.is_empty();
        // If no arm can build a commit, none of them is at fault.
        let of_commit = bad.len() == live.len() && arms.iter().any(LiveArm::replays);
        for (at, reason) in bad.into_iter().filter(|_| !of_commit) {
            let arm = &mut arms[at];
            arm.failures += 1;
            if arm.failures >= FAILURES_IN_A_ROW {
                self.drop_arm(arm, format!("{reason}, {FAILURES_IN_A_ROW} times in a row"));
            }
        }
        Ok(Some(walls))
    }

    pub(super) fn order(&self, round: u32, arms: usize) -> Vec<usize> {
        round_order(self.inputs.plan.seed, &self.block.id, arms, round)
    }

    /// Applies the next edit or checks out the next commit for workloads that need one, and reads the sources
    /// once, so that no build starts with cold files. `false` if the run was interrupted.
    pub(super) fn edit_sources(
        &mut self,
        dirs: &BlockDirs,
        arms: &mut [LiveArm<'_>],
        session: u32,
    ) -> Result<bool, RunError> {
        if !self.next_commit(dirs, arms, session)? {
            return Ok(false);
        }
        let start = Instant::now();
        self.builder.leave(dirs)?;
        self.state.edit += 1;
        for tree in dirs.sources().keys() {
            let of_tree = |arm: &LiveArm<'_>| arm.arm.variant.tree() == *tree;
            let class = |arm: &LiveArm<'_>| match arm.workload.sources {
                SourceChange::Edited(class) if of_tree(arm) => Some(class),
                _ => None,
            };
            let first = arms.iter().enumerate().find_map(|(at, arm)| Some((at, class(arm)?)));
            let Some((first, class)) = first else { continue };
            for arm in arms.iter_mut().filter(|arm| of_tree(arm)) {
                arm.dirs.edit = self.state.edit;
            }
            let arm = &arms[first];
            match arm.configured.driver.edit(&arm.dirs) {
                Some(command) => {
                    if !self.builder.run_untimed(dirs, arm, command)? {
                        return Ok(false);
                    }
                }
                None => dirs.edit(self.inputs, tree, class, self.state.edit)?,
            }
        }
        dirs.accept_current()?;
        for tree in dirs.sources().values() {
            host::read_tree(tree)?;
        }
        self.builder.clock.since(Purpose::Settling, start);
        Ok(true)
    }
}
