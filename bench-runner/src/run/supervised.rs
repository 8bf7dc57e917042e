//! A build under the supervisor, with the service that it asks for: started before it, asked and stopped when its own
//! process has ended.

use super::RunError;
use crate::build::{HOLD, Report, Standing};
use crate::process::{Ended, Finished, Job, Supervisor, interrupted};

/// A build, and what its service says of it.
pub(super) struct Attended {
    pub(super) finished: Finished,
    pub(super) report: Report,
}

/// Runs `job` to its end.
pub(super) fn build(
    supervisor: &mut Supervisor,
    job: Job,
    standing: Option<Standing>,
) -> Result<Attended, RunError> {
    let Some(mut standing) = standing else {
        return Ok(Attended { finished: supervisor.build(&job)?, report: Report::default() });
    };
    loop {
        let before = vec![standing.errand(&job.env)];
        let beside = Job { before, env: standing.environment(&job.env), ..job.clone() };
        let ask = |_: &Ended| standing.settle_and_stop(&job.env);
        let (mut finished, report) = supervisor.build_and_then(&beside, HOLD, ask)?;
        let moved = standing.move_on(&finished.ended);
        if moved.map_err(|source| RunError::Io { action: "listen in", path: job.cwd.clone(), source })? {
            continue;
        }
        let report = report.unwrap_or_default();
        // What was asked of the service may have been cut short.
        if report.trouble.is_some() && interrupted() {
            finished.ended = Ended::Interrupted;
        }
        if let Ended::NotStarted { reason } = &mut finished.ended {
            *reason = standing.why_not(reason);
        }
        return Ok(Attended { finished, report });
    }
}
