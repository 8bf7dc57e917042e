//! Properties of a machine's state that would disturb a measurement, in plain sentences.

use serde::{Deserialize, Serialize};

use super::{Health, PowerSource};

const GIB: u64 = 1 << 30;

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

/// Everything that would disturb a measurement, worst first. Unknown values are skipped.
pub fn findings(health: &Health) -> Vec<HealthFinding> {
    let mut findings: Vec<HealthFinding> = [
        clock(health),
        power(health),
        heat(health),
        other_load(health),
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

fn power(health: &Health) -> Vec<HealthFinding> {
    let on_battery = health.power == Some(PowerSource::Battery);
    let found = on_battery.then(|| {
        finding(
            Severity::Unfit,
            "the machine runs on battery: its clock is low, and falls with the charge".to_owned(),
            "plug it in",
        )
    });
    found.into_iter().collect()
}

fn heat(health: &Health) -> Vec<HealthFinding> {
    let hot = health.temperature_celsius.filter(|&celsius| celsius >= 85.0);
    let found = hot.map(|celsius| {
        finding(
            Severity::Warning,
            format!("the hottest sensor shows {celsius:.0} °C before any build: the CPU will be throttled"),
            "let it cool down, or clean its fans",
        )
    });
    found.into_iter().collect()
}

/// Load of other programs, time stolen by other guests of the same host, and limits on the usable threads.
fn other_load(health: &Health) -> Vec<HealthFinding> {
    let mut found = Vec::new();
    let threads = health.usable_threads.or(health.threads);
    if let Some((load, threads)) = health.load.zip(threads) {
        let share = load.one / f64::from(threads);
        if share > 0.1 {
            found.push(finding(
                if share > 0.5 { Severity::Unfit } else { Severity::Warning },
                format!(
                    "the load average is {:.2} on {threads} threads: other programs are running",
                    load.one
                ),
                "stop them; the average then needs a minute or two to fall",
            ));
        }
    }
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
        let mut found = findings(&health);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    #[test]
    fn a_quiet_machine_and_a_silent_one_have_no_findings() {
        assert_eq!(findings(&quiet()), []);
        assert_eq!(findings(&Health::default()), []);
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
        let found = findings(&Health { load, usable_threads: Some(2), ..quiet() });
        assert_eq!(found[0].severity, Severity::Unfit, "{found:?}");
    }

    #[test]
    fn the_worst_comes_first() {
        let health = Health {
            turbo: Some(true),
            governors: vec!["schedutil".into()],
            power: Some(PowerSource::Battery),
            ..quiet()
        };
        let severities: Vec<_> = findings(&health).iter().map(|finding| finding.severity).collect();
        assert_eq!(severities, [Severity::Unfit, Severity::Warning, Severity::Note]);
    }
}
