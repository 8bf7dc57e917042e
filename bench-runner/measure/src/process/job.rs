//! A build to run, and its result.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use bench_runner_core::record::Activity;
use serde::{Deserialize, Serialize};

/// A build to run under the supervisor. Paths must be valid UTF-8; the build's standard input is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// The program; without a slash it is looked up on the `PATH` of `env`.
    pub program: PathBuf,
    pub args: Vec<String>,
    /// The working directory.
    pub cwd: PathBuf,
    /// The complete environment: nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// File for its standard output, created or truncated.
    pub stdout: PathBuf,
    /// File for its standard error, created or truncated; may be the same as `stdout`.
    pub stderr: PathBuf,
    /// Time limit, after which it is ended with everything it started.
    pub timeout: Duration,
    /// Time that processes which outlive the build's own process have to end by themselves.
    pub drain: Duration,
    /// Commands that run before it, one after another. The clock does not include them; the resources that
    /// they and their daemons use during the build are charged to the build.
    pub before: Vec<SetupCommand>,
}

/// A program that prepares for a build, such as one that starts a server and ends. It runs under
/// the same accounting as the build, in the directory of the [`Job`] and with an empty standard input.
/// Processes that it leaves running are there during the build and are ended with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetupCommand {
    /// The program; without a slash it is looked up on the `PATH` that it gets.
    pub program: PathBuf,
    pub args: Vec<String>,
    /// Its complete environment; that of the build if `None`.
    pub env: Option<BTreeMap<String, String>>,
    /// File for its standard output, created or truncated; discarded if `None`.
    pub stdout: Option<PathBuf>,
    /// Time limit for its own process; processes that it leaves running may stay longer.
    pub timeout: Duration,
}

impl SetupCommand {
    /// Program and arguments as one readable line.
    pub(super) fn line(&self) -> String {
        let program = self.program.display().to_string();
        self.args.iter().fold(program, |line, arg| line + " " + arg)
    }
}

/// Outcome, time, CPU and memory of a build. CPU time and memory are those of every process it started, and
/// of its [`Job::before`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildResult {
    /// Time of day just before it was started.
    pub started_at: SystemTime,
    pub ended: ExitKind,
    /// From just before its own process became the program (after fork, session and control group) until that
    /// process had been reaped, on the monotonic clock.
    pub wall: Duration,
    /// CPU time in user mode.
    pub user: Duration,
    /// CPU time in the kernel.
    pub sys: Duration,
    /// Largest resident set of any single process, bytes. Never less than that of the supervisor (a MB or
    /// so), because a process starts as a copy of the one that starts it.
    pub max_rss: u64,
    /// Largest memory of all processes together, bytes, including the page cache of their files; known if
    /// [`Accounting::peak_memory`] is true.
    ///
    /// [`Accounting::peak_memory`]: super::Accounting::peak_memory
    pub peak_memory: Option<u64>,
    /// Counts of the kernel for the processes that were waited for, by their parents or by the supervisor.
    /// The control group does not contribute to it.
    pub activity: Activity,
    /// Leaked processes: they still ran when the build had ended and [`Job::drain`] had passed, and were
    /// killed. 0 if the build did not end by itself.
    pub stragglers: u32,
}

impl BuildResult {
    /// The result of a build that never ran.
    pub(super) fn without_running(ended: ExitKind) -> Self {
        Self {
            started_at: SystemTime::now(),
            ended,
            wall: Duration::ZERO,
            user: Duration::ZERO,
            sys: Duration::ZERO,
            max_rss: 0,
            peak_memory: None,
            activity: Activity::default(),
            stragglers: 0,
        }
    }
}

/// The way in which a build ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ExitKind {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal of this number that the harness did not send.
    Signalled(i32),
    /// By the harness, after [`Job::timeout`].
    TimedOut,
    /// It never began, because it could not be started or because a [`SetupCommand`] before it failed.
    NotStarted {
        /// The reason, as words that read after "the build could not be started: ".
        reason: String,
    },
    /// By the harness, because the run was interrupted. An interrupt that comes when the build's own process
    /// has already ended only cuts [`Job::drain`] short.
    Interrupted,
}
