//! The only place that prints. A reader that goes away (`bench-runner compare … | head`) ends no verb: what cannot be
//! printed is dropped, so a run that measures still records its results. Standard error is for remarks, and what
//! cannot be written there is dropped too.

use std::io::{self, ErrorKind, Write as _};
use std::sync::OnceLock;

/// First error of standard output; nothing is written after it.
static FAILURE: OnceLock<io::Error> = OnceLock::new();

/// Like `print!`, but never panics.
macro_rules! out {
    ($($word:tt)*) => { $crate::commands::output::print_out(&::std::format!($($word)*)) };
}

/// Like `println!`, but never panics.
macro_rules! outln {
    ($($word:tt)*) => { $crate::commands::output::print_out(&(::std::format!($($word)*) + "\n")) };
}

/// Like `eprint!`, but never panics.
macro_rules! err {
    ($($word:tt)*) => { $crate::commands::output::print_err(&::std::format!($($word)*)) };
}

/// Like `eprintln!`, but never panics.
macro_rules! errln {
    ($($word:tt)*) => { $crate::commands::output::print_err(&(::std::format!($($word)*) + "\n")) };
}

/// Writes text to standard output, unless an earlier write failed.
pub(crate) fn print_out(text: &str) {
    if FAILURE.get().is_some() {
        return;
    }
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        let _ = FAILURE.set(error);
    }
}

/// Writes text to standard error, in one call to the system.
pub(crate) fn print_err(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// True if nobody reads standard output any more. A verb that only prints can stop then.
pub(crate) fn is_closed() -> bool {
    FAILURE.get().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

/// Reason why output is missing, such as a full disk; a reader that went away is not one.
pub(crate) fn failure() -> Option<&'static io::Error> {
    FAILURE.get().filter(|error| error.kind() != ErrorKind::BrokenPipe)
}
