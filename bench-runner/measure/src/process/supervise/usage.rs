//! Reaping: waits for every process that ends under the supervisor, and adds up its resource usage.

use std::io;
use std::time::Duration;

use bench_runner_core::record::Activity;

use super::super::ExitKind;
use super::clock;

/// The unit in which the kernel counts written blocks, whatever the block size of the file system.
const BLOCK: u64 = 512;

/// Resource usage of the processes reaped so far, and the end of the leader: the build's own process, or a
/// setup command before it.
#[derive(Debug)]
pub(super) struct ResourceUsage {
    leader: Option<i32>,
    /// End of the leader, and the time (see [`clock`]) at which it had been reaped.
    pub(super) ended: Option<(ExitKind, Duration)>,
    /// CPU time in user mode of all reaped processes and of those that they reaped.
    pub(super) user: Duration,
    /// The same, in the kernel.
    pub(super) sys: Duration,
    /// The largest resident set among them, bytes.
    pub(super) max_rss: u64,
    /// Other counts of the kernel for them.
    pub(super) activity: Activity,
}

/// Result of reaping: any child left or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Children {
    /// At least one still runs.
    Left,
    /// No child, and so no descendant either: one that lost its parent would be a child by now.
    None,
}

impl ResourceUsage {
    /// Nothing reaped yet, and no leader.
    pub(super) fn new() -> Self {
        let zero = Duration::ZERO;
        Self { leader: None, ended: None, user: zero, sys: zero, max_rss: 0, activity: Activity::default() }
    }

    /// Makes this process the leader, whose end is waited for.
    pub(super) fn follow(&mut self, leader: i32) {
        self.leader = Some(leader);
        self.ended = None;
    }

    /// Reaps the ended processes; the leader first, since the clock runs until then.
    pub(super) fn reap(&mut self) -> io::Result<Children> {
        if self.ended.is_none()
            && let Some(leader) = self.leader
            && let Reaped::One { status, usage, .. } = reap(leader)?
        {
            self.leader_ended(status);
            self.add(&usage);
        }
        loop {
            match reap(-1)? {
                Reaped::One { pid, status, usage } => {
                    if Some(pid) == self.leader && self.ended.is_none() {
                        self.leader_ended(status);
                    }
                    self.add(&usage);
                }
                Reaped::NoneYet => return Ok(Children::Left),
                Reaped::NoChildren => return Ok(Children::None),
            }
        }
    }

    fn leader_ended(&mut self, status: i32) {
        let now = clock::now();
        let ended = if libc::WIFSIGNALED(status) {
            ExitKind::Signalled(libc::WTERMSIG(status))
        } else {
            ExitKind::Exited(libc::WEXITSTATUS(status))
        };
        self.ended = Some((ended, now));
    }

    fn add(&mut self, usage: &libc::rusage) {
        self.user += duration(usage.ru_utime);
        self.sys += duration(usage.ru_stime);
        // In KiB on Linux.
        self.max_rss = self.max_rss.max(count(usage.ru_maxrss) * 1024);
        let activity = &mut self.activity;
        add(&mut activity.minor_faults, count(usage.ru_minflt));
        add(&mut activity.major_faults, count(usage.ru_majflt));
        add(&mut activity.voluntary_switches, count(usage.ru_nvcsw));
        add(&mut activity.involuntary_switches, count(usage.ru_nivcsw));
        add(&mut activity.written_bytes, count(usage.ru_oublock) * BLOCK);
    }
}

fn add(sum: &mut Option<u64>, count: u64) {
    *sum = Some(sum.unwrap_or(0) + count);
}

enum Reaped {
    One { pid: i32, status: i32, usage: libc::rusage },
    NoneYet,
    NoChildren,
}

/// Reaps one child (any child if `pid` is -1), without waiting.
fn reap(pid: i32) -> io::Result<Reaped> {
    let mut status = 0;
    // SAFETY: all fields are plain numbers, for which zero is valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    // SAFETY: both pointers are valid for writes for the time of the call.
    match unsafe { libc::wait4(pid, &raw mut status, libc::WNOHANG, &raw mut usage) } {
        0 => Ok(Reaped::NoneYet),
        pid if pid > 0 => Ok(Reaped::One { pid, status, usage }),
        _ => match io::Error::last_os_error() {
            error if error.raw_os_error() == Some(libc::ECHILD) => Ok(Reaped::NoChildren),
            error => Err(error),
        },
    }
}

/// A count of the kernel, which is never negative.
fn count(value: libc::c_long) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn duration(time: libc::timeval) -> Duration {
    let micros = u64::try_from(time.tv_usec).unwrap_or(0);
    Duration::from_secs(u64::try_from(time.tv_sec).unwrap_or(0)) + Duration::from_micros(micros)
}
