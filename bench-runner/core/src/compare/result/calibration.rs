//! Offsets between target directories.

use crate::stats::ASSUMED_OFFSET;

/// Fixed offsets between target directories, for the blocks of one project and workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The project; `None` for blocks that span several.
    pub project: Option<String>,
    /// The workload; several of one block are joined by `+`.
    pub workload: String,
    /// The offsets.
    pub offsets: Offsets,
}

/// Variation between target directories.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Offsets {
    /// There are too few usable twins, so [`ASSUMED_OFFSET`] is assumed.
    Assumed {
        /// Number of usable twins.
        twins: usize,
    },
    /// Estimated from the twins.
    Calibrated {
        /// τ², the variance of the log-ratio of two identical directories beyond what noise explains; 0 if
        /// none is found.
        variance: f64,
        /// Number of twins.
        twins: usize,
        /// Number of runs with such twins, including the one that is judged.
        runs: usize,
        /// The pool of twins that was used.
        pool: Pool,
        /// Weight of the most precise twin as a fraction of all weights; near 1 it alone determines the
        /// result.
        heaviest: f64,
    },
}

/// Pool of twins that a block uses: the most similar kind that has enough twins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pool {
    /// Twins of the same project and workload.
    Project,
    /// Twins of the same workload.
    Workload,
    /// All twins.
    All,
}

impl Pool {
    /// The pool as written in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Workload => "workload",
            Self::All => "all",
        }
    }
}

impl Offsets {
    /// τ², estimated or assumed.
    pub fn variance(self) -> f64 {
        match self {
            Self::Calibrated { variance, .. } => variance,
            Self::Assumed { .. } => ASSUMED_OFFSET.powi(2),
        }
    }

    /// Returns true if no twins support the offsets.
    pub fn is_assumed(self) -> bool {
        matches!(self, Self::Assumed { .. })
    }
}
