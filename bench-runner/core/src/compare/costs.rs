//! Ratios of what a build costs besides wall time: CPU time and memory.

use super::cells::{Cells, Table};
use super::judge::Judged;
use super::result::PlainRatio;
use crate::record::{Cost, Sample};

/// What the builds of a block cost.
pub(super) struct Costs<'c, 'a> {
    cells: &'c Cells<'a>,
    judged: &'c Judged,
    /// CPU seconds, user and kernel together.
    cpu: Table,
    /// The largest resident set, bytes.
    max_rss: Table,
}

impl<'c, 'a> Costs<'c, 'a> {
    pub(super) fn of(cells: &'c Cells<'a>, judged: &'c Judged) -> Self {
        let cpu = table(cells, |cost| (cost.user + cost.sys).as_secs_f64());
        let max_rss = table(cells, |cost| cost.max_rss as f64);
        Self { cells, judged, cpu, max_rss }
    }

    /// CPU time of one arm against its baseline.
    pub(super) fn cpu(&self, arm: usize) -> Option<PlainRatio> {
        self.ratio(arm, &self.cpu)
    }

    /// The largest resident set of one arm against its baseline.
    pub(super) fn max_rss(&self, arm: usize) -> Option<PlainRatio> {
        self.ratio(arm, &self.max_rss)
    }

    /// By the rounds that the ratio of wall times counts. `None` where there is no such ratio, and where a round lacks a
    /// value or has a 0: what is left would be the rounds in which the system happened to see something.
    fn ratio(&self, arm: usize, table: &Table) -> Option<PlainRatio> {
        let wall = self.judged.estimates[arm]?;
        let estimate = self.cells.contrast(arm)?.estimate(table, self.cells.control());
        let estimate = estimate.filter(|estimate| estimate.rounds == wall.rounds)?;
        Some(PlainRatio::of(&estimate.stretched(self.judged.stretch())))
    }
}

fn table(cells: &Cells<'_>, of: impl Fn(&Cost) -> f64) -> Table {
    let value = |build: &Option<&Sample>| Some(of(build.as_ref()?.outcome.cost()?));
    cells.rounds.iter().map(|round| round.builds.iter().map(value).collect()).collect()
}
