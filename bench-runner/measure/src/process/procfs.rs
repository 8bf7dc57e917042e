//! Lists processes and their parents: the part of /proc that is needed to kill leaked processes.

use std::collections::HashSet;
use std::fs;
use std::thread;
use std::time::Duration;

/// A process as in `/proc/<pid>/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ProcessStat {
    pub(super) pid: i32,
    pub(super) parent: i32,
    pub(super) session: i32,
    /// True if it has ended and waits to be reaped.
    pub(super) zombie: bool,
}

/// All visible processes; none if /proc is not mounted.
pub(super) fn processes() -> Vec<ProcessStat> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().bytes().all(|byte| byte.is_ascii_digit()))
        // A process may end meanwhile; then its file is gone.
        .filter_map(|entry| fs::read(entry.path().join("stat")).ok())
        .filter_map(|stat| parse(&String::from_utf8_lossy(&stat)))
        .collect()
}

/// The descendants of `ancestor` among `all`, without itself.
pub(super) fn descendants(all: &[ProcessStat], ancestor: i32) -> Vec<ProcessStat> {
    let mut family = HashSet::from([ancestor]);
    loop {
        let children: Vec<i32> = all
            .iter()
            .filter(|process| family.contains(&process.parent))
            .map(|process| process.pid)
            .collect();
        let before = family.len();
        family.extend(children);
        if family.len() == before {
            break;
        }
    }
    all.iter().filter(|process| process.pid != ancestor && family.contains(&process.pid)).copied().collect()
}

/// Kills every process of a session, including those that are forked meanwhile.
pub(super) fn kill_session(session: i32) {
    use rustix::process::{Pid, Signal, kill_process};
    for _ in 0..100 {
        let members: Vec<ProcessStat> =
            processes().into_iter().filter(|process| process.session == session && !process.zombie).collect();
        if members.is_empty() {
            return;
        }
        for pid in members.iter().filter_map(|process| Pid::from_raw(process.pid)) {
            // It fails only for a process that has just ended.
            let _ = kill_process(pid, Signal::KILL);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Parses `pid (name) state ppid pgrp session …`; the name may contain spaces and parentheses.
fn parse(stat: &str) -> Option<ProcessStat> {
    let (pid, rest) = stat.split_once(" (")?;
    let (_, fields) = rest.rsplit_once(") ")?;
    let mut fields = fields.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let session = fields.nth(1)?.parse().ok()?;
    Some(ProcessStat { pid: pid.parse().ok()?, parent, session, zombie: matches!(state, "Z" | "X") })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_confuse_the_parser() {
        let process = parse("42 (a) b (c) S 1) Z 7 8 9 0 -1 4194560 1 2").unwrap();
        assert_eq!(process, ProcessStat { pid: 42, parent: 7, session: 9, zombie: true });
        assert_eq!(parse("42 (cut"), None);
    }

    #[test]
    fn descendants_are_found_in_any_order_of_ids() {
        let process = |pid, parent| ProcessStat { pid, parent, session: 1, zombie: false };
        let all = [process(2, 9), process(3, 2), process(9, 5), process(5, 1), process(4, 1)];
        let pids: Vec<i32> = descendants(&all, 5).iter().map(|process| process.pid).collect();
        assert_eq!(pids, [2, 3, 9]);
    }

    #[test]
    fn this_process_is_seen_with_its_parent() {
        let own = std::process::id() as i32;
        let parent = std::os::unix::process::parent_id() as i32;
        assert!(processes().iter().any(|process| process.pid == own && process.parent == parent));
    }
}
