//! Agreement of machines on a variant.

use bench_runner_core::stats::{UncertainValue, holm, spread_of};

use super::values::{Agreement, MachineCell, MachineRatio, MultiRunBlock, Verdicts, as_ratio};

/// Agreement of the machines that have a ratio; `None` if fewer than two have one.
pub(super) fn between_machines(cells: &[MachineCell]) -> Option<Agreement> {
    let of_cell = |cell: &MachineCell| match cell {
        MachineCell::Known(machine_ratio) => Some(machine_ratio.clone()),
        _ => None,
    };
    let machine_ratios: Vec<MachineRatio> = cells.iter().filter_map(of_cell).collect();
    if machine_ratios.len() < 2 {
        return None;
    }
    let known: Vec<UncertainValue> =
        machine_ratios.iter().map(|machine_ratio| machine_ratio.combined.mean).collect();
    let spread = spread_of(&known);
    Some(Agreement {
        verdicts: verdicts(&machine_ratios),
        overlap: intervals_overlap(&known),
        spread,
        p_adjusted: None,
    })
}

/// True if all intervals have a ratio in common.
fn intervals_overlap(known: &[UncertainValue]) -> bool {
    let ends = || known.iter().map(|one| as_ratio(one).1);
    let lowest_end = ends().map(|(_, high)| high).fold(f64::INFINITY, f64::min);
    let highest_start = ends().map(|(low, _)| low).fold(f64::NEG_INFINITY, f64::max);
    highest_start <= lowest_end
}

fn verdicts(machine_ratios: &[MachineRatio]) -> Verdicts {
    Verdicts::summarize(
        machine_ratios.iter().flat_map(|machine_ratio| &machine_ratio.runs).map(|run| run.ratio.verdict),
    )
}

/// Corrects the p-values of the spreads for their number (Holm).
pub(super) fn correct_p_values(blocks: &mut [MultiRunBlock]) {
    let rows = || blocks.iter().flat_map(|block| &block.rows);
    let p = |agreement: &Agreement| agreement.spread.map(|spread| spread.p);
    let all: Vec<Option<f64>> = rows().filter_map(|row| row.agreement.as_ref()).map(p).collect();
    let tested = all.iter().flatten().count();
    // Rows without a p-value were not tested and do not count.
    let mut corrected = holm(&all.into_iter().flatten().map(Some).collect::<Vec<_>>(), tested).into_iter();
    for row in blocks.iter_mut().flat_map(|block| &mut block.rows) {
        if let Some(agreement) = row.agreement.as_mut().filter(|agreement| agreement.spread.is_some()) {
            agreement.p_adjusted = corrected.next().flatten();
        }
    }
}
