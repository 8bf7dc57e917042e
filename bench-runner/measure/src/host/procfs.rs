//! Parsers for texts of `/proc`. Pure; every function returns `None` for a text that it does not know.

/// CPU time since boot over all CPUs, in ticks of [`ticks_per_second`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CpuTimes {
    /// Spent on user, nice, system and interrupts.
    pub(super) busy: u64,
    /// Idle, including waits for disk.
    pub(super) idle: u64,
    /// Wanted, but given to other guests by a hypervisor.
    pub(super) steal: u64,
}

/// The first line of `/proc/stat`. Guest time is part of user time there, so it is not added again.
pub(super) fn cpu_times(stat: &str) -> Option<CpuTimes> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
    let [user, nice, system, idle, iowait, irq, softirq, rest @ ..] = ticks.as_slice() else { return None };
    Some(CpuTimes {
        busy: user + nice + system + irq + softirq,
        idle: idle + iowait,
        steal: rest.first().copied().unwrap_or(0),
    })
}

/// Unit of [`CpuTimes`].
pub(super) fn ticks_per_second() -> u64 {
    // SAFETY: sysconf only reads a constant of the system; it has no requirement on its argument.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) };
    u64::try_from(ticks).ok().filter(|&ticks| ticks > 0).unwrap_or(100)
}

/// The three numbers of `/proc/loadavg`: over 1, 5 and 15 minutes.
pub(super) fn load_average(loadavg: &str) -> Option<[f64; 3]> {
    let mut numbers = loadavg.split_whitespace().map(|word| word.parse::<f64>().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next()??])
}

/// The line `some` of a file of `/proc/pressure`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct PressureStall {
    /// Percentage of the last ten seconds.
    pub(super) avg10: f64,
    /// Total since boot, microseconds.
    pub(super) total_us: u64,
}

/// Parses the line `some` of a file of `/proc/pressure`.
pub(super) fn stall(pressure: &str) -> Option<PressureStall> {
    let line = pressure.lines().find_map(|line| line.strip_prefix("some "))?;
    let field =
        |name: &str| line.split_whitespace().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    Some(PressureStall { avg10: field("avg10")?.parse().ok()?, total_us: field("total")?.parse().ok()? })
}

/// A line of `/proc/meminfo`, in bytes.
pub(super) fn meminfo(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let mut words = value.split_whitespace();
    let number: u64 = words.next()?.parse().ok()?;
    match words.next() {
        Some("kB") => number.checked_mul(1024),
        _ => None,
    }
}

/// Number of processors in a list such as `0-3,8`.
pub(super) fn cpu_list_len(list: &str) -> Option<u32> {
    let mut count = 0u32;
    for part in list.trim().split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        count = count.checked_add(last.checked_sub(first)?.checked_add(1)?)?;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_times_count_guest_time_once_and_leave_steal_out_of_busy() {
        let stat = "cpu  100 10 30 1000 50 3 7 20 40 5\ncpu0 1 1 1 1 1 1 1 1 1 1\nintr 5\n";
        assert_eq!(cpu_times(stat), Some(CpuTimes { busy: 150, idle: 1050, steal: 20 }));
        // Linux before 2.6.11 did not report steal.
        assert_eq!(cpu_times("cpu  1 2 3 4 5 6 7\n").map(|times| times.steal), Some(0));
        assert_eq!(cpu_times("cpu  1 2 3\n"), None);
        assert_eq!(cpu_times("cpu0 1 2 3 4 5 6 7 8\n"), None);
        assert_eq!(cpu_times(""), None);
    }

    #[test]
    fn load_and_stalls() {
        assert_eq!(load_average("0.52 1.33 2.27 1/89 21135\n"), Some([0.52, 1.33, 2.27]));
        assert_eq!(load_average("0.52\n"), None);
        let text = "some avg10=1.63 avg60=0.29 avg300=0.18 total=4479804\nfull avg10=1.44 avg60=0.26 avg300=0.15 total=3908216\n";
        assert_eq!(stall(text), Some(PressureStall { avg10: 1.63, total_us: 4_479_804 }));
        assert_eq!(stall("full avg10=1 total=2\n"), None);
    }

    #[test]
    fn meminfo_is_in_bytes_and_takes_whole_names_only() {
        let text = "MemTotal:       24684084 kB\nWritebackTmp:          7 kB\nWriteback:          4 kB\nHugePages_Total: 3\n";
        assert_eq!(meminfo(text, "MemTotal"), Some(24_684_084 * 1024));
        assert_eq!(meminfo(text, "Writeback"), Some(4096));
        assert_eq!(meminfo(text, "Mem"), None);
        assert_eq!(meminfo(text, "HugePages_Total"), None, "a count, not an amount");
    }

    #[test]
    fn cpu_lists() {
        assert_eq!(cpu_list_len("0-63\n"), Some(64));
        assert_eq!(cpu_list_len("0"), Some(1));
        assert_eq!(cpu_list_len("0-3,8,10-11"), Some(7));
        assert_eq!(cpu_list_len(""), None);
        assert_eq!(cpu_list_len("3-1"), None);
    }

    #[test]
    fn the_tick_is_known() {
        assert!(ticks_per_second() >= 1);
    }
}
