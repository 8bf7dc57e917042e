//! Ratios of the costs of a build other than wall time, such as CPU time and memory.

use super::cells::{Cells, Table};
use super::judge::JudgedBlock;
use super::result::PlainRatio;
use crate::record::{ByMetric, Metric, MetricId, Sample, Treatment};
use crate::stats::{Contrast, Estimate};

/// Costs of the builds of a block.
pub(super) struct Costs<'c, 'a> {
    cells: &'c Cells<'a>,
    judged: &'c JudgedBlock,
    /// Values of the compared metrics that some build has.
    tables: ByMetric<Table>,
}

impl<'c, 'a> Costs<'c, 'a> {
    pub(super) fn of(cells: &'c Cells<'a>, judged: &'c JudgedBlock) -> Self {
        let tables = ByMetric::of(|metric| {
            let compared = metric.treatment == Treatment::Compared;
            compared.then(|| table(cells, metric)).filter(|table| table.iter().flatten().any(Option::is_some))
        });
        Self { cells, judged, tables }
    }

    /// Ratio of one arm to its baseline, over the rounds that count for the ratio of wall times. `None` if
    /// that ratio is missing, or if a round lacks a value or has a 0: the remaining rounds would be a
    /// selection, those in which the system happened to count something.
    pub(super) fn ratio(&self, arm: usize, metric: MetricId) -> Option<PlainRatio> {
        self.ratio_of(metric, self.cells.contrast(arm)?, self.judged.estimates[arm]?)
    }

    /// Same as [`Costs::ratio`], for the twin and the planned baseline, whichever baseline is chosen.
    pub(super) fn twin_ratio(&self, metric: MetricId) -> Option<PlainRatio> {
        let reference = &self.cells.reference;
        self.ratio_of(metric, reference.contrast(reference.twin?), self.judged.twin?)
    }

    fn ratio_of(&self, metric: MetricId, contrast: Contrast, wall: Estimate) -> Option<PlainRatio> {
        let estimate = contrast.estimate(self.tables[metric].as_ref()?, self.cells.control());
        let estimate = estimate.filter(|estimate| estimate.rounds == wall.rounds)?;
        Some(PlainRatio::of(&estimate.stretched(self.judged.stretch())))
    }
}

fn table(cells: &Cells<'_>, metric: &Metric) -> Table {
    let value = |build: &Option<&Sample>| (metric.read)(build.as_ref()?.outcome.cost()?);
    cells.rounds.iter().map(|round| round.builds.iter().map(value).collect()).collect()
}
