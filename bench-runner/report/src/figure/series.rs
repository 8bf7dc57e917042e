//! Names, shapes and colors of a block's arms, the same in all of its figures.

use bench_runner_core::compare::{ArmResult, BlockResult, Summary};
use bench_runner_core::record::Role;

use super::palette::{Ink, PointShape};
use super::widths;
use super::wording;

/// Font size of the names of arms.
pub(crate) const NAME_SIZE: f64 = 12.0;

/// An arm with its name, shape and color.
pub(crate) struct Series<'a> {
    pub(crate) arm: &'a ArmResult,
    /// Name, shortened to the available width.
    pub(crate) name: String,
    pub(crate) shape: PointShape,
    pub(crate) ink: Ink,
}

/// Arms of a block in order, with names of at most the width `room`.
pub(crate) fn for_block(block: &BlockResult, room: f64) -> Vec<Series<'_>> {
    let mut variants = 0;
    let look = |arm: &ArmResult| match arm.role {
        Role::Baseline => (PointShape::Disc, Ink::Text),
        Role::Twin => (PointShape::Ring, Ink::Muted),
        Role::Variant => {
            variants += 1;
            (PointShape::for_variant(variants - 1), Ink::Arm(variants - 1))
        }
    };
    let looks: Vec<_> = block.arms.iter().map(look).collect();
    let full: Vec<_> = block.arms.iter().map(wording::arm_name).collect();
    let names = widths::shorten_all(&full, room, NAME_SIZE);
    let named = block.arms.iter().zip(names).zip(looks);
    named.map(|((arm, name), (shape, ink))| Series { arm, name, shape, ink }).collect()
}

/// Median wall time of the baseline, in seconds.
pub(crate) fn baseline_median(series: &[Series<'_>]) -> Option<f64> {
    let baseline = series.iter().find(|one| one.arm.role == Role::Baseline)?;
    Some(baseline.arm.wall()?.median)
}

/// Name of the ends beside medians, with the reason if they are not intervals.
pub(crate) fn around_median<'s>(summaries: impl Iterator<Item = &'s Summary> + Clone) -> String {
    let has_interval = summaries.clone().any(Summary::has_interval);
    let ends = wording::around_median(summaries);
    if has_interval { ends.to_owned() } else { format!("{ends} (too few builds for an interval of it)") }
}
