//! Reasons why a block is invalid.

/// Reason why a block is invalid.
#[derive(Debug, Clone, PartialEq)]
pub enum Invalid {
    /// The twin differs from the baseline.
    TwinDiffers,
    /// Later builds of an arm differ in kind from its first.
    LaterBuildsDiffer(ChangedArm),
}

/// An arm whose later builds from nothing differ in kind from its first.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedArm {
    /// Index of the arm in the block.
    pub arm: usize,
    /// The differences; at least one.
    pub changes: Vec<LaterBuildChange>,
}

/// A difference between the first build of an arm and the median of the later ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum LaterBuildChange {
    /// Under half or over twice the CPU time, in seconds.
    Cpu {
        /// CPU time of the first build.
        first: f64,
        /// Median of the later builds.
        later: f64,
    },
    /// Another set of units.
    Units {
        /// Number of units that the first build compiled.
        first: u32,
        /// Number of units that the later builds compiled.
        later: u32,
    },
    /// Under half of the bytes written.
    Written {
        /// Bytes written by the first build.
        first: u64,
        /// Median of the later builds.
        later: u64,
    },
}

impl LaterBuildChange {
    /// The difference, in words that follow "its first build and the later ones differ: ".
    pub fn describe(self) -> String {
        match self {
            Self::Cpu { first, later } => format!("{first:.2} s of CPU time, then {later:.2} s"),
            Self::Units { first, later } if first == later => format!("other units ({first} of them)"),
            Self::Units { first, later } => format!("{first} units compiled, then {later}"),
            Self::Written { first, later } => {
                format!("{:.1} MB written, then {:.1} MB", first as f64 / 1e6, later as f64 / 1e6)
            }
        }
    }
}

impl ChangedArm {
    /// The differences, such as `2.70 s of CPU time, then 0.45 s`.
    pub(crate) fn describe_changes(&self) -> String {
        self.changes.iter().map(|change| change.describe()).collect::<Vec<_>>().join("; ")
    }

    /// The probable cause, as a clause.
    pub fn likely_cause(&self) -> &'static str {
        let more = |change: &LaterBuildChange| matches!(change, LaterBuildChange::Cpu { first, later } if later > first);
        if self.changes.iter().any(more) {
            "each build probably leaves something outside of its target directory that the next one has to work through"
        } else if matches!(self.changes[..], [LaterBuildChange::Units { .. }]) {
            "a build probably changes files or variables that decide what the next one compiles"
        } else {
            "a cache outside of the target directory probably kept what the first build had made: a compiler wrapper, a \
             daemon, or a build script that finds its own results again"
        }
    }
}

impl Invalid {
    /// The reason as a clause; `name` returns the name of an arm.
    pub fn describe(&self, name: impl Fn(usize) -> String) -> String {
        match self {
            Self::TwinDiffers => {
                "two identical builds, the baseline and its control, differ by more than chance explains"
                    .to_owned()
            }
            Self::LaterBuildsDiffer(kind) => {
                let name = name(kind.arm);
                format!(
                    "later builds of {name} did different work than its first ({})",
                    kind.describe_changes()
                )
            }
        }
    }
}
