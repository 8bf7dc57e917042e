//! `--wait`: waits until the machine is fit for measuring and nobody else is measuring on it.

use std::thread;
use std::time::{Duration, Instant};

use bench_runner_measure::host::{self, Health, MeasuringLock, Severity};
use bench_runner_measure::process;

use super::{EarlyEnd, Exit};
use crate::flows::{FlowError, Places};

/// Interval between checks of the machine.
const PAUSE: Duration = Duration::from_secs(1);
/// Longest delay before an interrupt is noticed.
const STEP: Duration = Duration::from_millis(100);

/// Outcome of waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MachineWait<T> {
    /// The machine is ready.
    Ready(T),
    /// The machine was not ready within the limit.
    TimedOut,
    /// The user interrupted the wait.
    Interrupted,
}

/// Longest wait; `None` has no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WaitLimit(pub(super) Option<Duration>);

/// The longest wait, from `--wait` alone or with a duration.
pub(super) fn wait_limit(text: &str) -> Result<WaitLimit, String> {
    if text.is_empty() {
        return Ok(WaitLimit(None));
    }
    let limit = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    Ok(WaitLimit(Some(limit)))
}

/// Waits until `attempt` succeeds. Prints the obstacle whenever it changes.
fn wait_until<T>(
    limit: Option<Duration>,
    mut attempt: impl FnMut() -> Result<Result<T, String>, FlowError>,
    mut pause: impl FnMut() -> bool,
    mut say: impl FnMut(&str),
) -> Result<MachineWait<T>, FlowError> {
    let begun = Instant::now();
    let mut last_reason: Option<String> = None;
    loop {
        let reason = match attempt()? {
            Ok(ready) => return Ok(MachineWait::Ready(ready)),
            Err(reason) => reason,
        };
        if limit.is_some_and(|limit| begun.elapsed() >= limit) {
            say(&format!("gave up waiting: {reason}"));
            return Ok(MachineWait::TimedOut);
        }
        if last_reason.as_ref() != Some(&reason) {
            say(&format!("waiting: {reason}"));
            last_reason = Some(reason);
        }
        if !pause() {
            return Ok(MachineWait::Interrupted);
        }
    }
}

/// Takes the measuring lock at once, or waits until the machine is free and fit if the user asks for it.
pub(super) fn lock(wait: Option<WaitLimit>, places: &Places) -> Result<MeasuringLock, EarlyEnd> {
    let Some(WaitLimit(limit)) = wait else {
        return Ok(MeasuringLock::acquire(&super::lock_dir())?);
    };
    match wait_until(limit, || attempt(places), pause, |line| errln!("{line}"))? {
        MachineWait::Ready(lock) => Ok(lock),
        MachineWait::TimedOut => Err(EarlyEnd::Early(Exit::Unfit)),
        MachineWait::Interrupted => Err(EarlyEnd::Early(Exit::Interrupted)),
    }
}

/// `false` if there was an interrupt.
fn pause() -> bool {
    let until = Instant::now() + PAUSE;
    while Instant::now() < until {
        if process::interrupted() {
            return false;
        }
        thread::sleep(STEP);
    }
    !process::interrupted()
}

/// The lock if the machine is fit, or the obstacle, in words without numbers that change from second to
/// second.
fn attempt(places: &Places) -> Result<Result<MeasuringLock, String>, FlowError> {
    let lock = match MeasuringLock::acquire(&super::lock_dir()) {
        Err(error @ host::LockError::Held { .. }) => return Ok(Err(error.to_string())),
        lock => lock?,
    };
    let findings = host::findings(&Health::read(places.cache.dir()));
    let unfit = findings.into_iter().find(|finding| finding.severity == Severity::Unfit);
    Ok(match unfit {
        Some(finding) => Err(format!("the machine is not fit: {}", finding.what)),
        None => Ok(lock),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waited(
        limit: Option<Duration>,
        mut reasons: Vec<&str>,
        interrupted: bool,
    ) -> (MachineWait<()>, Vec<String>) {
        let mut lines = Vec::new();
        reasons.reverse();
        let attempt = || match reasons.pop() {
            None | Some("") => Ok(Ok(())),
            Some(reason) => Ok(Err(reason.to_owned())),
        };
        let waited = wait_until(limit, attempt, || !interrupted, |line| lines.push(line.to_owned()));
        (waited.unwrap(), lines)
    }

    #[test]
    fn each_reason_is_said_once_and_the_end_comes_with_the_last() {
        let (end, lines) = waited(None, vec!["a", "a", "b", ""], false);
        assert_eq!(
            (end, lines),
            (MachineWait::Ready(()), vec!["waiting: a".to_owned(), "waiting: b".to_owned()])
        );
        let (end, lines) = waited(Some(Duration::ZERO), vec!["a"], false);
        assert_eq!((end, lines), (MachineWait::TimedOut, vec!["gave up waiting: a".to_owned()]));
        assert_eq!(waited(None, vec!["a"], true).0, MachineWait::Interrupted);
        assert_eq!(
            waited(Some(Duration::ZERO), vec![""], false).0,
            MachineWait::Ready(()),
            "there was no need to wait"
        );
    }

    #[test]
    fn a_limit_is_a_duration_or_none() {
        assert_eq!(wait_limit("").unwrap(), WaitLimit(None));
        assert_eq!(wait_limit("10m").unwrap(), WaitLimit(Some(Duration::from_secs(600))));
        assert!(wait_limit("soon").is_err());
    }
}
