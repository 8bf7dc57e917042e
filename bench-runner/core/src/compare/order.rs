//! Effects of positions and predecessors within the rounds on the times and ratios of a block.

use super::cells::Cells;
use super::judge::JudgedBlock;
use crate::stats::{Contrast, NoOrderEffects, OrderEffects, OrderedRound, order_effects};

/// Effects of the order on a block, and how far it moved each ratio of the block.
pub(super) fn block_order_effects(
    cells: &Cells<'_>,
    judged: &JudgedBlock,
) -> Result<OrderEffects, NoOrderEffects> {
    let of_round = |(round, seconds): (&crate::record::Round<'_>, &Vec<Option<f64>>)| {
        let placed = |(arm, build): (usize, &Option<&crate::record::Sample>)| Some(((*build)?.position, arm));
        let mut built: Vec<(u32, usize)> = round.builds.iter().enumerate().filter_map(placed).collect();
        built.sort_unstable();
        OrderedRound { order: built.into_iter().map(|(_, arm)| arm).collect(), seconds: seconds.clone() }
    };
    let rounds: Vec<OrderedRound> = cells.rounds.iter().zip(&cells.table).map(of_round).collect();
    let compared = (0..cells.block.arms.len()).filter(|&arm| judged.estimates[arm].is_some());
    let contrasts: Vec<Contrast> = compared.filter_map(|arm| cells.contrast(arm)).collect();
    order_effects(&rounds, &contrasts)
}
