//! What a comparison says.

use super::across::Across;
use crate::record::{BlockId, Fidelity, Proof, Role, Skipped, StopReason};
use crate::stats::{Estimate, Known, LEVEL, NoOrderEffects, OrderEffects, Spread, Summary, t_quantile};

/// Everything that the samples of one run say.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Name of the scenario.
    pub scenario: String,
    /// One line about the machine, for captions.
    pub machine: String,
    /// How many comparisons the run planned: variants against their baselines, twins left out.
    pub planned: usize,
    /// Where the others are compared with a baseline that was chosen after the run.
    pub post_hoc: Option<PostHoc>,
    /// What is known of offsets between target directories, for each project and workload of the run.
    pub calibration: Vec<Calibration>,
    /// Block by block, in the order of the plan.
    pub blocks: Vec<BlockResult>,
    /// What several projects have in common, put together.
    pub across: Vec<Across>,
    /// What was asked for and left out.
    pub skipped: Vec<Skipped>,
}

impl Comparison {
    /// How many comparisons the correction counts.
    pub fn family(&self) -> usize {
        self.post_hoc.as_ref().map_or(self.planned, |post_hoc| post_hoc.pairs)
    }

    /// Whether a baseline was chosen after the run that none of its blocks has.
    pub fn lacks_baseline(&self) -> bool {
        self.blocks.is_empty() && self.post_hoc.as_ref().is_some_and(|chosen| !chosen.left_out.is_empty())
    }

    /// Whether every comparison has a verdict that says something: none is missing, `undecided` or `invalid`. A run of
    /// which no block has the baseline that was chosen decides nothing.
    pub fn is_decided(&self) -> bool {
        if self.lacks_baseline() {
            return false;
        }
        let says = |ratio: &Ratio| !matches!(ratio.verdict, Verdict::Undecided | Verdict::Invalid);
        let decided = |block: &BlockResult| {
            let compared = block.arms.iter().enumerate().filter(|(at, _)| block.is_compared(*at));
            compared.into_iter().all(|(_, arm)| arm.ratio.as_ref().is_some_and(says))
        };
        self.blocks.iter().all(decided)
    }
}

/// A baseline that was chosen after the run, and what that costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PostHoc {
    /// What was asked for, such as `linker=mold`.
    pub baseline: String,
    /// How many pairs of arms all planned blocks have, the twins left out. All of them count in the correction.
    pub pairs: usize,
    /// Blocks that do not have it, each with the reason. They are not among the blocks of the comparison.
    pub left_out: Vec<Skipped>,
}

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

/// What the samples of one block say.
#[derive(Debug, Clone, PartialEq)]
pub struct BlockResult {
    /// The block.
    pub id: BlockId,
    /// Its workload; several are joined by `+`.
    pub workload: String,
    /// A readable title, such as `hexyl 0.17.0 · incremental`.
    pub title: String,
    /// Complete rounds.
    pub rounds: u32,
    /// Why no more rounds were made; `None` where the run did not get that far.
    pub stopped: Option<StopReason>,
    /// Margin of relevance, as a share.
    pub margin: f64,
    /// The arms in the plan's order: planned baseline, twin, variants.
    pub arms: Vec<ArmResult>,
    /// Position of the arm that the others are compared with.
    pub baseline: usize,
    /// What the twin says of the block; `None` where it was switched off or has too few rounds.
    pub twin: Option<TwinResult>,
    /// Correlation of neighbouring rounds, where one was found and the standard errors were stretched for it.
    pub serial: Option<f64>,
    /// Standard deviation on the log scale between twin and baseline beyond their errors, where the run's twins show
    /// one and the variances of the variants were raised for it.
    pub offset: Option<f64>,
    /// What places and predecessors within the rounds did, or why that cannot be said. Effects name arms by their
    /// position in `arms`; what was moved are the ratios in the order of `arms`.
    pub order: Result<OrderEffects, NoOrderEffects>,
    /// Proofs of the block.
    pub proofs: Vec<Proof>,
    /// Why the block shows nothing and its verdicts are `invalid`; empty if it does show something.
    pub invalid: Vec<Invalid>,
    /// How far what it builds is what the user's own `cargo build` builds, as the plan says.
    pub fidelity: Vec<Fidelity>,
    /// What a reader should know, as whole sentences.
    pub notes: Vec<String>,
}

impl BlockResult {
    /// Why the block shows nothing, as clauses.
    pub fn why_invalid(&self) -> Vec<String> {
        let name = |arm: usize| match self.arms.get(arm) {
            Some(arm) if arm.role == Role::Twin => "the twin".to_owned(),
            Some(arm) => format!("`{}`", arm.variant),
            None => "an arm".to_owned(),
        };
        self.invalid.iter().map(|reason| reason.describe(name)).collect()
    }

    /// Whether the arm at a position is to be compared with the baseline.
    pub fn is_compared(&self, arm: usize) -> bool {
        arm != self.baseline && self.arms.get(arm).is_some_and(|arm| arm.role != Role::Twin)
    }
}

/// What the samples of one arm say.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmResult {
    /// What the arm is there for.
    pub role: Role,
    /// Name of the variant; the twin has the baseline's.
    pub variant: String,
    /// Names that are the same thing on this machine.
    pub aliases: Vec<String>,
    /// The measured builds that ended well, in the order in which they were made.
    pub points: Vec<Point>,
    /// Measured builds that failed, timed out or could not start.
    pub failures: usize,
    /// Why it was not timed at all, where that is so.
    pub not_timed: Option<String>,
    /// Wall time, seconds.
    pub wall: Option<Summary>,
    /// Lower and upper quartile of the wall time, seconds, as [`quantile`](crate::stats::quantile) has them; there
    /// where `wall` is.
    pub middle_half: Option<(f64, f64)>,
    /// CPU time, user and kernel together, seconds.
    pub cpu: Option<Summary>,
    /// CPU time in the kernel alone, seconds.
    pub kernel: Option<Summary>,
    /// Largest resident set of a process, bytes.
    pub max_rss: Option<Summary>,
    /// Wall time against the baseline of the block; `None` for that one, the twin, and arms with too few rounds.
    pub ratio: Option<Ratio>,
    /// CPU time against the baseline over the same rounds; `None` also where a build has none.
    pub cpu_ratio: Option<PlainRatio>,
    /// The largest resident set against the baseline over the same rounds; `None` also where a build has none.
    pub rss_ratio: Option<PlainRatio>,
    /// The ratio of wall times by session, where at least two sessions have a ratio of their own.
    pub sessions: Option<Sessions>,
}

impl ArmResult {
    /// Builds whose wall time lies far from the rest: they are shown, and kept.
    pub fn outliers(&self) -> usize {
        self.points.iter().filter(|point| point.outlier).count()
    }
}

/// One measured build.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Place in the block's order of builds, from 0.
    pub order: u32,
    /// The round, from 1.
    pub round: u32,
    /// The session, from 1.
    pub session: u32,
    /// Wall time, seconds.
    pub wall: f64,
    /// Far from the rest of its arm: shown, and kept.
    pub outlier: bool,
}

/// An arm's wall time against its baseline's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ratio {
    /// Rounds that count.
    pub rounds: usize,
    /// The estimate.
    pub ratio: f64,
    /// Lower end of the plain 95 % interval.
    pub low: f64,
    /// Upper end of the plain 95 % interval.
    pub high: f64,
    /// The p-value against "no difference", before any correction.
    pub p: f64,
    /// The p-value after Holm's correction over all comparisons that count, [`Comparison::family`]; 1 in an invalid block.
    pub p_holm: f64,
    /// The p-value against "it differs by the margin or more", before any correction.
    pub p_equivalence: f64,
    /// The same after a Holm correction of its own.
    pub p_equivalence_holm: f64,
    /// Mean of the variant over mean of the baseline, which outliers do move.
    pub ratio_of_means: f64,
    /// The verdict at the corrected level.
    pub verdict: Verdict,
}

impl Ratio {
    /// The log-ratio with its error, as the plain interval has it.
    pub fn known(&self) -> Known {
        let df = (self.rounds as f64 - 1.0).max(1.0);
        let half_width = (self.high.ln() - self.low.ln()) / 2.0;
        Known { value: self.ratio.ln(), se: half_width / t_quantile(0.5 + 0.5 * LEVEL, df), df }
    }
}

/// A ratio to the baseline that is not judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlainRatio {
    /// Rounds that count.
    pub rounds: usize,
    /// The estimate.
    pub ratio: f64,
    /// Lower end of the plain 95 % interval.
    pub low: f64,
    /// Upper end of the plain 95 % interval.
    pub high: f64,
}

impl PlainRatio {
    /// The ratio of an estimate, with its interval.
    pub(super) fn of(estimate: &Estimate) -> Self {
        let (low, high) = estimate.interval(LEVEL);
        Self { rounds: estimate.rounds, ratio: estimate.ratio(), low, high }
    }
}

/// A variant's ratio by session.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    /// Those of the sessions with enough rounds, in their order.
    pub ratios: Vec<SessionRatio>,
    /// How far they lie apart beyond chance; `None` where too few of them have enough rounds to say.
    pub spread: Option<Spread>,
}

/// A variant's ratio in one session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionRatio {
    /// The session, from 1.
    pub session: u32,
    /// The ratio over its rounds alone.
    pub ratio: PlainRatio,
}

/// What the twin says: how small a difference the block could not have seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TwinResult {
    /// Rounds that count.
    pub rounds: usize,
    /// The twin's ratio to the baseline.
    pub ratio: f64,
    /// θ, its logarithm as it was estimated.
    pub theta: f64,
    /// Standard error of θ, widened for serial correlation, without the factor for looks and before any offset.
    pub se: f64,
    /// Half-width of its interval, as a share, with the offsets between directories where they are calibrated.
    pub half_width: f64,
    /// The p-value against "no difference", or against none beyond those offsets.
    pub p: f64,
}

/// Why a block shows nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum Invalid {
    /// The twin differs from the baseline.
    TwinDiffers,
    /// Later builds of an arm are not what its first was.
    OtherKind(OtherKind),
}

/// An arm whose later builds from nothing are of another kind than its first.
#[derive(Debug, Clone, PartialEq)]
pub struct OtherKind {
    /// Its position in the block.
    pub arm: usize,
    /// In what they differ; at least one.
    pub changes: Vec<Change>,
}

/// How the later builds of an arm differ from its first, by their median.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// Under half or over twice the CPU time, seconds.
    Cpu {
        /// Of the first build.
        first: f64,
        /// Of the later ones.
        later: f64,
    },
    /// Another set of units.
    Units {
        /// How many the first build compiled.
        first: u32,
        /// How many the later ones compiled.
        later: u32,
    },
    /// Under half of the bytes written.
    Written {
        /// By the first build.
        first: u64,
        /// By the later ones.
        later: u64,
    },
}

impl Change {
    /// What changed, in words that read after "its first build and the later ones differ: ".
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

impl OtherKind {
    /// What changed, such as `2.70 s of CPU time, then 0.45 s`.
    pub(crate) fn describe_changes(&self) -> String {
        self.changes.iter().map(|change| change.describe()).collect::<Vec<_>>().join("; ")
    }

    /// What probably is behind it, as a clause.
    pub fn likely_cause(&self) -> &'static str {
        let more = |change: &Change| matches!(change, Change::Cpu { first, later } if later > first);
        if self.changes.iter().any(more) {
            "each build probably leaves something outside of its target directory that the next one has to work through"
        } else if matches!(self.changes[..], [Change::Units { .. }]) {
            "a build probably changes files or variables that decide what the next one compiles"
        } else {
            "a cache outside of the target directory probably kept what the first build had made: a compiler wrapper, a \
             daemon, or a build script that finds its own results again"
        }
    }
}

impl Invalid {
    /// Why, as a clause; `name` gives an arm's name.
    pub fn describe(&self, name: impl Fn(usize) -> String) -> String {
        match self {
            Self::TwinDiffers => "the twin differs from the baseline".to_owned(),
            Self::OtherKind(kind) => {
                let name = name(kind.arm);
                format!("later builds of {name} differ in kind from its first ({})", kind.describe_changes())
            }
        }
    }
}

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// Less time than the baseline, at the corrected level.
    Faster,
    /// More time than the baseline, at the corrected level.
    Slower,
    /// No difference as large as the margin.
    Equivalent,
    /// Neither shown.
    Undecided,
    /// The block shows nothing, for one of the reasons of [`Invalid`].
    Invalid,
}

impl Verdict {
    /// The word in files and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::Equivalent => "equivalent",
            Self::Undecided => "undecided",
            Self::Invalid => "invalid",
        }
    }
}
