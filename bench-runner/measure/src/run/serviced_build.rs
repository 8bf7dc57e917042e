//! A build under the supervisor, with the service that it asks for: started before it, asked and stopped when its own
//! process has ended.

use super::RunError;
use crate::build::{Corner, Found, HOLD, Report, RunningService, Service};
use crate::process::{BuildResult, ExitKind, Job, Supervisor, interrupted};

/// A build, and what its service says of it.
pub(super) struct ServicedBuild {
    pub(super) finished: BuildResult,
    pub(super) report: Report,
    /// A service that nobody knew the build would start.
    pub(super) discovered: Option<Service>,
}

/// Runs `job` to its end.
pub(super) fn run(
    supervisor: &mut Supervisor,
    job: Job,
    running: Option<RunningService>,
    corner: Option<&Corner>,
) -> Result<ServicedBuild, RunError> {
    let Some(mut running) = running else { return build_in_corner(supervisor, job, corner) };
    loop {
        let before = vec![running.setup(&job.env)];
        let beside = Job { before, env: running.environment(&job.env), ..job.clone() };
        let ask = |_: &ExitKind| running.settle_and_stop(&job.env);
        let (mut finished, report) = supervisor.build_and_then(&beside, HOLD, ask)?;
        let moved = running.move_on(&finished.ended);
        if moved.map_err(|source| RunError::Io { action: "listen in", path: job.cwd.clone(), source })? {
            continue;
        }
        let report = report.unwrap_or_default();
        // What was asked of the service may have been cut short.
        if report.trouble.is_some() && interrupted() {
            finished.ended = ExitKind::Interrupted;
        }
        if let ExitKind::NotStarted { reason } = &mut finished.ended {
            *reason = running.why_not(reason);
        }
        return Ok(ServicedBuild { finished, report, discovered: None });
    }
}

/// Runs a build that has no service, and sees whether one came up all the same.
fn build_in_corner(
    supervisor: &mut Supervisor,
    job: Job,
    corner: Option<&Corner>,
) -> Result<ServicedBuild, RunError> {
    let Some(corner) = corner else {
        let finished = supervisor.build(&job)?;
        return Ok(ServicedBuild { finished, report: Report::default(), discovered: None });
    };
    let job = Job { env: corner.environment(&job.env), ..job };
    let (finished, found) = supervisor.build_and_then(&job, HOLD, |_| corner.look(&job.env))?;
    let (discovered, report) = match found.flatten() {
        Some(Found { service, report }) => (Some(service), report),
        None => (None, Report::default()),
    };
    Ok(ServicedBuild { finished, report, discovered })
}
