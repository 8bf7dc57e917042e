//! Offsets between target directories.

/// What is known of fixed offsets between target directories, for the blocks of one project and workload.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// The project; `None` for blocks that span several.
    pub project: Option<String>,
    /// The workload; several of one block are joined by `+`.
    pub workload: String,
    /// The offsets.
    pub offsets: Offsets,
}

/// How far target directories stand apart.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Offsets {
    /// Too few twins say anything, so nothing was added to any interval.
    NotCalibrated {
        /// How many do.
        twins: usize,
    },
    /// As the twins show it.
    Calibrated {
        /// τ², the variance of the log-ratio of two like directories beyond what noise explains; 0 where none is seen.
        variance: f64,
        /// How many twins it comes from.
        twins: usize,
        /// How many runs, the one that is judged included where it has such twins.
        runs: usize,
        /// Of which kind they are.
        pool: Pool,
        /// Share that the most precise of them has in all weights; near 1 it alone decides.
        heaviest: f64,
    },
}

/// Which twins a block goes by: the nearest kind that has enough of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pool {
    /// Those of the same project and workload.
    Project,
    /// Those of the same workload.
    Workload,
    /// All that there are.
    All,
}

impl Pool {
    /// The word in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Workload => "workload",
            Self::All => "all",
        }
    }
}

impl Offsets {
    /// τ² where it is known.
    pub fn variance(self) -> Option<f64> {
        match self {
            Self::Calibrated { variance, .. } => Some(variance),
            Self::NotCalibrated { .. } => None,
        }
    }
}
