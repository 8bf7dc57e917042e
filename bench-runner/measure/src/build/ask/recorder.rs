//! The program that takes the place of a wrapper during a query: it records each call of the compiler,
//! removes the variable that would show `cfg`s of nightly, and calls the compiler.

use std::io;
use std::path::{Path, PathBuf};

/// Variable with the path of the file that calls are written to.
pub(super) const LOG: &str = "BENCH_RUNNER_CALLS";

/// Each argument ends with one control character, each call with another; neither can be part of an argument.
const SCRIPT: &str = "#!/bin/sh
# Made by bench-runner: takes the place of a compiler wrapper while cargo is asked what it would build.
{ for word in \"$@\"; do printf '%s\\036' \"$word\"; done; printf '\\035'; } >>\"$BENCH_RUNNER_CALLS\"
unset RUSTC_BOOTSTRAP
exec \"$@\"
";

/// Writes the recorder into a directory and returns its path.
pub(super) fn write_into(dir: &Path) -> io::Result<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    let path = dir.join("recorder");
    std::fs::write(&path, SCRIPT)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    Ok(path)
}

/// Recorded calls: the compiler, then its arguments.
pub(super) fn parse_log(log: &str) -> Vec<Vec<String>> {
    let calls = log.split('\u{1d}').map(|call| call.split('\u{1e}').collect::<Vec<_>>());
    calls
        .map(|mut words| {
            words.pop();
            words.into_iter().map(str::to_owned).collect::<Vec<String>>()
        })
        .filter(|words| !words.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::{ToolCall, ToolEnv, check_tool};

    #[test]
    fn calls_are_passed_on_and_written_down() {
        let dir = tempfile::tempdir().unwrap();
        let recorder = write_into(dir.path()).unwrap();
        let log = dir.path().join("log");
        let env = [
            (LOG.to_owned(), log.display().to_string()),
            ("RUSTC_BOOTSTRAP".to_owned(), "1".to_owned()),
            ("PATH".to_owned(), "/usr/bin:/bin".to_owned()),
        ];
        let call = |words: &[&str]| {
            let call = ToolCall {
                env: ToolEnv::Exactly(env.clone().into()),
                ..ToolCall::new(&recorder, words.iter().copied())
            };
            check_tool(&call).unwrap().stdout
        };
        assert_eq!(
            call(&["/bin/sh", "-c", "echo \"$1 ${RUSTC_BOOTSTRAP-none}\"", "x", "a  b\n'c"]),
            "a  b\n'c none\n"
        );
        call(&["true", ""]);
        let written = parse_log(&std::fs::read_to_string(&log).unwrap());
        assert_eq!(written[0][4], "a  b\n'c");
        assert_eq!(written[1], ["true", ""]);
    }
}
