//! What a comparison says, as JSON for other programs.

use serde_json::{Value, json as object};

use crate::compare::{ArmResult, BlockResult, Calibration, Comparison, Offsets};

/// The comparison as one document. Seconds and bytes carry their unit in the key; ratios are plain numbers.
pub fn json(comparison: &Comparison) -> Value {
    object!({
        "scenario": comparison.scenario,
        "machine": comparison.machine,
        "planned_comparisons": comparison.planned,
        "post_hoc": comparison.post_hoc.as_ref().map(|post_hoc| object!({
            "baseline": post_hoc.baseline, "pairs": post_hoc.pairs, "left_out": post_hoc.left_out,
        })),
        "calibration": comparison.calibration.iter().map(calibration).collect::<Vec<_>>(),
        "blocks": comparison.blocks.iter().map(block).collect::<Vec<_>>(),
        "skipped": comparison.skipped,
    })
}

/// `offset` is τ, the standard deviation of the log-ratio of two like directories; `null` where too few twins say it.
fn calibration(calibration: &Calibration) -> Value {
    let (twins, runs, all_workloads, heaviest) = match calibration.offsets {
        Offsets::Calibrated { twins, runs, all_workloads, heaviest, .. } => {
            (twins, Some(runs), Some(all_workloads), Some(heaviest))
        }
        Offsets::NotCalibrated { twins } => (twins, None, None, None),
    };
    object!({
        "workload": calibration.workload, "offset": calibration.offsets.variance().map(f64::sqrt), "twins": twins,
        "runs": runs, "all_workloads": all_workloads, "heaviest": heaviest,
    })
}

fn block(block: &BlockResult) -> Value {
    object!({
        "block": block.id,
        "workload": block.workload,
        "title": block.title,
        "rounds": block.rounds,
        "stopped": block.stopped,
        "margin": block.margin,
        "baseline": block.arms.get(block.baseline).map(|arm| &arm.variant),
        "twin": block.twin.map(|twin| object!({
            "rounds": twin.rounds, "ratio": twin.ratio, "theta": twin.theta, "se": twin.se, "half_width": twin.half_width, "p": twin.p,
        })),
        "arms": block.arms.iter().map(arm).collect::<Vec<_>>(),
        "proofs": block.proofs.iter().map(|proof| object!({
            "role": proof.role, "variant": proof.variant, "axis": proof.axis, "expected": proof.expected, "found": proof.found,
            "result": proof.result.as_str(),
        })).collect::<Vec<_>>(),
        "notes": block.notes,
    })
}

fn arm(arm: &ArmResult) -> Value {
    object!({
        "role": arm.role,
        "variant": arm.variant,
        "aliases": arm.aliases,
        "failures": arm.failures,
        "not_timed": arm.not_timed,
        "wall_s": arm.wall,
        "cpu_s": arm.cpu,
        "max_rss_bytes": arm.max_rss,
        "ratio": arm.ratio.map(|ratio| object!({
            "rounds": ratio.rounds, "ratio": ratio.ratio, "low": ratio.low, "high": ratio.high, "p": ratio.p,
            "p_holm": ratio.p_holm, "ratio_of_means": ratio.ratio_of_means, "verdict": ratio.verdict.as_str(),
        })),
    })
}
