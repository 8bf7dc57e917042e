//! A finished build attempt: its exit, and the reason why it is not valid.

use bench_runner_core::record::{Cost, Interference, Outcome, Phase};

use super::arm::LiveArm;
use super::supervisor_job::missing_executable;
use crate::axes::ProofInput;
use crate::build::BuildEvidence;
use crate::process::{BuildResult, ExitKind};

/// A build attempt before it becomes a sample.
#[derive(Default)]
pub(super) struct Attempt {
    /// `None` if it had no command line.
    pub(super) finished: Option<BuildResult>,
    pub(super) evidence: BuildEvidence,
    pub(super) interference: Interference,
    /// Failure of its service.
    pub(super) trouble: Option<String>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Attempt {
    /// Reason why the attempt is not valid, if its exit does not show it.
    pub(super) fn flaw(&self, arm: &LiveArm<'_>, phase: Phase) -> Option<String> {
        match &self.finished.as_ref()?.ended {
            ExitKind::Exited(0) if self.trouble.is_some() => self.trouble.clone(),
            ExitKind::Exited(code) if *code != 0 => {
                let trouble = self.trouble.as_ref()?;
                Some(format!("the build failed with exit code {code}: {trouble}"))
            }
            ExitKind::Exited(0) if self.missing_output().is_some() => self.missing_output(),
            // Builds that yield proofs are judged by these.
            ExitKind::Exited(0) if phase == Phase::Measured => {
                let edited = arm.is_edited();
                let input = ProofInput { build: &self.evidence, reference: None, edited };
                arm.check_sample(&input).or_else(|| arm.unexpected_units(&self.evidence))
            }
            ExitKind::NotStarted { reason } => Some(format!("the build could not be started: {reason}")),
            _ => None,
        }
    }

    fn missing_output(&self) -> Option<String> {
        let name = missing_executable(&self.evidence)?;
        Some(format!("the build ended well and made no `{name}`"))
    }

    /// Output for the log of a build, with the reason for a failure that its exit does not show.
    pub(super) fn log_text(&self, flaw: Option<&str>) -> String {
        // Tools such as make print errors to standard output.
        let text = if self.stderr.trim().is_empty() { &self.stdout } else { &self.stderr };
        match flaw.or(self.trouble.as_deref()) {
            Some(reason) => format!("{text}\n{reason}"),
            None => text.clone(),
        }
    }
}

pub(super) fn outcome(finished: Option<&BuildResult>) -> Outcome {
    let Some(finished) = finished else { return Outcome::NotStarted };
    match &finished.ended {
        ExitKind::Exited(0) => Outcome::Built(Cost {
            wall: finished.wall,
            user: finished.user,
            sys: finished.sys,
            max_rss: finished.max_rss,
            peak_memory: finished.peak_memory,
            activity: finished.activity,
        }),
        ExitKind::Exited(code) => Outcome::Failed { exit_code: Some(*code) },
        ExitKind::Signalled(_) | ExitKind::Interrupted => Outcome::Failed { exit_code: None },
        ExitKind::TimedOut => Outcome::TimedOut,
        ExitKind::NotStarted { .. } => Outcome::NotStarted,
    }
}
