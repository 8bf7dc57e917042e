//! Jobs for the supervisor, and the reasons why they fail.

use std::path::Path;
use std::time::Duration;

use crate::build::{BuildEvidence, CommandLine};
use crate::process::{ExitKind, Job};

/// Grace period for processes of a build after the build itself has ended.
const DRAIN: Duration = Duration::from_secs(5);
/// Number of lines shown of a failed build's output.
const SHOWN_LINES: usize = 12;

/// The supervisor's job for a command line, with its output in the files `stdout` and `stderr` in the
/// directory `out`.
pub(super) fn job(out: &Path, command: CommandLine, timeout: Duration) -> Job {
    Job {
        program: command.program,
        args: command.args,
        cwd: command.cwd,
        env: command.env,
        stdout: out.join("stdout"),
        stderr: out.join("stderr"),
        timeout,
        drain: DRAIN,
        before: Vec::new(),
    }
}

/// Reason why a command failed; `None` if it succeeded.
pub(super) fn failure(ended: ExitKind, too_long: &str) -> Option<String> {
    match ended {
        ExitKind::Exited(0) => None,
        ExitKind::Exited(code) => Some(format!("exit code {code}")),
        ExitKind::Signalled(signal) => Some(format!("signal {signal}")),
        ExitKind::TimedOut => Some(too_long.to_owned()),
        ExitKind::Interrupted => Some("interrupted".to_owned()),
        ExitKind::NotStarted { reason } => Some(reason),
    }
}

/// A reason with the last lines of the output, if there are any.
pub(super) fn with_last_lines(reason: String, output: &str) -> String {
    let last = last_lines(output);
    if last.is_empty() { reason } else { format!("{reason}\n{last}") }
}

pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}

/// Name of an executable that a successful build should have produced and did not: a linker that does nothing
/// succeeds.
pub(super) fn missing_executable(evidence: &BuildEvidence) -> Option<String> {
    let missing = evidence.executables.iter().find(|path| !path.is_file())?;
    Some(missing.file_name().unwrap_or_default().to_string_lossy().into_owned())
}
