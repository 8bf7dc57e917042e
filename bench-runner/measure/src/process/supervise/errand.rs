//! What is done before a build under the same accounting, such as starting a server.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::process::{Command, Stdio};
use std::time::Instant;

use super::super::protocol::Request;
use super::super::tool::{last_lines, said};
use super::super::{Ended, Errand, Job};
use super::build::{Running, SpawnError, lost, obvious_obstacle, open};
use super::mailbox::Event;

/// Lines of what a failed errand said that are told.
const LAST_LINES: usize = 12;
/// Bytes that they are looked for in.
const LAST_BYTES: u64 = 8 * 1024;

impl Running<'_> {
    /// Does an errand and waits for its own process to end; what that leaves behind runs on. Gives what becomes of
    /// the build, where that cannot begin any more.
    pub(super) fn do_errand(&mut self, job: &Job, errand: &Errand) -> Result<Option<Ended>, String> {
        let env = errand.env.as_ref().unwrap_or(&job.env);
        if let Some(reason) = obvious_obstacle(&errand.program, &job.cwd, env) {
            return Ok(Some(Ended::NotStarted { reason }));
        }
        // A file, and one without a name: a daemon may keep it open for as long as it likes.
        let stderr = tempfile::tempfile();
        let mut stderr = stderr.map_err(|error| format!("could not make a temporary file: {error}"))?;
        let copy = stderr.try_clone();
        let mut command = Command::new(&errand.program);
        command.args(&errand.args).current_dir(&job.cwd).env_clear().envs(env).stdin(Stdio::null());
        command.stderr(copy.map_err(|error| format!("could not copy a file descriptor: {error}"))?);
        command.stdout(match &errand.stdout {
            Some(path) => Stdio::from(open(path, true)?),
            None => Stdio::null(),
        });
        let how = match self.spawn(command, None) {
            Ok(_) => match self.wait_for_errand(errand).map_err(lost)? {
                Ended::Exited(0) => return Ok(None),
                Ended::Interrupted => return Ok(Some(Ended::Interrupted)),
                Ended::Exited(code) => format!("failed (exit code {code})"),
                Ended::Signalled(signal) => format!("was ended by signal {signal}"),
                Ended::TimedOut => {
                    format!("took longer than {}", humantime::format_duration(errand.timeout))
                }
                Ended::NotStarted { reason } => reason,
            },
            Err(SpawnError::Harness(reason)) => return Err(reason),
            Err(SpawnError::Program(error)) => {
                let reason = format!("`{}`: {error}", errand.program.display());
                return Ok(Some(Ended::NotStarted { reason }));
            }
        };
        let words = last_words(&mut stderr).map_err(lost)?;
        let reason = format!("`{}`, which comes before it, {how}{}", errand.line(), said(&words));
        Ok(Some(Ended::NotStarted { reason }))
    }

    fn wait_for_errand(&mut self, errand: &Errand) -> io::Result<Ended> {
        let deadline = Instant::now().checked_add(errand.timeout);
        loop {
            if let Some((ended, _)) = &self.meter.ended {
                return Ok(ended.clone());
            }
            match self.mailbox.next(deadline)? {
                Event::Child => {
                    self.meter.reap()?;
                }
                Event::Limit => return Ok(Ended::TimedOut),
                Event::Request(Request::Abort) | Event::Gone => return Ok(Ended::Interrupted),
                Event::Request(_) => return Err(io::Error::other("a second request during a build")),
            }
        }
    }
}

/// The end of what was written to a file.
fn last_words(file: &mut File) -> io::Result<String> {
    let length = file.seek(SeekFrom::End(0))?;
    file.seek(SeekFrom::Start(length.saturating_sub(LAST_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(LAST_BYTES).read_to_end(&mut bytes)?;
    Ok(last_lines(&String::from_utf8_lossy(&bytes), LAST_LINES))
}
