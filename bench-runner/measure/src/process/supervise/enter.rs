//! The part of a process between fork and exec: only system calls, no allocation.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::Signal;

use super::clock::ClockPipe;

/// Error number that a child returns if it could not enter its control group. No exec returns this one.
const GROUP_REFUSED: i32 = libc::EXFULL;

/// Makes the child the leader of a session, puts it into the control group, resets the signals as a login
/// shell would, makes it report to the harness and start the clock, if there is one. All arguments must
/// outlive the spawn.
pub(super) fn prepare(
    command: &mut Command,
    procs: Option<&File>,
    harness: &OwnedFd,
    clock_pipe: Option<&ClockPipe>,
) {
    let procs = procs.map(File::as_raw_fd);
    let harness = harness.as_raw_fd();
    let clock_pipe = clock_pipe.map(ClockPipe::raw);
    let steps = move || {
        rustix::process::setsid()?;
        // The kernel kills the build's own process if the supervisor is killed.
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        reset_signals();
        if let Some(procs) = procs
            && enter(procs).is_err()
        {
            return Err(io::Error::from_raw_os_error(GROUP_REFUSED));
        }
        report(harness)?;
        clock_pipe.map_or(Ok(()), ClockPipe::send_start)
    };
    // SAFETY: between fork and exec the closure makes system calls and allocates nothing; an `io::Error` made
    // from an error number does not allocate. The caller keeps the owners of all descriptors until after the
    // spawn.
    unsafe { command.pre_exec(steps) };
}

/// True if a spawn failed because of the control group, which is not the build's fault.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    error.raw_os_error() == Some(GROUP_REFUSED)
}

/// Forks a process that enters the group and ends.
pub(super) fn try_with_a_process(procs: &File) -> io::Result<()> {
    let procs = procs.as_raw_fd();
    // SAFETY: the child makes two system calls and ends without running any destructor. The supervisor has
    // one thread, so that even locks would be in order.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let code = enter(procs).map_or_else(|error| error.raw_os_error().unwrap_or(libc::EIO), |()| 0);
        // SAFETY: always sound; it ends this process.
        unsafe { libc::_exit(code) };
    }
    if pid < 0 {
        return Err(io::Error::last_os_error());
    }
    let mut status = 0;
    // SAFETY: `status` is valid for writes; `pid` is a child of ours that nobody else reaps.
    while unsafe { libc::waitpid(pid, &raw mut status, 0) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    match libc::WEXITSTATUS(status) {
        0 if libc::WIFEXITED(status) => Ok(()),
        code if libc::WIFEXITED(status) => Err(io::Error::from_raw_os_error(code)),
        _ => Err(io::Error::other("the process that tried it was killed")),
    }
}

/// Reports the id of the session to the harness, in the format of [`SupervisorAnswer::Started`]. The build
/// itself sends it, so that the harness knows it before the build can do anything, such as kill the
/// supervisor.
///
/// [`SupervisorAnswer::Started`]: super::super::protocol::SupervisorAnswer::Started
fn report(harness: RawFd) -> io::Result<()> {
    let mut line = [0; 48];
    let mut rest = &mut line[..];
    writeln!(rest, r#"{{"started":{{"pid":{}}}}}"#, std::process::id())?;
    let unused = rest.len();
    let used = line.len() - unused;
    write(harness, &line[..used])
}

/// Moves the calling process into the group.
fn enter(procs: RawFd) -> io::Result<()> {
    write(procs, b"0")
}

/// Writes a few bytes, which pipes and control files accept as a whole or not at all.
fn write(fd: RawFd, bytes: &[u8]) -> io::Result<()> {
    // SAFETY: the buffer is valid for reads of its length; an invalid descriptor is an error, not unsound.
    let written = unsafe { libc::write(fd, bytes.as_ptr().cast(), bytes.len()) };
    if written < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Resets dispositions to their defaults and unblocks all signals: otherwise the build would inherit them.
fn reset_signals() {
    for signal in 1..=64 {
        // SAFETY: setting a default disposition is async-signal-safe; for KILL, STOP and those that the C
        // library reserves it fails, harmlessly.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: both calls only use the set, which is initialized by the first.
    unsafe {
        let mut none = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::AsRawFd;

    use super::super::super::protocol::{LineBuffer, SupervisorAnswer};
    use super::*;

    #[test]
    fn the_report_is_the_answer_that_the_harness_expects() {
        let (mut reader, writer) = io::pipe().unwrap();
        report(writer.as_raw_fd()).unwrap();
        drop(writer);
        let (mut bytes, mut lines) = (Vec::new(), LineBuffer::default());
        reader.read_to_end(&mut bytes).unwrap();
        lines.push(&bytes);
        let answer: SupervisorAnswer = lines.next().unwrap().unwrap();
        assert_eq!(answer, SupervisorAnswer::Started { pid: std::process::id() as i32 });
    }
}
