//! Everything the supervisor can be woken by, in one place to wait: the harness, and its own children.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, FromRawFd};
use std::time::Instant;

use super::super::protocol::{LineBuffer, SupervisorRequest};
use super::super::wait::wait_readable;

/// What has happened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SupervisorEvent {
    /// The harness asks for something.
    Request(SupervisorRequest),
    /// Some child has ended, or may have.
    Child,
    /// The harness has gone, or the supervisor has been told to go. Reported once.
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
    /// Blocks the signals that are waited for, and ignores Ctrl-C: that is the harness's to answer.
    pub(super) fn open() -> io::Result<Self> {
        // SAFETY: the set is initialised by `sigemptyset` before use; all pointers are valid for the calls;
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

    /// Waits for a child to end or for the limit, whatever else happens. Requests are dropped meanwhile: the
    /// harness makes none while it waits for an answer, but to abort what is being ended already.
    pub(super) fn next_child(&mut self, until: Instant) -> io::Result<SupervisorEvent> {
        loop {
            let event = self.next(Some(until))?;
            if matches!(event, SupervisorEvent::Child | SupervisorEvent::Limit) {
                return Ok(event);
            }
        }
    }

    /// Whether the harness has gone.
    pub(super) fn gone(&self) -> bool {
        self.gone
    }

    /// Takes in what the harness has written; false at the end of it.
    fn read_input(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 16 * 1024];
        // Not through `Stdin`: its buffer would hide what `poll` waits for.
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

    /// Takes all pending signals; a child's end is the lesser news.
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
                // The thread of the harness that started us has ended: the harness itself may well live.
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
