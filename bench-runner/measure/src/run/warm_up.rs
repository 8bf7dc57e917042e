//! The steps before the rounds of a session: the projects' own commands, the first build of each arm with its
//! proofs, and the untimed builds under the workload.

use std::collections::BTreeMap;
use std::time::Instant;

use bench_runner_core::record::{Phase, Proof, ProofResult, Role, StopReason, TEXT_SETTINGS};

use super::arm::{LiveArm, Peer};
use super::arm_dirs::make;
use super::block::{BlockMeasurement, SessionEnd, failure_reason};
use super::block_dirs::BlockDirs;
use super::build_sizes::BuildStage;
use super::builder::{BuildOutcome, BuildSlot};
use super::clock::Purpose;
use super::{RunError, RunEvent, after_release};
use crate::axes::ProofInput;
use crate::build::{BuildEvidence, Detail, Service, UnitGraph};
use crate::workloads::StartState;

/// One pass through the arms before the rounds.
#[derive(Debug, Clone, Copy)]
struct WarmUpPass {
    session: u32,
    /// Its number, from 0.
    number: u32,
    /// Number of passes that build the state a workload starts from; they come first.
    bases: u32,
    /// Total number of passes, including those under the workload itself.
    passes: u32,
}

impl WarmUpPass {
    fn is_base(self) -> bool {
        self.number < self.bases
    }

    fn is_last(self) -> bool {
        self.number + 1 == self.passes
    }

    /// True if this pass has the first build of an arm with this start.
    fn is_first_of(self, start: StartState) -> bool {
        self.number == if start == StartState::Warm { 0 } else { self.bases }
    }
}

/// Outcome of a pass for one arm.
enum WarmUpOutcome {
    /// Its first build, which is proven.
    FirstBuild(Box<BuildEvidence>),
    /// Anything else after which the pass continues: a later build, no build, or one after which the arm was
    /// dropped.
    Continue,
    /// The run was interrupted.
    Interrupted,
}

/// A reason with the build's own error message.
fn with_compiler_message(reason: String, evidence: &BuildEvidence) -> String {
    match &evidence.complaint {
        Some(said) => format!("{reason}: {said}"),
        None => reason,
    }
}

impl BlockMeasurement<'_, '_, '_> {
    /// Position of a warm-up build.
    pub(super) fn warm_up_slot(&self, session: u32, position: u32) -> BuildSlot {
        let visit = self.state.visit;
        let stage = BuildStage::Workload;
        BuildSlot { session, phase: Phase::Warmup, round: 0, position, attempt: 1, visit, stage }
    }

    /// The projects' own commands, once per work tree.
    pub(super) fn prepare(
        &mut self,
        dirs: &BlockDirs,
        arms: &mut [LiveArm<'_>],
    ) -> Result<Option<SessionEnd>, RunError> {
        let start = Instant::now();
        for tree in dirs.sources().keys() {
            let Some(arm) = arms.iter().find(|arm| arm.arm.variant.tree() == *tree) else { continue };
            for command in arm.configured.driver.prepare(&arm.dirs, &arm.request) {
                make(&arm.dirs.target)?;
                if !self.builder.run_untimed(dirs, arm, command)? {
                    return Ok(Some(SessionEnd::Stopped(StopReason::Interrupted)));
                }
            }
        }
        dirs.accept_current()?;
        self.builder.clock.since(Purpose::Layout, start);
        Ok(None)
    }

    /// The first build of each arm yields the proofs; the untimed builds under the workload itself follow.
    pub(super) fn warm_up(
        &mut self,
        dirs: &BlockDirs,
        arms: &mut [LiveArm<'_>],
        session: u32,
    ) -> Result<Option<SessionEnd>, RunError> {
        if let Some(interrupted) = self.fill_caches(dirs, arms, session)? {
            return Ok(Some(interrupted));
        }
        let bases = u32::from(arms.iter().any(|arm| arm.workload.start != StartState::Empty));
        let from_empty = arms.iter().any(|arm| arm.workload.start != StartState::Warm);
        let mut first_builds: BTreeMap<usize, Box<BuildEvidence>> = BTreeMap::new();
        let passes = bases + self.block.sampling.warmup;
        for number in 0..passes {
            let pass = WarmUpPass { session, number, bases, passes };
            if !pass.is_base() && !self.edit_sources(dirs, arms, session)? {
                return Ok(Some(SessionEnd::Stopped(StopReason::Interrupted)));
            }
            let start = Instant::now();
            for (position, at) in self.order(number + 1, arms.len()).into_iter().enumerate() {
                match self.warm_up_arm(dirs, &mut arms[at], pass, position as u32 + 1)? {
                    WarmUpOutcome::FirstBuild(evidence) => drop(first_builds.insert(at, evidence)),
                    WarmUpOutcome::Continue => {}
                    WarmUpOutcome::Interrupted => {
                        return Ok(Some(SessionEnd::Stopped(StopReason::Interrupted)));
                    }
                }
            }
            if number == if from_empty { bases } else { 0 } {
                self.judge_comparisons(arms, &first_builds, session)?;
            }
            self.state.warmup_round = start.elapsed();
        }
        Ok(None)
    }

    /// The build of one arm in one pass, if it has one in this pass, and its proofs.
    fn warm_up_arm(
        &mut self,
        dirs: &BlockDirs,
        arm: &mut LiveArm<'_>,
        pass: WarmUpPass,
        position: u32,
    ) -> Result<WarmUpOutcome, RunError> {
        let begins = arm.workload.start;
        if arm.dropped.is_some() || pass.is_base() && begins == StartState::Empty {
            return Ok(WarmUpOutcome::Continue);
        }
        if pass.is_base() && begins == StartState::AfterRelease {
            let going_on = self.release(dirs, arm, pass.session, position)?;
            return Ok(if going_on { WarmUpOutcome::Continue } else { WarmUpOutcome::Interrupted });
        }
        let first = pass.is_first_of(begins);
        let stage = if pass.is_base() { BuildStage::FromNothing } else { BuildStage::Workload };
        let slot = BuildSlot { stage, ..self.warm_up_slot(pass.session, position) };
        let detail = if first { Detail::Proof } else { Detail::Quiet };
        let outcome = self.builder.build(self.block, dirs, arm, slot, detail)?;
        let BuildOutcome::Recorded { sample, evidence, flaw, .. } = outcome else {
            return Ok(WarmUpOutcome::Interrupted);
        };
        if let Some(service) = self.builder.discovered.take()
            && arm.request.service.is_none()
        {
            self.note_discovered_service(arm, &evidence);
            arm.request.service = Some(service);
            if first && flaw.is_none() {
                // This build has filled the cache, as the filling build does for a configured service.
                self.builder.start_over(dirs, arm)?;
                return self.warm_up_arm(dirs, arm, pass, position);
            }
        }
        if let Some(reason) = failure_reason(&sample, flaw) {
            // A commit that does not build says nothing about the next.
            if arm.replays() && !first {
                self.state.flawed = true;
            } else {
                self.drop_arm(arm, with_compiler_message(reason, &evidence));
            }
            return Ok(WarmUpOutcome::Continue);
        }
        let input = ProofInput { build: &evidence, reference: None, edited: arm.is_edited() };
        let mut proofs = if first { arm.prove(self.block, &input) } else { Vec::new() };
        if first {
            proofs.extend(arm.prove_tree(self.block, &evidence));
            arm.graph = UnitGraph::from_evidence(&evidence);
            self.note_wrappers(arm, &evidence);
            if pass.session == 1 {
                self.note_missing_inputs(dirs, arm);
                self.note_needless_rebuild(dirs, arm)?;
            }
        }
        if pass.is_last() {
            proofs.push(arm.prove_workload(self.block, &evidence));
        }
        if first && !self.try_artifact(dirs, arm, &evidence)? {
            return Ok(WarmUpOutcome::Interrupted);
        }
        self.judge_proofs(arm, proofs)?;
        self.builder.clear(dirs, arm)?;
        Ok(if first { WarmUpOutcome::FirstBuild(evidence) } else { WarmUpOutcome::Continue })
    }

    /// Makes the release build from which an arm's workload starts. `false` if the run was interrupted.
    fn release(
        &mut self,
        dirs: &BlockDirs,
        arm: &mut LiveArm<'_>,
        session: u32,
        position: u32,
    ) -> Result<bool, RunError> {
        let slot = BuildSlot { stage: BuildStage::Release, ..self.warm_up_slot(session, position) };
        let outcome = self.builder.build(self.block, dirs, arm, slot, Detail::Quiet)?;
        let BuildOutcome::Recorded { sample, evidence, flaw, .. } = outcome else { return Ok(false) };
        if let Some(reason) = failure_reason(&sample, flaw) {
            self.drop_arm(arm, with_compiler_message(format!("its release build: {reason}"), &evidence));
            return Ok(true);
        }
        self.builder.leave(dirs)?;
        arm.after_release = Some(after_release::save_state(dirs, arm)?);
        Ok(true)
    }

    /// Builds each arm once from nothing if its service must be filled. The cache replays the output of this
    /// build, so its detail must be that of a timed build.
    fn fill_caches(
        &mut self,
        dirs: &BlockDirs,
        arms: &mut [LiveArm<'_>],
        session: u32,
    ) -> Result<Option<SessionEnd>, RunError> {
        for (position, arm) in arms.iter_mut().enumerate() {
            if !arm.request.service.as_ref().is_some_and(Service::needs_priming) {
                continue;
            }
            let stage = BuildStage::FromNothing;
            let slot = BuildSlot { stage, ..self.warm_up_slot(session, position as u32 + 1) };
            let outcome = self.builder.build(self.block, dirs, arm, slot, Detail::Quiet)?;
            let BuildOutcome::Recorded { sample, flaw, .. } = outcome else {
                return Ok(Some(SessionEnd::Stopped(StopReason::Interrupted)));
            };
            if let Some(reason) = failure_reason(&sample, flaw) {
                self.drop_arm(arm, reason);
            }
            self.builder.start_over(dirs, arm)?;
        }
        Ok(None)
    }

    /// Judges proofs that need several first builds.
    fn judge_comparisons(
        &mut self,
        arms: &mut [LiveArm<'_>],
        first_builds: &BTreeMap<usize, Box<BuildEvidence>>,
        session: u32,
    ) -> Result<(), RunError> {
        let peers = first_builds.iter().map(|(at, evidence)| Peer { arm: &arms[*at], evidence });
        let peers: Vec<Peer<'_, '_>> = peers.filter(|peer| peer.arm.arm.role != Role::Twin).collect();
        let mut proven: Vec<(usize, Vec<Proof>)> = Vec::new();
        for (at, evidence) in first_builds {
            proven.push((*at, arms[*at].prove_by_comparison(self.block, evidence, &peers)));
        }
        for (at, proofs) in proven {
            let arm = &mut arms[at];
            for proof in &proofs {
                let says_something =
                    ![ProofResult::Fails, ProofResult::NotApplicable].contains(&proof.result);
                let is_reported = session == 1 && proof.role != Role::Twin && says_something;
                if is_reported && TEXT_SETTINGS.contains(&proof.axis.as_str()) {
                    let remark = format!("{}: {}", proof.variant, proof.found);
                    self.builder.observer.event(&RunEvent::Remark(&remark));
                }
            }
            if arm.dropped.is_none() {
                self.judge_proofs(arm, proofs)?;
            } else {
                self.builder.writer.append_proofs(&proofs)?;
            }
        }
        Ok(())
    }

    /// Records proofs once for each variant, and drops the arm if one of them fails.
    fn judge_proofs(&mut self, arm: &mut LiveArm<'_>, proofs: Vec<Proof>) -> Result<(), RunError> {
        if let Some(failed) = proofs.iter().find(|proof| proof.result == ProofResult::Fails) {
            let reason = format!(
                "not in force: {} should show {}, found {}",
                failed.axis, failed.expected, failed.found
            );
            self.drop_arm(arm, reason);
        }
        Ok(self.builder.writer.append_proofs(&proofs)?)
    }

    /// Checks the artifact if the manifest has a command for it. `false` if the run was interrupted.
    fn try_artifact(
        &mut self,
        dirs: &BlockDirs,
        arm: &mut LiveArm<'_>,
        evidence: &BuildEvidence,
    ) -> Result<bool, RunError> {
        if !arm.workload.makes_artifact() {
            return Ok(true);
        }
        let Some(command) = arm.configured.driver.check_artifact(&arm.dirs, evidence) else {
            return Ok(true);
        };
        let start = Instant::now();
        let tried = self.builder.run_untimed(dirs, arm, command);
        self.builder.clock.since(Purpose::Layout, start);
        match tried {
            Ok(going_on) => Ok(going_on),
            Err(RunError::Untimed { reason, .. }) => {
                self.drop_arm(arm, format!("what it built does not work: {reason}"));
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }
}
