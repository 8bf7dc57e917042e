//! A control group (cgroup v2) for each build: complete CPU time, peak memory, and one call to kill all
//! processes.
//!
//! Without it, CPU time is lost if a parent does not wait for its children. A group can be created almost
//! anywhere that systemd delegates, or by root; elsewhere the reason is reported and builds run without a
//! group.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::ControlGroup;
use super::enter;

/// Resources that a group has used since it was created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CgroupUsage {
    pub(super) user: Duration,
    pub(super) sys: Duration,
    pub(super) peak_memory: Option<u64>,
}

/// An existing group; removed on drop.
#[derive(Debug)]
pub(super) struct BuildCgroup<'a> {
    kind: &'a ControlGroup,
    /// `cgroup.procs`, opened for writing: a process that writes `0` to it joins the group.
    pub(super) procs: File,
}

impl<'a> BuildCgroup<'a> {
    pub(super) fn make(kind: &'a ControlGroup) -> io::Result<Self> {
        fs::create_dir(&kind.path)?;
        match File::options().write(true).open(kind.path.join("cgroup.procs")) {
            Ok(procs) => Ok(Self { kind, procs }),
            Err(error) => {
                let _ = fs::remove_dir(&kind.path);
                Err(error)
            }
        }
    }

    pub(super) fn usage(&self) -> io::Result<CgroupUsage> {
        let stat = fs::read_to_string(self.kind.path.join("cpu.stat"))?;
        let micros = |key: &str| {
            stat.lines()
                .filter_map(|line| line.split_once(' '))
                .find(|(name, _)| *name == key)
                .and_then(|(_, value)| value.parse().ok())
                .map(Duration::from_micros)
                .ok_or_else(|| io::Error::other(format!("cpu.stat has no {key}")))
        };
        let peak_memory = if self.kind.peak_memory {
            let text = fs::read_to_string(self.kind.path.join("memory.peak"))?;
            Some(text.trim().parse().map_err(io::Error::other)?)
        } else {
            None
        };
        Ok(CgroupUsage { user: micros("user_usec")?, sys: micros("system_usec")?, peak_memory })
    }

    /// Kills every process in it. Without `cgroup.kill` a process that forks may be missed, so call it again.
    pub(super) fn kill(&self) {
        kill(&self.kind.path);
    }
}

impl Drop for BuildCgroup<'_> {
    fn drop(&mut self) {
        end(&self.kind.path);
    }
}

/// Kills all processes in the group at `path` and removes it, as far as possible.
pub(in super::super) fn end(path: &Path) {
    // The kernel releases a group some time after its last process has ended.
    for _ in 0..200 {
        match remove(path) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => kill(path),
            _ => return,
        }
        thread::sleep(Duration::from_millis(5));
    }
}

fn kill(path: &Path) {
    if fs::write(path.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    let members = fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    for pid in members.lines().filter_map(|line| line.parse().ok()).filter_map(rustix::process::Pid::from_raw)
    {
        // It fails only for a process that has just ended.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    }
}

/// Removes a group with the groups within it.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => {}
        other => return other,
    }
    for entry in fs::read_dir(path)?.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove(&entry.path())?;
        }
    }
    fs::remove_dir(path)
}

/// The first place for groups that also reports peak memory, or else the first that works. The second value
/// lists the places that did not work, with the reason.
pub(super) fn find() -> (Option<ControlGroup>, Vec<String>) {
    let mut obstacles = Vec::new();
    let read = |path: &str| fs::read_to_string(path).map_err(|error| format!("{path}: {error}"));
    let places = read("/proc/self/mountinfo")
        .and_then(|mounts| Ok((mounts, read("/proc/self/cgroup")?)))
        .and_then(|(mounts, own)| candidate_dirs(&mounts, &own));
    let places = match places {
        Ok(places) => places,
        Err(why) => return (None, vec![why]),
    };
    // Unique among namespaces that share the mount, so it is never another process's group.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.subsec_nanos());
    let name = format!("bench-runner-{}-{since:08x}", std::process::id());
    let mut best: Option<ControlGroup> = None;
    for place in places {
        match probe(place.join(&name)) {
            Ok(group) if group.peak_memory => return (Some(group), obstacles),
            Ok(group) => {
                best.get_or_insert(group);
            }
            Err(error) => obstacles.push(format!("control group in {}: {error}", place.display())),
        }
    }
    (best, obstacles)
}

/// Creates a group, sends a process through it and checks which files it has.
fn probe(path: PathBuf) -> io::Result<ControlGroup> {
    let mut kind = ControlGroup { path, peak_memory: false, kill: false };
    let group = BuildCgroup::make(&kind)?;
    enter::try_with_a_process(&group.procs)?;
    group.usage()?;
    let [peak_memory, kill] = ["memory.peak", "cgroup.kill"].map(|file| kind.path.join(file).exists());
    drop(group);
    (kind.peak_memory, kind.kill) = (peak_memory, kill);
    Ok(kind)
}

/// Directories in which a group may be allowed: next to our own group, within it, at the root of the mount.
///
/// Next to our own is best: a group that contains processes cannot hand controllers to groups within it.
fn candidate_dirs(mountinfo: &str, own: &str) -> Result<Vec<PathBuf>, String> {
    let (root, mount) = mountinfo
        .lines()
        .filter_map(|line| line.split_once(" - "))
        .filter(|(_, kind)| kind.starts_with("cgroup2 "))
        .find_map(|(fields, _)| {
            let mut fields = fields.split(' ').skip(3);
            Some((unescape(fields.next()?), PathBuf::from(unescape(fields.next()?))))
        })
        .ok_or("no cgroup v2 hierarchy is mounted")?;
    let mut places = Vec::new();
    let own = own.lines().find_map(|line| line.strip_prefix("0::"));
    // Outside of our namespace it reads `/../…`, which does not exist below the mount.
    let below = own
        .filter(|own| !own.contains("/.."))
        .and_then(|own| Path::new(own).strip_prefix(Path::new(&root)).ok());
    if let Some(below) = below {
        if let Some(parent) = below.parent() {
            places.push(mount.join(parent));
        }
        places.push(mount.join(below));
    }
    places.push(mount);
    let mut seen = Vec::new();
    for place in places {
        // `join("")` leaves a trailing slash, which components ignore.
        let place: PathBuf = place.components().collect();
        if !seen.contains(&place) {
            seen.push(place);
        }
    }
    Ok(seen)
}

/// Replaces the octal escapes for space, tab, newline and backslash in mountinfo.
fn unescape(field: &str) -> String {
    let mut text = field.to_owned();
    for (escape, character) in [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")] {
        text = text.replace(escape, character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIFIED: &str = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
        30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n";

    fn paths(mountinfo: &str, own: &str) -> Vec<String> {
        candidate_dirs(mountinfo, own).unwrap().iter().map(|place| place.display().to_string()).collect()
    }

    #[test]
    fn beside_the_own_group_comes_first() {
        let seen = paths(UNIFIED, "0::/user.slice/app.slice/terminal.scope\n");
        let slice = "/sys/fs/cgroup/user.slice/app.slice";
        assert_eq!(seen, [slice, &format!("{slice}/terminal.scope"), "/sys/fs/cgroup"]);
    }

    #[test]
    fn at_the_root_there_is_one_place() {
        let hybrid = "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
            32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n\
            41 31 0:38 / /sys/fs/cgroup/uni\\040fied rw - cgroup2 cgroup2 rw\n";
        assert_eq!(paths(hybrid, "4:memory:/x\n0::/\n"), ["/sys/fs/cgroup/uni fied"]);
    }

    #[test]
    fn a_mount_of_a_part_is_taken_as_that_part() {
        let part = "41 31 0:38 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup rw\n";
        assert_eq!(paths(part, "0::/docker/abc/init\n"), ["/sys/fs/cgroup", "/sys/fs/cgroup/init"]);
        assert_eq!(paths(part, "0::/elsewhere\n"), ["/sys/fs/cgroup"]);
        assert_eq!(paths(UNIFIED, "0::/../sibling\n"), ["/sys/fs/cgroup"]);
    }

    #[test]
    fn version_1_alone_is_an_obstacle_with_a_reason() {
        let error =
            candidate_dirs("32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n", "").unwrap_err();
        assert_eq!(error, "no cgroup v2 hierarchy is mounted");
    }
}
