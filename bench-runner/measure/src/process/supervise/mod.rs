//! The supervisor's side: a small process that owns every process of a build.
//!
//! It has its own session, so that Ctrl-C reaches the harness only; it is a subreaper, so that orphaned
//! processes become its children; it has one thread and, while a build runs, it sleeps in one `poll` on the
//! harness and on its children. When the harness is gone, for whatever reason, it kills and reaps the
//! remaining processes, removes the control group and exits.

mod build;
pub(super) mod cgroup;
mod clock;
mod enter;
mod setup;
mod events;
mod usage;

use std::io::{self, Write};

use rustix::process::Signal;

use super::Accounting;
use super::protocol::{PROGRAM, SupervisorAnswer, SupervisorRequest, to_line};
use events::{SupervisorEvent, SupervisorEvents};
use usage::ResourceUsage;

/// Body of the hidden verb. Reads requests from standard input, writes answers to standard output, and
/// returns the exit code when the harness is gone.
pub fn supervise() -> i32 {
    match serve() {
        Ok(()) => 0,
        // The harness may be gone as well; then nobody reads it.
        Err(error) => answer(&SupervisorAnswer::Failed { reason: error.to_string() }).map_or(1, |()| 1),
    }
}

fn serve() -> io::Result<()> {
    let mut events = SupervisorEvents::open()?;
    let served = serve_from(&mut events);
    // No child of a build is left behind, even if the conversation broke off.
    build::end_descendants(&mut events, None, &mut ResourceUsage::new())?;
    served
}

fn serve_from(events: &mut SupervisorEvents) -> io::Result<()> {
    let subreaper = set_up_process();
    let mut accounting = Accounting { subreaper: subreaper.is_ok(), group: None, obstacles: Vec::new() };
    if let Err(error) = subreaper {
        accounting.obstacles.push(format!("child subreaper: {error}"));
    }
    loop {
        match events.next(None)? {
            SupervisorEvent::Request(SupervisorRequest::Setup { control_group }) => {
                if control_group {
                    let (group, obstacles) = cgroup::find();
                    accounting.group = group;
                    accounting.obstacles.extend(obstacles);
                }
                let ready =
                    SupervisorAnswer::Ready { program: PROGRAM.to_owned(), accounting: accounting.clone() };
                answer(&ready)?;
            }
            SupervisorEvent::Request(SupervisorRequest::Build { job, hold }) => {
                let result = build::build(events, accounting.group.as_ref(), &job, hold);
                if events.gone() {
                    return Ok(());
                }
                answer(&result.map_or_else(
                    |reason| SupervisorAnswer::Failed { reason },
                    SupervisorAnswer::BuildResult,
                ))?;
            }
            // The build it was meant for has ended meanwhile.
            SupervisorEvent::Request(SupervisorRequest::Abort | SupervisorRequest::Release)
            | SupervisorEvent::Child
            | SupervisorEvent::Limit => {}
            SupervisorEvent::Gone => return Ok(()),
        }
    }
}

/// Makes this process the subreaper, tied to the life of the harness.
fn set_up_process() -> io::Result<()> {
    // A second safeguard: standard input does not end if another process holds its other end.
    rustix::process::set_parent_process_death_signal(Some(Signal::USR1))?;
    // Descriptors that the harness itself inherited (a jobserver, a lock) must not reach the builds.
    // SAFETY: it only marks descriptors, to be closed on exec; none is closed while in use.
    unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    rustix::process::set_child_subreaper(Some(rustix::process::getpid()))?;
    Ok(())
}

fn answer(message: &SupervisorAnswer) -> io::Result<()> {
    let mut output = io::stdout().lock();
    output.write_all(&to_line(message)?)?;
    output.flush()
}
