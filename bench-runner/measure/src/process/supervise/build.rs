//! One build from the opening of its files to the end of its last process.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal};

use super::super::procfs;
use super::super::protocol::{SupervisorAnswer, SupervisorRequest};
use super::super::{BuildResult, ControlGroup, ExitKind, Job};
use super::cgroup::BuildCgroup;
use super::clock::ClockPipe;
use super::enter;
use super::events::{SupervisorEvent, SupervisorEvents};
use super::usage::{Children, ResourceUsage};

/// Grace period after a build has been asked to end.
const GRACE: Duration = Duration::from_secs(2);
/// Time limit for killed processes to disappear; after that it is an error.
const KILL_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval between kills of the survivors: a process may have been forked while they were listed.
const KILL_INTERVAL: Duration = Duration::from_millis(50);

/// Runs a build to its end. Processes that it and its setup commands leave behind are left alone for `hold`,
/// or until the harness releases them. An error is the harness's, never the build's.
pub(super) fn build(
    events: &mut SupervisorEvents,
    kind: Option<&ControlGroup>,
    job: &Job,
    hold: Option<Duration>,
) -> Result<BuildResult, String> {
    if let Some(reason) = obvious_obstacle(&job.program, &job.cwd, &job.env) {
        return Ok(BuildResult::without_running(ExitKind::NotStarted { reason }));
    }
    let group = kind
        .map(BuildCgroup::make)
        .transpose()
        .map_err(|error| format!("could not make a control group for the build: {error}"))?;
    let command = command(job)?;
    // A copy, because a child's own standard output is the build's by then.
    let harness = io::stdout().as_fd().try_clone_to_owned();
    let harness = harness.map_err(|error| format!("could not copy a file descriptor: {error}"))?;
    let mut running = RunningBuild { events, group, harness, usage: ResourceUsage::new() };
    let outcome = running.carry_out(job, command, hold);
    // Whatever went wrong above: no process of the build may be left.
    let ended_all = running.end_all();
    ended_all.map_err(lost)?;
    match outcome? {
        LeaderOutcome::NeverBegan(ended) => Ok(BuildResult::without_running(ended)),
        LeaderOutcome::Ran(course) => running.result(course),
    }
}

/// A build whose first process is about to be started, or has been started.
pub(super) struct RunningBuild<'a> {
    pub(super) events: &'a mut SupervisorEvents,
    group: Option<BuildCgroup<'a>>,
    /// The standard output of the supervisor, which processes report to.
    harness: OwnedFd,
    pub(super) usage: ResourceUsage,
}

/// Outcome of the build's own process, before the processes it left behind are ended.
enum LeaderOutcome {
    /// Its own process never ran.
    NeverBegan(ExitKind),
    /// Its own process ran.
    Ran(LeaderRun),
}

/// The run of the build's own process.
struct LeaderRun {
    started_at: SystemTime,
    /// Start of its clock.
    start: Duration,
    /// The reason why the harness ended it, if it did.
    forced: Option<ExitKind>,
    /// Processes that are left although they had time to end.
    stragglers: u32,
}

/// A process that could not be started.
pub(super) enum SpawnError {
    /// The harness is to blame, not the program.
    Harness(String),
    /// The program cannot be run.
    Program(io::Error),
}

impl RunningBuild<'_> {
    /// Runs the setup commands, then the build, until every process has ended or has had its time.
    fn carry_out(
        &mut self,
        job: &Job,
        command: Command,
        hold: Option<Duration>,
    ) -> Result<LeaderOutcome, String> {
        for setup in &job.before {
            if let Some(ended) = self.run_setup(job, setup)? {
                return Ok(LeaderOutcome::NeverBegan(ended));
            }
        }
        let clock_pipe = ClockPipe::new().map_err(|error| format!("could not make a pipe: {error}"))?;
        let started_at = SystemTime::now();
        let leader = match self.spawn(command, Some(&clock_pipe)) {
            Ok(leader) => leader,
            Err(SpawnError::Harness(reason)) => return Err(reason),
            Err(SpawnError::Program(error)) => {
                let reason = format!("`{}`: {error}", job.program.display());
                return Ok(LeaderOutcome::NeverBegan(ExitKind::NotStarted { reason }));
            }
        };
        let start = clock_pipe.read_start();
        let (forced, stragglers) = self.wait_for_end(leader, job, hold).map_err(lost)?;
        Ok(LeaderOutcome::Ran(LeaderRun { started_at, start: start.map_err(lost)?, forced, stragglers }))
    }

    /// Starts a process of the build and makes it the leader, whose end is waited for.
    pub(super) fn spawn(
        &mut self,
        mut command: Command,
        clock_pipe: Option<&ClockPipe>,
    ) -> Result<Pid, SpawnError> {
        let procs = self.group.as_ref().map(|group| &group.procs);
        enter::prepare(&mut command, procs, &self.harness, clock_pipe);
        match command.spawn() {
            // The handle is dropped on purpose: `usage` reaps the process.
            Ok(child) => {
                let id = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                let leader = id.ok_or_else(|| SpawnError::Harness("a process without an id".to_owned()))?;
                self.usage.follow(leader.as_raw_nonzero().get());
                Ok(leader)
            }
            Err(error) if enter::is_refusal(&error) => Err(SpawnError::Harness(
                "the control group of the build could not be entered any more".to_owned(),
            )),
            Err(error) => Err(SpawnError::Program(error)),
        }
    }

    /// Waits for the build and for processes that outlive it. Returns the reason if the harness ended it, and
    /// the number of processes that are left although they had time to end.
    fn wait_for_end(
        &mut self,
        leader: Pid,
        job: &Job,
        hold: Option<Duration>,
    ) -> io::Result<(Option<ExitKind>, u32)> {
        let deadline = Instant::now().checked_add(job.timeout);
        while self.usage.ended.is_none() {
            match self.events.next(deadline)? {
                SupervisorEvent::Child => {
                    self.usage.reap()?;
                }
                SupervisorEvent::Limit => return self.ask_to_end(leader, ExitKind::TimedOut),
                SupervisorEvent::Request(SupervisorRequest::Abort) => {
                    return self.ask_to_end(leader, ExitKind::Interrupted);
                }
                SupervisorEvent::Request(_) => {
                    return Err(io::Error::other("a second request during a build"));
                }
                // Without a harness, there is no grace period.
                SupervisorEvent::Gone => return Ok((Some(ExitKind::Interrupted), 0)),
            }
        }
        if let Some(hold) = hold
            && !self.hold(hold)?
        {
            return Ok((None, 0));
        }
        let until = Instant::now().checked_add(job.drain);
        while self.usage.reap()? == Children::Left {
            match self.events.next(until)? {
                // A release at this point came after the hold was over.
                SupervisorEvent::Child | SupervisorEvent::Request(SupervisorRequest::Release) => {}
                SupervisorEvent::Request(_) | SupervisorEvent::Gone => break,
                SupervisorEvent::Limit => return Ok((None, self.survivors())),
            }
        }
        Ok((None, 0))
    }

    /// Reports to the harness how the build ended and waits until it releases the build, for `limit` at most.
    /// Returns true if the remaining processes may take their time to end.
    fn hold(&mut self, limit: Duration) -> io::Result<bool> {
        if let Some((ended, _)) = &self.usage.ended {
            super::answer(&SupervisorAnswer::Held(ended.clone()))?;
        }
        let until = Instant::now().checked_add(limit);
        loop {
            match self.events.next(until)? {
                // A parent may ask whether its child exists; an ended child must not look alive.
                SupervisorEvent::Child => {
                    self.usage.reap()?;
                }
                SupervisorEvent::Request(SupervisorRequest::Release) | SupervisorEvent::Limit => {
                    return Ok(true);
                }
                SupervisorEvent::Request(_) | SupervisorEvent::Gone => return Ok(false),
            }
        }
    }

    /// Asks the build's own process group to end, and waits for the grace period.
    fn ask_to_end(&mut self, leader: Pid, why: ExitKind) -> io::Result<(Option<ExitKind>, u32)> {
        // The leader has not been reaped, so the id of the group is still its own.
        let _ = rustix::process::kill_process_group(leader, Signal::TERM);
        let until = Instant::now() + GRACE;
        while self.usage.ended.is_none() && !self.events.gone() {
            match self.events.next(Some(until))? {
                SupervisorEvent::Child => {
                    self.usage.reap()?;
                }
                SupervisorEvent::Limit => break,
                SupervisorEvent::Request(_) | SupervisorEvent::Gone => {}
            }
        }
        Ok((Some(why), 0))
    }

    fn survivors(&self) -> u32 {
        let left = procfs::descendants(&procfs::processes(), own_pid());
        left.iter().filter(|process| !process.zombie).count().try_into().unwrap_or(u32::MAX)
    }

    /// Kills and reaps every descendant.
    fn end_all(&mut self) -> io::Result<()> {
        end_descendants(self.events, self.group.as_ref(), &mut self.usage)
    }

    fn result(self, course: LeaderRun) -> Result<BuildResult, String> {
        let Some((ended, reaped_at)) = self.usage.ended else {
            return Err("the build's own process was reaped by somebody else".to_owned());
        };
        let usage =
            self.group.map(|group| group.usage()).transpose().map_err(|error| {
                format!("could not read what the build used from its control group: {error}")
            })?;
        let (user, sys) = usage.map_or((self.usage.user, self.usage.sys), |usage| (usage.user, usage.sys));
        Ok(BuildResult {
            started_at: course.started_at,
            ended: course.forced.unwrap_or(ended),
            wall: reaped_at.saturating_sub(course.start),
            user,
            sys,
            max_rss: self.usage.max_rss,
            peak_memory: usage.and_then(|usage| usage.peak_memory),
            activity: self.usage.activity,
            stragglers: course.stragglers,
        })
    }
}

/// Kills and reaps every descendant of this process.
///
/// A killed child's own children become ours, and are killed in the next iteration. Only our own children are
/// signaled, which nobody else can reap: their ids cannot have been reused.
pub(super) fn end_descendants(
    events: &mut SupervisorEvents,
    group: Option<&BuildCgroup<'_>>,
    usage: &mut ResourceUsage,
) -> io::Result<()> {
    let until = Instant::now() + KILL_TIMEOUT;
    while usage.reap()? == Children::Left {
        if Instant::now() >= until {
            return Err(io::Error::other("processes of the build survive being killed"));
        }
        if let Some(group) = group {
            group.kill();
        }
        for child in procfs::processes().iter().filter(|process| process.parent == own_pid()) {
            if let Some(pid) = Pid::from_raw(child.pid) {
                let _ = rustix::process::kill_process(pid, Signal::KILL);
            }
        }
        events.next_child(Instant::now() + KILL_INTERVAL)?;
    }
    Ok(())
}

/// An obstacle that can be found without starting anything, in better words than the system's.
pub(super) fn obvious_obstacle(program: &Path, cwd: &Path, env: &BTreeMap<String, String>) -> Option<String> {
    if !cwd.is_dir() {
        return Some(format!("the directory {} does not exist", cwd.display()));
    }
    let name = program.to_str()?;
    let path = env.get("PATH").map_or("", String::as_str);
    let missing = if name.contains('/') {
        !cwd.join(name).exists()
    } else {
        super::super::find_in_path(name, path.as_ref()).is_none()
    };
    missing.then(|| format!("`{name}` was not found"))
}

/// Opens a file for output; `fresh` truncates it.
pub(super) fn open(path: &Path, fresh: bool) -> Result<File, String> {
    let mut options = File::options();
    options.create(true).append(true);
    let file =
        options.open(path).and_then(|file| if fresh { file.set_len(0).map(|()| file) } else { Ok(file) });
    file.map_err(|error| format!("could not open {} for the output of the build: {error}", path.display()))
}

fn command(job: &Job) -> Result<Command, String> {
    let mut command = Command::new(&job.program);
    command.args(&job.args).current_dir(&job.cwd).env_clear().envs(&job.env).stdin(Stdio::null());
    command.stdout(open(&job.stdout, true)?).stderr(open(&job.stderr, job.stderr != job.stdout)?);
    Ok(command)
}

/// The message for a system error that leaves the end of a build unknown.
pub(super) fn lost(error: io::Error) -> String {
    format!("could not follow the build to its end: {error}")
}

fn own_pid() -> i32 {
    // SAFETY: always sound, cannot fail.
    unsafe { libc::getpid() }
}
