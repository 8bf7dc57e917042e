//! Several runs side by side, as JSON for other programs.

use bench_runner_core::compare::Spread;
use bench_runner_core::stats::Combined;
use serde_json::{Value, json as object};

use super::sentences;
use crate::machines::{Agreement, MachineCell, MultiRunBlock, SideBySide, VariantRow, Verdicts, as_ratio};

/// All results of several runs together, as one document.
pub fn multi_run_json(together: &SideBySide) -> Value {
    object!({
        "machines": together.machines.iter().map(|machine| object!({
            "key": machine.key, "name": machine.name, "class": machine.class, "instance": machine.instance,
            "summary": machine.summary, "runs": machine.runs,
        })).collect::<Vec<_>>(),
        "blocks": together.blocks.iter().map(|one| block(together, one)).collect::<Vec<_>>(),
        "refused": together.refused.iter().map(|one| object!({
            "block": one.block, "run": one.run, "reason": one.reason,
        })).collect::<Vec<_>>(),
        "differences": together.differences.iter().map(|one| object!({
            "what": one.what,
            "values": one.values.iter().map(|(value, indices)| object!({
                "value": value,
                "machines": indices.iter().map(|index| &together.machines[*index].key).collect::<Vec<_>>(),
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "remarks": together.remarks,
    })
}

fn block(together: &SideBySide, block: &MultiRunBlock) -> Value {
    object!({
        "block": block.id,
        "title": block.title,
        "baseline": block.baseline,
        "margin": block.margin,
        "says": sentences::block_sentences(together, block),
        "variants": block.rows.iter().map(|one| row(together, block, one)).collect::<Vec<_>>(),
    })
}

fn row(together: &SideBySide, block: &MultiRunBlock, row: &VariantRow) -> Value {
    let cells = row.cells.iter().zip(&block.machines);
    object!({
        "variant": row.variant,
        "machines": cells.map(|(one, index)| cell(&together.machines[*index].key, one)).collect::<Vec<_>>(),
        "classes": row.classes.iter().map(|class| object!({
            "class": class.class, "machines": class.machines, "ratio": ratio(&class.combined),
        })).collect::<Vec<_>>(),
        "agreement": row.agreement.as_ref().map(agreement),
    })
}

/// Exactly one of `ratio`, `same_as_baseline` and `missing` is set.
fn cell(machine: &str, cell: &MachineCell) -> Value {
    let (found, same, missing) = match cell {
        MachineCell::Known(machine_ratio) => (Some(machine_ratio), false, None),
        MachineCell::Baseline => (None, true, None),
        MachineCell::Nothing(reason) => (None, false, Some(reason)),
    };
    let runs = found.map(|machine_ratio| {
        let run = |run: &crate::machines::RunRatio| {
            let one = &run.ratio;
            object!({
                "run": run.run, "ratio": one.ratio, "low": one.low, "high": one.high, "verdict": one.verdict.as_str(),
            })
        };
        machine_ratio.runs.iter().map(run).collect::<Vec<_>>()
    });
    object!({
        "machine": machine,
        "ratio": found.map(|machine_ratio| {
            let (ratio, (low, high)) = machine_ratio.ratio();
            object!({ "ratio": ratio, "low": low, "high": high })
        }),
        "verdict": found.and_then(|machine_ratio| machine_ratio.verdict()).map(|verdict| verdict.as_str()),
        "runs": runs,
        "spread": found.and_then(|machine_ratio| machine_ratio.combined.spread).map(spread),
        "same_as_baseline": same,
        "missing": missing,
    })
}

fn ratio(combined: &Combined) -> Value {
    let (ratio, (low, high)) = as_ratio(&combined.mean);
    object!({ "ratio": ratio, "low": low, "high": high, "spread": combined.spread.map(spread) })
}

fn spread(spread: Spread) -> Value {
    object!({ "sd": spread.sd, "p": spread.p })
}

fn agreement(agreement: &Agreement) -> Value {
    let (kind, verdict) = match agreement.verdicts {
        Verdicts::Same(verdict) => ("same", Some(verdict)),
        Verdicts::Open(verdict) => ("open", Some(verdict)),
        Verdicts::Contrary => ("contrary", None),
    };
    object!({
        "verdicts": kind, "verdict": verdict.map(|verdict| verdict.as_str()), "overlap": agreement.overlap,
        "spread": agreement.spread.map(spread), "p_holm": agreement.p_adjusted,
    })
}
