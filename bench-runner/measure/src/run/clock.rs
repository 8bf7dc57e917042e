//! Accounting of a run's time.

use std::time::{Duration, Instant};

use bench_runner_core::bundle::TimeSpent;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Measured,
    Warmup,
    Settling,
    Layout,
}

#[derive(Debug)]
pub(super) struct Clock {
    spent: TimeSpent,
    /// Total time of earlier parts of the run.
    before: Duration,
    started: Instant,
}

impl Clock {
    /// A clock that continues from the time spent in earlier parts of the run.
    pub(super) fn continued_from(spent: TimeSpent) -> Self {
        Self { spent, before: Duration::from_nanos(spent.total_ns), started: Instant::now() }
    }

    /// Total time of the run.
    pub(super) fn total(&self) -> Duration {
        self.before + self.started.elapsed()
    }

    pub(super) fn add(&mut self, purpose: Purpose, time: Duration) {
        let sum = match purpose {
            Purpose::Measured => &mut self.spent.measured_ns,
            Purpose::Warmup => &mut self.spent.warmup_ns,
            Purpose::Settling => &mut self.spent.settling_ns,
            Purpose::Layout => &mut self.spent.layout_ns,
        };
        *sum += time.as_nanos() as u64;
    }

    /// Adds the time since `start`.
    pub(super) fn since(&mut self, purpose: Purpose, start: Instant) {
        self.add(purpose, start.elapsed());
    }

    pub(super) fn spent(&self) -> TimeSpent {
        TimeSpent { total_ns: self.total().as_nanos() as u64, ..self.spent }
    }
}
