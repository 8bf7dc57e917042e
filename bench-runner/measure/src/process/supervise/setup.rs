//! Setup commands: programs that run before a build under the same accounting, such as one that starts a
//! server.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::super::protocol::SupervisorRequest;
use super::super::tool::{format_last_lines, last_lines};
use super::super::{ExitKind, Job, SetupCommand};
use super::build::{RunningBuild, SpawnError, lost, obvious_obstacle, open};
use super::events::SupervisorEvent;

/// Lines shown of the output of a failed setup command.
const LAST_LINES: usize = 12;
/// Bytes at the end of the output in which these lines are looked for.
const LAST_BYTES: u64 = 8 * 1024;

impl RunningBuild<'_> {
    /// Runs a setup command and waits for its own process to end; processes that it leaves behind run on.
    /// Returns how the build ended, if it cannot begin any more.
    pub(super) fn run_setup(&mut self, job: &Job, setup: &SetupCommand) -> Result<Option<ExitKind>, String> {
        let env = setup.env.as_ref().unwrap_or(&job.env);
        if let Some(reason) = obvious_obstacle(&setup.program, &job.cwd, env) {
            return Ok(Some(ExitKind::NotStarted { reason }));
        }
        // An unnamed file: a daemon may keep it open for as long as it likes.
        let stderr = tempfile::tempfile();
        let mut stderr = stderr.map_err(|error| format!("could not make a temporary file: {error}"))?;
        let copy = stderr.try_clone();
        let mut command = Command::new(&setup.program);
        command.args(&setup.args).current_dir(&job.cwd).env_clear().envs(env).stdin(Stdio::null());
        command.stderr(copy.map_err(|error| format!("could not copy a file descriptor: {error}"))?);
        command.stdout(match &setup.stdout {
            Some(path) => Stdio::from(open(path, true)?),
            None => Stdio::null(),
        });
        let how = match self.spawn(command, None) {
            Ok(_) => match self.wait_for_setup(setup).map_err(lost)? {
                ExitKind::Exited(0) => return Ok(None),
                ExitKind::Interrupted => return Ok(Some(ExitKind::Interrupted)),
                ExitKind::Exited(code) => format!("failed (exit code {code})"),
                ExitKind::Signalled(signal) => format!("was ended by signal {signal}"),
                ExitKind::TimedOut => {
                    format!("took longer than {}", humantime::format_duration(setup.timeout))
                }
                ExitKind::NotStarted { reason } => reason,
            },
            Err(SpawnError::Harness(reason)) => return Err(reason),
            Err(SpawnError::Program(error)) => {
                let reason = format!("`{}`: {error}", setup.program.display());
                return Ok(Some(ExitKind::NotStarted { reason }));
            }
        };
        let words = end_of_output(&mut stderr).map_err(lost)?;
        let reason = format!("`{}`, which comes before it, {how}{}", setup.line(), format_last_lines(&words));
        Ok(Some(ExitKind::NotStarted { reason }))
    }

    fn wait_for_setup(&mut self, setup: &SetupCommand) -> io::Result<ExitKind> {
        let deadline = Instant::now().checked_add(setup.timeout);
        loop {
            if let Some((ended, _)) = &self.usage.ended {
                return Ok(ended.clone());
            }
            match self.events.next(deadline)? {
                SupervisorEvent::Child => {
                    self.usage.reap()?;
                }
                SupervisorEvent::Limit => return Ok(ExitKind::TimedOut),
                SupervisorEvent::Request(SupervisorRequest::Abort) | SupervisorEvent::Gone => {
                    return Ok(ExitKind::Interrupted);
                }
                SupervisorEvent::Request(_) => {
                    return Err(io::Error::other("a second request during a build"));
                }
            }
        }
    }
}

/// The last lines that were written to a file.
fn end_of_output(file: &mut File) -> io::Result<String> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(LAST_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(LAST_BYTES).read_to_end(&mut bytes)?;
    Ok(last_lines(&String::from_utf8_lossy(&bytes), LAST_LINES))
}
