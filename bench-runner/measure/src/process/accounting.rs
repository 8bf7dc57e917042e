//! Accounting for the processes of a build on this machine.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// The ways in which the processes of a build are accounted for, found once when the supervisor starts.
///
/// Displays as one line per fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Accounting {
    /// True if orphaned processes become children of the supervisor, which then reaps and kills them.
    pub subreaper: bool,
    /// The control group (v2) that each build runs in, if one can be created.
    pub group: Option<ControlGroup>,
    /// Ways that were tried and did not work, as `what: why`.
    pub obstacles: Vec<String>,
}

/// A control group that is created for each build.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlGroup {
    /// Its directory, which exists only while a build runs.
    pub path: PathBuf,
    /// True if it reports the peak memory of all its processes together (`memory.peak`).
    pub peak_memory: bool,
    /// True if the kernel can kill all of its processes at once (`cgroup.kill`, since Linux 5.14).
    pub kill: bool,
}

impl Accounting {
    /// True if CPU time comes from a control group: then it is complete, even for processes that their parent
    /// never waited for.
    pub fn by_control_group(&self) -> bool {
        self.group.is_some()
    }

    /// True if the peak memory of all processes of a build together is known.
    pub fn peak_memory(&self) -> bool {
        self.group.as_ref().is_some_and(|group| group.peak_memory)
    }
}

impl fmt::Display for Accounting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.group {
            Some(group) => write!(f, "CPU time: control group under {}", parent(group).display())?,
            None => f.write_str("CPU time: sum over the reaped processes (no control group)")?,
        }
        f.write_str("\npeak memory of a build: ")?;
        f.write_str(match &self.group {
            Some(group) if group.peak_memory => "memory.peak of the control group",
            Some(_) => "not available (the memory controller is not enabled there), largest process only",
            None => "not available (no control group), largest process only",
        })?;
        f.write_str("\norphaned processes: ")?;
        f.write_str(if self.subreaper { "reaped by the supervisor" } else { "not seen (no subreaper)" })?;
        for obstacle in &self.obstacles {
            write!(f, "\nnot usable: {obstacle}")?;
        }
        Ok(())
    }
}

fn parent(group: &ControlGroup) -> &std::path::Path {
    group.path.parent().unwrap_or(&group.path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_said() {
        let group = ControlGroup { path: "/sys/fs/cgroup/x/bench".into(), peak_memory: false, kill: true };
        let with = Accounting { subreaper: true, group: Some(group), obstacles: vec!["/a: refused".into()] };
        expect_test::expect![[r#"
            CPU time: control group under /sys/fs/cgroup/x
            peak memory of a build: not available (the memory controller is not enabled there), largest process only
            orphaned processes: reaped by the supervisor
            not usable: /a: refused"#]]
        .assert_eq(&with.to_string());
        let without = Accounting { subreaper: true, group: None, obstacles: vec![] };
        assert!(!without.by_control_group() && !without.peak_memory());
    }
}
