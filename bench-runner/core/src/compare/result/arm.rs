//! What an arm comes to.

use super::ratio::{PlainRatio, Ratio};
use crate::record::{ByMetric, MetricId, Role};
use crate::stats::{Spread, Summary};

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
    /// Summaries of the metrics, in the units that [`METRICS`](crate::record::METRICS) says.
    pub summaries: ByMetric<Summary>,
    /// Lower and upper quartile of the wall time, seconds, as [`quantile`](crate::stats::quantile) has them; `None` if
    /// wall time has no summary.
    pub middle_half: Option<(f64, f64)>,
    /// Wall time against the baseline of the block; `None` for that one, the twin, and arms with too few rounds.
    pub ratio: Option<Ratio>,
    /// The metrics that are compared and not judged against the baseline, over the same rounds; `None` also if a build
    /// has no value or 0.
    pub plain_ratios: ByMetric<PlainRatio>,
    /// The ratio of wall times by session, where at least two sessions have a ratio of their own.
    pub sessions: Option<Sessions>,
}

impl ArmResult {
    /// The summary of wall time.
    pub fn wall(&self) -> Option<Summary> {
        self.summaries[MetricId::Wall]
    }

    /// A metric against the baseline, judged or not.
    pub fn ratio_of(&self, metric: MetricId) -> Option<PlainRatio> {
        match metric {
            MetricId::Wall => self.ratio.as_ref().map(Ratio::plain),
            other => self.plain_ratios[other],
        }
    }

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
