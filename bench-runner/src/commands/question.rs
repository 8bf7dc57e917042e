//! A question to the user.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use bench_runner_measure::process;

use super::{EarlyEnd, Exit};
use crate::flows::FlowError;

/// Time between two checks whether a question was interrupted.
const INTERRUPT_CHECK: Duration = Duration::from_millis(100);

/// Asks a question that is answered by yes or no; the default is no. The end of the input is no too.
pub(super) fn ask(question: &str) -> Result<bool, EarlyEnd> {
    err!("{question} [y/N] ");
    // In a thread: an interrupt ends the question, but not the reading.
    let (sender, answer) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().read_line(&mut line);
        let _ = sender.send(read.map(|_| line));
    });
    loop {
        match answer.recv_timeout(INTERRUPT_CHECK) {
            Ok(line) => {
                let line = line.map_err(harness)?;
                if !line.ends_with('\n') {
                    errln!("");
                }
                return Ok(is_yes(&line));
            }
            Err(RecvTimeoutError::Timeout) if !process::interrupted() => {}
            Err(_) => {
                errln!("");
                return Err(EarlyEnd::Early(Exit::Interrupted));
            }
        }
    }
}

fn harness(error: std::io::Error) -> FlowError {
    FlowError::Harness(error.into())
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_yes_is_yes() {
        for (answer, expected) in
            [("y\n", true), ("Yes\n", true), ("\n", false), ("", false), ("n\n", false), ("yep\n", false)]
        {
            assert_eq!(is_yes(answer), expected, "{answer:?}");
        }
    }
}
