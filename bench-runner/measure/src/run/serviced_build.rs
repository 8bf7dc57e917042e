//! A build under the supervisor with its service: started before the build, queried and stopped after the
//! build's own process has ended.

use super::RunError;
use crate::build::{CacheReport, CacheSandbox, DiscoveredServer, HOLD, RunningService, Service};
use crate::process::{BuildResult, BuildWatch, ExitKind, Job, Supervisor, interrupted};

/// A build, and the report of its service.
pub(super) struct ServicedBuild {
    pub(super) finished: BuildResult,
    pub(super) report: CacheReport,
    /// A service that the build started unexpectedly.
    pub(super) discovered: Option<Service>,
}

/// Runs `job` to its end, and looks at it meanwhile if there is a `watch`.
pub(super) fn run(
    supervisor: &mut Supervisor,
    job: Job,
    running: Option<RunningService>,
    sandbox: Option<&CacheSandbox>,
    mut watch: Option<&mut BuildWatch<'_>>,
) -> Result<ServicedBuild, RunError> {
    let Some(mut running) = running else { return build_in_sandbox(supervisor, job, sandbox, watch) };
    loop {
        let before = vec![running.setup(&job.env)];
        let beside = Job { before, env: running.environment(&job.env), ..job.clone() };
        let ask = |_: &ExitKind| running.settle_and_stop(&job.env);
        let (mut finished, report) = supervisor.build_and_then(&beside, HOLD, watch.as_deref_mut(), ask)?;
        let moved = running.try_another_address(&finished.ended);
        if moved.map_err(|source| RunError::Io { action: "listen in", path: job.cwd.clone(), source })? {
            continue;
        }
        let report = report.unwrap_or_default();
        // The query of the service may have been interrupted.
        if report.trouble.is_some() && interrupted() {
            finished.ended = ExitKind::Interrupted;
        }
        if let ExitKind::NotStarted { reason } = &mut finished.ended {
            *reason = running.explain_failure(reason);
        }
        return Ok(ServicedBuild { finished, report, discovered: None });
    }
}

/// Runs a build without a service, and checks whether it started one anyway.
fn build_in_sandbox(
    supervisor: &mut Supervisor,
    job: Job,
    sandbox: Option<&CacheSandbox>,
    watch: Option<&mut BuildWatch<'_>>,
) -> Result<ServicedBuild, RunError> {
    let Some(sandbox) = sandbox else {
        let finished = supervisor.build(&job)?;
        return Ok(ServicedBuild { finished, report: CacheReport::default(), discovered: None });
    };
    let job = Job { env: sandbox.environment(&job.env), ..job };
    let (finished, found) =
        supervisor.build_and_then(&job, HOLD, watch, |_| sandbox.find_server(&job.env))?;
    let (discovered, report) = match found.flatten() {
        Some(DiscoveredServer { service, report }) => (Some(service), report),
        None => (None, CacheReport::default()),
    };
    Ok(ServicedBuild { finished, report, discovered })
}
