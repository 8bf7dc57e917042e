//! Blocks that are fractions: effects and a nomination, and no verdicts.

use std::collections::BTreeMap;

use super::effects::{average, combination, effects_of};
use super::fixture::Samples;
use super::fixture::{block as block_of, built, compare_samples, plan};
use crate::compare::{
    BlockResult, Comparison, EffectMethod, NoAxisEffects, Policy, RunRecord, Verdict, add_fastest, compare,
};
use crate::record::{Arm, Block, BlockId, Design, DesignAliasing, DesignKind, Plan, Role};
use crate::stats::noise::Noise;
use crate::stats::{DesignSpace, choose_fraction};

const AXES: [(&str, &[&str]); 4] = [
    ("linker", &["bfd", "lld", "mold"]),
    ("debug", &["full", "none"]),
    ("lto", &["off", "fat"]),
    ("strip", &["none", "symbols"]),
];

/// A fraction of these axes with a twin.
fn fraction(rows: usize) -> Block {
    let space = DesignSpace::product(AXES.iter().map(|(_, values)| values.len()).collect(), |_| true);
    let chosen = choose_fraction(&space, &[0], rows, 1).unwrap();
    let arm = |row: &usize| {
        let levels = space.combination(*row);
        let settings: Vec<(&str, &str)> =
            AXES.iter().zip(levels).map(|((key, values), level)| (*key, values[level])).collect();
        combination(Role::Variant, &settings)
    };
    let mut arms: Vec<Arm> = chosen.rows.iter().map(arm).collect();
    arms[0].role = Role::Baseline;
    arms.insert(1, Arm { role: Role::Twin, ..arms[0].clone() });
    let design = Design {
        kind: DesignKind::Fraction,
        rows: rows as u32,
        of: 24,
        seed: Some(1),
        efficiency: Some(chosen.efficiency),
        interactions: Vec::new(),
        aliasing: vec![DesignAliasing {
            axis: "lto".into(),
            interaction: ["linker".into(), "debug".into()],
            share: 0.5,
        }],
        left_out: Vec::new(),
    };
    let axes = AXES.iter().map(|(key, _)| (*key).to_owned()).collect();
    Block { axes, arms, design: Some(design), ..block_of("m", true, &[]) }
}

/// ln of the true factor: mold takes 20% less, no debug info 10% less, fat LTO a third more, stripping nothing; `both`
/// more with mold and without debug info.
fn truth(arm: &Arm, both: f64) -> f64 {
    let is = |key: &str, value: &str| arm.variant.settings.get(key).is_some_and(|known| known == value);
    let part = |is: bool, value: f64| if is { value } else { 0.0 };
    let (mold, none) = (is("linker", "mold"), is("debug", "none"));
    part(mold, 0.8f64.ln())
        + part(none, 0.9f64.ln())
        + part(is("lto", "fat"), 1.33f64.ln())
        + part(mold && none, both)
}

fn measure<'a>(plan: &'a Plan, rounds: u32, both: f64) -> Samples<'a> {
    let mut samples = Samples::of(plan);
    let mut noise = Noise::new(3);
    for round in 1..=rounds {
        for block in 0..plan.blocks.len() {
            let walls: Vec<f64> = plan.blocks[block]
                .arms
                .iter()
                .map(|arm| (truth(arm, both) + noise.build(0.02, 0.0)).exp())
                .collect();
            samples.round(block, round, |arm| built(10.0 * walls[arm]));
        }
    }
    samples
}

fn compared(block: Block, rounds: u32, both: f64) -> Comparison {
    let plan = plan(vec![block]);
    compare_samples(&plan, &measure(&plan, rounds, both).all)
}

#[test]
fn a_fraction_has_effects_and_no_verdicts() {
    let comparison = compared(fraction(9), 6, 0.0);
    let block = &comparison.blocks[0];
    let effects = effects_of(block);
    assert_eq!((effects.method, effects.family, effects.combinations), (EffectMethod::Fraction, 0, 9));
    for (axis, level, expected) in
        [("linker", "mold", 0.8), ("linker", "lld", 1.0), ("debug", "none", 0.9), ("lto", "fat", 1.33)]
    {
        let ratio = average(effects, axis, level).ratio;
        assert!((ratio.ratio / expected).ln().abs() < 0.03, "{axis}={level}: {ratio:?}");
        assert!(
            ratio.low < expected && expected < ratio.high && ratio.judged.is_none(),
            "{axis}={level}: {ratio:?}"
        );
    }
    let verdicts: Vec<Verdict> = block.arms.iter().filter_map(|arm| Some(arm.ratio?.verdict)).collect();
    assert_eq!(verdicts, [Verdict::NotJudged; 8]);
    assert!(block.is_fraction() && block.noise_floor.is_none() && comparison.planned == 0);
    assert!(block.arms.iter().all(|arm| arm.needed.is_none()));
    assert!(!comparison.is_decided());
}

#[test]
fn the_best_combination_is_nominated_also_if_it_was_not_built() {
    let comparison = compared(fraction(9), 6, 0.0);
    let block = &comparison.blocks[0];
    let nominee = effects_of(block).nomination.clone().unwrap();
    let settings: BTreeMap<&str, &str> =
        nominee.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    assert_eq!((settings["linker"], settings["debug"], settings["lto"]), ("mold", "none", "off"));
    assert!((nominee.ratio.ratio - 0.72).abs() < 0.03 && nominee.ratio.judged.is_none(), "{nominee:?}");
    let built = block.arms.iter().position(|arm| arm.variant == nominee.name() && arm.role != Role::Twin);
    assert_eq!(nominee.arm, built);
    assert!(effects_of(block).notes[0].contains("a fraction gives no verdicts: measure it head to head"));
    assert!(effects_of(block).notes[2].contains("linker and debug act on lto (0.50)"));
}

#[test]
fn what_cannot_be_built_is_not_nominated() {
    let mut block = fraction(16);
    let together = [("linker", "mold"), ("debug", "none")];
    let together = together.map(|(key, value)| (key.to_owned(), value.to_owned()));
    block.design.as_mut().unwrap().left_out = vec![BTreeMap::from(together)];
    // The fraction itself must not have it either.
    block
        .arms
        .retain(|arm| arm.variant.settings["linker"] != "mold" || arm.variant.settings["debug"] != "none");
    let comparison = compared(block, 6, 0.0);
    let nominee = effects_of(&comparison.blocks[0]).nomination.clone().unwrap();
    assert!(nominee.name().starts_with("linker=mold debug=full lto=off"), "{nominee:?}");
}

#[test]
fn if_nothing_is_faster_nothing_is_nominated() {
    let mut block = fraction(9);
    // The baseline is the best: mold, without debug info.
    let best = |arm: &mut Arm| {
        let swap = |text: &str, a: &str, b: &str| match text {
            _ if text == a => b.to_owned(),
            _ if text == b => a.to_owned(),
            _ => text.to_owned(),
        };
        let settings = &mut arm.variant.settings;
        for (key, a, b) in [("linker", "bfd", "mold"), ("debug", "full", "none")] {
            let value = swap(&settings[key], a, b);
            settings.insert(key.to_owned(), value);
        }
    };
    block.arms.iter_mut().for_each(best);
    block.arms.iter_mut().for_each(|arm| {
        arm.variant.settings.remove("strip");
    });
    block.axes.pop();
    let comparison = compared(block, 8, 0.0);
    let nominee = effects_of(&comparison.blocks[0]).nomination.clone().unwrap();
    assert!(nominee.is_reference && nominee.describe().starts_with("none, because"), "{nominee:?}");
}

#[test]
fn values_that_act_together_show_as_lack_of_fit() {
    let misfit = |both| {
        let comparison = compared(fraction(10), 6, both);
        let effects = effects_of(&comparison.blocks[0]).clone();
        (effects.nomination.unwrap().lack_of_fit.unwrap(), effects.notes)
    };
    let (without, notes) = misfit(0.0);
    assert!(!without.widens && notes[1].contains("no sign"), "{without:?}");
    let (with, notes) = misfit(0.4);
    assert!(with.widens && notes[1].contains("may act together"), "{with:?}");
}

#[test]
fn a_fraction_has_no_fastest_variant_and_takes_no_part_in_the_correction_of_others() {
    let ordinary = || block_of("ordinary", true, &["linker=mold"]);
    let (alone, both) = (plan(vec![ordinary()]), plan(vec![ordinary(), fraction(9)]));
    let judged = |plan: &Plan| {
        let samples = measure(plan, 6, 0.0).all;
        let recorded = RunRecord::of(plan, &samples);
        let mut comparison = compare(&recorded, &Policy::default());
        add_fastest(&mut comparison, &recorded, &Policy::default());
        comparison
    };
    let (alone, both) = (judged(&alone), judged(&both));
    assert_eq!((alone.planned, both.planned), (1, 1));
    assert_eq!(both.blocks[1].fastest, None);
    let verdict = |block: &BlockResult| block.arms[2].ratio.unwrap().p_adjusted;
    let unadjusted = |block: &BlockResult| block.arms[2].ratio.unwrap().p;
    assert_eq!(verdict(&both.blocks[0]), unadjusted(&both.blocks[0]));
    assert_eq!(verdict(&alone.blocks[0]), unadjusted(&alone.blocks[0]));
}

#[test]
fn too_few_rounds_or_combinations_have_no_effects() {
    let why = |comparison: Comparison| comparison.blocks[0].effects.clone().unwrap().unwrap_err();
    assert_eq!(why(compared(fraction(9), 2, 0.0)), NoAxisEffects::FewRounds { rounds: 2, needed: 3 });
    let mut few = fraction(6);
    few.arms.truncate(5);
    assert_eq!(why(compared(few, 4, 0.0)), NoAxisEffects::FewCombinations);
}

#[test]
fn an_invalid_fraction_has_neither_effects_nor_a_nomination() {
    let plan = plan(vec![fraction(9)]);
    let mut samples = Samples::of(&plan);
    let mut noise = Noise::new(9);
    for round in 1..=8 {
        let twin = |arm: usize| if arm == 1 { 0.5 } else { 0.0 };
        let walls: Vec<f64> =
            (0..plan.blocks[0].arms.len()).map(|arm| (twin(arm) + noise.build(0.02, 0.0)).exp()).collect();
        samples.round(0, round, |arm| built(walls[arm]));
    }
    let comparison = compare_samples(&plan, &samples.all);
    assert_eq!(comparison.blocks[0].effects, Some(Err(NoAxisEffects::Invalid)));
    assert!(
        comparison.blocks[0]
            .arms
            .iter()
            .flat_map(|arm| arm.ratio)
            .all(|ratio| ratio.verdict == Verdict::Invalid)
    );
}

#[test]
fn combinations_of_fractions_are_not_put_together_across_projects() {
    let pooled = |is_fraction: bool| {
        let of = |project: &str| {
            let mut block = fraction(9);
            block.id = BlockId::new("m", project, "clean");
            block.arms.iter_mut().for_each(|arm| arm.variant.project = project.to_owned());
            block.design = block.design.filter(|_| is_fraction);
            block
        };
        let plan = plan(vec![of("a"), of("b")]);
        compare_samples(&plan, &measure(&plan, 4, 0.0).all).pooled_projects.len()
    };
    assert_eq!((pooled(true), pooled(false)), (0, 8));
}
