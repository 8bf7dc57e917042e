//! How the arms of a block look in all of its figures.

use bench_runner_core::compare::{ArmResult, BlockResult};
use bench_runner_core::record::Role;

use super::palette::{Ink, PointShape};
use super::widths;
use super::wording;

/// Font size of the names of arms.
pub(crate) const NAME_SIZE: f64 = 12.0;

/// How an arm looks and what it is called.
pub(crate) struct Series<'a> {
    pub(crate) arm: &'a ArmResult,
    /// Its name, shortened to the room there is.
    pub(crate) name: String,
    /// The shape of its points.
    pub(crate) shape: PointShape,
    /// Its colour.
    pub(crate) ink: Ink,
}

/// The arms of a block in their order, with names no wider than `room`.
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
