//! The project's own commits, one in each round, each on top of what the one before it has left. After the last one the
//! oldest is built again, untimed, and the commits come anew.

use bench_runner_core::record::{Block, TreeId};

use super::arm::LiveArm;
use super::block::{Measuring, bad_end};
use super::builder::Made;
use super::workspace::Workspace;
use super::{RunError, Workshop};
use crate::build::Detail;
use crate::corpus::sources::{self, Pinned};
use crate::workloads::SourceChange;

/// The commit with number `at` of those that `block` replays of the tree `id`; 0 is what the first builds upon.
pub(super) fn commit<'w>(
    block: &Block,
    workshop: &'w Workshop,
    id: &TreeId,
    at: usize,
) -> Result<&'w Pinned, RunError> {
    let name = block.commits.get(&id.project).and_then(|commits| commits.get(at));
    let commit = name.and_then(|name| workshop.commits.get(name));
    commit
        .ok_or_else(|| RunError::Plan(format!("block `{}` lacks commit {at} of `{}`", block.id, id.project)))
}

impl LiveArm<'_> {
    /// Whether it builds commit after commit.
    pub(super) fn replays(&self) -> bool {
        matches!(self.workload.sources, SourceChange::Replayed(_))
    }
}

impl Measuring<'_, '_, '_> {
    /// Puts the next commit in place, if the block replays commits. `false` where the run was interrupted.
    pub(super) fn next_commit(
        &mut self,
        workspace: &Workspace,
        arms: &mut [LiveArm<'_>],
        session: u32,
    ) -> Result<bool, RunError> {
        let count = arms.iter().find_map(|arm| match arm.workload.sources {
            SourceChange::Replayed(count) => Some(count as usize),
            _ => None,
        });
        let Some(count) = count else { return Ok(true) };
        if self.commit >= count && !self.begin_again(workspace, arms, session)? {
            return Ok(false);
        }
        self.go_to(self.commit + 1, workspace, arms)?;
        Ok(true)
    }

    /// Goes back to the oldest commit and builds it, untimed: that is where the first of the others starts from.
    fn begin_again(
        &mut self,
        workspace: &Workspace,
        arms: &mut [LiveArm<'_>],
        session: u32,
    ) -> Result<bool, RunError> {
        self.go_to(0, workspace, arms)?;
        let live: Vec<usize> =
            (0..arms.len()).filter(|at| arms[*at].dropped.is_none() && arms[*at].replays()).collect();
        let mut bad = Vec::new();
        for (position, &at) in live.iter().enumerate() {
            let (arm, position) = (&arms[at], position as u32 + 1);
            // What the later commits have left would be found again.
            self.builder.start_over(workspace, arm)?;
            let place = self.warm_up_place(session, position);
            let made = self.builder.build(self.block, workspace, arm, place, Detail::Quiet)?;
            match made {
                Made::Interrupted => return Ok(false),
                Made::Sample(sample, _, flaw) => bad.extend(Some(at).zip(bad_end(&sample, flaw))),
            }
            self.builder.clear(workspace, arm)?;
        }
        // The next build of an arm that has not got this far would have more to do than the others'.
        for (at, reason) in if bad.len() < live.len() { bad } else { Vec::new() } {
            self.drop_arm(&mut arms[at], reason);
        }
        Ok(true)
    }

    /// Makes the work trees of arms that replay those of another commit.
    fn go_to(&mut self, to: usize, workspace: &Workspace, arms: &mut [LiveArm<'_>]) -> Result<(), RunError> {
        self.builder.leave(workspace)?;
        for (id, tree) in workspace.sources() {
            let arm = arms.iter().find(|arm| arm.replays() && arm.arm.variant.tree() == *id);
            let Some(workshop) = arm.map(|arm| arm.workshop) else { continue };
            let [from, to] = [self.commit, to].map(|at| commit(self.block, workshop, id, at));
            sources::move_on(from?, to?, tree)?;
        }
        workspace.renew()?;
        self.commit = to;
        self.place_commit(arms)
    }

    /// Tells the arms which commit they build.
    pub(super) fn place_commit(&self, arms: &mut [LiveArm<'_>]) -> Result<(), RunError> {
        let trees: Vec<TreeId> =
            arms.iter().filter(|arm| arm.replays()).map(|arm| arm.arm.variant.tree()).collect();
        for arm in arms.iter_mut().filter(|arm| trees.contains(&arm.arm.variant.tree())) {
            let pinned = commit(self.block, arm.workshop, &arm.arm.variant.tree(), self.commit)?;
            arm.pin = pinned.pin.clone();
            arm.site.edit = self.commit as u64;
        }
        Ok(())
    }
}
