//! Messages between the harness and its supervisor: one JSON document per line.
//!
//! Both ends are the same program, so the messages have no version number; the supervisor names its program
//! in its first answer, and the harness refuses another.

use std::io;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Accounting, BuildResult, ExitKind, Job};

/// Program name and version. The supervisor sends it, and the harness compares it with its own.
pub(super) const PROGRAM: &str = concat!("bench-runner ", env!("CARGO_PKG_VERSION"));

/// Requests of the harness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum SupervisorRequest {
    /// The first request: the setup. Answered by `Ready`.
    Setup {
        /// True if builds run in control groups, if they can be created.
        control_group: bool,
    },
    /// Runs a build. Answered by `Started` for each process that could be started for it, by `Held` if `hold`
    /// is set, and then by `BuildResult` or `Failed`.
    Build {
        job: Box<Job>,
        /// The longest time that processes which outlive the build's own process are left alone after `Held`.
        hold: Option<Duration>,
    },
    /// Ends the running build; its `BuildResult` follows. Ignored if there is no build.
    Abort,
    /// Continues after `Held`. Ignored if no build is held.
    Release,
}

/// Answers of the supervisor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum SupervisorAnswer {
    /// The setup is complete.
    Ready {
        /// [`PROGRAM`].
        program: String,
        /// The accounting for processes.
        accounting: Accounting,
    },
    /// The build, or a setup command before it, is about to run; written by its own process before it
    /// executes the program.
    Started {
        /// Its own process, which leads a session and a process group.
        pid: i32,
    },
    /// The build's own process has ended by itself, and has been reaped. Processes that it and its setup
    /// commands left behind run on until `Release`, or until their time is over.
    Held(ExitKind),
    /// The build has ended, and none of its processes is left.
    BuildResult(BuildResult),
    /// The request could not be carried out, through no fault of the build.
    Failed { reason: String },
}

/// One message as a line.
pub(super) fn to_line<T: Serialize>(message: &T) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    Ok(line)
}

/// Assembles lines from the pieces that a pipe delivers.
#[derive(Debug, Default)]
pub(super) struct LineBuffer {
    pending: Vec<u8>,
}

impl LineBuffer {
    /// Adds bytes that have been read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next message, if a whole line has arrived.
    pub(super) fn next<T: DeserializeOwned>(&mut self) -> Option<io::Result<T>> {
        let end = self.pending.iter().position(|&byte| byte == b'\n')?;
        let line: Vec<u8> = self.pending.drain(..=end).collect();
        Some(serde_json::from_slice(&line).map_err(io::Error::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_survive_being_cut_and_joined() {
        let finished = BuildResult {
            stragglers: 2,
            wall: Duration::new(3, 141_592_653),
            ..BuildResult::without_running(ExitKind::NotStarted { reason: "a\nb".into() })
        };
        let sent = [SupervisorAnswer::Started { pid: 7 }, SupervisorAnswer::BuildResult(finished)];
        let bytes: Vec<u8> = sent.iter().flat_map(|message| to_line(message).unwrap()).collect();
        for size in [1, 5, bytes.len()] {
            let mut lines = LineBuffer::default();
            let mut seen: Vec<SupervisorAnswer> = Vec::new();
            for piece in bytes.chunks(size) {
                lines.push(piece);
                while let Some(message) = lines.next() {
                    seen.push(message.unwrap());
                }
            }
            assert_eq!(seen, sent, "in pieces of {size}");
        }
    }

    #[test]
    fn nonsense_is_an_error_and_the_next_line_is_still_read() {
        let mut lines = LineBuffer::default();
        lines.push(b"{\"build\":3}\n\"abort\"\n");
        assert!(lines.next::<SupervisorRequest>().unwrap().is_err());
        assert_eq!(lines.next::<SupervisorRequest>().unwrap().unwrap(), SupervisorRequest::Abort);
        assert!(lines.next::<SupervisorRequest>().is_none());
    }
}
