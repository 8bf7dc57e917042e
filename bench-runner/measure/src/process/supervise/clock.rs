//! The monotonic clock as a number that two processes can share; `Instant` cannot be handed over.

use std::io::{self, PipeReader, PipeWriter, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Time on the monotonic clock. Safe to call between fork and exec.
pub(super) fn now() -> Duration {
    let time = clock_gettime(ClockId::Monotonic);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// Lets a new process say at what time it was about to become the build.
///
/// Entering a control group makes the kernel wait for all CPUs, several milliseconds long. That is the
/// harness's cost, so it is the child that starts the clock, when all of this is behind it.
pub(super) struct ClockPipe {
    reader: PipeReader,
    writer: PipeWriter,
}

impl ClockPipe {
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        Ok(Self { reader, writer })
    }

    /// To be called in the child, as the last thing before exec; makes system calls only.
    pub(super) fn send_start(raw: i32) -> io::Result<()> {
        // SAFETY: the caller keeps the gun, and so the descriptor, alive until after the spawn.
        let writer = unsafe { BorrowedFd::borrow_raw(raw) };
        let nanos = u64::try_from(now().as_nanos()).unwrap_or(u64::MAX);
        // Less than a pipe takes at once, so it is written whole.
        rustix::io::write(writer, &nanos.to_ne_bytes())?;
        Ok(())
    }

    /// The descriptor for [`ClockPipe::send_start`].
    pub(super) fn raw(&self) -> i32 {
        self.writer.as_fd().as_raw_fd()
    }

    /// When it was fired. To be called after a spawn that went well, since only then is there an answer.
    pub(super) fn read_start(self) -> io::Result<Duration> {
        let Self { mut reader, writer } = self;
        // Else a child that never fired would be waited for without end.
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
