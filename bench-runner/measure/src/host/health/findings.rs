//! Properties of a machine's state that would disturb a measurement, in plain sentences.

use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::super::procfs::{cpu_times, ticks_per_second};
use super::super::system_files::SystemFiles;
use super::{Health, PowerSource};

const GIB: u64 = 1 << 30;

/// Running tasks per usable thread up to which a machine is quiet.
const LIGHT_LOAD: f64 = 0.1;

/// Running tasks per usable thread above which a machine is unfit.
const HEAVY_LOAD: f64 = 0.5;

/// Time for which the processors are watched.
const WATCHED: Duration = Duration::from_secs(1);

/// Something that would disturb a measurement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HealthFinding {
    /// The finding, and its effect on a measurement.
    pub what: String,
    pub severity: Severity,
    pub help: String,
}

/// Severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Interleaving copes with it.
    Note,
    /// Widens intervals, so that more rounds are needed.
    Warning,
    /// The machine is not fit to measure on.
    Unfit,
}

impl Severity {
    /// The word in the files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Unfit => "unfit",
        }
    }
}

/// Everything that would disturb a measurement that begins now, worst first. Unknown values are skipped.
///
/// A load average counts what has ended for a minute or two, such as the builds of an earlier stage. If it is high, the
/// processors are therefore watched for a second, in which nothing of the caller's own may run.
pub fn findings(health: &Health) -> Vec<HealthFinding> {
    judge(health, || busy_processors(&SystemFiles::system(), WATCHED))
}

/// As [`findings`]; `busy` says how many processors are in use, and is asked only if the load average is high.
fn judge(health: &Health, busy: impl FnOnce() -> Option<f64>) -> Vec<HealthFinding> {
    let mut findings: Vec<HealthFinding> = [
        clock(health),
        power(health).into_iter().collect(),
        heat(health).into_iter().collect(),
        load_average(health, busy).into_iter().collect(),
        lent_time(health),
        pressure_stalls(health),
        free_space(health),
    ]
    .concat();
    // Stable: findings of one severity stay in the order above.
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    findings
}

fn finding(severity: Severity, what: String, help: &str) -> HealthFinding {
    HealthFinding { what, severity, help: help.to_owned() }
}

fn clock(health: &Health) -> Vec<HealthFinding> {
    let mut found = Vec::new();
    if health.governors.iter().any(|governor| governor != "performance") {
        found.push(finding(
            Severity::Warning,
            format!(
                "the CPU frequency governor is `{}`: the clock follows the load, so a build starts slower than it ends",
                health.governors.join("`, `")
            ),
            "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
        ));
    }
    if health.turbo == Some(true) {
        found.push(finding(
            Severity::Note,
            "turbo is on: the clock depends on temperature and on how many cores are busy".to_owned(),
            "switch it off for less variation; builds will then take longer than in daily work",
        ));
    }
    found
}

fn power(health: &Health) -> Option<HealthFinding> {
    let on_battery = health.power == Some(PowerSource::Battery);
    on_battery.then(|| {
        finding(
            Severity::Unfit,
            "the machine runs on battery: its clock is low, and falls with the charge".to_owned(),
            "plug it in",
        )
    })
}

fn heat(health: &Health) -> Option<HealthFinding> {
    let hot = health.temperature_celsius.filter(|&celsius| celsius >= 85.0);
    hot.map(|celsius| {
        finding(
            Severity::Warning,
            format!("the hottest sensor shows {celsius:.0} °C before any build: the CPU will be throttled"),
            "let it cool down, or clean its fans",
        )
    })
}

/// Load of other programs.
fn load_average(health: &Health, busy: impl FnOnce() -> Option<f64>) -> Option<HealthFinding> {
    let threads = health.usable_threads.or(health.threads)?;
    let load = health.load?.one;
    let share = load / f64::from(threads);
    if share <= LIGHT_LOAD {
        return None;
    }
    let average = format!("the load average is {load:.2} on {threads} threads");
    if share <= HEAVY_LOAD {
        let help = "stop them; the average then needs a minute or two to fall";
        let what = format!("{average}: other programs are running, or were a moment ago");
        return Some(finding(Severity::Warning, what, help));
    }
    Some(match busy() {
        Some(busy) if busy / f64::from(threads) <= LIGHT_LOAD => finding(
            Severity::Note,
            format!("{average}, but nearly nothing runs now: it still counts what has ended"),
            "wait a minute or two to be sure that nothing comes back",
        ),
        _ => finding(Severity::Unfit, format!("{average}: other programs are running"), "stop them"),
    })
}

/// Processors in use by anything, on average over a time from now.
fn busy_processors(files: &SystemFiles, time: Duration) -> Option<f64> {
    let read = || cpu_times(&files.text("proc/stat")?);
    let (before, begun) = (read()?, Instant::now());
    thread::sleep(time);
    let ticks = read()?.busy.checked_sub(before.busy)?;
    Some(ticks as f64 / ticks_per_second() as f64 / begun.elapsed().as_secs_f64())
}

/// Time stolen by other guests of the same host, and limits on the usable threads.
fn lent_time(health: &Health) -> Vec<HealthFinding> {
    let mut found = Vec::new();
    if let Some(steal) = health.steal_share.filter(|&share| share > 0.005) {
        found.push(finding(
            Severity::Warning,
            format!(
                "since boot, other VMs took {:.1}% of the CPU time that this machine wanted (steal)",
                steal * 100.0
            ),
            "use a machine with dedicated CPUs, or plan for more rounds",
        ));
    }
    if let Some((usable, threads)) = health.usable_threads.zip(health.threads)
        && usable < threads
    {
        found.push(finding(
            Severity::Note,
            format!(
                "this process may use {usable} of {threads} threads (CPU affinity, or a container's quota)"
            ),
            "compare only with runs under the same limit",
        ));
    }
    found
}

/// Pressure stall information: waits of tasks in the last ten seconds.
fn pressure_stalls(health: &Health) -> Vec<HealthFinding> {
    let pressure = health.pressure;
    let waits = [
        ("a CPU", pressure.cpu_percent, 10.0),
        ("disk", pressure.io_percent, 5.0),
        ("memory", pressure.memory_percent, 1.0),
    ];
    waits
        .into_iter()
        .filter_map(|(what, percent, limit)| Some((what, percent.filter(|&percent| percent > limit)?)))
        .map(|(what, percent)| {
            finding(
                Severity::Warning,
                format!("tasks waited for {what} in {percent:.1}% of the last ten seconds"),
                "stop other programs, or wait until they are done",
            )
        })
        .collect()
}

fn free_space(health: &Health) -> Vec<HealthFinding> {
    let gib = |bytes: u64| bytes as f64 / GIB as f64;
    let mut found = Vec::new();
    if let Some(free) = health.free_disk_bytes.filter(|&free| free < 5 * GIB) {
        found.push(finding(
            if free < GIB { Severity::Unfit } else { Severity::Warning },
            format!(
                "{:.1} GiB of disk are free for builds: they may fail, and a full disk is slow",
                gib(free)
            ),
            "free some space, or put the cache on another disk with --cache-dir",
        ));
    }
    if let Some(available) = health.available_memory_bytes.filter(|&available| available < 2 * GIB) {
        found.push(finding(
            Severity::Warning,
            format!("{:.1} GiB of memory are available: linking a large project needs more", gib(available)),
            "stop programs that use much memory, or build with fewer jobs",
        ));
    }
    if let Some(used) = health.swap_used_bytes.filter(|&used| used > GIB / 4) {
        found.push(finding(
            Severity::Note,
            format!("{:.1} GiB are swapped out and may be read back during a build", gib(used)),
            "free memory, then sudo swapoff --all && sudo swapon --all",
        ));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::system_files::Fixture;
    use super::super::{LoadAverage, Pressure};
    use super::*;

    fn quiet() -> Health {
        Health {
            governors: vec!["performance".into()],
            turbo: Some(false),
            load: Some(LoadAverage { one: 0.2, five: 3.0, fifteen: 3.0 }),
            pressure: Pressure { cpu_percent: Some(0.5), io_percent: Some(0.0), memory_percent: Some(0.0) },
            steal_share: Some(0.0),
            temperature_celsius: Some(45.0),
            power: Some(PowerSource::Mains),
            free_disk_bytes: Some(50 * GIB),
            threads: Some(8),
            usable_threads: Some(8),
            available_memory_bytes: Some(12 * GIB),
            swap_used_bytes: Some(0),
        }
    }

    fn only(health: Health) -> HealthFinding {
        let mut found = judge(&health, || None);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn a_quiet_machine_and_a_silent_one_have_no_findings() {
        let unasked = || -> Option<f64> { panic!("nothing is in doubt") };
        assert_eq!(judge(&quiet(), unasked), []);
        assert_eq!(judge(&Health::default(), unasked), []);
    }

    #[test]
    fn each_disturbance_is_found_alone_and_named() {
        let load = |one| Some(LoadAverage { one, five: 0.0, fifteen: 0.0 });
        let io = Pressure { io_percent: Some(20.0), ..Pressure::default() };
        let memory = Pressure { memory_percent: Some(2.0), ..Pressure::default() };
        let cases = [
            (Health { governors: vec!["powersave".into()], ..quiet() }, Severity::Warning, "`powersave`"),
            (Health { turbo: Some(true), ..quiet() }, Severity::Note, "turbo"),
            (Health { power: Some(PowerSource::Battery), ..quiet() }, Severity::Unfit, "battery"),
            (Health { temperature_celsius: Some(91.0), ..quiet() }, Severity::Warning, "91 °C"),
            (Health { load: load(4.1), ..quiet() }, Severity::Unfit, "4.10 on 8 threads"),
            (Health { load: load(4.0), ..quiet() }, Severity::Warning, "4.00 on 8 threads"),
            (Health { steal_share: Some(0.03), ..quiet() }, Severity::Warning, "3.0%"),
            (Health { usable_threads: Some(4), ..quiet() }, Severity::Note, "4 of 8 threads"),
            (Health { pressure: io, ..quiet() }, Severity::Warning, "waited for disk in 20.0%"),
            (Health { pressure: memory, ..quiet() }, Severity::Warning, "waited for memory in 2.0%"),
            (Health { free_disk_bytes: Some(5 * GIB - 1), ..quiet() }, Severity::Warning, "5.0 GiB"),
            (Health { free_disk_bytes: Some(0), ..quiet() }, Severity::Unfit, "0.0 GiB of disk"),
            (Health { available_memory_bytes: Some(GIB), ..quiet() }, Severity::Warning, "1.0 GiB of memory"),
            (Health { swap_used_bytes: Some(GIB), ..quiet() }, Severity::Note, "swapped out"),
        ];
        for (health, severity, words) in cases {
            let found = only(health);
            assert_eq!(found.severity, severity, "{found:?}");
            assert!(found.what.contains(words), "{found:?} lacks `{words}`");
            assert!(!found.help.is_empty());
        }
    }

    #[test]
    fn load_is_judged_by_the_threads_that_may_be_used() {
        let load = Some(LoadAverage { one: 1.5, five: 0.0, fifteen: 0.0 });
        let found = judge(&Health { load, usable_threads: Some(2), ..quiet() }, || None);
        assert_eq!(found[0].severity, Severity::Unfit, "{found:?}");
    }

    #[test]
    fn a_high_load_average_is_no_obstacle_if_nothing_runs() {
        let load = Some(LoadAverage { one: 4.1, five: 0.0, fifteen: 0.0 });
        let with = |busy| judge(&Health { load, ..quiet() }, || busy).remove(0).severity;
        assert_eq!(with(Some(0.8)), Severity::Note, "a tenth of eight processors");
        assert_eq!(with(Some(0.9)), Severity::Unfit);
        assert_eq!(with(None), Severity::Unfit, "nobody knows");
    }

    #[test]
    fn processors_in_use_are_counted() {
        let fixture = Fixture::new(&[]);
        let look = || busy_processors(&fixture.files(), Duration::from_millis(50));
        assert_eq!(look(), None);
        fixture.set("proc/stat", "cpu  100 0 0 5000 0 0 0 0 0 0\n");
        assert_eq!(look(), Some(0.0), "no tick has passed");
        let busy = Instant::now();
        let files = SystemFiles::system();
        let spins = thread::spawn(move || while busy.elapsed() < Duration::from_millis(600) {});
        let found = busy_processors(&files, Duration::from_millis(500));
        spins.join().unwrap();
        assert!(found.is_none_or(|found| found > 0.3), "{found:?}");
    }

    #[test]
    fn the_worst_comes_first() {
        let health = Health {
            turbo: Some(true),
            governors: vec!["schedutil".into()],
            power: Some(PowerSource::Battery),
            ..quiet()
        };
        let severities: Vec<_> = judge(&health, || None).iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Unfit, Severity::Warning, Severity::Note]);
    }
}
