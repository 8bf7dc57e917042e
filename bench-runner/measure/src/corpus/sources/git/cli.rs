//! Calls the user's own git, with the user's own configuration: credentials, proxies, `insteadOf`, ssh.
//!
//! Every call is made here, so that no call prompts the user, works on another repository than the intended
//! one, or leaks a secret in an error.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use crate::corpus::sources::cargo_homes;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::process::{ToolCall, ToolEnv, ToolError, ToolOutput, check_tool, check_tool_bytes};
use crate::toml_reader::mask_credentials;

/// Variables that make git work on another repository than the intended one, or create another kind of
/// repository.
const REMOVED_VARIABLES: [&str; 14] = [
    "GIT_DIR",
    "GIT_COMMON_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_TEMPLATE_DIR",
    "GIT_DEFAULT_HASH",
    "GIT_DEFAULT_REF_FORMAT",
    "GIT_EXTERNAL_DIFF",
];

/// A query of a repository that takes longer has hung.
const QUERY_TIMEOUT: Duration = Duration::from_secs(5 * 60);
/// A query of references that takes longer has hung.
const REFERENCES_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// Output of `git ls-remote` for the repository at `url`, with the user's credentials; nobody is asked for a
/// password.
pub(in crate::corpus) fn references(
    url: &str,
    patterns: &[String],
    with: &FetchContext,
) -> Result<String, SourceError> {
    let what = format!("the references of {url}");
    if with.offline {
        let help = "run once without `--offline`".to_owned();
        return Err(SourceError::Offline { what, help });
    }
    cargo_homes::prepare(&with.cache, with.user_home.as_deref())?;
    let args = ["ls-remote", "--", url].into_iter().chain(patterns.iter().map(String::as_str));
    call(&with.cache.empty_dir(), args.map(OsString::from), REFERENCES_TIMEOUT)
        .map(|said| said.stdout)
        .map_err(|error| SourceError::Git { what, error })
}

/// Output of git for `args` in the directory `cwd`; a call that takes longer than `timeout` has hung.
pub(crate) fn call(
    cwd: &Path,
    args: impl IntoIterator<Item = OsString>,
    timeout: Duration,
) -> Result<ToolOutput, ToolError> {
    check_tool(&command(cwd, args.into_iter().collect(), timeout)).map_err(without_secrets)
}

/// Raw output of git for a query of the repository of the directory `cwd`. The repository is only read: its
/// index is not refreshed, no daemon is started for it, and nothing is fetched into it.
pub(crate) fn ask(cwd: &Path, args: &[&str]) -> Result<Vec<u8>, ToolError> {
    let all = ["--no-optional-locks", "-c", "core.fsmonitor=false"].iter().chain(args);
    let mut call = command(cwd, all.map(OsString::from).collect(), QUERY_TIMEOUT);
    if let ToolEnv::Inherit { set, .. } = &mut call.env {
        set.insert("GIT_NO_LAZY_FETCH".into(), "1".into());
    }
    check_tool_bytes(&call).map_err(without_secrets)
}

fn command(cwd: &Path, args: Vec<OsString>, timeout: Duration) -> ToolCall {
    let mut set: BTreeMap<OsString, OsString> = BTreeMap::new();
    // Nobody is there to answer: git fails at once, and ssh uses its askpass program instead of a terminal.
    set.insert("GIT_TERMINAL_PROMPT".into(), "0".into());
    set.insert("SSH_ASKPASS_REQUIRE".into(), "force".into());
    // Its messages are parsed.
    set.insert("LC_ALL".into(), "C".into());
    ToolCall {
        cwd: Some(cwd.to_owned()),
        env: ToolEnv::Inherit { set, remove: REMOVED_VARIABLES.map(OsString::from).to_vec() },
        timeout,
        ..ToolCall::new("git", args)
    }
}

/// The reason why git failed, as one line.
pub(crate) fn reason(error: &ToolError) -> String {
    match error {
        ToolError::Failed { last_lines, .. } => {
            let mut lines = last_lines.lines().skip_while(|line| !line.starts_with("fatal: "));
            let first = lines.next().or(last_lines.lines().next()).unwrap_or_default();
            // The files it is about may be on lines of their own.
            let more = lines.take_while(|line| line.starts_with('\t'));
            let reason: Vec<&str> =
                [first.trim_start_matches("fatal: ")].into_iter().chain(more.map(str::trim)).collect();
            reason.join(" ")
        }
        other => other.to_string(),
    }
}

/// Masks credentials: the user's `insteadOf` may add some to an address, and git repeats it.
fn without_secrets(error: ToolError) -> ToolError {
    match error {
        ToolError::Failed { call, code, last_lines } => ToolError::Failed {
            call: mask_credentials(&call),
            code,
            last_lines: mask_credentials(&last_lines),
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_of_git_says_no_secret() {
        let args = ["ls-remote", "--", "ftps://me:hunter2@127.0.0.1:1/x"].map(OsString::from);
        let error = call(Path::new("/"), args, Duration::from_secs(60)).unwrap_err();
        assert!(matches!(error, ToolError::Failed { .. } | ToolError::NotFound { .. }), "{error}");
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
