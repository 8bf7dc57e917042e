//! All events that wake the supervisor, with one place to wait for them: the harness, and its own children.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, FromRawFd};
use std::time::Instant;

use super::super::protocol::{LineBuffer, SupervisorRequest};
use super::super::wait::wait_readable;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum SupervisorEvent {
    /// The harness sent a request.
    Request(SupervisorRequest),
    /// Some child has ended, or may have ended.
    Child,
    /// The harness has gone, or the supervisor has been asked to end. Reported once.
    Gone,
    /// The limit was reached.
    Limit,
}

/// Standard input and the signals that concern the supervisor.
pub(super) struct SupervisorEvents {
    input: io::Stdin,
    lines: LineBuffer,
    signals: File,
    harness: i32,
    gone: bool,
}

impl SupervisorEvents {
    /// Blocks the signals that are waited for, and ignores Ctrl-C: the harness handles it.
    pub(super) fn open() -> io::Result<Self> {
        // SAFETY: the set is initialized by `sigemptyset` before use; all pointers are valid for the calls;
        // the descriptor is new and owned by nobody else.
        let signals = unsafe {
            libc::signal(libc::SIGINT, libc::SIG_IGN);
            let mut set = std::mem::zeroed();
            libc::sigemptyset(&raw mut set);
            for signal in [libc::SIGCHLD, libc::SIGTERM, libc::SIGHUP, libc::SIGUSR1] {
                libc::sigaddset(&raw mut set, signal);
            }
            if libc::sigprocmask(libc::SIG_BLOCK, &raw const set, std::ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error());
            }
            let fd = libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            File::from_raw_fd(fd)
        };
        let harness = parent();
        Ok(Self { input: io::stdin(), lines: LineBuffer::default(), signals, harness, gone: false })
    }

    /// The next event, whichever comes first.
    pub(super) fn next(&mut self, until: Option<Instant>) -> io::Result<SupervisorEvent> {
        loop {
            if let Some(request) = self.lines.next() {
                return Ok(SupervisorEvent::Request(request?));
            }
            let input = (!self.gone).then(|| self.input.as_fd());
            let [input, signals] = wait_readable([input, Some(self.signals.as_fd())], until)?;
            if signals && let Some(event) = self.read_signals()? {
                return Ok(event);
            }
            if input && !self.read_input()? {
                self.gone = true;
                return Ok(SupervisorEvent::Gone);
            }
            if !signals && !input && until.is_some_and(|until| Instant::now() >= until) {
                return Ok(SupervisorEvent::Limit);
            }
        }
    }

    /// Waits for a child to end or for the limit, whatever else happens. Requests are dropped meanwhile:
    /// while the harness waits for an answer, it only sends a request to abort, and the build is being ended
    /// already.
    pub(super) fn next_child(&mut self, until: Instant) -> io::Result<SupervisorEvent> {
        loop {
            let event = self.next(Some(until))?;
            if matches!(event, SupervisorEvent::Child | SupervisorEvent::Limit) {
                return Ok(event);
            }
        }
    }

    /// True if the harness has gone.
    pub(super) fn gone(&self) -> bool {
        self.gone
    }

    /// Reads the requests of the harness; false at the end of the input.
    fn read_input(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        // Not through `Stdin`: its buffer would hide data from `poll`.
        match rustix::io::read(self.input.as_fd(), &mut buffer) {
            Ok(0) => Ok(false),
            Ok(count) => {
                self.lines.push(&buffer[..count]);
                Ok(true)
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads all pending signals; the end of the harness, or a request to end, takes precedence over the end
    /// of a child.
    fn read_signals(&mut self) -> io::Result<Option<SupervisorEvent>> {
        let mut child = false;
        let mut end = false;
        let mut info = [0; size_of::<libc::signalfd_siginfo>()];
        loop {
            match self.signals.read(&mut info) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            // The number of the signal is the first field.
            match u32::from_ne_bytes([info[0], info[1], info[2], info[3]]) as i32 {
                libc::SIGCHLD => child = true,
                // The thread of the harness that started us has ended: the harness itself may still be
                // running.
                libc::SIGUSR1 => end |= parent() != self.harness,
                _ => end = true,
            }
        }
        if end && !self.gone {
            self.gone = true;
            return Ok(Some(SupervisorEvent::Gone));
        }
        Ok(child.then_some(SupervisorEvent::Child))
    }
}

fn parent() -> i32 {
    // SAFETY: always sound, cannot fail.
    unsafe { libc::getppid() }
}
