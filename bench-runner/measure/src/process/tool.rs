//! Plain tool calls: a program is run for its output.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::Access;
use rustix::process::Signal;

use super::wait::{self, WaitOutcome};

/// Grace period after a tool has been asked to end.
const GRACE: Duration = Duration::from_secs(2);

/// A program to call. It gets its own process group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolCall {
    /// The program; without a slash it is looked up on the `PATH` that it gets.
    pub program: PathBuf,
    pub args: Vec<OsString>,
    /// The working directory; the current one if `None`.
    pub cwd: Option<PathBuf>,
    pub env: ToolEnv,
    /// Its standard input.
    pub input: Vec<u8>,
    /// Time limit, after which it is ended.
    pub timeout: Duration,
}

/// Variables for every tool that inherits this program's environment. A question must not make rustup install
/// something, and a backtrace of the tool would hide the line with the error.
const TOOL_VARIABLES: [(&str, &str); 2] = [("RUSTUP_AUTO_INSTALL", "0"), ("RUST_BACKTRACE", "0")];

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolEnv {
    /// This program's own, with changes. rustup installs nothing, and no tool prints a backtrace.
    Inherit {
        /// Variables that are added or replaced.
        set: BTreeMap<OsString, OsString>,
        /// Variables that are removed.
        remove: Vec<OsString>,
    },
    /// Exactly these variables.
    Exactly(BTreeMap<String, String>),
}

impl Default for ToolEnv {
    fn default() -> Self {
        Self::Inherit { set: BTreeMap::new(), remove: Vec::new() }
    }
}

impl ToolCall {
    /// A call with this program's environment in the current directory, with a limit of one minute.
    pub fn new<A: Into<OsString>>(program: impl Into<PathBuf>, args: impl IntoIterator<Item = A>) -> Self {
        Self {
            program: program.into(),
            args: args.into_iter().map(Into::into).collect(),
            cwd: None,
            env: ToolEnv::default(),
            input: Vec::new(),
            timeout: Duration::from_secs(60),
        }
    }

    /// The call as one readable line; arguments are not quoted for a shell.
    pub fn line(&self) -> String {
        let mut line = self.program.display().to_string();
        for arg in &self.args {
            line.push(' ');
            line.push_str(&arg.to_string_lossy());
        }
        line
    }
}

/// Output of a tool. Bytes that are not UTF-8 are replaced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolOutput {
    /// `None` if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// A tool call without an answer.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    #[error("`{}` was not found; install it, or put its directory on PATH", program.display())]
    NotFound { program: PathBuf },
    /// It could not be started, or could not be waited for.
    #[error("`{call}` could not be run")]
    CouldNotStart {
        call: String,
        /// Error of the system.
        source: io::Error,
    },
    /// It took too long and was ended.
    #[error("`{call}` took longer than {} and was ended", humantime::format_duration(*limit))]
    TimedOut { call: String, limit: Duration },
    /// It was ended because the program was asked to end.
    #[error("`{call}` was interrupted")]
    Interrupted { call: String },
    /// It ended with an error ([`check_tool`] only).
    #[error("`{call}` failed ({}){}", format_exit_code(*code), format_last_lines(last_lines))]
    Failed {
        call: String,
        /// `None` if a signal ended it.
        code: Option<i32>,
        /// The last lines of its standard error, or of its standard output if that is empty.
        last_lines: String,
    },
}

/// Calls a program and waits for it. An exit code other than 0 is an answer too; see [`check_tool`].
///
/// Processes that the program leaves behind in its process group are ended with it; a process that left the
/// group (a daemon) is not tracked.
///
/// # Errors
///
/// If it could not be started, took too long, or the program was [interrupted](super::interrupted).
pub fn run_tool(call: &ToolCall) -> Result<ToolOutput, ToolError> {
    run(call).map(RawOutput::into_text)
}

/// Output of a tool as raw bytes.
struct RawOutput {
    code: Option<i32>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl RawOutput {
    fn into_text(self) -> ToolOutput {
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        ToolOutput { code: self.code, stdout: text(self.stdout), stderr: text(self.stderr) }
    }
}

fn run(call: &ToolCall) -> Result<RawOutput, ToolError> {
    let failed = |source| ToolError::CouldNotStart { call: call.line(), source };
    if super::interrupted() {
        return Err(ToolError::Interrupted { call: call.line() });
    }
    // Files rather than pipes: a daemon that keeps a pipe open cannot block us.
    let mut stdout = tempfile::tempfile().map_err(failed)?;
    let mut stderr = tempfile::tempfile().map_err(failed)?;
    let mut tool = RunningTool::start(call, &stdout, &stderr)?;
    match wait::child(&tool.child, Instant::now().checked_add(call.timeout), true).map_err(failed)? {
        WaitOutcome::Ended => {}
        WaitOutcome::TimedOut => {
            tool.end().map_err(failed)?;
            return Err(ToolError::TimedOut { call: call.line(), limit: call.timeout });
        }
        WaitOutcome::Interrupted => {
            tool.end().map_err(failed)?;
            return Err(ToolError::Interrupted { call: call.line() });
        }
    }
    let code = tool.reap().map_err(failed)?;
    let stdout = read_back(&mut stdout).map_err(failed)?;
    Ok(RawOutput { code, stdout, stderr: read_back(&mut stderr).map_err(failed)? })
}

/// Like [`run_tool`], with an exit code other than 0 as an error that shows the last lines of the output.
///
/// # Errors
///
/// Those of [`run_tool`], and [`ToolError::Failed`].
pub fn check_tool(call: &ToolCall) -> Result<ToolOutput, ToolError> {
    let output = run_tool(call)?;
    if output.code == Some(0) {
        return Ok(output);
    }
    Err(failed_call(call, output))
}

/// Like [`check_tool`], for a tool that prints names of files, which need not be UTF-8: returns its raw
/// standard output.
///
/// # Errors
///
/// Those of [`check_tool`].
pub(crate) fn check_tool_bytes(call: &ToolCall) -> Result<Vec<u8>, ToolError> {
    let said = run(call)?;
    if said.code == Some(0) {
        return Ok(said.stdout);
    }
    Err(failed_call(call, said.into_text()))
}

fn failed_call(call: &ToolCall, output: ToolOutput) -> ToolError {
    let said = if output.stderr.trim().is_empty() { &output.stdout } else { &output.stderr };
    ToolError::Failed { call: call.line(), code: output.code, last_lines: last_lines(said, 12) }
}

/// Looks up an executable file in the directories of `path`, as a shell does. A name with a slash is not
/// looked up, only checked.
pub fn find_in_path(name: &str, path: &OsStr) -> Option<PathBuf> {
    let usable = |file: &Path| file.is_file() && rustix::fs::access(file, Access::EXEC_OK).is_ok();
    if name.contains('/') {
        return Some(PathBuf::from(name)).filter(|file| usable(file));
    }
    if name.is_empty() {
        return None;
    }
    std::env::split_paths(path)
        // An empty entry means the current directory to a shell; here nothing may depend on that.
        .filter(|dir| !dir.as_os_str().is_empty())
        .map(|dir| dir.join(name))
        .find(|file| usable(file))
}

/// A running tool; ended and reaped on drop.
struct RunningTool {
    child: Child,
    reaped: bool,
}

impl RunningTool {
    fn start(call: &ToolCall, stdout: &File, stderr: &File) -> Result<Self, ToolError> {
        let failed = |source| ToolError::CouldNotStart { call: call.line(), source };
        let mut command = Command::new(&call.program);
        command.args(&call.args).stdin(input(&call.input).map_err(failed)?).process_group(0);
        command.stdout(stdout.try_clone().map_err(failed)?);
        command.stderr(stderr.try_clone().map_err(failed)?);
        if let Some(cwd) = &call.cwd {
            if !cwd.is_dir() {
                let reason = format!("{} is not a directory", cwd.display());
                return Err(failed(io::Error::new(io::ErrorKind::NotADirectory, reason)));
            }
            command.current_dir(cwd);
        }
        match &call.env {
            ToolEnv::Inherit { set, remove } => {
                command.envs(TOOL_VARIABLES).envs(set);
                for name in remove {
                    command.env_remove(name);
                }
            }
            ToolEnv::Exactly(env) => {
                command.env_clear().envs(env);
            }
        }
        #[cfg(target_os = "linux")]
        die_with_this_thread(&mut command);
        match command.spawn() {
            Ok(child) => Ok(Self { child, reaped: false }),
            // If the file does exist, its interpreter does not.
            Err(error) if error.kind() == io::ErrorKind::NotFound && !call.program.exists() => {
                Err(ToolError::NotFound { program: call.program.clone() })
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Asks the group to end, and kills it after the grace period.
    fn end(&mut self) -> io::Result<()> {
        self.signal(Signal::TERM);
        wait::child(&self.child, Some(Instant::now() + GRACE), false)?;
        self.reap().map(|_| ())
    }

    /// Kills the rest of the group and reaps the child.
    fn reap(&mut self) -> io::Result<Option<i32>> {
        // Before the reaping: until then the group's id cannot have been reused.
        self.signal(Signal::KILL);
        self.reaped = true;
        Ok(self.child.wait()?.code())
    }

    fn signal(&self, signal: Signal) {
        if let Some(pid) = wait::pid_of(&self.child) {
            // It fails only if no process is left.
            let _ = rustix::process::kill_process_group(pid, signal);
        }
    }
}

impl Drop for RunningTool {
    fn drop(&mut self) {
        if !self.reaped {
            let _ = self.reap();
        }
    }
}

/// Kills the tool when this program is killed. The kernel watches the thread that starts it, which is the one
/// that waits for it.
#[cfg(target_os = "linux")]
fn die_with_this_thread(command: &mut Command) {
    let arrange =
        || rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(io::Error::from);
    // SAFETY: between fork and exec the closure makes one system call and allocates nothing.
    unsafe { command.pre_exec(arrange) };
}

/// A standard input with these bytes: a file, so that a tool that reads nothing cannot block us.
fn input(bytes: &[u8]) -> io::Result<Stdio> {
    if bytes.is_empty() {
        return Ok(Stdio::null());
    }
    let mut file = tempfile::tempfile()?;
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

fn read_back(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last lines of a text, without empty lines at its end.
pub(super) fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

fn format_exit_code(code: Option<i32>) -> String {
    code.map_or_else(|| "ended by a signal".to_owned(), |code| format!("exit code {code}"))
}

/// The text after `… failed`: the last lines, or that there were none.
pub(super) fn format_last_lines(last_lines: &str) -> String {
    if last_lines.is_empty() { " and said nothing".to_owned() } else { format!(":\n{last_lines}") }
}

#[cfg(test)]
mod tests;
