//! Conditions of a block's builds, and the command of a new run of it.

/// Conditions of a block's builds, and the command of a new run of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ComparisonSetup {
    /// The project with its version, such as `titlecase 3.6.0`; several are joined.
    pub project: String,
    /// Content of the builds in plain words, such as `rebuild after an edit`.
    pub task: String,
    /// Cargo profiles of the builds, each once; empty if unknown.
    pub profiles: Vec<String>,
    /// Changes of the sources before each round, each once and as a clause; empty without any.
    pub edits: Vec<String>,
    /// Meanings of values that their names do not give, such as `linker=default is LLD 22.1.2 here`.
    pub values: Vec<String>,
    /// Command that measures the same comparison again, without its number of rounds; `None` if no command
    /// line has the same variants.
    pub command: Option<String>,
    /// Same for the undecided variants alone; `None` if all are undecided, or no command line has these.
    pub undecided: Option<PartialCommand>,
    /// Command that measures the combination that a fraction nominates against the configuration that it would replace;
    /// `None` if there is none.
    pub head_to_head: Option<String>,
    /// Median wall time of a round, seconds, from the start of its first build to the end of its last;
    /// `None` without complete rounds.
    pub round_seconds: Option<f64>,
    /// Wall time of the builds before the first round, seconds.
    pub warmup_seconds: f64,
}

/// A command that measures some variants of a comparison again.
#[derive(Debug, Clone, PartialEq)]
pub struct PartialCommand {
    /// The command line, without its number of rounds.
    pub command: String,
    /// Share of the time of the whole comparison, from 0 to 1.
    pub time: f64,
}

impl ComparisonSetup {
    /// Probable time of a new run with this number of rounds, seconds.
    pub fn seconds_for(&self, rounds: usize) -> Option<f64> {
        Some(self.warmup_seconds + self.round_seconds? * rounds as f64)
    }
}

/// Size of a new run that would probably settle an undecided comparison: enough rounds to bring the
/// half-width of the interval at the corrected level to half the margin, with the observed scatter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RoundsNeeded {
    /// This number of rounds.
    Rounds(usize),
    /// More rounds would hardly help: the interval is narrow enough, and the difference is near the margin.
    NearMargin,
    /// No number of rounds suffices, because of the offsets between directories.
    OtherDirectories,
    /// No number of rounds suffices, because of the offset that is assumed; without it this number would.
    AssumedOffset {
        /// This number.
        rounds: usize,
        /// Number of twins of the machine after which a new run measures the offset.
        missing: usize,
    },
    /// More rounds than the largest number that is suggested.
    TooMany,
    /// Not known, because a build timed out.
    TimedOut,
}
