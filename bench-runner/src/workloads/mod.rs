//! What is timed: one file per workload. A workload says what state the build starts from, whether the round's
//! edit is in place, what the build is to bring about, and which units it should compile.
//!
//! Knows nothing of axes, plans or samples.

mod check;
mod clean;
mod incremental;
mod noop;

use crate::build::Goal;

/// One workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Its name in scenarios and files.
    pub name: &'static str,
    /// One line for help texts.
    pub summary: &'static str,
    /// What the build brings about.
    pub goal: Goal,
    /// What the build starts from.
    pub start: Start,
    /// Whether the sources are edited anew in each round.
    pub edits: bool,
    /// Which units it should compile.
    pub units: Units,
}

/// What a build starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// An empty target directory.
    Empty,
    /// What the variant's last build left.
    Warm,
}

/// Which units a build should compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Units {
    /// All of them.
    All,
    /// At least one.
    Some,
    /// None.
    None,
}

impl Units {
    /// Whether `compiled` of `total` units is what was to be expected.
    pub fn agree(self, compiled: usize, total: usize) -> bool {
        match self {
            Self::All => compiled == total && total > 0,
            Self::Some => compiled > 0,
            Self::None => compiled == 0,
        }
    }

    /// As words that read after "expected ".
    pub fn describe(self) -> &'static str {
        match self {
            Self::All => "all units compiled",
            Self::Some => "at least one unit compiled",
            Self::None => "no unit compiled",
        }
    }
}

/// All workloads, in the order of help texts.
pub const ALL: [Workload; 4] = [clean::CLEAN, incremental::INCREMENTAL, check::CHECK, noop::NOOP];

/// The workload called `name`, or else the nearest name there is.
pub fn find(name: &str) -> Result<&'static Workload, Option<&'static str>> {
    const { &ALL }
        .iter()
        .find(|workload| workload.name == name)
        .ok_or_else(|| crate::spanned::nearest(name, ALL.iter().map(|workload| workload.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_by_name_or_nearest() {
        assert_eq!(find("noop").unwrap().units, Units::None);
        assert_eq!(find("increment").unwrap_err(), Some("incremental"));
        assert_eq!(find("zzzzzz").unwrap_err(), None);
    }

    #[test]
    fn what_a_build_should_compile() {
        assert!(Units::All.agree(3, 3) && !Units::All.agree(2, 3) && !Units::All.agree(0, 0));
        assert!(Units::Some.agree(1, 3) && !Units::Some.agree(0, 3));
        assert!(Units::None.agree(0, 3) && !Units::None.agree(1, 3));
    }
}
