//! State of the machine before and after a run.

mod findings;

use std::path::{Path, PathBuf};
use std::thread;

use serde::{Deserialize, Serialize};

use super::frequency;
use super::procfs::{self, cpu_list_len, load_average, meminfo, stall};
use super::system_files::SystemFiles;
pub use findings::{HealthFinding, Severity, findings};

/// State of the machine at one moment. Values not available on this machine are `None`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Frequency governors in use, each once; empty if there is no frequency control.
    pub governors: Vec<String>,
    /// True if the processors may run faster than their nominal clock.
    pub turbo: Option<bool>,
    pub load: Option<LoadAverage>,
    /// Time in which tasks had to wait.
    pub pressure: Pressure,
    /// CPU time that a hypervisor gave to other guests since boot, as a share of the wanted time (0.01 is
    /// 1%).
    pub steal_share: Option<f64>,
    /// Hottest sensor, °C.
    pub temperature_celsius: Option<f64>,
    /// Power source; `None` if the machine has no battery and does not report its mains.
    pub power: Option<PowerSource>,
    /// Free bytes on the file system of work trees and target directories.
    pub free_disk_bytes: Option<u64>,
    /// Hardware threads that are switched on.
    pub threads: Option<u32>,
    /// Threads that this process may use, after affinity and quota.
    pub usable_threads: Option<u32>,
    /// Memory available without swapping, bytes.
    pub available_memory_bytes: Option<u64>,
    /// Swap in use, bytes.
    pub swap_used_bytes: Option<u64>,
}

/// Average number of tasks that ran or wanted to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LoadAverage {
    /// Over 1 minute.
    pub one: f64,
    /// Over 5 minutes.
    pub five: f64,
    /// Over 15 minutes.
    pub fifteen: f64,
}

/// Pressure stall information: percentage of the last ten seconds in which some task had to wait.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pressure {
    /// For a processor.
    pub cpu_percent: Option<f64>,
    /// For disk.
    pub io_percent: Option<f64>,
    pub memory_percent: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PowerSource {
    Mains,
    /// A battery, without mains.
    Battery,
}

impl Health {
    /// Reads the state of the machine, and of the file system that `dir` is on or will be on.
    pub fn read(dir: &Path) -> Self {
        Self {
            free_disk_bytes: free_disk(dir),
            usable_threads: usable_threads(),
            ..Self::from_files(&SystemFiles::system())
        }
    }

    /// The values that are read from files.
    fn from_files(files: &SystemFiles) -> Self {
        let memory = files.text("proc/meminfo").unwrap_or_default();
        let pressure = |what: &str| {
            files.text(format!("proc/pressure/{what}")).and_then(|text| stall(&text)).map(|stall| stall.avg10)
        };
        Self {
            governors: frequency::governors(files),
            turbo: frequency::turbo(files),
            load: files
                .text("proc/loadavg")
                .and_then(|text| load_average(&text))
                .map(|[one, five, fifteen]| LoadAverage { one, five, fifteen }),
            pressure: Pressure {
                cpu_percent: pressure("cpu"),
                io_percent: pressure("io"),
                memory_percent: pressure("memory"),
            },
            steal_share: files.text("proc/stat").and_then(|text| steal_share(&text)),
            temperature_celsius: temperature(files),
            power: power(files),
            free_disk_bytes: None,
            threads: files.value("sys/devices/system/cpu/online").and_then(|list| cpu_list_len(&list)),
            usable_threads: None,
            available_memory_bytes: meminfo(&memory, "MemAvailable"),
            swap_used_bytes: meminfo(&memory, "SwapTotal")
                .zip(meminfo(&memory, "SwapFree"))
                .and_then(|(total, free)| total.checked_sub(free)),
        }
    }
}

fn usable_threads() -> Option<u32> {
    thread::available_parallelism().ok().and_then(|threads| u32::try_from(threads.get()).ok())
}

/// Free bytes on the file system of `dir`, or of its first existing ancestor.
pub fn free_disk(dir: &Path) -> Option<u64> {
    let dir = std::path::absolute(dir).ok()?;
    let standing = dir.ancestors().find(|ancestor| ancestor.exists())?;
    let system = rustix::fs::statvfs(standing).ok()?;
    system.f_bavail.checked_mul(system.f_frsize)
}

/// Share of the wanted CPU time; idle time says nothing about a hypervisor.
fn steal_share(stat: &str) -> Option<f64> {
    let times = procfs::cpu_times(stat)?;
    let wanted = times.busy + times.steal;
    (wanted > 0).then(|| times.steal as f64 / wanted as f64)
}

/// The hottest of the thermal zones and of the processor's own sensors, which some drivers list separately.
fn temperature(files: &SystemFiles) -> Option<f64> {
    let zones = files.entries("sys/class/thermal", "thermal_zone").into_iter().map(|zone| zone.join("temp"));
    let sensors = files
        .entries("sys/class/hwmon", "hwmon")
        .into_iter()
        .filter(|sensor| {
            let name = files.value(sensor.join("name"));
            matches!(name.as_deref(), Some("coretemp" | "k10temp" | "zenpower" | "cpu_thermal"))
        })
        .map(|sensor| sensor.join("temp1_input"));
    zones
        .chain(sensors)
        .filter_map(|file: PathBuf| files.number::<i64>(file))
        // A zone that is not wired up reports 0, absolute zero or the end of its scale.
        .filter(|millidegrees| (1..150_000).contains(millidegrees))
        .max()
        .map(|millidegrees| millidegrees as f64 / 1000.0)
}

fn power(files: &SystemFiles) -> Option<PowerSource> {
    let (mut plugged, mut discharging, mut seen) = (false, false, false);
    for supply in files.entries("sys/class/power_supply", "") {
        // Mice and keyboards have batteries too.
        if files.value(supply.join("scope")).as_deref() == Some("Device") {
            continue;
        }
        match files.value(supply.join("type")).as_deref() {
            Some("Battery") => {
                seen = true;
                discharging |= files.value(supply.join("status")).as_deref() == Some("Discharging");
            }
            Some("Mains" | "USB" | "Wireless") => {
                let online = files.number::<u8>(supply.join("online"));
                seen |= online.is_some();
                plugged |= online.is_some_and(|online| online != 0);
            }
            _ => {}
        }
    }
    match (seen, discharging && !plugged) {
        (false, _) => None,
        (true, true) => Some(PowerSource::Battery),
        (true, false) => Some(PowerSource::Mains),
    }
}

#[cfg(test)]
mod tests {
    use super::super::system_files::Fixture;
    use super::*;

    #[test]
    fn a_laptop_on_battery() {
        let fixture = Fixture::new(&[
            ("proc/loadavg", "3.20 1.10 0.50 2/900 1234\n"),
            ("proc/stat", "cpu  900 0 90 5000 10 0 0 10 0 0\n"),
            ("proc/meminfo", "MemAvailable: 2048 kB\nSwapTotal: 100 kB\nSwapFree: 60 kB\n"),
            ("proc/pressure/io", "some avg10=12.50 avg60=0.29 avg300=0.18 total=4479804\n"),
            ("sys/devices/system/cpu/online", "0-7\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "powersave\n"),
            ("sys/class/power_supply/BAT0/type", "Battery\n"),
            ("sys/class/power_supply/BAT0/status", "Discharging\n"),
            ("sys/class/power_supply/AC/type", "Mains\n"),
            ("sys/class/power_supply/AC/online", "0\n"),
            ("sys/class/thermal/thermal_zone0/temp", "-274000\n"),
            ("sys/class/thermal/thermal_zone1/temp", "61500\n"),
            ("sys/class/hwmon/hwmon3/name", "k10temp\n"),
            ("sys/class/hwmon/hwmon3/temp1_input", "72125\n"),
            ("sys/class/hwmon/hwmon4/name", "nvme\n"),
            ("sys/class/hwmon/hwmon4/temp1_input", "99000\n"),
        ]);
        let health = Health::from_files(&fixture.files());
        let expected = Health {
            governors: vec!["powersave".into()],
            load: Some(LoadAverage { one: 3.2, five: 1.1, fifteen: 0.5 }),
            pressure: Pressure { io_percent: Some(12.5), ..Pressure::default() },
            steal_share: Some(0.01),
            temperature_celsius: Some(72.125),
            power: Some(PowerSource::Battery),
            threads: Some(8),
            available_memory_bytes: Some(2048 * 1024),
            swap_used_bytes: Some(40 * 1024),
            ..Health::default()
        };
        assert_eq!(health, expected);
    }

    #[test]
    fn a_machine_that_tells_nothing_has_no_readings() {
        assert_eq!(Health::from_files(&Fixture::new(&[]).files()), Health::default());
    }

    #[test]
    fn what_a_machine_runs_on() {
        let read = |files: &[(&str, &str)]| {
            let files: Vec<_> =
                files.iter().map(|(file, text)| (format!("sys/class/power_supply/{file}"), *text)).collect();
            let files: Vec<_> = files.iter().map(|(file, text)| (file.as_str(), *text)).collect();
            power(&Fixture::new(&files).files())
        };
        let battery = [("B/type", "Battery\n"), ("B/status", "Discharging\n")];
        assert_eq!(read(&battery), Some(PowerSource::Battery));
        assert_eq!(read(&[("B/type", "Battery\n"), ("B/status", "Full\n")]), Some(PowerSource::Mains));
        let charger = [battery[0], battery[1], ("C/type", "USB\n"), ("C/online", "1\n")];
        assert_eq!(read(&charger), Some(PowerSource::Mains));
        let mouse = [battery[0], battery[1], ("B/scope", "Device\n")];
        assert_eq!(read(&mouse), None);
        assert_eq!(read(&[]), None);
    }

    #[test]
    fn free_disk_is_asked_where_the_directory_will_be() {
        let dir = tempfile::tempdir().unwrap();
        assert!(free_disk(dir.path()).is_some());
        assert!(free_disk(&dir.path().join("not/yet/there")).is_some());
    }

    #[test]
    fn it_survives_its_file_form() {
        let health = Health::read(Path::new("."));
        assert!(health.usable_threads.is_some_and(|threads| threads >= 1));
        let text = serde_json::to_string(&health).unwrap();
        assert_eq!(serde_json::from_str::<Health>(&text).unwrap(), health);
    }
}
