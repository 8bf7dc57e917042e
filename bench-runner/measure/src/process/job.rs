//! A build to run, and what it took.

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
    /// Its arguments.
    pub args: Vec<String>,
    /// The directory it runs in.
    pub cwd: PathBuf,
    /// The complete environment: nothing is inherited.
    pub env: BTreeMap<String, String>,
    /// File for its standard output, made or truncated.
    pub stdout: PathBuf,
    /// File for its standard error, made or truncated; may be the same as `stdout`.
    pub stderr: PathBuf,
    /// After this long it is ended, with all that it started.
    pub timeout: Duration,
    /// How long processes that outlive the build's own process may take to end by themselves.
    pub drain: Duration,
    /// What is run before it, one after another. The clock does not cover them; what they and their daemons take
    /// while the build lasts belongs to the build.
    pub before: Vec<SetupCommand>,
}

/// A program that makes ready for a build, such as one that starts a server and ends. It runs where the build
/// will run, in the directory of the [`Job`] and with an empty standard input. What it leaves running is there
/// during the build and is ended with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetupCommand {
    /// The program; without a slash it is looked up on the `PATH` that it gets.
    pub program: PathBuf,
    /// Its arguments.
    pub args: Vec<String>,
    /// Its complete environment; that of the build where there is none.
    pub env: Option<BTreeMap<String, String>>,
    /// File for its standard output, made or truncated; dropped where there is none.
    pub stdout: Option<PathBuf>,
    /// How long it may take; what it leaves running may stay longer.
    pub timeout: Duration,
}

impl SetupCommand {
    /// Program and arguments as a line to read.
    pub(super) fn line(&self) -> String {
        let program = self.program.display().to_string();
        self.args.iter().fold(program, |line, arg| line + " " + arg)
    }
}

/// What a build took. CPU time and memory are those of every process it started, and of its [`Job::before`].
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
    /// Largest resident set of any single process, bytes. Never less than that of the supervisor (a MB or so),
    /// because a process starts as a copy of the one that starts it.
    pub max_rss: u64,
    /// Largest memory of all processes together, bytes, the page cache of their files included, where [`Accounting::peak_memory`] holds.
    ///
    /// [`Accounting::peak_memory`]: super::Accounting::peak_memory
    pub peak_memory: Option<u64>,
    /// What the kernel counted for the processes that were waited for, by their parents or by the supervisor. The
    /// control group has no part in it.
    pub activity: Activity,
    /// Processes that still ran when the build had ended and [`Job::drain`] had passed, and were killed. 0 where
    /// the build did not end by itself.
    pub stragglers: u32,
}

impl BuildResult {
    /// A build that took nothing because it never ran.
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

/// How a build ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum ExitKind {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal of this number that the harness did not send.
    Signalled(i32),
    /// By the harness, after [`Job::timeout`].
    TimedOut,
    /// It never began, because it could not or because an [`SetupCommand`] before it failed.
    NotStarted {
        /// Why, as words that read after "the build could not be started: ".
        reason: String,
    },
    /// By the harness, because the run was interrupted. An interrupt that comes when the build's own process has
    /// already ended only cuts [`Job::drain`] short.
    Interrupted,
}
