//! Results of one arm.

use super::ratio::{PlainRatio, Ratio};
use super::setup::RoundsNeeded;
use crate::record::{ByMetric, MetricId, Role};
use crate::stats::{Spread, Summary};

/// Results of one arm.
#[derive(Debug, Clone, PartialEq)]
pub struct ArmResult {
    /// Role of the arm.
    pub role: Role,
    /// Name of the variant; the twin has the baseline's.
    pub variant: String,
    /// Names of variants that are identical on this machine.
    pub aliases: Vec<String>,
    /// The successful measured builds, in chronological order.
    pub points: Vec<Point>,
    /// Number of measured builds that failed, timed out or could not start.
    pub failures: usize,
    /// Reason for not timing the arm; `None` if it was timed.
    pub not_timed: Option<String>,
    /// Summaries of the metrics, in the units of [`METRICS`](crate::record::METRICS).
    pub summaries: ByMetric<Summary>,
    /// Lower and upper quartile of the wall time in seconds, computed by
    /// [`quantile`](crate::stats::quantile); `None` if wall time has no summary.
    pub middle_half: Option<(f64, f64)>,
    /// Ratio of wall times to the baseline of the block; `None` for the baseline, the twin, and arms with too
    /// few rounds.
    pub ratio: Option<Ratio>,
    /// Size of a new run that would settle the comparison; `None` unless it is undecided.
    pub needed: Option<RoundsNeeded>,
    /// Ratios of the metrics that are compared and not judged, over the same rounds; `None` also if a build
    /// has no value or 0.
    pub plain_ratios: ByMetric<PlainRatio>,
    /// Ratios of wall times by session, if at least two sessions have a ratio.
    pub sessions: Option<Sessions>,
}

impl ArmResult {
    /// The summary of wall time.
    pub fn wall(&self) -> Option<Summary> {
        self.summaries[MetricId::Wall]
    }

    /// The ratio of a metric to the baseline, judged or not.
    pub fn ratio_of(&self, metric: MetricId) -> Option<PlainRatio> {
        match metric {
            MetricId::Wall => self.ratio.as_ref().map(Ratio::plain),
            other => self.plain_ratios[other],
        }
    }

    /// Number of builds whose wall time is far from the others: they are marked, but not removed.
    pub fn outliers(&self) -> usize {
        self.points.iter().filter(|point| point.outlier).count()
    }
}

/// One measured build.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Index in the block's order of builds, from 0.
    pub order: u32,
    /// The round, from 1.
    pub round: u32,
    /// The session, from 1.
    pub session: u32,
    /// Wall time, seconds.
    pub wall: f64,
    /// True if the wall time is far from the others of its arm: marked, but not removed.
    pub outlier: bool,
}

/// A variant's ratio by session.
#[derive(Debug, Clone, PartialEq)]
pub struct Sessions {
    /// Ratios of the sessions that have enough rounds, in order.
    pub ratios: Vec<SessionRatio>,
    /// Spread between the sessions beyond chance; `None` if too few of them have enough rounds.
    pub spread: Option<Spread>,
}

/// A variant's ratio in one session.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SessionRatio {
    /// The session, from 1.
    pub session: u32,
    /// The ratio over the rounds of the session alone.
    pub ratio: PlainRatio,
}
