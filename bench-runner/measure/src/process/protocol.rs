//! What the harness and its supervisor say to each other: one JSON document per line.
//!
//! Both ends are the same program, so the messages carry no version of their own; the supervisor says which
//! program it is in its first answer, and the harness refuses another.

use std::io;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Accounting, BuildResult, ExitKind, Job};

/// Names program and version at both ends.
pub(super) const PROGRAM: &str = concat!("bench-runner ", env!("CARGO_PKG_VERSION"));

/// What the harness asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum SupervisorRequest {
    /// First of all: how to set up. Answered by `Ready`.
    Setup {
        /// Whether builds get control groups where they can be made.
        control_group: bool,
    },
    /// Run this. Answered by `Started` for each process that could be made for it, by `Held` where that is asked
    /// for, and then by `BuildResult` or `Failed`.
    Build {
        /// What to run.
        job: Box<Job>,
        /// For how long, at most, what has outlived the build's own process is left alone after `Held`.
        hold: Option<Duration>,
    },
    /// End the build that runs; its `BuildResult` follows. Without one, it means nothing.
    Abort,
    /// Go on after `Held`. Without a build that is held, it means nothing.
    Release,
}

/// What the supervisor answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum SupervisorAnswer {
    /// It is set up.
    Ready {
        /// [`PROGRAM`].
        program: String,
        /// How it accounts for processes.
        accounting: Accounting,
    },
    /// The build, or a setup command before it, is about to run; written by its own process before it becomes the
    /// program.
    Started {
        /// Its own process, which leads a session and a process group.
        pid: i32,
    },
    /// The build's own process has ended by itself, and has been reaped. What it and its setup commands left behind runs
    /// on until `Release`, or until the time for it is over.
    Held(ExitKind),
    /// The build has ended, and no process of it is left.
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

/// Puts lines together from the pieces in which a pipe delivers them.
#[derive(Debug, Default)]
pub(super) struct LineBuffer {
    pending: Vec<u8>,
}

impl LineBuffer {
    /// Takes what has been read.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next message, where a whole line is there.
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
