//! `--wait`: until the machine is fit to measure on, and nobody else measures on it.

use std::thread;
use std::time::{Duration, Instant};

use bench_runner_measure::host::{self, Health, MeasuringLock, Severity};
use bench_runner_measure::process;

use super::{EarlyEnd, Exit};
use crate::flows::{FlowError, Places};

/// How often the machine is looked at.
const PAUSE: Duration = Duration::from_secs(1);
/// How long an interrupt may go unnoticed.
const STEP: Duration = Duration::from_millis(100);

/// How waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MachineWait<T> {
    /// The machine is ready.
    Ready(T),
    /// It was not within the time that was allowed.
    TimedOut,
    /// The user did not want to wait any longer.
    Interrupted,
}

/// How long may be waited; `None` is as long as it takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WaitLimit(pub(super) Option<Duration>);

/// The time that may be waited, from `--wait` alone or with a duration behind it.
pub(super) fn patience(text: &str) -> Result<WaitLimit, String> {
    if text.is_empty() {
        return Ok(WaitLimit(None));
    }
    let limit = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    Ok(WaitLimit(Some(limit)))
}

/// Waits until `attempt` succeeds, and prints the obstacle each time that it is another one.
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

/// The right to measure: taken at once, or when the machine is free and fit if the user wants to wait for it.
pub(super) fn lock(wait: Option<WaitLimit>, places: &Places) -> Result<MeasuringLock, EarlyEnd> {
    let Some(WaitLimit(limit)) = wait else {
        return Ok(MeasuringLock::acquire(&super::lock_dir()).map_err(FlowError::harness)?);
    };
    match wait_until(limit, || attempt(places), pause, |line| eprintln!("{line}"))? {
        MachineWait::Ready(lock) => Ok(lock),
        MachineWait::TimedOut => Err(EarlyEnd::Early(Exit::Unfit)),
        MachineWait::Interrupted => Err(EarlyEnd::Early(Exit::Interrupted)),
    }
}

/// `false` if an interrupt came.
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

/// The lock of a machine that is fit, or the obstacle, in words without numbers that change from second to second.
fn attempt(places: &Places) -> Result<Result<MeasuringLock, String>, FlowError> {
    let lock = match MeasuringLock::acquire(&super::lock_dir()) {
        Err(error @ host::LockError::Held { .. }) => return Ok(Err(error.to_string())),
        lock => lock.map_err(FlowError::harness)?,
    };
    let findings = host::findings(&Health::read(&places.cache));
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
        assert_eq!(patience("").unwrap(), WaitLimit(None));
        assert_eq!(patience("10m").unwrap(), WaitLimit(Some(Duration::from_secs(600))));
        assert!(patience("soon").is_err());
    }
}
