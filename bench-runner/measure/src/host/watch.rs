//! Other activity of the machine during a sample: cheap readings before and after it.
//!
//! Four small files, and one per core if cores count their throttling. Fields that are not counted here keep
//! their default: leaked processes are counted by the process that killed them.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use bench_runner_core::record::Interference;

use super::procfs::{CpuTimes, cpu_times, load_average, stall, ticks_per_second};
use super::system_files::SystemFiles;

/// Readings from the start of a sample, waiting for those of its end.
#[derive(Debug)]
#[must_use = "only the difference to the end says something"]
pub(crate) struct InterferenceWatch {
    files: SystemFiles,
    start: Readings,
}

impl InterferenceWatch {
    /// Takes the readings before a sample, as close as possible to the start of the clock.
    pub(crate) fn start() -> Self {
        let files = SystemFiles::system();
        let start = Readings::take(&files, throttle_counters());
        Self { files, start }
    }

    /// Takes the readings after the sample. `build_cpu` is the CPU time of all processes of the build, user
    /// and system: busy time of the machine beyond it is attributed to others (and, in ticks of usually 10
    /// ms, to rounding).
    pub(crate) fn stop(self, build_cpu: Duration) -> Interference {
        let end = Readings::take(&self.files, throttle_counters());
        self.start.until(&end, build_cpu, ticks_per_second())
    }
}

/// The throttling counters, one per core, found once: their location does not change, and there may be many.
fn throttle_counters() -> &'static [PathBuf] {
    static FOUND: OnceLock<Vec<PathBuf>> = OnceLock::new();
    FOUND.get_or_init(|| find_throttle_counters(&SystemFiles::system()))
}

/// The event reaches all threads of a core, and each counts it; the counter of the first thread is read.
fn find_throttle_counters(files: &SystemFiles) -> Vec<PathBuf> {
    let is_first_of_core = |cpu: &PathBuf| {
        let number = cpu.file_name().and_then(|name| name.to_str()?.strip_prefix("cpu"));
        let siblings = files.value(cpu.join("topology/thread_siblings_list"));
        siblings.is_none_or(|list| list.split([',', '-']).next() == number)
    };
    let counters = files.cpus().into_iter().filter(is_first_of_core);
    let counters = counters.map(|cpu| cpu.join("thermal_throttle/core_throttle_count"));
    counters.filter(|counter| files.path(counter).exists()).collect()
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Readings {
    load: Option<f64>,
    cpu: Option<CpuTimes>,
    io_us: Option<u64>,
    memory_us: Option<u64>,
    throttled: Option<u64>,
}

impl Readings {
    fn take(files: &SystemFiles, throttle_counters: &[PathBuf]) -> Self {
        let stalled = |file: &str| Some(stall(&head(files, file)?)?.total_us);
        Self {
            load: head(files, "proc/loadavg").and_then(|text| load_average(&text)).map(|[one, ..]| one),
            io_us: stalled("proc/pressure/io"),
            memory_us: stalled("proc/pressure/memory"),
            // A processor that was switched off meanwhile takes its count with it: then the sum is unknown.
            throttled: throttle_counters
                .iter()
                .map(|counter| head(files, counter)?.trim().parse::<u64>().ok())
                .try_fold(0u64, |sum, count| Some(sum + count?))
                .filter(|_| !throttle_counters.is_empty()),
            cpu: head(files, "proc/stat").and_then(|text| cpu_times(&text)),
        }
    }

    /// The activity between `self` and `end`. A counter that went back gives no value.
    fn until(&self, end: &Self, build_cpu: Duration, ticks_per_second: u64) -> Interference {
        let between = |start: Option<u64>, end: Option<u64>| end?.checked_sub(start?);
        let ticks = |of: fn(CpuTimes) -> u64| {
            let count = between(self.cpu.map(of), end.cpu.map(of))?;
            Some(Duration::from_secs(count) / u32::try_from(ticks_per_second).ok()?)
        };
        Interference {
            load: self.load,
            steal: ticks(|cpu| cpu.steal),
            io_pressure: between(self.io_us, end.io_us).map(Duration::from_micros),
            memory_pressure: between(self.memory_us, end.memory_us).map(Duration::from_micros),
            foreign_cpu: ticks(|cpu| cpu.busy).map(|busy| busy.saturating_sub(build_cpu)),
            throttled: between(self.throttled, end.throttled),
            ..Interference::default()
        }
    }
}

/// The start of a file, in one read: the first lines are enough, and `/proc/stat` is long.
fn head(files: &SystemFiles, file: impl AsRef<std::path::Path>) -> Option<String> {
    let mut bytes = [0; 512];
    let mut file = File::open(files.path(file)).ok()?;
    let length = file.read(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes[..length]).into_owned())
}

#[cfg(test)]
mod tests {
    use super::super::system_files::Fixture;
    use super::*;

    const BASE: &str = "sys/devices/system/cpu";

    fn set(fixture: &Fixture, busy: u64, steal: u64, stalled: u64, throttled: u64) {
        fixture
            .set("proc/stat", &format!("cpu  {busy} 0 0 5000 0 0 0 {steal} 0 0\n{}", "cpu0 1\n".repeat(200)));
        fixture.set("proc/loadavg", &format!("{}.5 0 0 1/2 3\n", busy / 100));
        for what in ["io", "memory"] {
            let text = format!("some avg10=0.00 avg60=0.00 avg300=0.00 total={stalled}\n");
            fixture.set(&format!("proc/pressure/{what}"), &text);
        }
        for cpu in 0..4 {
            fixture.set(
                &format!("{BASE}/cpu{cpu}/thermal_throttle/core_throttle_count"),
                &format!("{throttled}\n"),
            );
            fixture.set(
                &format!("{BASE}/cpu{cpu}/topology/thread_siblings_list"),
                &format!("{},{}\n", cpu % 2, cpu % 2 + 2),
            );
        }
    }

    fn take(fixture: &Fixture) -> Readings {
        let files = fixture.files();
        Readings::take(&files, &find_throttle_counters(&files))
    }

    #[test]
    fn a_sample_carries_what_changed_during_it() {
        let fixture = Fixture::new(&[]);
        set(&fixture, 1000, 10, 500, 3);
        let start = take(&fixture);
        set(&fixture, 1700, 25, 800, 4);
        let seen = start.until(&take(&fixture), Duration::from_secs(6), 100);
        let expected = Interference {
            load: Some(10.5),
            steal: Some(Duration::from_millis(150)),
            io_pressure: Some(Duration::from_micros(300)),
            memory_pressure: Some(Duration::from_micros(300)),
            foreign_cpu: Some(Duration::from_secs(1)),
            // One event on each of two cores, seen by both threads of each.
            throttled: Some(2),
            stragglers: 0,
        };
        assert_eq!(seen, expected);
    }

    #[test]
    fn a_build_that_was_counted_finer_than_the_machine_leaves_nothing_to_others() {
        let fixture = Fixture::new(&[]);
        set(&fixture, 100, 0, 0, 0);
        let start = take(&fixture);
        set(&fixture, 199, 0, 0, 0);
        let seen = start.until(&take(&fixture), Duration::from_secs(1), 100);
        assert_eq!(seen.foreign_cpu, Some(Duration::ZERO));
    }

    #[test]
    fn counters_that_went_back_or_are_missing_say_nothing() {
        let fixture = Fixture::new(&[]);
        set(&fixture, 100, 50, 10, 5);
        let before = take(&fixture);
        set(&fixture, 90, 40, 9, 4);
        let after = take(&fixture);
        let seen = before.until(&after, Duration::ZERO, 100);
        assert_eq!(seen, Interference { load: before.load, ..Interference::default() });
        let nothing = take(&Fixture::new(&[]));
        assert_eq!(nothing, Readings::default());
        assert_eq!(nothing.until(&after, Duration::ZERO, 100), Interference::default());
        assert_eq!(before.until(&nothing, Duration::ZERO, 100).foreign_cpu, None);
    }

    #[test]
    fn a_core_without_siblings_is_read_too() {
        let fixture = Fixture::new(&[(&format!("{BASE}/cpu0/thermal_throttle/core_throttle_count"), "7\n")]);
        assert_eq!(take(&fixture).throttled, Some(7));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_machine_can_be_watched() {
        let seen = InterferenceWatch::start().stop(Duration::ZERO);
        assert!(seen.load.is_some() && seen.foreign_cpu.is_some(), "{seen:?}");
        assert_eq!(seen.stragglers, 0);
    }
}
