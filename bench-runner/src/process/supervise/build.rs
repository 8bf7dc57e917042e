//! One build from the opening of its files to the death of its last process.

use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

use rustix::process::{Pid, Signal};

use super::super::procfs;
use super::super::protocol::Request;
use super::super::{ControlGroup, Ended, Finished, Job};
use super::cgroup::Group;
use super::clock::StartingGun;
use super::enter;
use super::mailbox::{Event, Mailbox};
use super::meter::{Children, Meter};

/// How long a build may take to end after it has been asked to.
const GRACE: Duration = Duration::from_secs(2);
/// How long killed processes may take to disappear before that is an error.
const DEATH: Duration = Duration::from_secs(30);
/// How often the survivors are killed again: a process may have been born while they were listed.
const AGAIN: Duration = Duration::from_millis(50);

/// Runs a build to its end. An error is the harness's, never the build's.
pub(super) fn build(
    mailbox: &mut Mailbox,
    kind: Option<&ControlGroup>,
    job: &Job,
) -> Result<Finished, String> {
    if let Some(reason) = obvious_obstacle(job) {
        return Ok(Finished::without_running(Ended::NotStarted { reason }));
    }
    let group = kind
        .map(Group::make)
        .transpose()
        .map_err(|error| format!("could not make a control group for the build: {error}"))?;
    let mut command = command(job)?;
    let gun = StartingGun::new().map_err(|error| format!("could not make a pipe: {error}"))?;
    // A copy, because the child's own standard output is the build's by then.
    let harness = io::stdout().as_fd().try_clone_to_owned();
    let harness = harness.map_err(|error| format!("could not copy a file descriptor: {error}"))?;
    enter::prepare(&mut command, group.as_ref().map(|group| &group.procs), &harness, &gun);

    let started_at = SystemTime::now();
    let leader = match command.spawn() {
        // The handle is let go on purpose: the meter reaps.
        Ok(child) => i32::try_from(child.id()).map_err(|error| error.to_string())?,
        Err(error) if enter::is_refusal(&error) => {
            return Err("the control group of the build could not be entered any more".to_owned());
        }
        Err(error) => {
            let reason = format!("`{}`: {error}", job.program.display());
            return Ok(Finished::without_running(Ended::NotStarted { reason }));
        }
    };
    let mut running = Running { mailbox, group, meter: Meter::new(leader), leader };
    let start = gun.fired_at();
    let outcome = running.see_through(job);
    // Whatever went wrong above: nothing of the build may be left.
    let ended_all = running.end_all();
    let lost = |error| format!("could not follow the build to its end: {error}");
    ended_all.map_err(lost)?;
    let (forced, stragglers) = outcome.map_err(lost)?;
    running.finished(started_at, start.map_err(lost)?, forced, stragglers)
}

/// A build that has been started.
struct Running<'a> {
    mailbox: &'a mut Mailbox,
    group: Option<Group<'a>>,
    meter: Meter,
    leader: i32,
}

impl Running<'_> {
    /// Waits for the build and for those that outlive it. Gives what it was ended for, where it was, and the
    /// number of processes that are left although they had time to end.
    fn see_through(&mut self, job: &Job) -> io::Result<(Option<Ended>, u32)> {
        let deadline = Instant::now().checked_add(job.timeout);
        while self.meter.ended.is_none() {
            match self.mailbox.next(deadline)? {
                Event::Child => {
                    self.meter.reap()?;
                }
                Event::Limit => return self.ask_to_end(Ended::TimedOut),
                Event::Request(Request::Abort) => return self.ask_to_end(Ended::Interrupted),
                Event::Request(_) => return Err(io::Error::other("a second request during a build")),
                // Nobody waits for a graceful end.
                Event::Gone => return Ok((Some(Ended::Interrupted), 0)),
            }
        }
        let until = Instant::now().checked_add(job.drain);
        while self.meter.reap()? == Children::Left {
            match self.mailbox.next(until)? {
                Event::Child => {}
                Event::Request(_) | Event::Gone => break,
                Event::Limit => return Ok((None, self.survivors())),
            }
        }
        Ok((None, 0))
    }

    /// Gives the build's own process group the chance to end in order.
    fn ask_to_end(&mut self, why: Ended) -> io::Result<(Option<Ended>, u32)> {
        if let Some(leader) = Pid::from_raw(self.leader) {
            // The leader has not been reaped, so the id of the group is still its own.
            let _ = rustix::process::kill_process_group(leader, Signal::TERM);
        }
        let until = Instant::now() + GRACE;
        while self.meter.ended.is_none() && !self.mailbox.gone() {
            match self.mailbox.next(Some(until))? {
                Event::Child => {
                    self.meter.reap()?;
                }
                Event::Limit => break,
                Event::Request(_) | Event::Gone => {}
            }
        }
        Ok((Some(why), 0))
    }

    fn survivors(&self) -> u32 {
        let left = procfs::descendants(&procfs::processes(), own_pid());
        left.iter().filter(|process| !process.zombie).count().try_into().unwrap_or(u32::MAX)
    }

    /// Kills and reaps every descendant there is.
    fn end_all(&mut self) -> io::Result<()> {
        end_descendants(self.mailbox, self.group.as_ref(), &mut self.meter)
    }

    fn finished(
        self,
        started_at: SystemTime,
        start: Duration,
        forced: Option<Ended>,
        stragglers: u32,
    ) -> Result<Finished, String> {
        let Some((ended, reaped_at)) = self.meter.ended else {
            return Err("the build's own process was reaped by somebody else".to_owned());
        };
        let usage =
            self.group.map(|group| group.usage()).transpose().map_err(|error| {
                format!("could not read what the build used from its control group: {error}")
            })?;
        let (user, sys) = usage.map_or((self.meter.user, self.meter.sys), |usage| (usage.user, usage.sys));
        Ok(Finished {
            started_at,
            ended: forced.unwrap_or(ended),
            wall: reaped_at.saturating_sub(start),
            user,
            sys,
            max_rss: self.meter.max_rss,
            peak_memory: usage.and_then(|usage| usage.peak_memory),
            stragglers,
        })
    }
}

/// Kills and reaps every descendant of this process.
///
/// A killed child's own children become ours, and are killed in the next turn. Only our own children are
/// signalled, which nobody else can reap: their ids cannot have passed to strangers.
pub(super) fn end_descendants(
    mailbox: &mut Mailbox,
    group: Option<&Group<'_>>,
    meter: &mut Meter,
) -> io::Result<()> {
    let until = Instant::now() + DEATH;
    while meter.reap()? == Children::Left {
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
        mailbox.next_child(Instant::now() + AGAIN)?;
    }
    Ok(())
}

/// What can be told before anything is tried, in better words than the system's.
fn obvious_obstacle(job: &Job) -> Option<String> {
    if !job.cwd.is_dir() {
        return Some(format!("the directory {} does not exist", job.cwd.display()));
    }
    let name = job.program.to_str()?;
    let path = job.env.get("PATH").map_or("", String::as_str);
    let missing = if name.contains('/') {
        !job.cwd.join(name).exists()
    } else {
        super::super::find_in_path(name, path.as_ref()).is_none()
    };
    missing.then(|| format!("`{name}` was not found"))
}

fn command(job: &Job) -> Result<Command, String> {
    let open = |path: &Path, fresh: bool| {
        let mut options = File::options();
        options.create(true).append(true);
        let file =
            options.open(path).and_then(|file| if fresh { file.set_len(0).map(|()| file) } else { Ok(file) });
        file.map_err(|error| {
            format!("could not open {} for the output of the build: {error}", path.display())
        })
    };
    let mut command = Command::new(&job.program);
    command.args(&job.args).current_dir(&job.cwd).env_clear().envs(&job.env).stdin(Stdio::null());
    command.stdout(open(&job.stdout, true)?).stderr(open(&job.stderr, job.stderr != job.stdout)?);
    Ok(command)
}

fn own_pid() -> i32 {
    // SAFETY: always sound, cannot fail.
    unsafe { libc::getpid() }
}
