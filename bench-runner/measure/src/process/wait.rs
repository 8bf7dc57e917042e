//! Waits for file descriptors and for one child, with a limit and without spinning.

use std::io;
use std::os::fd::BorrowedFd;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::interrupt;

/// Waits until one of `fds` can be read (or is at its end), or until `until`. Returns for each whether it can
/// be read; all false at the limit. A signal may end the wait early, which looks the same.
pub(super) fn wait_readable<const N: usize>(
    fds: [Option<BorrowedFd<'_>>; N],
    until: Option<Instant>,
) -> io::Result<[bool; N]> {
    let mut polled: Vec<PollFd<'_>> =
        fds.iter().flatten().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    let limit =
        until.and_then(|until| Timespec::try_from(until.saturating_duration_since(Instant::now())).ok());
    match poll(&mut polled, limit.as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok([false; N]),
        Err(error) => return Err(error.into()),
    }
    let mut results = polled.iter().map(|fd| !fd.revents().is_empty());
    Ok(fds.map(|fd| fd.is_some() && results.next().unwrap_or(false)))
}

/// The reason why [`child`] returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WaitOutcome {
    /// The child has ended, and has not been reaped: its id still identifies it and its group.
    Ended,
    /// The limit was reached.
    TimedOut,
    /// The program was asked to end.
    Interrupted,
}

/// Waits for a child to end, without reaping it.
pub(super) fn child(child: &Child, until: Option<Instant>, heed_interrupts: bool) -> io::Result<WaitOutcome> {
    let watch = ChildWatch::new(child)?;
    loop {
        if has_ended(child)? {
            return Ok(WaitOutcome::Ended);
        }
        if heed_interrupts && interrupt::interrupted() {
            return Ok(WaitOutcome::Interrupted);
        }
        if until.is_some_and(|until| Instant::now() >= until) {
            return Ok(WaitOutcome::TimedOut);
        }
        watch.pause(until, if heed_interrupts { interrupt::wake_fd() } else { None })?;
    }
}

/// The process id of a child, as the type of rustix.
pub(super) fn pid_of(child: &Child) -> Option<rustix::process::Pid> {
    i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
}

fn has_ended(child: &Child) -> io::Result<bool> {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(pid) = pid_of(child) else { return Ok(true) };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(pid), options) {
        Ok(status) => Ok(status.is_some()),
        Err(Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Longest pause if the system cannot wake us at the end of a child.
const PAUSE: Duration = Duration::from_millis(5);

/// Wakes us when a child ends.
struct ChildWatch {
    #[cfg(target_os = "linux")]
    pidfd: Option<std::os::fd::OwnedFd>,
}

impl ChildWatch {
    #[cfg(target_os = "linux")]
    fn new(child: &Child) -> io::Result<Self> {
        use rustix::process::{PidfdFlags, pidfd_open};
        let Some(pid) = pid_of(child) else { return Ok(Self { pidfd: None }) };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(fd) => Ok(Self { pidfd: Some(fd) }),
            // Linux before 5.3, and some sandboxes.
            Err(Errno::NOSYS | Errno::PERM) => Ok(Self { pidfd: None }),
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn new(_child: &Child) -> io::Result<Self> {
        Ok(Self {})
    }

    fn pause(&self, until: Option<Instant>, wake: Option<BorrowedFd<'_>>) -> io::Result<()> {
        #[cfg(target_os = "linux")]
        if let Some(fd) = &self.pidfd {
            use std::os::fd::AsFd;
            return wait_readable([Some(fd.as_fd()), wake], until).map(|_| ());
        }
        let soon = Instant::now() + PAUSE;
        wait_readable([wake], Some(until.map_or(soon, |until| until.min(soon)))).map(|_| ())
    }
}
