//! A comparison as JSON for other programs.

use std::collections::BTreeMap;

use bench_runner_core::compare::{
    ArmResult, AxisEffect, AxisEffects, AxisInteraction, BlockResult, Calibration, CombinationMean,
    Comparison, Effect, EffectRatio, Invalid, LaterBuildChange, LevelEffect, LevelResult, NoAxisEffects,
    Nomination, Offsets, OrderEffects, PlainRatio, PooledProjects, SeparateEffect, SessionRatio, Sessions,
};
use bench_runner_core::record::{Fidelity, Metric, Treatment};
use serde_json::{Value, json as object};

/// The comparison as one document. Keys of seconds and bytes include the unit; ratios are plain numbers.
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
        "across": comparison.pooled_projects.iter().map(pooled_projects).collect::<Vec<_>>(),
        "skipped": comparison.skipped,
    })
}

/// `offset` is τ, the standard deviation of the log-ratio of two equal directories; it is assumed if there are
/// too few twins.
fn calibration(calibration: &Calibration) -> Value {
    let (twins, runs, pool, heaviest) = match calibration.offsets {
        Offsets::Calibrated { twins, runs, pool, heaviest, .. } => {
            (twins, Some(runs), Some(pool.as_str()), Some(heaviest))
        }
        Offsets::Assumed { twins } => (twins, None, None, None),
    };
    object!({
        "project": calibration.project, "workload": calibration.workload,
        "offset": calibration.offsets.variance().sqrt(), "assumed": calibration.offsets.is_assumed(), "twins": twins, "runs": runs, "pool": pool,
        "heaviest": heaviest,
    })
}

fn pooled_projects(across: &PooledProjects) -> Value {
    let left_out = across.left_out.iter();
    object!({
        "matrix": across.matrix,
        "workload": across.workload,
        "variant": across.variant,
        "baseline": across.baseline,
        "projects": across.projects,
        "ratio": across.ratio,
        "these": interval(across.these),
        "general": across.general.map(|general| interval(general.mean)),
        "further": across.general.map(|general| interval(general.further)),
        "left_out": left_out.map(|one| object!({ "project": one.project, "reason": one.reason })).collect::<Vec<_>>(),
    })
}

fn interval((low, high): (f64, f64)) -> Value {
    object!({ "low": low, "high": high })
}

fn block(block: &BlockResult) -> Value {
    let mut object = object!({
        "block": block.id,
        "workload": block.workload,
        "title": block.title,
        "rounds": block.rounds,
        "min_rounds": block.min_rounds,
        "stopped": block.stopped,
        "margin": block.margin,
        "invalid": block.invalid.iter().map(|reason| invalid(block, reason)).collect::<Vec<_>>(),
        "fidelity": block.fidelity.iter().map(fidelity).collect::<Vec<_>>(),
        "baseline": block.arms.get(block.baseline).map(|arm| &arm.variant),
        "twin": block.twin.map(|twin| object!({
            "rounds": twin.rounds, "ratio": twin.ratio, "theta": twin.theta, "se": twin.se, "df": twin.df, "half_width": twin.half_width, "p": twin.p,
        })),
        "serial_lag1": block.serial,
        "noise_floor": block.noise_floor,
        "offset_sd": block.offset,
        "offset_assumed": block.offset_is_assumed,
        "order": block.order.as_ref().ok().map(|found| order(block, found)),
        "order_missing": block.order.as_ref().err().map(|why| why.describe()),
        "arms": block.arms.iter().map(arm).collect::<Vec<_>>(),
        "proofs": block.proofs.iter().map(|proof| object!({
            "role": proof.role, "variant": proof.variant, "axis": proof.axis, "expected": proof.expected, "found": proof.found,
            "result": proof.result.as_str(),
        })).collect::<Vec<_>>(),
        "notes": block.notes,
    });
    // Blocks that do not cross axes do not have the keys.
    if let Some(effects) = &block.effects {
        object["effects"] = object!(effects.as_ref().ok().map(axis_effects));
        object["effects_missing"] = object!(effects.as_ref().err().map(NoAxisEffects::describe));
    }
    object
}

fn axis_effects(effects: &AxisEffects) -> Value {
    let of_axis = |axis: &AxisEffect| {
        object!({
            "axis": axis.axis, "reference": axis.reference, "levels": axis.levels.iter().map(level).collect::<Vec<_>>(),
        })
    };
    let mut object = object!({
        "method": effects.method.as_str(),
        "rounds": effects.rounds,
        "combinations": effects.combinations,
        "family": effects.family,
        "axes": effects.axes.iter().map(of_axis).collect::<Vec<_>>(),
        "interactions": effects.interactions.iter().map(interaction).collect::<Vec<_>>(),
        "notes": effects.notes,
    });
    // Products do not have the key.
    if let Some(nomination) = &effects.nomination {
        object["nomination"] = nominated(nomination);
    }
    object
}

fn nominated(nomination: &Nomination) -> Value {
    let settings: BTreeMap<&String, &String> =
        nomination.settings.iter().map(|(axis, value)| (axis, value)).collect();
    let lack_of_fit = nomination.lack_of_fit.map(|found| {
        object!({ "f": found.f, "df": [found.df.0, found.df.1], "p": found.p, "widens": found.widens })
    });
    object!({
        "settings": settings,
        "variant": nomination.arm.map(|_| nomination.name()),
        "is_reference": nomination.is_reference,
        "of": nomination.of,
        "ratio": nomination.ratio.ratio,
        "low": nomination.ratio.low,
        "high": nomination.ratio.high,
        "df": nomination.ratio.df,
        "p": nomination.ratio.p,
        "lack_of_fit": lack_of_fit,
    })
}

/// One of `average`, `separate` and `missing` is not null.
fn level(level: &LevelEffect) -> Value {
    let (mut average, mut separate, mut missing) = (None, None, None);
    match &level.result {
        LevelResult::Averaged(found) => {
            let mut object = effect_ratio(&found.ratio);
            object["pairs"] = found.pairs.into();
            object["only"] = object!(found.only);
            object["may_differ"] = object!(found.may_differ);
            object["average_only"] = found.is_average_only().into();
            average = Some(object);
        }
        LevelResult::Separate(parts) => {
            let part = |part: &SeparateEffect| {
                let mut object = effect_ratio(&part.ratio);
                let at = part.at.iter().map(|(axis, level)| object!({ "axis": axis, "level": level }));
                object["at"] = at.collect();
                object
            };
            separate = Some(parts.iter().map(part).collect::<Vec<_>>());
        }
        LevelResult::Missing(reason) => missing = Some(reason),
    }
    object!({ "level": level.level, "average": average, "separate": separate, "missing": missing })
}

fn effect_ratio(ratio: &EffectRatio) -> Value {
    let judged = ratio.judged;
    object!({
        "ratio": ratio.ratio, "low": ratio.low, "high": ratio.high, "df": ratio.df, "p": ratio.p,
        "p_holm": judged.map(|judged| judged.p_adjusted), "p_equivalence": judged.map(|judged| judged.p_equivalence),
        "p_equivalence_holm": judged.map(|judged| judged.p_equivalence_adjusted),
        "verdict": judged.map(|judged| judged.verdict.as_str()),
    })
}

fn interaction(interaction: &AxisInteraction) -> Value {
    let mean = |mean: &CombinationMean| object!({ "levels": mean.levels, "ratio": mean.ratio, "low": mean.low, "high": mean.high });
    object!({
        "axes": interaction.axes, "f": interaction.f, "df": [interaction.df.0, interaction.df.1], "p": interaction.p,
        "p_holm": interaction.p_adjusted, "found": interaction.found,
        "means": interaction.means.iter().map(mean).collect::<Vec<_>>(),
    })
}

/// Reason why the block is invalid.
fn invalid(block: &BlockResult, reason: &Invalid) -> Value {
    let Invalid::LaterBuildsDiffer(kind) = reason else {
        return object!({ "reason": "twin", "role": null, "variant": null, "changes": [], "likely_cause": null });
    };
    let change = |change: &LaterBuildChange| match change {
        LaterBuildChange::Cpu { first, later } => object!({ "what": "cpu", "first": first, "later": later }),
        LaterBuildChange::Units { first, later } => {
            object!({ "what": "units", "first": first, "later": later })
        }
        LaterBuildChange::Written { first, later } => {
            object!({ "what": "written", "first": first, "later": later })
        }
    };
    object!({
        "reason": "other-kind",
        "role": block.arms.get(kind.arm).map(|arm| arm.role),
        "variant": block.arms.get(kind.arm).map(|arm| &arm.variant),
        "changes": kind.changes.iter().map(change).collect::<Vec<_>>(),
        "likely_cause": kind.likely_cause(),
    })
}

/// All keys, including those that a plan omits if they are empty.
fn fidelity(fidelity: &Fidelity) -> Value {
    object!({
        "project": fidelity.project,
        "variant": fidelity.variant,
        "compared": fidelity.compared,
        "left_out": fidelity.left_out,
        "differences": fidelity.differences,
        "not_compared": fidelity.not_compared,
    })
}

fn order(block: &BlockResult, order: &OrderEffects) -> Value {
    object!({
        "rounds": order.rounds,
        "first": effect(&order.first),
        "trend": order.trend.as_ref().map(effect),
        "predecessor": order.predecessors.map(|found| object!({
            "role": block.arms.get(found.arm).map(|arm| arm.role),
            "variant": block.arms.get(found.arm).map(|arm| &arm.variant),
            "effect": effect(&found.largest),
            "p": found.p,
        })),
        "bound": order.bound(),
    })
}

fn effect(effect: &Effect) -> Value {
    let (low, high) = effect.interval();
    object!({ "share": effect.share(), "low": low, "high": high })
}

/// Metrics that runs of earlier versions do not have get keys only if they have values.
fn arm(arm: &ArmResult) -> Value {
    let mut object = object!({
        "role": arm.role,
        "variant": arm.variant,
        "aliases": arm.aliases,
        "failures": arm.failures,
        "outliers": arm.outliers(),
        "not_timed": arm.not_timed,
        "ratio": arm.ratio.map(|ratio| object!({
            "rounds": ratio.rounds, "df": ratio.df, "ratio": ratio.ratio, "low": ratio.low, "high": ratio.high, "p": ratio.p,
            "p_holm": ratio.p_adjusted, "p_equivalence": ratio.p_equivalence,
            "p_equivalence_holm": ratio.p_equivalence_adjusted, "ratio_of_means": ratio.ratio_of_means, "verdict": ratio.verdict.as_str(),
        })),
        "sessions": arm.sessions.as_ref().map(sessions),
    });
    for metric in Metric::listed() {
        let (summary, ratio) = (&arm.summaries[metric.id], &arm.plain_ratios[metric.id]);
        if summary.is_some() || !metric.optional {
            object[metric.key()] = object!(summary);
        }
        // The ratio with a verdict has its own key, `ratio`, which is older than the others.
        let compared = metric.treatment == Treatment::Compared;
        if compared && (ratio.is_some() || !metric.optional) {
            object[metric.ratio_key()] = object!(ratio.as_ref().map(plain_ratio));
        }
    }
    object
}

fn sessions(sessions: &Sessions) -> Value {
    let of_session = |one: &SessionRatio| {
        let mut ratio = plain_ratio(&one.ratio);
        ratio["session"] = one.session.into();
        ratio
    };
    object!({
        "ratios": sessions.ratios.iter().map(of_session).collect::<Vec<_>>(),
        "spread_sd": sessions.spread.map(|spread| spread.sd),
        "spread_p": sessions.spread.map(|spread| spread.p),
    })
}

fn plain_ratio(ratio: &PlainRatio) -> Value {
    object!({ "rounds": ratio.rounds, "ratio": ratio.ratio, "low": ratio.low, "high": ratio.high })
}
