//! Ratios of what a build costs besides wall time: CPU time and memory.

use super::cells::Cells;
use super::judge::Judged;
use super::result::PlainRatio;
use crate::record::Cost;

/// CPU time of one arm against its baseline, user and kernel together.
pub(super) fn cpu(cells: &Cells<'_>, judged: &Judged, arm: usize) -> Option<PlainRatio> {
    ratio(cells, judged, arm, |cost| (cost.user + cost.sys).as_secs_f64())
}

/// The largest resident set of one arm against its baseline.
pub(super) fn max_rss(cells: &Cells<'_>, judged: &Judged, arm: usize) -> Option<PlainRatio> {
    ratio(cells, judged, arm, |cost| cost.max_rss as f64)
}

/// By the rounds that the ratio of wall times counts. `None` where there is no such ratio, and where a round lacks a
/// value or has a 0: what is left would be the rounds in which the system happened to see something.
fn ratio(cells: &Cells<'_>, judged: &Judged, arm: usize, of: impl Fn(&Cost) -> f64) -> Option<PlainRatio> {
    let wall = judged.estimates[arm]?;
    let value = |build: &Option<&crate::record::Sample>| Some(of(build.as_ref()?.outcome.cost()?));
    let table: Vec<Vec<Option<f64>>> =
        cells.rounds.iter().map(|round| round.builds.iter().map(value).collect()).collect();
    let estimate = cells.contrast(arm)?.estimate(&table, cells.control());
    let estimate = estimate.filter(|estimate| estimate.rounds == wall.rounds)?;
    Some(PlainRatio::of(&estimate.stretched(judged.stretch())))
}
