//! The project's own commits, one in each round, each built on top of the state after the previous one. After
//! the last commit the oldest is built again, untimed, and the sequence starts over.

use bench_runner_core::record::TreeId;

use super::RunError;
use super::arm::LiveArm;
use super::block::{BlockMeasurement, failure_reason};
use super::block_dirs::BlockDirs;
use super::builder::BuildOutcome;
use crate::build::Detail;
use crate::corpus::sources;
use crate::workloads::SourceChange;

impl LiveArm<'_> {
    /// True if it builds commit after commit.
    pub(super) fn replays(&self) -> bool {
        matches!(self.workload.sources, SourceChange::Replayed(_))
    }
}

impl BlockMeasurement<'_, '_, '_> {
    /// Checks out the next commit, if the block replays commits. `false` if the run was interrupted.
    pub(super) fn next_commit(
        &mut self,
        dirs: &BlockDirs,
        arms: &mut [LiveArm<'_>],
        session: u32,
    ) -> Result<bool, RunError> {
        let count = arms.iter().find_map(|arm| match arm.workload.sources {
            SourceChange::Replayed(count) => Some(count as usize),
            _ => None,
        });
        let Some(count) = count else { return Ok(true) };
        if self.state.commit >= count && !self.rebuild_oldest(dirs, arms, session)? {
            return Ok(false);
        }
        self.check_out_commit(self.state.commit + 1, dirs, arms)?;
        Ok(true)
    }

    /// Goes back to the oldest commit and builds it, untimed, as the state from which the next commit starts.
    fn rebuild_oldest(
        &mut self,
        dirs: &BlockDirs,
        arms: &mut [LiveArm<'_>],
        session: u32,
    ) -> Result<bool, RunError> {
        self.check_out_commit(0, dirs, arms)?;
        let live: Vec<usize> =
            (0..arms.len()).filter(|at| arms[*at].dropped.is_none() && arms[*at].replays()).collect();
        let mut bad = Vec::new();
        for (position, &at) in live.iter().enumerate() {
            let (arm, position) = (&arms[at], position as u32 + 1);
            // Otherwise it would reuse results of the later commits.
            self.builder.start_over(dirs, arm)?;
            let slot = self.warm_up_slot(session, position);
            let outcome = self.builder.build(self.block, dirs, arm, slot, Detail::Quiet)?;
            match outcome {
                BuildOutcome::Interrupted => return Ok(false),
                BuildOutcome::Recorded { sample, flaw, .. } => {
                    bad.extend(Some(at).zip(failure_reason(&sample, flaw)))
                }
            }
            self.builder.clear(dirs, arm)?;
        }
        // An arm without this build would have more work in its next build than the others.
        for (at, reason) in if bad.len() < live.len() { bad } else { Vec::new() } {
            self.drop_arm(&mut arms[at], reason);
        }
        Ok(true)
    }

    /// Moves the work trees of arms that replay to another commit.
    fn check_out_commit(
        &mut self,
        to: usize,
        dirs: &BlockDirs,
        arms: &mut [LiveArm<'_>],
    ) -> Result<(), RunError> {
        self.builder.leave(dirs)?;
        for (id, tree) in dirs.sources() {
            let arm = arms.iter().find(|arm| arm.replays() && arm.arm.variant.tree() == *id);
            let Some(prepared) = arm.map(|arm| arm.prepared) else { continue };
            let [from, to] = [self.state.commit, to].map(|at| prepared.commit(self.block, id, at));
            sources::update_worktree(from?, to?, tree)?;
        }
        dirs.accept_current()?;
        self.state.commit = to;
        self.set_commit(arms)
    }

    /// Sets the current commit of the arms.
    pub(super) fn set_commit(&self, arms: &mut [LiveArm<'_>]) -> Result<(), RunError> {
        let trees: Vec<TreeId> =
            arms.iter().filter(|arm| arm.replays()).map(|arm| arm.arm.variant.tree()).collect();
        for arm in arms.iter_mut().filter(|arm| trees.contains(&arm.arm.variant.tree())) {
            let pinned = arm.prepared.commit(self.block, &arm.arm.variant.tree(), self.state.commit)?;
            arm.pin = pinned.pin.clone();
            arm.dirs.edit = self.state.commit as u64;
        }
        Ok(())
    }
}
