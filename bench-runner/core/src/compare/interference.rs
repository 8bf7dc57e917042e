//! Interference with the builds of a run: fractions of time used by others, summed over all builds.

use std::time::Duration;

use crate::record::{Phase, Sample};

/// Interference with the successful measured builds. `None` if no build reports the value, or if the total
/// that it is a fraction of is unknown.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RunInterference {
    /// Number of builds.
    pub builds: usize,
    /// CPU time of other programs, as a fraction of the available CPU time: wall time × threads.
    pub foreign: Option<f64>,
    /// CPU time that a hypervisor gave to others, as the same fraction.
    pub steal: Option<f64>,
    /// Time during which some task waited for the disk, as a fraction of wall time.
    pub io: Option<f64>,
    /// Time during which some task waited for memory, as a fraction of wall time.
    pub memory: Option<f64>,
    /// Thermal throttling events.
    pub throttled: Option<u64>,
    /// Highest load average over one minute at the start of a build.
    pub load: Option<f64>,
}

impl RunInterference {
    /// Sums the samples of a run on a machine with this number of hardware threads. A build that lacks a
    /// value does not count in numerator or denominator of that fraction.
    pub fn of(samples: &[Sample], threads: Option<u64>) -> Self {
        let mut all = Self::default();
        let [mut foreign, mut steal, mut io, mut memory] = [TimeShare::default(); 4];
        for sample in samples.iter().filter(|sample| sample.phase == Phase::Measured) {
            let (Some(cost), seen) = (sample.outcome.cost(), &sample.interference) else { continue };
            all.builds += 1;
            foreign.add(seen.foreign_cpu, cost.wall);
            steal.add(seen.steal, cost.wall);
            io.add(seen.io_pressure, cost.wall);
            memory.add(seen.memory_pressure, cost.wall);
            all.throttled = seen.throttled.into_iter().chain(all.throttled).reduce(u64::saturating_add);
            all.load = seen.load.into_iter().chain(all.load).reduce(f64::max);
        }
        let threads = threads.filter(|threads| *threads > 0).map(|threads| threads as f64);
        let of_all_threads = |part: TimeShare| Some(part.share()? / threads?);
        Self {
            foreign: of_all_threads(foreign),
            steal: of_all_threads(steal),
            io: io.share(),
            memory: memory.share(),
            ..all
        }
    }
}

/// Seconds of one kind of interference, over the builds that report it.
#[derive(Debug, Clone, Copy, Default)]
struct TimeShare {
    seconds: f64,
    /// Wall seconds of these builds.
    wall: f64,
}

impl TimeShare {
    fn add(&mut self, seen: Option<Duration>, wall: Duration) {
        if let Some(seen) = seen {
            self.seconds += seen.as_secs_f64();
            self.wall += wall.as_secs_f64();
        }
    }

    fn share(self) -> Option<f64> {
        (self.wall > 0.0).then(|| self.seconds / self.wall)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture;
    use crate::record::{Cost, Interference, Outcome};

    /// A build of `wall` seconds with this interference.
    fn build(wall: u64, interference: Interference) -> Sample {
        let cost = Cost { wall: Duration::from_secs(wall), ..Cost::default() };
        Sample { interference, ..fixture::sample(1, Outcome::Built(cost)) }
    }

    fn seconds(seconds: u64) -> Option<Duration> {
        Some(Duration::from_secs(seconds))
    }

    fn two_builds() -> [Sample; 2] {
        let first = Interference {
            load: Some(0.5),
            steal: seconds(1),
            io_pressure: seconds(2),
            memory_pressure: None,
            foreign_cpu: seconds(3),
            throttled: Some(2),
            stragglers: 0,
        };
        let second = Interference { load: Some(0.25), throttled: Some(5), foreign_cpu: None, ..first };
        [build(10, first), build(30, second)]
    }

    #[test]
    fn shares_are_of_the_time_of_the_builds_that_tell() {
        let found = RunInterference::of(&two_builds(), Some(4));
        // 3 s in 10 s × 4 threads; 2 s in 40 s × 4 threads; 4 s in 40 s
        let (foreign, steal, io) = (Some(0.075), Some(0.0125), Some(0.1));
        let (throttled, load) = (Some(7), Some(0.5));
        assert_eq!(found, RunInterference { builds: 2, foreign, steal, io, memory: None, throttled, load });
    }

    #[test]
    fn nothing_is_said_of_processor_time_where_the_threads_are_not_known() {
        for threads in [None, Some(0)] {
            let found = RunInterference::of(&two_builds(), threads);
            assert_eq!((found.foreign, found.steal, found.io), (None, None, Some(0.1)));
        }
    }

    #[test]
    fn only_measured_builds_that_ended_well_and_took_time_count() {
        let [one, _] = two_builds();
        let others = [
            Sample { phase: Phase::Warmup, ..one.clone() },
            Sample { outcome: Outcome::TimedOut, ..one.clone() },
        ];
        assert_eq!(RunInterference::of(&others, Some(4)), RunInterference::default());
        let timeless = RunInterference::of(&[build(0, one.interference)], Some(4));
        assert_eq!((timeless.builds, timeless.io, timeless.load), (1, None, Some(0.5)));
    }
}
