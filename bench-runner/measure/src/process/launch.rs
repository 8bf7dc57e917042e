//! Starts a program for the user, such as a browser, and leaves it running.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Time during which an exit with an error is noticed. Most commands that start a browser end at once.
const WATCH_TIME: Duration = Duration::from_secs(3);

/// Starts a program in its own process group, without the input and output of this one, and leaves it
/// running.
///
/// # Errors
/// If it cannot be started, or ends with an error within a few seconds.
pub fn launch<A: Into<OsString>>(program: &Path, args: impl IntoIterator<Item = A>) -> io::Result<()> {
    let mut command = Command::new(program);
    command.args(args.into_iter().map(Into::into)).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn()?;
    let until = Instant::now() + WATCH_TIME;
    while Instant::now() < until {
        if let Some(status) = child.try_wait()? {
            let failed = || io::Error::other(format!("`{}` ended with {status}", program.display()));
            return if status.success() { Ok(()) } else { Err(failed()) };
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_with_an_error_is_one() {
        assert!(launch(Path::new("true"), ["x"]).is_ok());
        let failed = launch(Path::new("false"), ["x"]).unwrap_err().to_string();
        assert!(failed.starts_with("`false` ended with exit status: 1"), "{failed}");
        assert!(launch(Path::new("/nowhere/browser"), ["x"]).is_err());
    }
}
