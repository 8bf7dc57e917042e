//! The harness's side of the supervisor: starts it, sends it builds, and cleans up after its death.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use super::protocol::{LineBuffer, PROGRAM, SupervisorAnswer, SupervisorRequest, to_line};
use super::wait::{self, WaitOutcome, wait_readable};
use super::{Accounting, BuildResult, BuildWatch, ExitKind, Job, interrupt};

/// The hidden verb that the supervisor is started with.
pub const SUPERVISE_VERB: &str = "__supervise";

/// Time limit for an answer that takes no time, added to the limits of a build.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Time limit for the exit of the supervisor.
const EXIT_TIMEOUT: Duration = Duration::from_secs(40);

/// Options of a supervisor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupervisorOptions {
    /// True if builds run in a control group, if one can be created.
    pub control_group: bool,
}

impl Default for SupervisorOptions {
    fn default() -> Self {
        Self { control_group: true }
    }
}

/// A failure of the supervisor. It is never the build's fault.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// Builds cannot be accounted for on this system.
    #[error("builds can be measured on Linux only so far, and this is {os}; reports can be made anywhere")]
    Unsupported {
        /// The operating system.
        os: &'static str,
    },
    /// It could not be started.
    #[error("could not start the supervisor `{} {SUPERVISE_VERB}`", exe.display())]
    CouldNotStart {
        exe: PathBuf,
        /// Error of the system.
        source: io::Error,
    },
    /// The started program is another program, or another version of this one.
    #[error("{} is {found}, but this is {PROGRAM}; run the program again", exe.display())]
    AnotherProgram {
        exe: PathBuf,
        /// The program and version that it reported.
        found: String,
    },
    /// It has ended, does not answer, or sends invalid messages; the processes it owned have been ended as
    /// far as possible.
    #[error("the supervisor is lost ({how}); what it had started was ended, run again")]
    Lost { how: String },
    /// It could not run the build.
    #[error("the supervisor could not run the build: {reason}")]
    Refused { reason: String },
}

/// A supervisor process. Dropping it ends it with all processes it owns.
#[derive(Debug)]
pub struct Supervisor {
    child: Child,
    requests: Option<ChildStdin>,
    answers: ChildStdout,
    lines: LineBuffer,
    accounting: Accounting,
    /// The running build, or the setup command before it: leader of its session.
    running: Option<i32>,
    reaped: bool,
}

impl Supervisor {
    /// Starts `exe __supervise`, which finds out how it can account for processes.
    ///
    /// # Errors
    ///
    /// If the system is not Linux, the program cannot be started, or it is not this program.
    pub fn start(exe: &Path, options: &SupervisorOptions) -> Result<Self, SupervisorError> {
        if !cfg!(target_os = "linux") {
            return Err(SupervisorError::Unsupported { os: std::env::consts::OS });
        }
        let mut supervisor = Self::spawn(exe)
            .map_err(|source| SupervisorError::CouldNotStart { exe: exe.to_owned(), source })?;
        supervisor.ask(&SupervisorRequest::Setup { control_group: options.control_group })?;
        match supervisor.answer(Instant::now() + ANSWER_TIMEOUT)? {
            SupervisorAnswer::Ready { program, accounting } if program == PROGRAM => {
                supervisor.accounting = accounting;
                Ok(supervisor)
            }
            SupervisorAnswer::Ready { program, .. } => {
                Err(SupervisorError::AnotherProgram { exe: exe.to_owned(), found: program })
            }
            other => Err(supervisor.lost(unexpected(&other))),
        }
    }

    /// The accounting for the processes of builds.
    pub fn accounting(&self) -> &Accounting {
        &self.accounting
    }

    /// Runs a build to its end. When this returns, no process of it is left. A build that fails, does not
    /// start or takes too long is an `Ok`; one that is [interrupted](super::interrupted) ends as
    /// [`ExitKind::Interrupted`].
    ///
    /// # Errors
    ///
    /// If the supervisor is lost, after which every call fails, or cannot run the build.
    pub fn build(&mut self, job: &Job) -> Result<BuildResult, SupervisorError> {
        self.run_or_interrupted(job, None, None, &mut |_| {})
    }

    /// Like [`Supervisor::build`], with a callback between the end of the build's own process and the end of
    /// the processes that it and its setup commands left running: `then` can ask and stop a server, by plain
    /// [tool calls](super::run_tool), which are not accounted for. It is outside of the wall clock, but CPU
    /// time that the server uses meanwhile is charged to the build. `then` is not called for a build that did
    /// not end by itself.
    ///
    /// After `hold` the build is no longer held: the processes it left running are ended, after [`Job::drain`],
    /// even if `then` has not returned. An interrupt meanwhile ends tool calls, as always; `then` should give
    /// up if one of them reports it.
    ///
    /// With a `watch`, the build is looked at until its own process has ended; without one, nothing of the
    /// harness runs meanwhile.
    ///
    /// Returns the result of `then`, if it was called.
    ///
    /// # Errors
    ///
    /// Those of [`Supervisor::build`].
    pub fn build_and_then<T>(
        &mut self,
        job: &Job,
        hold: Duration,
        watch: Option<&mut BuildWatch<'_>>,
        then: impl FnOnce(&ExitKind) -> T,
    ) -> Result<(BuildResult, Option<T>), SupervisorError> {
        let (mut then, mut given) = (Some(then), None);
        let finished = self.run_or_interrupted(job, Some(hold), watch, &mut |ended| {
            given = then.take().map(|then| then(ended));
        })?;
        Ok((finished, given))
    }

    fn run_or_interrupted(
        &mut self,
        job: &Job,
        hold: Option<Duration>,
        watch: Option<&mut BuildWatch<'_>>,
        held: &mut dyn FnMut(&ExitKind),
    ) -> Result<BuildResult, SupervisorError> {
        if interrupt::interrupted() {
            return Ok(BuildResult::without_running(ExitKind::Interrupted));
        }
        match self.run(job, hold, watch, held) {
            // Some programs send their signal to all processes at once, the supervisor included.
            Err(SupervisorError::Lost { .. }) if interrupt::interrupted() => {
                Ok(BuildResult::without_running(ExitKind::Interrupted))
            }
            result => result,
        }
    }

    fn run(
        &mut self,
        job: &Job,
        hold: Option<Duration>,
        mut watch: Option<&mut BuildWatch<'_>>,
        held: &mut dyn FnMut(&ExitKind),
    ) -> Result<BuildResult, SupervisorError> {
        self.ask(&SupervisorRequest::Build { job: Box::new(job.clone()), hold })?;
        let after = job.drain.saturating_add(ANSWER_TIMEOUT);
        let before = job.before.iter().fold(after, |sum, setup| sum.saturating_add(setup.timeout));
        let mut until = Instant::now().checked_add(before.saturating_add(job.timeout));
        let finished = loop {
            match self.answer_or_abort(until, watch.as_deref_mut())? {
                SupervisorAnswer::Started { pid } => self.running = Some(pid),
                SupervisorAnswer::Held(ended) => {
                    watch = None;
                    held(&ended);
                    until = Instant::now().checked_add(after);
                    self.ask(&SupervisorRequest::Release)?;
                }
                SupervisorAnswer::BuildResult(finished) => break Ok(finished),
                SupervisorAnswer::Failed { reason } => break Err(SupervisorError::Refused { reason }),
                other => return Err(self.lost(unexpected(&other))),
            }
        };
        self.running = None;
        finished
    }

    fn spawn(exe: &Path) -> io::Result<Self> {
        let mut command = Command::new(exe);
        command.arg(SUPERVISE_VERB).stdin(Stdio::piped()).stdout(Stdio::piped());
        // SAFETY: between fork and exec the closure makes one system call and allocates nothing.
        unsafe { command.pre_exec(|| rustix::process::setsid().map(|_| ()).map_err(io::Error::from)) };
        let mut child = command.spawn()?;
        let (Some(requests), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("the pipes to the supervisor are missing"));
        };
        let accounting = Accounting { subreaper: false, group: None, obstacles: Vec::new() };
        let requests = Some(requests);
        Ok(Self {
            child,
            requests,
            answers,
            lines: LineBuffer::default(),
            accounting,
            running: None,
            reaped: false,
        })
    }

    fn ask(&mut self, request: &SupervisorRequest) -> Result<(), SupervisorError> {
        let line =
            to_line(request).map_err(|error| SupervisorError::Refused { reason: error.to_string() })?;
        let written = match &mut self.requests {
            Some(requests) => requests.write_all(&line),
            None => Err(io::Error::other("it was lost before")),
        };
        written.map_err(|error| self.lost(error.to_string()))
    }

    /// The next answer; meanwhile looks at the build if it is watched, and aborts it when the program is
    /// interrupted.
    fn answer_or_abort(
        &mut self,
        until: Option<Instant>,
        mut watch: Option<&mut BuildWatch<'_>>,
    ) -> Result<SupervisorAnswer, SupervisorError> {
        let mut asked = false;
        loop {
            if interrupt::interrupted() && !asked {
                self.ask(&SupervisorRequest::Abort)?;
                asked = true;
            }
            let wake = if asked { None } else { interrupt::wake_fd() };
            let look = watch.as_deref().map(BuildWatch::next);
            if let Some(answer) = self.try_answer(until, look, wake)? {
                return Ok(answer);
            }
            if let Some(watch) = &mut watch {
                watch.look_if_due();
            }
        }
    }

    fn answer(&mut self, until: Instant) -> Result<SupervisorAnswer, SupervisorError> {
        loop {
            if let Some(answer) = self.try_answer(Some(until), None, None)? {
                return Ok(answer);
            }
        }
    }

    /// Waits for an answer once, at the longest until `pause`: `None` if something else ended the wait. After
    /// `until` the supervisor is lost.
    fn try_answer(
        &mut self,
        until: Option<Instant>,
        pause: Option<Instant>,
        wake: Option<std::os::fd::BorrowedFd<'_>>,
    ) -> Result<Option<SupervisorAnswer>, SupervisorError> {
        if let Some(answer) = self.lines.next() {
            return answer.map(Some).map_err(|error| self.lost(error.to_string()));
        }
        let wait_until = until.into_iter().chain(pause).min();
        let [there, _] = wait_readable([Some(self.answers.as_fd()), wake], wait_until)
            .map_err(|error| self.lost(error.to_string()))?;
        if !there {
            if until.is_some_and(|until| Instant::now() >= until) {
                return Err(self.lost("it has fallen silent".to_owned()));
            }
            return Ok(None);
        }
        let mut buffer = [0; 16 * 1024];
        match self.answers.read(&mut buffer) {
            Ok(0) => Err(self.lost("it has ended".to_owned())),
            Ok(count) => {
                self.lines.push(&buffer[..count]);
                Ok(None)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(None),
            Err(error) => Err(self.lost(error.to_string())),
        }
    }

    /// Kills the supervisor and, in its place, the processes it owned.
    fn lost(&mut self, how: String) -> SupervisorError {
        self.requests = None;
        if !self.reaped {
            // It fails only if it has ended already.
            let _ = self.child.kill();
        }
        self.reap();
        self.end_owned_processes();
        SupervisorError::Lost { how }
    }

    fn reap(&mut self) {
        if !self.reaped {
            self.reaped = self.child.wait().is_ok();
        }
    }

    #[cfg(target_os = "linux")]
    fn end_owned_processes(&mut self) {
        if let Some(session) = self.running.take() {
            super::procfs::kill_session(session);
        }
        if let Some(group) = &self.accounting.group {
            super::supervise::cgroup::end(&group.path);
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn end_owned_processes(&mut self) {}
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if self.reaped {
            return;
        }
        // The end of its input makes it end everything.
        self.requests = None;
        match wait::child(&self.child, Some(Instant::now() + EXIT_TIMEOUT), false) {
            Ok(WaitOutcome::Ended) => {
                self.reap();
                self.end_owned_processes();
            }
            _ => {
                self.lost(String::new());
            }
        }
    }
}

fn unexpected(answer: &SupervisorAnswer) -> String {
    match answer {
        SupervisorAnswer::Failed { reason } => reason.clone(),
        other => format!("it gave the wrong answer: {other:?}"),
    }
}
