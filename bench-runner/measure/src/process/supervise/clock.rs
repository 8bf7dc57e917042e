//! The monotonic clock as a number that two processes can share; an `Instant` cannot be sent.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Time on the monotonic clock. Safe to call between fork and exec.
pub(super) fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Pipe through which a new process sends the time at which it was about to become the build.
///
/// Entering a control group makes the kernel wait for all CPUs, for several milliseconds. That is the
/// harness's cost, so the child starts the clock, after everything else is done.
pub(super) struct ClockPipe {
    reader: PipeReader,
    writer: PipeWriter,
}

impl ClockPipe {
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self { reader, writer })
    }

    /// Call it in the child, as the last thing before exec; it only makes system calls.
    pub(super) fn send_start(raw: i32) -> io::Result<()> {
        // SAFETY: the caller keeps the pipe, and so the descriptor, open until after the spawn.
        let writer = unsafe { BorrowedFd::borrow_raw(raw) };
        let nanos = u64::try_from(now().as_nanos()).unwrap_or(u64::MAX);
        // Less than the capacity of a pipe, so it is written in one piece.
        rustix::io::write(writer, &nanos.to_ne_bytes())?;
        Ok(())
    }

    /// The descriptor for [`ClockPipe::send_start`].
    pub(super) fn raw(&self) -> i32 {
        self.writer.as_fd().as_raw_fd()
    }

    /// The time that the child sent. Call it after a successful spawn only; otherwise there is no answer.
    pub(super) fn read_start(self) -> io::Result<Duration> {
        let Self { mut reader, writer } = self;
        // Otherwise a child that never sent its time would be waited for forever.
        drop(writer);
        let mut bytes = [0; size_of::<u64>()];
        reader.read_exact(&mut bytes)?;
        Ok(Duration::from_nanos(u64::from_ne_bytes(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shot_is_heard_once_and_silence_is_an_error() {
        let clock_pipe = ClockPipe::new().unwrap();
        let before = now();
        ClockPipe::send_start(clock_pipe.raw()).unwrap();
        let fired = clock_pipe.read_start().unwrap();
        assert!(before <= fired && fired <= now());
        assert!(ClockPipe::new().unwrap().read_start().is_err());
    }
}
