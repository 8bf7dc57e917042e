//! Effects of axes, from the settings of the arms to verdicts.

use super::fixture::{Samples, proof};
use super::fixture::{arm, block as block_of, built, compare_samples, compare_with_ends, end, plan};
use crate::compare::{
    AveragedEffect, AxisEffects, BlockResult, Comparison, EffectMethod, LevelResult, NoAxisEffects, Verdict,
};
use crate::record::{Arm, Block, Outcome, Plan, ProofResult, Role, Skipped};
use crate::stats::noise::Noise;

const LINKERS: [&str; 3] = ["bfd", "lld", "mold"];
const DEBUG: [&str; 2] = ["none", "full"];

/// An arm with these settings and the name of a combination.
fn combination(role: Role, settings: &[(&str, &str)]) -> Arm {
    let words: Vec<String> = settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
    let mut arm = arm(role, &words.join(" "));
    arm.variant.settings = settings.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect();
    arm
}

/// A block of linkers and debug info with a twin; the baseline is the first of both.
fn product() -> Block {
    let mut arms = Vec::new();
    for linker in LINKERS {
        for debug in DEBUG {
            arms.push(combination(Role::Variant, &[("linker", linker), ("debug", debug)]));
        }
    }
    arms[0].role = Role::Baseline;
    arms.insert(1, Arm { role: Role::Twin, ..arms[0].clone() });
    Block { axes: vec!["linker".into(), "debug".into()], arms, ..block_of("m", true, &[]) }
}

/// True factor of an arm: mold takes 20% less, full debug info 10% more, and both together `both` more.
fn factor(arm: &Arm, both: f64) -> f64 {
    let is = |key: &str, value: &str| arm.variant.settings.get(key).is_some_and(|known| known == value);
    let (mold, full) = (is("linker", "mold"), is("debug", "full"));
    (if mold { 0.8 } else { 1.0 })
        * (if full { 1.1 } else { 1.0 })
        * (if mold && full { 1.0 + both } else { 1.0 })
}

/// Rounds of a plan with 2% noise.
fn measure<'a>(plan: &'a Plan, rounds: u32, both: f64) -> Samples<'a> {
    let mut samples = Samples::of(plan);
    let mut noise = Noise::new(3);
    for round in 1..=rounds {
        for block in 0..plan.blocks.len() {
            let arms = &plan.blocks[block].arms;
            let walls: Vec<f64> =
                arms.iter().map(|arm| 10.0 * factor(arm, both) * noise.build(0.02, 0.0).exp()).collect();
            samples.round(block, round, |arm| built(walls[arm]));
        }
    }
    samples
}

fn effects_of(block: &BlockResult) -> &AxisEffects {
    block.effects.as_ref().unwrap().as_ref().unwrap()
}

fn compared(block: Block, rounds: u32, both: f64) -> Comparison {
    let plan = plan(vec![block]);
    compare_samples(&plan, &measure(&plan, rounds, both).all)
}

fn average<'e>(effects: &'e AxisEffects, axis: &str, level: &str) -> &'e AveragedEffect {
    match result(effects, axis, level) {
        LevelResult::Averaged(average) => average,
        other => panic!("{other:?}"),
    }
}

fn result<'e>(effects: &'e AxisEffects, axis: &str, level: &str) -> &'e LevelResult {
    let axis = effects.axes.iter().find(|one| one.axis == axis).unwrap();
    &axis.levels.iter().find(|one| one.level.as_deref() == Some(level)).unwrap().result
}

#[test]
fn levels_are_averaged_over_the_other_axis() {
    let comparison = compared(product(), 6, 0.0);
    let effects = effects_of(&comparison.blocks[0]);
    assert_eq!(
        (effects.method, effects.rounds, effects.combinations, effects.family),
        (EffectMethod::Product, 6, 6, 3)
    );
    let keys: Vec<_> =
        effects.axes.iter().map(|axis| (axis.axis.as_str(), axis.reference.as_deref())).collect();
    assert_eq!(keys, [("linker", Some("bfd")), ("debug", Some("none"))]);
    let mold = average(effects, "linker", "mold");
    assert!(
        (mold.ratio.ratio - 0.8).abs() < 0.03 && mold.ratio.low < mold.ratio.ratio && mold.pairs == 2,
        "{mold:?}"
    );
    let verdict = |of: &AveragedEffect| of.ratio.judged.unwrap().verdict;
    assert_eq!(
        (verdict(mold), verdict(average(effects, "debug", "full"))),
        (Verdict::Faster, Verdict::Slower)
    );
    let lld = average(effects, "linker", "lld");
    assert!(!matches!(verdict(lld), Verdict::Faster | Verdict::Slower) && lld.is_average_only(), "{lld:?}");
    assert!(!mold.is_average_only() && mold.only.is_none() && effects.notes.is_empty(), "{effects:?}");
    assert!(effects.interactions.len() == 1 && !effects.interactions[0].found);
    // Narrower than the interval of a single variant.
    let of_arm =
        comparison.blocks[0].arms.iter().find(|arm| arm.variant == "linker=mold debug=none").unwrap();
    let of_arm = of_arm.ratio.unwrap();
    assert!((mold.ratio.high / mold.ratio.low).ln() < 0.8 * (of_arm.high / of_arm.low).ln());
}

#[test]
fn axes_that_interact_are_not_averaged() {
    let comparison = compared(product(), 6, 0.3);
    let effects = effects_of(&comparison.blocks[0]);
    assert!(effects.interactions[0].found, "{effects:?}");
    assert_eq!(effects.interactions[0].means.len(), 6);
    let LevelResult::Separate(parts) = result(effects, "linker", "mold") else { panic!("{effects:?}") };
    let at: Vec<_> = parts.iter().map(|part| part.at[0].1.as_deref().unwrap()).collect();
    assert_eq!(at, DEBUG);
    assert!(
        (parts[0].ratio.ratio - 0.8).abs() < 0.04 && (parts[1].ratio.ratio - 1.04).abs() < 0.05,
        "{parts:?}"
    );
    assert_eq!(parts[0].ratio.judged.unwrap().verdict, Verdict::Faster);
    assert_eq!(effects.found_interactions().count(), 1);
}

#[test]
fn one_axis_or_single_changes_have_no_effects() {
    assert_eq!(compared(block_of("m", true, &["linker=mold"]), 6, 0.0).blocks[0].effects, None);
    let mut one_at_a_time = product();
    one_at_a_time
        .arms
        .retain(|arm| arm.variant.settings["linker"] == "bfd" || arm.variant.settings["debug"] == "none");
    assert_eq!(compared(one_at_a_time, 6, 0.0).blocks[0].effects, None);
}

#[test]
fn whole_variants_that_cross_are_a_product_and_others_are_left_out() {
    let whole = |name: &str, settings: &[(&str, &str)]| {
        let mut arm = combination(Role::Variant, settings);
        arm.variant.name = name.into();
        arm
    };
    let mut block = product();
    block.arms = vec![
        Arm { role: Role::Baseline, ..whole("plain", &[]) },
        Arm { role: Role::Twin, ..whole("plain", &[]) },
        whole("mold", &[("linker", "mold")]),
        whole("full", &[("debug", "full")]),
        whole("both", &[("linker", "mold"), ("debug", "full")]),
    ];
    let comparison = compared(block.clone(), 6, 0.0);
    let effects = effects_of(&comparison.blocks[0]);
    assert_eq!((effects.axes[0].reference.as_deref(), effects.combinations), (None, 4));
    assert!((average(effects, "linker", "mold").ratio.ratio - 0.8).abs() < 0.03);
    block.axes.push("opt-level".into());
    block.arms.push(whole("optimized", &[("opt-level", "1"), ("linker", "mold")]));
    let comparison = compared(block, 6, 0.0);
    let effects = effects_of(&comparison.blocks[0]);
    assert_eq!((effects.axes.len(), effects.combinations), (2, 4));
    assert_eq!(effects.notes, ["Not a combination of these axes: `optimized`."]);
}

#[test]
fn what_is_missing_is_left_out_of_both_levels_and_said() {
    let mut block = product();
    let mut alias = block.arms.remove(6); // linker=mold debug=full
    alias.role = Role::Variant;
    block.arms[5].aliases = vec![alias.variant.name.clone()];
    let comparison = compared(block.clone(), 6, 0.0);
    let effects = effects_of(&comparison.blocks[0]);
    let reason =
        "only `linker=mold debug=none` has a counterpart with linker=bfd, so there is nothing to average";
    assert_eq!(result(effects, "linker", "mold"), &LevelResult::Missing(reason.into()));
    let full = average(effects, "debug", "full");
    assert_eq!((full.pairs, full.only.as_deref()), (2, Some("linker=bfd or linker=lld")));
    assert_eq!(
        effects.notes,
        ["Without `linker=mold debug=full`: the same build as `linker=mold debug=none` here."]
    );
    assert_eq!(effects.family, 3, "a planned effect counts");
    block.arms[5].aliases.clear();
    let mut plan = plan(vec![block]);
    plan.skipped = vec![Skipped {
        block: plan.blocks[0].id.to_string(),
        variant: alias.variant.name,
        reason: "too slow".into(),
        help: None,
    }];
    let comparison = compare_samples(&plan, &measure(&plan, 6, 0.0).all);
    assert_eq!(effects_of(&comparison.blocks[0]).notes, ["Without `linker=mold debug=full`: too slow."]);
}

#[test]
fn a_level_that_is_the_same_build_as_another_is_named() {
    let mut block = product();
    block.arms[0].aliases = vec!["linker=rust-lld debug=none".into()];
    block.arms[2].aliases = vec!["linker=rust-lld debug=full".into()];
    let comparison = compared(block, 6, 0.0);
    assert_eq!(
        effects_of(&comparison.blocks[0]).notes,
        ["linker=rust-lld is the same build as linker=bfd here."]
    );
}

#[test]
fn builds_that_failed_take_their_round_or_their_combination() {
    let plan = plan(vec![product()]);
    let mut samples = measure(&plan, 6, 0.0);
    let fail = |samples: &mut Samples<'_>, arm: usize, round: u32, outcome: Outcome| {
        let variant = plan.blocks[0].arms[arm].variant.name.as_str();
        let build = samples.all.iter_mut().find(|one| {
            one.round == round && &*one.variant == variant && one.role == plan.blocks[0].arms[arm].role
        });
        build.unwrap().outcome = outcome;
    };
    let failed = Outcome::Failed { exit_code: Some(101) };
    fail(&mut samples, 3, 2, failed.clone());
    let comparison = compare_samples(&plan, &samples.all);
    let effects = effects_of(&comparison.blocks[0]);
    assert_eq!((effects.rounds, effects.combinations), (5, 6));
    assert_eq!(effects.notes, ["Without 1 round in which a build of a combination failed."]);
    for round in 3..=5 {
        fail(&mut samples, 3, round, failed.clone());
    }
    let comparison = compare_samples(&plan, &samples.all);
    let effects = effects_of(&comparison.blocks[0]);
    assert_eq!((effects.rounds, effects.combinations), (6, 5));
    assert_eq!(effects.notes, ["Without `linker=lld debug=none`: fewer than half of its builds succeeded."]);
    // One that timed out is slower than all its times.
    fail(&mut samples, 6, 4, Outcome::TimedOut);
    let comparison = compare_samples(&plan, &samples.all);
    assert_eq!(comparison.blocks[0].effects, Some(Err(NoAxisEffects::FewCombinations)));
}

#[test]
fn a_combination_that_is_not_proven_does_not_count() {
    let plan = plan(vec![product()]);
    let samples = measure(&plan, 6, 0.0);
    let proofs = [proof(&plan.blocks[0], "linker=mold debug=full", ProofResult::Fails)];
    let recorded =
        crate::compare::RunRecord { proofs: &proofs, ..crate::compare::RunRecord::of(&plan, &samples.all) };
    let comparison = crate::compare::compare(&recorded, &Default::default());
    let effects = effects_of(&comparison.blocks[0]);
    assert_eq!(effects.combinations, 5);
    assert!(
        effects.notes[0].starts_with("Without `linker=mold debug=full`: not in force"),
        "{:?}",
        effects.notes
    );
}

#[test]
fn too_few_rounds_and_invalid_blocks_have_no_effects() {
    let few = compared(product(), 2, 0.0);
    let reason = NoAxisEffects::FewRounds { rounds: 2, needed: 3 };
    assert_eq!(few.blocks[0].effects, Some(Err(reason)));
    let plan = plan(vec![product()]);
    let mut samples = measure(&plan, 6, 0.0);
    for sample in samples.all.iter_mut().filter(|sample| sample.role == Role::Twin) {
        sample.outcome = built(20.0 + f64::from(sample.round) / 100.0);
    }
    let comparison = compare_samples(&plan, &samples.all);
    assert_eq!(comparison.blocks[0].effects, Some(Err(NoAxisEffects::Invalid)));
}

#[test]
fn a_twin_that_was_given_up_does_not_count() {
    let plan = plan(vec![product()]);
    let samples = measure(&plan, 6, 0.0);
    let ends = [end(&plan.blocks[0], &[(Role::Twin, "linker=bfd debug=none", "it failed twice")])];
    let comparison = compare_with_ends(&plan, &samples.all, &ends);
    assert_eq!(effects_of(&comparison.blocks[0]).combinations, 6);
}

#[test]
fn a_chosen_baseline_gives_the_reference_levels() {
    let plan = plan(vec![product()]);
    let samples = measure(&plan, 6, 0.0);
    let baseline = Some(crate::compare::RequestedBaseline::new("linker=mold debug=full"));
    let policy = crate::compare::Policy { baseline, ..Default::default() };
    let comparison = crate::compare::compare(&crate::compare::RunRecord::of(&plan, &samples.all), &policy);
    let effects = effects_of(&comparison.blocks[0]);
    assert_eq!(effects.axes[0].reference.as_deref(), Some("mold"));
    assert!((average(effects, "linker", "bfd").ratio.ratio - 1.25).abs() < 0.05);
    // Three pairs of linkers and one of debug info.
    assert_eq!(effects.family, 4);
}

#[test]
fn all_blocks_of_a_run_are_one_family() {
    let mut other = product();
    other.id = crate::record::BlockId::new("m", "hexyl", "check");
    let plan = plan(vec![product(), other]);
    let comparison = compare_samples(&plan, &measure(&plan, 6, 0.0).all);
    assert!(comparison.blocks.iter().all(|block| effects_of(block).family == 6));
}
