//! Shutdown requests: SIGINT, SIGTERM and SIGHUP.
//!
//! Signals belong to the whole process, and so does this state: once installed, every tool call and every
//! build listens, without polling that would cost CPU time during a measurement.

use std::io::{self, PipeReader};
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

static RAISED: AtomicBool = AtomicBool::new(false);
static WAKE: OnceLock<PipeReader> = OnceLock::new();

/// Exit code of an interrupted run.
const EXIT_INTERRUPTED: i32 = 130;

/// Makes SIGINT, SIGTERM and SIGHUP set a flag instead of ending the program: the current tool call or build
/// is ended, and [`interrupted`] is true from then on. A second SIGINT ends the program at once with code
/// 130; the supervisor then ends the processes it had started. Call this once, before anything is started.
///
/// SIGINT and SIGHUP stay ignored if they were ignored when the program was started: by `nohup`, or by a
/// shell that keeps Ctrl-C from its background jobs. SIGTERM always ends it, because otherwise only SIGKILL
/// would, which leaves no bundle that says so.
///
/// # Errors
///
/// If the system refuses a pipe or a handler.
pub fn install_interrupts() -> io::Result<()> {
    let (reader, writer) = io::pipe()?;
    if WAKE.set(reader).is_err() {
        return Ok(());
    }
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        if signal != SIGTERM && is_ignored(signal)? {
            continue;
        }
        if signal == SIGINT {
            // It checks the flag, so it is registered before the handler that sets it.
            signal_hook::flag::register_conditional_shutdown(signal, EXIT_INTERRUPTED, &RAISED)?;
        }
        // The flag first: a thread that is woken by the pipe must find it set.
        signal_hook::flag::register(signal, &RAISED)?;
        signal_hook::low_level::pipe::register(signal, writer.try_clone()?)?;
    }
    Ok(())
}

/// True if the program has been asked to end.
pub fn interrupted() -> bool {
    RAISED.load(Ordering::SeqCst)
}

fn is_ignored(signal: i32) -> io::Result<bool> {
    // SAFETY: zero is valid for every field; the call only reads the disposition into it.
    let (result, action) = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, std::ptr::null(), &raw mut action), action)
    };
    if result != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(action.sa_sigaction == libc::SIG_IGN)
}

/// Becomes readable, and stays so, when the program is asked to end; `None` if nothing is installed.
pub(super) fn wake_fd() -> Option<BorrowedFd<'static>> {
    WAKE.get().map(|reader| reader.as_fd())
}
