//! A build that was tried: how it ended, and why it is not what it should have been.

use bench_runner_core::record::{Cost, Interference, Outcome, Phase};

use super::arm::LiveArm;
use super::supervisor_job::missing_executable;
use crate::axes::ProofInput;
use crate::build::Evidence;
use crate::process::{BuildResult, ExitKind};

/// A build that was tried, before it is a sample.
#[derive(Default)]
pub(super) struct Attempt {
    /// `None` where there was no command line for it.
    pub(super) finished: Option<BuildResult>,
    pub(super) evidence: Evidence,
    pub(super) interference: Interference,
    /// What went wrong with its service.
    pub(super) trouble: Option<String>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

impl Attempt {
    /// Why it was not what it should have been, where that is not to be seen from how it ended.
    pub(super) fn flaw(&self, arm: &LiveArm<'_>, phase: Phase) -> Option<String> {
        match &self.finished.as_ref()?.ended {
            ExitKind::Exited(0) if self.trouble.is_some() => self.trouble.clone(),
            ExitKind::Exited(code) if *code != 0 => {
                let trouble = self.trouble.as_ref()?;
                Some(format!("the build failed with exit code {code}: {trouble}"))
            }
            ExitKind::Exited(0) if self.missing_output().is_some() => self.missing_output(),
            // A build that is to yield a proof is judged by that.
            ExitKind::Exited(0) if phase == Phase::Measured => {
                let edited = arm.is_edited();
                let input = ProofInput { build: &self.evidence, baseline: None, edited };
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

    /// What is to be read of it where it did not end well.
    pub(super) fn failure_text(&self, flaw: Option<&str>) -> String {
        // Tools such as make complain on standard output.
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
